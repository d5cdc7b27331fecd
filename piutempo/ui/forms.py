"""
Forms for Bootstrap Italia.

In a view::

    class DeskForm(KeyedForm):                       # or forms.Form / ModelForm; KeyedForm adds ``request_key``
        name = forms.CharField(label=_("Nome"), help_text=_("Come si legge sulla porta."))
        price = EuroField(label=_("Prezzo"))         # cleaned value: integer cents
        day = DayField(label=_("Giorno"))
        groups = [(_("Lo sportello"), ["name", "price"]), (_("Quando"), ["day"])]   # optional fieldsets

In a template::

    <form method="post" class="pt-form" enctype="multipart/form-data" novalidate>
      {% csrf_token %}{% render_form form %}
      <button type="submit" class="btn btn-primary">{% translate "Salva" %}</button>
    </form>

Errors of the whole form (``form.add_error(None, …)``) and of each field are listed on top, linked to their fields; the
list takes the focus. Answer 422 when a form has errors. A button is disabled after the first click; give the form
``data-many`` when it may be sent again (a file to download).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms import BaseForm, BoundField
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from piutempo.kernel.money import format_cents, parse_euro

GROUPED = (forms.RadioSelect, forms.CheckboxSelectMultiple)


def new_request_key() -> str:
    """Return a fresh key for one filling of a form."""
    return str(uuid4())


class KeyedForm(forms.Form):
    """A form with a key of its own: ``cleaned_data["request_key"]`` is the same when the same form is sent twice."""

    request_key = forms.CharField(widget=forms.HiddenInput, max_length=64, initial=new_request_key)


class DateInput(forms.DateInput):
    """The browser's date picker; it always speaks ISO."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


#: Years that a typed day may have: beyond them it is a slip of the finger, and the day after must exist.
YEARS = range(1880, 2200)


def check_year(day: date) -> None:
    """Refuse a day whose year nobody can mean."""
    if day.year not in YEARS:
        raise ValidationError(
            _("L'anno deve essere tra %(first)s e %(last)s: controlla la data."),
            code="year",
            params={"first": YEARS[0], "last": YEARS[-1]},
        )


class DayField(forms.DateField):
    """A day. Accepts the picker's ISO date and ``31/12/2026`` typed by hand; the year within ``YEARS``."""

    widget = DateInput
    default_validators = [check_year]
    default_error_messages = {
        "invalid": _("Scrivi la data come giorno/mese/anno, per esempio 31/12/2026."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("input_formats", ["%Y-%m-%d", "%d/%m/%Y"])
        super().__init__(**kwargs)


class EuroField(forms.CharField):
    """An amount as Italians write it; the cleaned value is integer cents (``None`` when empty)."""

    default_error_messages = {
        "amount": _("Scrivi un importo con la virgola e al massimo due decimali, per esempio 10,50."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        kwargs.setdefault("max_length", 20)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show stored cents as euro."""
        return format_cents(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        """Return cents."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_euro(text)
        except ValueError as error:
            raise ValidationError(self.error_messages["amount"], code="amount") from error


class UploadField(forms.FileField):
    """A file of at most ``settings.UPLOAD_MAX_BYTES`` whose name ends with one of ``endings``, such as ``".csv"``."""

    default_error_messages = {
        "required": _("Scegli un file."),
        "empty": _("Il file è vuoto: controlla di aver scelto quello giusto."),
    }

    def __init__(self, *, endings: Sequence[str] = (), **kwargs: Any) -> None:
        self.endings = tuple(endings)
        kwargs.setdefault("widget", forms.FileInput(attrs={"accept": ",".join(endings)} if endings else {}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Refuse what is too large or of another kind, saying what would be right."""
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile):
            if (file.size or 0) > settings.UPLOAD_MAX_BYTES:
                raise ValidationError(
                    _t("Il file pesa %(size)s, il massimo è %(limit)s: dividilo in più file e caricali uno per volta.")
                    % {"size": filesizeformat(file.size or 0), "limit": filesizeformat(settings.UPLOAD_MAX_BYTES)},
                    code="too_large",
                )
            if self.endings and not (file.name or "").lower().endswith(self.endings):
                raise ValidationError(
                    _t("Il file deve essere di tipo %(endings)s.") % {"endings": " o ".join(self.endings)},
                    code="wrong_kind",
                )
        return file


@dataclass(slots=True)
class FieldView:
    """One field ready to be shown."""

    bound: BoundField
    id: str
    kind: str
    html: SafeString
    hint: str
    hint_id: str
    errors: list[str]
    error_id: str
    is_required: bool
    choices: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """A form ready to be shown: hidden fields, groups of fields (title, fields) and all errors with their targets."""

    hidden: list[SafeString]
    groups: list[tuple[str, list[FieldView]]]
    errors: list[tuple[str, str, str]]
    by_name: dict[str, FieldView]
    has_required: bool
    errors_id: str


def field_view(bound: BoundField) -> FieldView:
    """Return a field with classes, hint and errors tied to it for screen readers."""
    widget = bound.field.widget
    field_id = bound.auto_id or f"id_{bound.html_name}"
    hint = str(bound.help_text or "")
    errors = [str(e) for e in bound.errors]
    hint_id, error_id = f"{field_id}_hint", f"{field_id}_error"
    described = " ".join(i for i, on in ((hint_id, bool(hint)), (error_id, bool(errors))) if on)
    attrs: dict[str, Any] = {"aria-describedby": described} if described else {}
    kind = "input"
    choices: list[Any] = []
    if isinstance(widget, GROUPED):
        kind = "group"
    elif isinstance(widget, forms.CheckboxInput):
        kind = "checkbox"
    if kind != "group":
        if errors:
            attrs["aria-invalid"] = "true"
        if bound.field.required and kind != "checkbox":
            attrs["aria-required"] = "true"
    if kind == "input":
        css = "form-select" if isinstance(widget, forms.Select) else "form-control"
        attrs["class"] = f"{widget.attrs.get('class', '')} {css}".strip()
    if kind == "group":
        choices = list(bound.subwidgets)
        html = SafeString("")
    else:
        html = bound.as_widget(attrs=attrs)
    return FieldView(bound, field_id, kind, html, hint, hint_id, errors, error_id, bool(bound.field.required), choices)


def layout_of(form: BaseForm) -> Layout:
    """Return what the templates show; ``form.groups`` (title, names) makes fieldsets, fields left out come last."""
    form.use_required_attribute = False
    views = {bound.name: field_view(bound) for bound in form.visible_fields()}
    groups: list[tuple[str, list[FieldView]]] = []
    left = dict(views)
    for title, names in getattr(form, "groups", []):
        groups.append((str(title), [left.pop(name) for name in names if name in left]))
    if left:
        groups.append(("", list(left.values())))
    errors = [("", "", str(e)) for e in form.non_field_errors()]
    errors += [("", "", f"{b.label}: {e}") for b in form.hidden_fields() for e in b.errors]
    errors += [(view.id, str(view.bound.label), e) for view in views.values() for e in view.errors]
    return Layout(
        hidden=[SafeString(str(b)) for b in form.hidden_fields()],
        groups=groups,
        errors=errors,
        by_name=views,
        has_required=any(v.is_required for v in views.values()),
        errors_id=f"{form.prefix}-errors" if form.prefix else "form-errors",
    )
