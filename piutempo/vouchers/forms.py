"""Forms of the vouchers: shape only; whether something may be done is the services' business."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from piutempo.kernel.identifiers import normal_fiscal_code
from piutempo.network.models import Site
from piutempo.ui.forms import DayField, EuroField, KeyedForm, UploadField

_SPLIT = re.compile(r"[\n\r;,]+|(?<=[0-9A-Za-z]{18})\s+|\s{2,}")


def split_codes(text: str) -> list[str]:
    """Return the codes of a text, one a line or divided by commas; blanks inside a code do not matter; each once."""
    found = [" ".join(part.split()) for part in _SPLIT.split(text)]
    return list(dict.fromkeys(code for code in found if code))


class CodesForm(forms.Form):
    """Which titles: typed, scanned or pasted, one a line."""

    site = forms.ModelChoiceField(label=_("Sede"), queryset=Site.objects.none())
    codes = forms.CharField(
        label=_("Codici dei titoli"),
        widget=forms.Textarea(
            attrs={"rows": 3, "autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_("Un codice per riga, come stampato sul titolo. Maiuscole, spazi e trattini non contano."),
        max_length=4_000,
    )

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]  # a ModelChoiceField, declared above
        chosen = list(sites[:2])
        if len(chosen) == 1:
            self.fields["site"].initial = chosen[0].pk
            self.fields["site"].widget = forms.HiddenInput()

    def clean_codes(self) -> list[str]:
        """Return the codes, each once."""
        codes = split_codes(self.cleaned_data["codes"])
        if not codes:
            raise forms.ValidationError(_t("Scrivi almeno un codice."))
        return codes


class RedeemForm(KeyedForm):
    """What was given for the titles already checked."""

    service = forms.ChoiceField(label=_("Servizio"))
    quantity = forms.IntegerField(
        label=_("Quantità"), min_value=1, max_value=1_000, initial=1, help_text=_("Ore, giorni, pasti… secondo il servizio.")
    )
    amount = EuroField(
        label=_("Importo"), required=False, help_text=_("Solo per i buoni a scalare: quanto scalare, per esempio 12,50.")
    )
    served_on = DayField(label=_("Data del servizio"))
    person = forms.ChoiceField(label=_("Persona assistita"), required=False)
    holder = forms.CharField(
        label=_("Codice fiscale del titolare"),
        required=False,
        max_length=20,
        help_text=_("Facoltativo: se lo scrivi, controlliamo che il buono sia suo."),
    )

    def __init__(
        self,
        *args: Any,
        services: Sequence[tuple[str, str]],
        people: Sequence[tuple[int, str]],
        today: date,
        is_balance: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = services  # type: ignore[attr-defined]  # ChoiceFields, declared above
        self.fields["person"].choices = [("", _t("Scegli, se il servizio è per una persona")), *people]  # type: ignore[attr-defined]
        self.fields["served_on"].initial = today
        if is_balance:
            self.fields["amount"].required = True
        else:
            del self.fields["amount"]

    def clean_holder(self) -> str:
        """Return the code in its normal form."""
        text = str(self.cleaned_data["holder"]).strip()
        if not text:
            return ""
        try:
            return normal_fiscal_code(text)
        except ValueError:
            raise forms.ValidationError(
                _t("Questo codice fiscale non è corretto: controlla le 16 lettere e cifre sul documento.")
            ) from None


class ReasonForm(KeyedForm):
    """Why something is undone."""

    reason = forms.CharField(label=_("Motivo"), min_length=5, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class FileForm(forms.Form):
    """A month's titles in one file."""

    site = forms.ModelChoiceField(label=_("Sede"), queryset=Site.objects.none())
    programme = forms.ChoiceField(label=_("Programma"))
    file = UploadField(
        label=_("File"), endings=[".csv", ".xlsx"], help_text=_("CSV o Excel, con la prima riga di intestazioni.")
    )

    def __init__(self, *args: Any, sites: Any, programmes: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]  # declared above
        self.fields["programme"].choices = programmes  # type: ignore[attr-defined]
        self.fields["programme"].initial = programmes[0][0] if programmes else None
