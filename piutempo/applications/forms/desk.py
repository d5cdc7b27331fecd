"""The desk's forms: who came, by which document, with which mandate, the scan of what they wrote. Shape only."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from piutempo.kernel.identifiers import normal_fiscal_code
from piutempo.people.messages import REFUSALS
from piutempo.people.rules import Refusal
from piutempo.ui.forms import DayField, KeyedForm, UploadField

#: What people photograph or scan a paper with.
SCANS = (".pdf", ".jpg", ".jpeg", ".png")


class FindForm(forms.Form):
    """Who came: sent by POST, so that no codice fiscale stays in an address."""

    who = forms.CharField(
        label=_("Codice fiscale, oppure cognome e nome"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Con il codice fiscale intero trovi chi è registrato. Con il nome trovi soltanto le persone che hanno una "
            "delega a questo sportello."
        ),
        error_messages={"required": _("Scrivi il codice fiscale, oppure il cognome.")},
    )

    def clean_who(self) -> str:
        """A name has no digits: what has some is a codice fiscale, and a mistyped one must not look like nobody."""
        text = str(self.cleaned_data["who"])
        if any(letter.isdigit() for letter in text):
            try:
                normal_fiscal_code(text)
            except ValueError:
                raise forms.ValidationError(str(REFUSALS[Refusal.FISCAL_CODE])) from None
        return text


class IdentifyForm(KeyedForm):
    """The document by which a person is recognised."""

    document_kind = forms.ChoiceField(label=_("Tipo di documento"))
    document_number = forms.CharField(
        label=_("Numero del documento"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Come si legge sul documento, per esempio CA12345AB. Si conserva cifrato."),
    )
    expires_on = DayField(label=_("Scade il"), help_text=_("Un documento scaduto non basta."))

    def __init__(self, *args: Any, documents: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document_kind"] = forms.ChoiceField(
            label=_("Tipo di documento"), choices=[("", _("Scegli")), *((d, d.capitalize()) for d in documents)]
        )


class MandateForm(KeyedForm):
    """The signed mandate."""

    file = UploadField(
        label=_("Delega firmata"),
        endings=SCANS,
        help_text=_("La scansione o la foto del modulo firmato: PDF, JPEG o PNG."),
    )
    signed_on = DayField(label=_("Firmata il"))
    valid_until = DayField(
        label=_("Vale fino al"),
        required=False,
        help_text=_("Ultimo giorno, se sul modulo è scritto; vuoto se vale per tutto il programma."),
    )

    @property
    def end(self) -> date | None:
        """The exclusive end."""
        last: date | None = self.cleaned_data["valid_until"]
        return date.fromordinal(last.toordinal() + 1) if last else None


class ScanForm(KeyedForm):
    """The scan of a request written on paper."""

    file = UploadField(
        label=_("Scansione della domanda"),
        endings=SCANS,
        help_text=_("PDF, JPEG o PNG, al massimo 5 MB. Se ha più fogli, meglio un solo PDF."),
    )
