"""Forms of accounts: shape only."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class SignInForm(forms.Form):
    """Name and password."""

    username = forms.CharField(
        label=_("Nome utente"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def clean_username(self) -> str:
        """Names are kept in small letters."""
        return str(self.cleaned_data["username"]).strip().lower()


class PasswordForm(forms.Form):
    """The present password and a new one, twice."""

    old_password = forms.CharField(
        label=_("Password attuale"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    new_password = forms.CharField(
        label=_("Nuova password"),
        strip=False,
        help_text=_("Almeno 14 caratteri, diversa dal tuo nome e non una parola comune: una frase si ricorda meglio."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label=_("Ripeti la nuova password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Compare the two."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("new_password") and data.get("repeated") and data["new_password"] != data["repeated"]:
            self.add_error("repeated", _("Le due nuove password sono diverse: riscrivile."))
        return data
