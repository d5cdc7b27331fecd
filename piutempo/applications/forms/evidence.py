"""Forms of the evidence step and of the first step: shape only; what a file is, is read where it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from piutempo.people.models import Municipality
from piutempo.people.selectors import get_municipality
from piutempo.ui.forms import KeyedForm, UploadField

#: What is offered; the bytes decide.
ENDINGS = (".pdf", ".jpg", ".jpeg", ".png")
MAX_AT_ONCE = 10


class ManyFilesInput(forms.ClearableFileInput):
    """A file input that takes several files."""

    template_name = "django/forms/widgets/file.html"
    allow_multiple_selected = True


class FilesField(UploadField):
    """Several files at once; the cleaned value is a list."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", ManyFilesInput(attrs={"accept": ",".join(ENDINGS)}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        """Return every file; at most ten at once."""
        files = [f for f in (data if isinstance(data, Sequence) and not isinstance(data, str) else [data]) if f]
        if not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(files) > MAX_AT_ONCE:
            raise forms.ValidationError(_("Scegli al massimo dieci file per volta."), code="too_many")
        return [super(FilesField, self).clean(f, initial) for f in files]


class UploadForm(KeyedForm):
    """The files that prove one criterion."""

    documents = FilesField(
        label=_("Documento"),
        help_text=_("PDF o foto (JPEG, PNG), al massimo 5 MB l'uno. Puoi sceglierne più di uno."),
    )


class DeclareForm(KeyedForm):
    """The confirmation of a self-declaration that is shown above it."""

    confirms = forms.BooleanField(
        label=_("Confermo questa dichiarazione"),
        error_messages={"required": _("Per dichiararlo spunta la conferma.")},
    )


class HolderForm(KeyedForm):
    """Which public office already holds a document (L. 241/1990, article 18: it need not be brought again)."""

    office = forms.CharField(label=_("Quale ufficio"), max_length=120, help_text=_("Per esempio: INPS, Comune di Rho."))
    document = forms.CharField(
        label=_("Quale documento"), max_length=120, help_text=_("Per esempio: attestazione ISEE.")
    )
    when = forms.CharField(label=_("Quando"), max_length=60, help_text=_("Per esempio: gennaio 2026."))


class ContactsForm(KeyedForm):
    """Where the applicant lives and how to reach them."""

    municipality = forms.CharField(
        label=_("Comune di residenza"), max_length=120, required=False, help_text=_("Per esempio Rho (MI).")
    )
    address = forms.CharField(
        label=_("Indirizzo"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(
        label=_("Telefono"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
        help_text=_("Per avvisarti se manca qualcosa."),
    )
    email = forms.EmailField(
        label=_("Posta elettronica"), required=False, help_text=_("Qui ricevi la ricevuta e gli avvisi.")
    )

    def clean_municipality(self) -> Municipality | None:
        """Return the municipality, or None when none was written."""
        text = self.cleaned_data["municipality"]
        found = get_municipality(text) if text else None
        if text and found is None:
            raise forms.ValidationError(
                _("Comune non trovato: scrivi nome intero e provincia, come Rho (MI)."), code="municipality"
            )
        return found
