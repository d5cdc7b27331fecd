"""What people write to the office: shape only."""

from django import forms
from django.utils.translation import gettext_lazy as _

from piutempo.ui.forms import KeyedForm


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
