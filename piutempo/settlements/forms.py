"""Forms of the accounting office and of a benefit's page: shape only."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from piutempo.awards.models import SuspensionReason
from piutempo.kernel.periods import Month
from piutempo.programmes.models import Programme
from piutempo.settlements.selectors.statements import Programmes, list_programmes_for
from piutempo.ui.forms import DayField, EuroField, KeyedForm


class PrepareForm(forms.Form):
    """Which month of which programme to draw up."""

    programme = forms.ModelChoiceField(label=_("Programma"), queryset=Programme.objects.none(), empty_label=None)
    month = forms.DateField(
        label=_("Mese"),
        input_formats=["%Y-%m", "%m/%Y"],
        widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
        help_text=_(
            "Entrano gli utilizzi registrati fino alla fine del mese e non ancora rendicontati. Per esempio 2011-03."
        ),
        error_messages={"invalid": _("Scrivi anno e mese, per esempio 2011-03.")},
    )

    def __init__(self, *args: Any, programmes: Programmes, month: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programme"] = forms.ModelChoiceField(
            label=_("Programma"), queryset=list_programmes_for(programmes), empty_label=None
        )
        self.fields["month"].initial = month
        self.order_fields(["programme", "month"])


class RecoveryForm(KeyedForm):
    """What a provider gave back."""

    amount = EuroField(label=_("Importo restituito (€)"), help_text=_("Per esempio 120,50."))
    on = DayField(label=_("Data della restituzione"))
    reason = forms.CharField(label=_("Motivo"), max_length=300, help_text=_("Resta agli atti, con la tua firma."))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_on(self) -> date:
        """Refuse a day that has not come."""
        day: date = self.cleaned_data["on"]
        if day > self.today:
            raise forms.ValidationError(_("La data è nel futuro: scrivi il giorno in cui la somma è rientrata."))
        return day


class MonthChoice(forms.DateField):
    """A month; the cleaned value is a ``Month`` (None when empty)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "month"}, format="%Y-%m"))
        kwargs.setdefault("error_messages", {"invalid": _("Scrivi anno e mese, per esempio 2026-09.")})
        super().__init__(input_formats=["%Y-%m", "%m/%Y"], **kwargs)

    def clean(self, value: Any) -> Any:
        """Return the month."""
        day = super().clean(value)
        return Month.of(day) if day else None


class SuspensionForm(KeyedForm):
    """From which month to which, why, and what becomes of vouchers already issued."""

    since = MonthChoice(label=_("Dal mese"))
    until = MonthChoice(
        label=_("Riprende dal mese"),
        required=False,
        help_text=_("Lascia vuoto se non si sa: si riprende da questa pagina."),
    )
    reason = forms.ChoiceField(label=_("Motivo"), choices=[("", _("Scegli")), *SuspensionReason.choices])
    text = forms.CharField(
        label=_("Spiegazione"),
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("La famiglia la legge nella lettera."),
    )
    blocks = forms.ChoiceField(
        label=_("I buoni già emessi per quei mesi"),
        choices=[("no", _("restano validi")), ("yes", _("sono bloccati fino alla ripresa"))],
        widget=forms.RadioSelect,
        initial="no",
    )


class ResumeForm(KeyedForm):
    """From which month issuance goes on, and why."""

    first = MonthChoice(label=_("Riprende dal mese"))
    text = forms.CharField(label=_("Motivo"), max_length=600, help_text=_("La famiglia lo legge nella lettera."))


class NoticeForm(KeyedForm):
    """Since when a benefit is not due, and why: one reason a line."""

    since = DayField(
        label=_("Non spetta dal giorno"), help_text=_("Quanto speso da quel giorno viene chiesto indietro.")
    )
    reasons = forms.CharField(
        label=_("Motivi, uno per riga"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )


class OutcomeForm(KeyedForm):
    """The reasons of a decision, for or against."""

    text = forms.CharField(
        label=_("Motivi della decisione"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Rispondi anche alle osservazioni: la famiglia li legge nella lettera."),
    )


class AnswerForm(KeyedForm):
    """What a family answers to a notice."""

    text = forms.CharField(label=_("La tua risposta"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 6}))


class CollectionForm(KeyedForm):
    """What a family gave back: all of it, or an instalment."""

    amount = EuroField(label=_("Importo versato (€)"), help_text=_("Anche una rata: per esempio 50,00."))
    on = DayField(label=_("Data del versamento"))
    reference = forms.CharField(label=_("Estremi del versamento"), max_length=200, help_text=_("Per esempio il CRO."))


class CancelForm(KeyedForm):
    """Why a claim is cancelled."""

    reason = forms.CharField(label=_("Motivo dell'annullamento"), max_length=300)
