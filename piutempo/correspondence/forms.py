"""Forms of the office's letters: they check shape only."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from piutempo.correspondence.rules import MAX_BODY, MAX_SUBJECT
from piutempo.ui.forms import DayField, KeyedForm, UploadField

BY_HAND, BY_FILE = "hand", "file"


class HandSignatureForm(KeyedForm):
    """A signature on paper."""

    signer = forms.CharField(label=_("Chi ha firmato"), max_length=200, help_text=_("Nome, cognome e incarico."))
    signed_on = DayField(label=_("Giorno della firma"))


class FileSignatureForm(HandSignatureForm):
    """A letter signed with a digital signature."""

    file = UploadField(
        label=_("File firmato"),
        endings=(".pdf", ".p7m"),
        help_text=_("Il PDF firmato oppure il file p7m, fino a 5 MB."),
    )


class RetryForm(KeyedForm):
    """Where to send a letter again."""

    to_email = forms.EmailField(label=_("Indirizzo di posta elettronica"), max_length=254)


class AnswerForm(KeyedForm):
    """The answer to a message."""

    answer = forms.CharField(
        label=_("Risposta"),
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Parole semplici e frasi brevi. La risposta parte come lettera protocollata."),
    )


class TemplateForm(KeyedForm):
    """The words of a kind of letter."""

    base_version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    subject = forms.CharField(label=_("Oggetto"), max_length=MAX_SUBJECT, help_text=_("Senza notizie sulla salute."))
    body = forms.CharField(
        label=_("Testo"),
        max_length=MAX_BODY,
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "true", "lang": "it"}),
        help_text=_(
            "Una riga vuota separa i paragrafi; «- » comincia un punto di elenco; «## » comincia un titolo. Quello che "
            "sta sotto «## Che cosa fare ora» va in un riquadro."
        ),
    )
    note = forms.CharField(
        label=_("Perché cambi il testo (facoltativo)"),
        max_length=200,
        required=False,
        help_text=_("Resta nella storia."),
    )


class NoticeForm(KeyedForm):
    """A letter that the office writes to many persons."""

    recipients = forms.ChoiceField(label=_("A chi scrivi"))
    title = forms.CharField(label=_("Oggetto"), max_length=120, help_text=_("Senza notizie sulla salute."))
    text = forms.CharField(
        label=_("Testo"),
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("Il saluto con il nome e i contatti dell'ufficio ci sono già: scrivi il resto."),
    )
    next_step = forms.CharField(
        label=_("Che cosa fare ora"),
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Va nel riquadro in fondo alla lettera."),
    )

    def __init__(self, *args: Any, targets: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipients"] = forms.ChoiceField(label=self.fields["recipients"].label, choices=targets)
        self.order_fields(["recipients", "title", "text", "next_step"])
