"""The form with which a family answers a request or a notice."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from piutempo.ui.forms import KeyedForm, UploadField

ENDINGS = (".pdf", ".jpg", ".jpeg", ".png")
FILES = ("file_1", "file_2", "file_3")


class AnswerForm(KeyedForm):
    """Words and up to three files; there may be a second answer."""

    text = forms.CharField(
        label=_("La tua risposta"),
        help_text=_("Con parole tue. Se mandi solo documenti puoi lasciare vuoto."),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=10_000,
        required=False,
    )
    file_1 = UploadField(
        label=_("Primo documento"),
        help_text=_("PDF o foto, fino a 5 MB. Va bene anche una foto fatta con il telefono."),
        endings=ENDINGS,
        required=False,
    )
    file_2 = UploadField(label=_("Secondo documento"), endings=ENDINGS, required=False)
    file_3 = UploadField(label=_("Terzo documento"), endings=ENDINGS, required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for words or files."""
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("text") and not any(data.get(name) for name in FILES):
            raise forms.ValidationError(_("Scrivi una risposta o scegli almeno un documento."))
        return data


class ReviewForm(KeyedForm):
    """Why a decision should be looked at again, and up to three files."""

    text = forms.CharField(
        label=_("Perché la decisione va rivista?"),
        help_text=_("Con parole tue: che cosa non è stato visto, o che cosa è sbagliato."),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=10_000,
    )
    file_1 = UploadField(
        label=_("Primo documento"),
        help_text=_("Solo se serve: PDF o foto, fino a 5 MB."),
        endings=ENDINGS,
        required=False,
    )
    file_2 = UploadField(label=_("Secondo documento"), endings=ENDINGS, required=False)
    file_3 = UploadField(label=_("Terzo documento"), endings=ENDINGS, required=False)
