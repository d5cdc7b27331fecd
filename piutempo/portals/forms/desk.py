"""Forms of the desk's pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from piutempo.ui.forms import DayField


class DayForm(forms.Form):
    """A day; empty: today."""

    giorno = DayField(label=_("Giorno"), required=False)
