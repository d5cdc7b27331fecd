"""Forms of the accounting office: shape only."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

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
