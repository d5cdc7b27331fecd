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


class MessageForm(KeyedForm):
    """What a citizen writes to the office."""

    text = forms.CharField(
        label=_("Che cosa ci vuoi dire?"),
        help_text=_("Scrivi con parole tue. Se parli di una domanda, indica il numero."),
        widget=forms.Textarea(attrs={"rows": 7}),
        max_length=4_500,
    )


ABOUT = [
    ("person", _("Il mio nome o il mio codice fiscale")),
    ("contact", _("Il mio indirizzo, il telefono o la posta elettronica")),
    ("family", _("Una persona della mia famiglia")),
    ("application", _("Quello che ho scritto in una domanda")),
    ("other", _("Altro")),
]


class CorrectionForm(KeyedForm):
    """What is wrong in one's own data."""

    about = forms.ChoiceField(
        label=_("Quale dato è sbagliato?"),
        choices=ABOUT,
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=_("Che cosa c'è di sbagliato e come è giusto?"),
        help_text=_("Per esempio: abito in via Roma 12, non in via Roma 2."),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=4_000,
    )


class AccessibilityForm(KeyedForm):
    """A barrier that somebody met on the site; ``website`` is a trap for programs: people do not see it."""

    page = forms.CharField(
        label=_("In quale pagina?"),
        help_text=_("L'indirizzo o il titolo. Se non lo sai, lascia vuoto."),
        max_length=300,
        required=False,
    )
    text = forms.CharField(
        label=_("Che cosa non funziona?"),
        help_text=_("Dicci che cosa volevi fare e con quali strumenti: per esempio telefono, tastiera, lettore."),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=4_000,
    )
    name = forms.CharField(label=_("Il tuo nome, se vuoi"), max_length=150, required=False)
    email = forms.EmailField(
        label=_("La tua posta elettronica, se vuoi una risposta"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    website = forms.CharField(
        label=_("Lascia vuoto questo campo"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    shown_at = forms.CharField(widget=forms.HiddenInput, max_length=200)
