"""Forms of the administrator's pages: shape only."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from piutempo.people.models import Role, Scope
from piutempo.ui.forms import DayField, KeyedForm


class AccountForm(KeyedForm):
    """A new account."""

    full_name = forms.CharField(label=_("Nome e cognome"), max_length=200)
    username = forms.SlugField(
        label=_("Nome utente"),
        max_length=150,
        help_text=_("Lettere senza accenti, numeri e trattini, per esempio anna-bianchi."),
        error_messages={"invalid": _("Usa solo lettere senza accenti, numeri e trattini, per esempio anna-bianchi.")},
    )
    email = forms.EmailField(label=_("Posta elettronica"), required=False)
    password = forms.CharField(
        label=_("Password provvisoria"),
        strip=False,
        help_text=_("Almeno 14 caratteri e non una parola comune. Chiedi alla persona di cambiarla dal suo profilo."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class GrantForm(KeyedForm):
    """A role for an account. ``code`` names the programme, desk or site, or is a provider's VAT number."""

    role = forms.ChoiceField(label=_("Ruolo"), choices=[("", _("Scegli un ruolo")), *Role.choices])
    scope = forms.ChoiceField(label=_("Dove vale"), choices=Scope.choices, initial=Scope.ALL)
    code = forms.CharField(
        label=_("Codice"),
        required=False,
        max_length=60,
        help_text=_(
            "Il codice del programma, dello sportello o della sede, oppure la partita IVA dell'ente. "
            "Lascia vuoto se il ruolo vale ovunque."
        ),
    )
    last_day = DayField(label=_("Ultimo giorno"), required=False, help_text=_("Lascia vuoto se non ha scadenza."))

    def clean(self) -> dict[str, Any]:
        """A limited role needs a code."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("scope") and data["scope"] != Scope.ALL and not data.get("code"):
            self.add_error("code", _("Scrivi il codice del programma, sportello o sede, o la partita IVA dell'ente."))
        return data
