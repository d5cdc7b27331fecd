"""Forms of the office: shape only; what may be decided is the services' business."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from piutempo.applications.models import Outcome


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
