"""
Filters and tags, loaded in every template (no ``{% load %}`` needed).

``{{ cents|euro }}`` 1.234,50 € · ``{{ d|day }}`` 31/12/2026 · ``{{ at|moment }}`` 31/12/2026 ore 14:05 ·
``{{ d|month }}`` marzo 2011 · ``{{ 5288|bp }}`` 52,88 % · ``{{ n|count }}`` 18.010 ·
``{{ until|last_day }}`` · ``{{ "user"|icon:"icon-white icon-sm" }}`` ·
``{% crumb label url %}`` a step of the breadcrumb · ``{% render_form form %}`` · ``{% render_field form.name %}`` ·
``{% form_errors form %}`` · ``{% request_key %}`` the hidden key of a plain form · ``{% render_table table %}`` ·
``{% render_chart chart %}`` · ``{% repeat_block "name" %}`` a block's text once more.
"""

from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django import template
from django.forms import BaseForm, BoundField
from django.template import Context
from django.template.base import Parser, Token
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from piutempo.kernel.money import format_euro
from piutempo.kernel.periods import Month
from piutempo.ui.charts import Chart
from piutempo.ui.forms import Layout, layout_of
from piutempo.ui.tables import Table, month_name

register = template.Library()


@register.filter
def euro(cents: int | str | None) -> str:
    """Return ``123450`` as ``1.234,50 €``; nothing for ``None``."""
    return "" if cents is None or cents == "" else format_euro(int(cents))


@register.filter
def day(value: date | datetime | None) -> str:
    """Return a day as ``31/12/2026``; an instant counts in local time."""
    if not value:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{value:%d/%m/%Y}"


@register.filter
def last_day(value: date | None) -> str:
    """Return the last day of a period whose end is exclusive: ``valid_until`` 01/11/2011 reads 31/10/2011."""
    return day(date.fromordinal(value.toordinal() - 1)) if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """Return an instant as ``31/12/2026 ore 14:05`` in local time."""
    if not value:
        return ""
    value = timezone.localtime(value) if timezone.is_aware(value) else value
    return _("%(day)s ore %(time)s") % {"day": f"{value:%d/%m/%Y}", "time": f"{value:%H:%M}"}


@register.filter
def month(value: date | Month | None) -> str:
    """Return the month of a day as ``marzo 2011``, in the reader's language."""
    return month_name(value) if value else ""


@register.filter
def bp(value: int | str | None) -> str:
    """Return basis points as a percentage: ``5288`` is ``52,88 %``."""
    if value is None or value == "":
        return ""
    sign, rest = ("-", -int(value)) if int(value) < 0 else ("", int(value))
    return f"{sign}{rest // 100},{rest % 100:02d}\u00a0%"


@register.filter
def count(value: int | str | None) -> str:
    """Return a number with Italian thousands: ``18010`` is ``18.010``."""
    return "" if value is None or value == "" else f"{int(value):,}".replace(",", ".")


@register.filter
def icon(name: str, classes: str = "") -> SafeString:
    """Return the SVG of a Bootstrap Italia icon; decoration only, so hidden from screen readers."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#it-{}"></use></svg>',
        classes,
        static("bootstrap-italia/svg/sprites.svg"),
        name.removeprefix("it-"),
    )


@register.simple_tag
def crumb(label: str, url: str = "") -> SafeString:
    """Return one step of the breadcrumb, for ``{% block breadcrumb %}``; the page itself is added after them."""
    inner = format_html('<a href="{}">{}</a>', url, label) if url else label
    return format_html('<li class="breadcrumb-item">{}<span class="separator" aria-hidden="true">/</span></li>', inner)


class RepeatBlock(template.Node):
    """A block rendered once more, as plain text."""

    def __init__(self, name: str) -> None:
        self.name = name

    def render(self, context: Context) -> SafeString:
        """Return the text of the block as the page defines it; empty when no page does."""
        blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
        block = blocks.get_block(self.name) if blocks else None
        if block is None:
            return mark_safe("")
        text = " ".join(strip_tags(block.render(context)).split())
        return mark_safe(text)  # noqa: S308 - rendered with escaping already


@register.tag
def repeat_block(parser: Parser, token: Token) -> RepeatBlock:
    """Read ``{% repeat_block "name" %}``."""
    return RepeatBlock(token.split_contents()[1].strip("\"'"))


@register.inclusion_tag("ui/form.html")
def render_form(form: BaseForm, request_key: bool = True) -> dict[str, Any]:
    """Show a form's error list, hidden fields and fields; the page writes ``<form>``, csrf token and buttons."""
    layout: Layout = layout_of(form)
    return {"form": form, "layout": layout}


@register.inclusion_tag("ui/field.html")
def render_field(field: BoundField) -> dict[str, Any]:
    """Show one field of a form with its label, hint and errors."""
    return {"view": layout_of(field.form).by_name[field.name]}


@register.inclusion_tag("ui/form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """Show only the error list of a form."""
    return {"form": form, "layout": layout_of(form)}


@register.simple_tag
def request_key() -> SafeString:
    """Return a hidden field with a fresh key, so that a service can tell a second click from a second request."""
    return format_html('<input type="hidden" name="request_key" value="{}">', uuid4())


@register.inclusion_tag("ui/table.html")
def render_table(table: Table) -> dict[str, Any]:
    """Show a ``ui.tables.Table`` with its filters, export links and pages."""
    return {"table": table}


@register.inclusion_tag("ui/chart.html")
def render_chart(chart: Chart) -> dict[str, Any]:
    """Show a ``ui.charts.Chart`` with its table."""
    return {"chart": chart}
