"""Forms of a change of circumstances: what changed, from when, who came and who went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from piutempo.applications.forms.evidence import FilesField
from piutempo.applications.forms.family import YES_NO, MemberAsked
from piutempo.applications.models import ChangeKind
from piutempo.people.messages import REFUSALS
from piutempo.people.models import Relation
from piutempo.people.rules import Refusal, identity_of
from piutempo.ui.forms import DayField, KeyedForm


class MaybeFilesField(FilesField):
    """Files that may be left out; the cleaned value is a list, empty without any."""

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Return every file."""
        files = [f for f in (data if isinstance(data, list | tuple) else [data]) if f]
        return super().clean(files, initial) if files else []


class ChangeForm(KeyedForm):
    """What changed. The rest of the page asks the situation from that day on."""

    kind = forms.ChoiceField(label=_("Che cosa è cambiato"), choices=[("", _("Scegli")), *ChangeKind.choices])
    happened_on = DayField(label=_("Da quale giorno"), help_text=_("Per esempio 12/08/2026: il giorno della nascita."))
    note = forms.CharField(
        label=_("Vuoi aggiungere qualcosa?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Bastano parole tue."),
    )
    papers = MaybeFilesField(
        label=_("Documenti, se ne hai"),
        required=False,
        help_text=_("PDF o foto (JPEG, PNG), al massimo 5 MB l'uno. Puoi sceglierne più di uno."),
    )
    gone = forms.MultipleChoiceField(
        label=_("Chi non vive più con te"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Lascia vuoto se ci siete ancora tutti."),
    )
    fiscal_code = forms.CharField(
        label=_("C'è una persona in più? Il suo codice fiscale"),
        max_length=20,
        required=False,
        help_text=_("Per un neonato lo dà il Comune con la nascita. Lascia vuoto se non c'è nessuno in più."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}),
    )
    given_name = forms.CharField(label=_("Il suo nome"), max_length=100, required=False)
    family_name = forms.CharField(label=_("Il suo cognome"), max_length=100, required=False)
    relation = forms.ChoiceField(
        label=_("Che cosa è per chi ha fatto domanda"),
        required=False,
        choices=[("", _("Scegli")), *((r.value, r.label) for r in Relation if r != Relation.APPLICANT)],
    )
    needs_care = forms.ChoiceField(
        label=_("È una persona non autosufficiente?"), choices=YES_NO, widget=forms.RadioSelect, required=False
    )

    def __init__(self, *args: Any, members: Sequence[MemberAsked], on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        others = [(str(m.person_id), m.name) for m in members if m.relation != Relation.APPLICANT]
        gone = self.fields["gone"]
        if isinstance(gone, forms.MultipleChoiceField):
            gone.choices = others
        if not others:
            del self.fields["gone"]

    def clean_happened_on(self) -> date:
        """Refuse a day that has not come."""
        day: date = self.cleaned_data["happened_on"]
        if day > self.on:
            raise forms.ValidationError(_("La data è nel futuro: comunica il cambiamento quando è avvenuto."))
        return day

    def clean_fiscal_code(self) -> str:
        """Return the normal codice fiscale, or nothing."""
        text: str = self.cleaned_data["fiscal_code"]
        if not text.strip():
            return ""
        try:
            return identity_of(text, self.on).fiscal_code
        except ValueError:
            raise forms.ValidationError(REFUSALS[Refusal.FISCAL_CODE], code="fiscal_code") from None

    def clean(self) -> dict[str, Any]:
        """A new person is named whole, or not at all."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        names = ("fiscal_code", "given_name", "family_name", "relation")
        if any(data.get(name) for name in names):
            for name in names:
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Manca questo dato: completa la persona in più, oppure svuota tutto."))
        return data
