"""Forms of a draft: one place of the file as fields made from its shape, the whole text, the day of publication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from piutempo.programmes.rules.shape import PROGRAMME, Key, Table
from piutempo.ui.forms import DayField, UploadField

LABELS = {
    "hour": _("ora"),
    "day": _("giorno"),
    "month": _("mese"),
    "ride": _("corsa"),
    "meal": _("pasto"),
    "piece": _("pezzo"),
    "titles": _("carnet di titoli interi"),
    "balance": _("saldo spendibile a piacere"),
    "submitted_on": _("giorno della domanda"),
    "first_come": _("in ordine di arrivo"),
    "ranking": _("in graduatoria"),
}
#: Keys whose value takes more than one line.
LONG = frozenset(
    {
        "expression",
        "months",
        "first_month",
        "summary",
        "description",
        "wording",
        "yes",
        "no",
        "missing",
        "evidence",
        "appeal",
    }
)


class NumbersField(forms.CharField):
    """Whole numbers in one line: ``5, 1``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(help_text=_("Numeri interi separati da virgole: per esempio 5, 1."), **kwargs)

    def clean(self, value: Any) -> list[int]:
        """Return the numbers."""
        words = str(super().clean(value) or "").replace(",", " ").split()
        if not all(word.isdecimal() and len(word) <= 6 for word in words):
            raise ValidationError(_("Scrivi numeri interi separati da virgole: per esempio 5, 1."), code="numbers")
        return [int(word) for word in words]


def field_for(key: Key) -> forms.Field:
    """Return the field for one key; its value is what the file holds."""
    label = gettext(key.meaning).rstrip(".")
    options: dict[str, Any] = {"label": label, "required": key.is_required}
    if key.kind == "day":
        return DayField(**options)
    if key.kind == "instant":
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        return forms.DateTimeField(
            widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M"], **options
        )
    if key.kind in {"number", "bp"}:
        return forms.IntegerField(min_value=0, **options)
    if key.kind == "numbers":
        return NumbersField(**options)
    if key.kind == "yes_no":
        return forms.BooleanField(**{**options, "required": False})
    if key.kind == "choice":
        return forms.ChoiceField(choices=[(c, LABELS.get(c, c)) for c in key.choices], **options)
    if key.kind == "texts":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 5}), help_text=_("Uno per riga."), **options)
    if key.kind == "euro":
        return forms.CharField(max_length=20, help_text=_("In euro, con la virgola: per esempio 1.234,50."), **options)
    widget_text = forms.Textarea(attrs={"rows": 3, "spellcheck": "false" if key.name == "expression" else "true"})
    if key.name in LONG:
        options["widget"] = widget_text
    return forms.CharField(**options)


def plain_keys(table: Table) -> list[Key]:
    """Return the keys that are one value."""
    return [key for key in table.keys if key.table is None]


def _stated(key: Key) -> Any:
    """Return what an optional key says when it is left out, as the file would hold it."""
    if key.is_required or key.default is None:
        return None
    return list(key.default) if isinstance(key.default, tuple) else key.default


#: Keys that name another item of the file, and the list it is in.
REFERENCES = {"act": "acts", "fund": "funds", "network": "networks", "group": "groups"}


def references_of(data: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Return, for each key that names another item, the items of a draft that can be named (code, title)."""
    lists = {**data, "groups": data.get("eligibility", {}).get("groups", [])}
    return {key: [(item["code"], item["title"]) for item in lists.get(name, [])] for key, name in REFERENCES.items()}


class PlaceForm(forms.Form):
    """The plain keys of one table of the file, as the file holds them."""

    def __init__(
        self,
        data: Any,
        *,
        table: Table,
        draft: Mapping[str, Any],
        current: Mapping[str, Any] | None = None,
        prefix: str | None = None,
    ) -> None:
        fixed = {"code", "valid_from"} if table is PROGRAMME else set()
        self.keys = [key for key in plain_keys(table) if key.name not in fixed]
        self.said = current or {}
        shown = {key.name: self._shown(key, self.said.get(key.name, _stated(key))) for key in self.keys}
        super().__init__(data, prefix=prefix, initial=shown)
        references = references_of(draft)
        for key in self.keys:
            if key.kind == "code" and key.name in references:
                empty = [] if key.is_required else [("", "—")]
                choices = [*empty, *references[key.name]]
                self.fields[key.name] = forms.ChoiceField(
                    label=gettext(key.meaning).rstrip("."), required=key.is_required, choices=choices
                )
            else:
                self.fields[key.name] = field_for(key)

    @staticmethod
    def _shown(key: Key, value: Any) -> Any:
        if key.kind == "texts" and isinstance(value, list):
            return "\n".join(value)
        if key.kind == "numbers" and isinstance(value, list):
            return ", ".join(str(number) for number in value)
        return value[:16] if key.kind == "instant" and isinstance(value, str) else value

    def values(self) -> dict[str, Any]:
        """Return key -> value as the file holds it; ``None`` leaves the key out."""
        found: dict[str, Any] = {}
        for key in self.keys:
            value = self.cleaned_data[key.name]
            if key.kind == "day":
                value = value.isoformat() if value else None
            elif key.kind == "instant":
                value = value.replace(tzinfo=None).isoformat(timespec="minutes") if value else None
            elif key.kind == "texts":
                value = [line.strip() for line in value.splitlines() if line.strip()]
            elif value == "":
                value = None
            if key.name not in self.said and value == _stated(key):
                value = None
            found[key.name] = value
        return found


class TextForm(forms.Form):
    """The whole draft as TOML, typed or uploaded."""

    text = forms.CharField(
        label=_("Testo del programma (TOML)"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 30, "spellcheck": "false", "class": "font-monospace"}),
    )
    file = UploadField(label=_("Oppure carica un file"), required=False, endings=[".toml"])

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        data = super().clean() or {}
        if not data.get("text") and not data.get("file") and not self.errors:
            raise ValidationError(_("Scrivi il testo oppure scegli un file."), code="empty")
        return data


class PublishForm(forms.Form):
    """From which day the draft is in force."""

    valid_from = DayField(
        label=_("Vale da"), help_text=_("Da oggi in poi. Le decisioni già prese restano sotto la versione di prima.")
    )


class NoteForm(forms.Form):
    """Why a draft is opened."""

    note = forms.CharField(label=_("Perché questa bozza"), required=False, max_length=300)
