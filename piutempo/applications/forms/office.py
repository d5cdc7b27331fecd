"""Forms of the office: shape only; what may be decided is the services' business."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from piutempo.applications.models import Outcome
from piutempo.people.models import User
from piutempo.procedures.models import Ground
from piutempo.ui.forms import KeyedForm


class OverruleForm(forms.Form):
    """An officer's outcome for one criterion."""

    outcome = forms.ChoiceField(
        label=_("Esito secondo l'ufficio"),
        choices=[(Outcome.YES, _("Il requisito c'è")), (Outcome.NO, _("Il requisito non c'è"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Motivo"),
        help_text=_(
            "Scrivi che cosa hai verificato e su quale documento. Resta nella storia insieme all'esito delle regole."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2_000,
    )


class DecisionForm(forms.Form):
    """The note of a decision; which way it goes is in the address."""

    note = forms.CharField(
        label=_("Nota dell'ufficio"),
        help_text=_("Facoltativa: resta con la decisione. I motivi di legge sono già scritti dai requisiti."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2_000,
        required=False,
    )


class ReasonForm(forms.Form):
    """Why a request is withdrawn or a benefit ends."""

    reason = forms.CharField(
        label=_("Motivo"),
        help_text=_("Per esempio: rinuncia scritta del 10/03/2011, decadenza per trasferimento fuori regione."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=300,
    )


class RequestForm(KeyedForm):
    """What to ask the family for: items that the rules name, and others in words."""

    items = forms.MultipleChoiceField(
        label=_("Che cosa manca"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Sono i documenti dei requisiti che non risultano: togli quelli che non servono."),
    )
    more = forms.CharField(
        label=_("Altro da chiedere"),
        help_text=_("Una cosa per riga. Per esempio: il calendario del corso, con il primo e l'ultimo giorno."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=3_000,
        required=False,
    )
    days = forms.IntegerField(label=_("Giorni per rispondere"), min_value=1, max_value=30)

    def __init__(self, *args: Any, items: Sequence[str], missing: Collection[str], days: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast(forms.MultipleChoiceField, self.fields["items"])
        choice.choices = [(item, item) for item in items]
        choice.initial = [item for item in items if item in missing]
        self.fields["days"].initial = days
        if not items:
            del self.fields["items"]

    @property
    def wanted(self) -> list[str]:
        """Everything to ask for, in order."""
        return [*self.cleaned_data.get("items", []), *_lines(self.cleaned_data["more"])]


class NoticeForm(KeyedForm):
    """The reasons of a notice before refusal: those of the rules, in the words that the family reads."""

    reasons = forms.CharField(
        label=_("Motivi"),
        help_text=_("Un motivo per riga. Sono quelli delle regole: puoi renderli più chiari."),
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=6_000,
    )

    @property
    def wanted(self) -> list[str]:
        """The reasons, one a line."""
        return _lines(self.cleaned_data["reasons"])


class SettleForm(KeyedForm):
    """What an officer found about a conflict."""

    settlement = forms.CharField(
        label=_("Che cosa hai verificato"),
        help_text=_("Per esempio: sono due nuclei diversi, visto lo stato di famiglia. Resta nella storia."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1_000,
    )


class ReturnForm(KeyedForm):
    """Why a proposal goes back."""

    reason = forms.CharField(
        label=_("Perché la rimandi indietro"),
        help_text=_("Lo legge chi l'ha preparata. Per esempio: manca la verifica della residenza."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1_000,
    )


class ReviewAnswerForm(KeyedForm):
    """Whether a case is opened again, and why."""

    answer = forms.ChoiceField(
        label=_("Risposta"),
        choices=[("reopen", _("Riapri la domanda")), ("keep", _("Lascia la decisione com'è"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Motivo"),
        help_text=_("La famiglia lo riceve per lettera."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2_000,
    )


class ReopenForm(KeyedForm):
    """Why a decided case is opened again without a family's request."""

    ground = forms.ChoiceField(
        label=_("Perché si riapre"),
        choices=[(Ground.APPEAL.value, _("Esito di un ricorso")), (Ground.OFFICE.value, _("Errore dell'ufficio"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Motivo"),
        help_text=_("Per esempio: sentenza del TAR n. 12 del 2027; ISEE letto male."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2_000,
    )


class AssignForm(forms.Form):
    """To whom the chosen cases go."""

    to = forms.ModelChoiceField(
        label=_("Assegna le domande scelte a"),
        queryset=User.objects.none(),
        empty_label=_("nessuno: rimettile in coda"),
        required=False,
    )

    def __init__(self, *args: Any, officers: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[User]", self.fields["to"]).queryset = officers


def _lines(text: str) -> list[str]:
    return [line.strip(" -•\t") for line in text.splitlines() if line.strip(" -•\t")]
