"""
Tables that filter, sort, page and export, over a queryset (or a plain sequence), with a constant number of queries.

In a view::

    table = Table(
        request,
        list_applications_for(roles=request.roles),          # a queryset; add select_related/annotate there
        caption=_("Domande da istruire"),
        empty=_("Nessuna domanda in attesa. Le nuove arrivano dagli sportelli: torna domani."),
        columns=[
            Column("number", _("Numero"), kind="count", url=lambda row: reverse("applications:detail", args=[row.pk])),
            Column("applicant", _("Richiedente"), order="applicant__family_name"),
            Column("amount_cents", _("Importo"), kind="euro"),
            Column("state", _("Stato"), value=lambda row: row.get_status_display(), order="status", tag=tag_of),
        ],
        filters=[
            Filter("q", _("Cerca per cognome"), ["applicant__family_name__icontains"]),
            Filter("status", _("Stato"), "status", choices=Status.choices),
            Filter("from", _("Dal"), "submitted_at__date__gte", kind="date"),
        ],
        order="-number",
    )
    if file := table.export():                                # ?export=csv or ?export=xlsx
        return file
    return render(request, "applications/queue.html", {"table": table})

and ``{% render_table table %}`` in the template. Two queries (count and page), three beyond ``LONG`` rows.

Kinds of column: ``text``, ``count`` (whole number), ``euro`` (cents), ``bp`` (basis points), ``day``, ``moment``,
``month``, ``last_day`` (exclusive end shown as the last day). ``value`` defaults to the attribute or key named ``name``
(dots for relations). ``order`` defaults to ``name`` when the model has such a field; ``order=""`` forbids sorting.
``url`` makes the cell a link; ``tag`` returns ``good``, ``bad``, ``waiting`` or ``plain`` and shows the value as a
label (never colour alone). ``check`` on the table adds a tick-box column named so, with the row's pk as value;
``check_form`` is the id of the form, elsewhere on the page, that the boxes belong to. Two tables on one page: give each
its own ``prefix``.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import urlencode

import xlsxwriter
from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet
from django.db.models.query import ModelIterable
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from piutempo.kernel.money import format_cents, format_euro
from piutempo.kernel.periods import Month
from piutempo.ui.forms import DayField

Kind = Literal["text", "count", "euro", "bp", "day", "last_day", "moment", "month"]
NUMBERS = frozenset({"count", "euro", "bp"})
#: More rows than this are refused as one file: filter first.
EXPORT_LIMIT = 200_000
#: Beyond so many rows a page is read by its keys.
LONG = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column; see the module's text."""

    name: str
    label: Any
    kind: Kind = "text"
    value: Callable[[Any], Any] | None = None
    order: str | Sequence[str] | None = None
    url: Callable[[Any], str] | None = None
    tag: Callable[[Any], str] | None = None
    is_exported: bool = True
    is_shown: bool = True

    def read(self, row: Any) -> Any:
        """Return the raw value of a row."""
        if self.value:
            return self.value(row)
        for part in self.name.split("."):
            row = row.get(part) if isinstance(row, Mapping) else getattr(row, part, None)
        return row

    def show(self, row: Any) -> str:
        """Return the text shown."""
        return shown(self.read(row), self.kind)


@dataclass(frozen=True, slots=True)
class Filter:
    """
    One declared filter.

    ``lookup``: a lookup, several (any may match), or a function ``(rows, value) -> rows``. ``kind``: ``text``,
    ``choice`` (implied by ``choices``), ``date``, ``month`` (the value is the first day). ``choices`` may be a
    callable, called at each request.
    """

    name: str
    label: Any
    lookup: str | Sequence[str] | Callable[[Any, Any], Any]
    kind: Literal["text", "choice", "date", "month"] = "text"
    choices: Sequence[tuple[Any, Any]] | Callable[[], Sequence[tuple[Any, Any]]] = ()
    initial: Any = None

    def field(self) -> forms.Field:
        """Return the form field."""
        choices = self.choices() if callable(self.choices) else self.choices
        if self.choices != () or self.kind == "choice":  # an empty list of choices is still a list of choices
            return forms.ChoiceField(label=self.label, required=False, choices=[("", _("Tutti")), *choices])
        if self.kind == "date":
            return DayField(label=self.label, required=False)
        if self.kind == "month":
            return forms.DateField(
                label=self.label,
                required=False,
                input_formats=["%Y-%m"],
                widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
                help_text=_("Anno e mese, per esempio 2011-03."),
            )
        return forms.CharField(label=self.label, required=False, max_length=100)

    def apply(self, rows: Any, value: Any) -> Any:
        """Return the rows that match."""
        if callable(self.lookup):
            return self.lookup(rows, value)
        lookups = [self.lookup] if isinstance(self.lookup, str) else list(self.lookup)
        if isinstance(rows, QuerySet):
            condition = Q()
            for lookup in lookups:
                condition |= Q(**{lookup: value})
            return rows.filter(condition)
        wanted = str(value).casefold()
        return [
            row
            for row in rows
            if any(wanted in str(Column(lookup, "").read(row) or "").casefold() for lookup in lookups)
        ]


def month_name(value: date | Month) -> str:
    """Return ``marzo 2011`` (``March 2011`` in English: months take a capital there, not in Italian)."""
    text = formats.date_format(value.first if isinstance(value, Month) else value, "F Y")
    return text.lower() if get_language() in {"it", "es", "fr"} else text


def shown(value: Any, kind: Kind) -> str:
    """Return a value as Italians read it; an empty string for None."""
    if value is None or value == "":
        return ""
    if kind == "euro":
        return format_euro(int(value))
    if kind == "count":
        return f"{int(value):,}".replace(",", ".")
    if kind == "bp":
        return f"{format_cents(int(value))}\u00a0%"
    if kind == "month":
        return month_name(value)
    if isinstance(value, datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
        return f"{value:%d/%m/%Y} {value:%H:%M}" if kind != "day" else f"{value:%d/%m/%Y}"
    if isinstance(value, date):
        return f"{date.fromordinal(value.toordinal() - 1) if kind == 'last_day' else value:%d/%m/%Y}"
    if isinstance(value, bool):
        return _t("sì") if value else _t("no")
    return str(value)


def exported(value: Any, kind: Kind) -> Any:
    """Return a value for a file: euro and percentages as decimals, days as dates, text that no spreadsheet can run."""
    if value is None or value == "":
        return None
    if kind in {"euro", "bp"}:
        return int(value) / 100
    if kind == "count":
        return int(value)
    if kind == "month":
        return str(value)[:7]
    if kind == "last_day" and isinstance(value, date):
        return date.fromordinal(value.toordinal() - 1)
    if isinstance(value, datetime):
        local = timezone.localtime(value).replace(tzinfo=None) if timezone.is_aware(value) else value
        return local.date() if kind == "day" else local
    if isinstance(value, date | int | float) and not isinstance(value, bool):
        return value
    text = shown(value, "text")
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


@dataclass(slots=True)
class Cell:
    """A cell ready to be shown."""

    text: str
    label: str
    url: str
    tag: str
    is_number: bool


@dataclass(slots=True)
class Header:
    """A heading with the link that sorts by it."""

    label: str
    url: str
    aria_sort: str
    arrow: str
    is_number: bool


@dataclass(slots=True)
class Row:
    """A row ready to be shown."""

    pk: str
    cells: list[Cell]


@dataclass
class Table:
    """See the module's text."""

    request: HttpRequest
    rows: QuerySet[Any, Any] | Sequence[Any]
    columns: Sequence[Column]
    caption: Any
    empty: Any
    filters: Sequence[Filter] = ()
    order: str = ""
    page_size: int = 25
    prefix: str = ""
    check: str = ""
    check_form: str = ""
    file_name: str = ""
    is_exportable: bool = True
    footer: Sequence[Any] = ()
    form: forms.Form = field(init=False)
    page: Page[Any] = field(init=False)
    sort: str = field(init=False, default="")

    def __post_init__(self) -> None:
        data = self.request.GET.copy()
        for one in self.filters:
            if one.initial is not None and self.key(one.name) not in data:
                data[self.key(one.name)] = one.initial
        self.form = forms.Form(data, prefix=self.prefix or None)
        self.form.fields.update({one.name: one.field() for one in self.filters})
        self.form.is_valid()
        self.is_filtered = False
        for one in self.filters:
            value = self.form.cleaned_data.get(one.name)
            if value not in (None, ""):
                self.is_filtered = True
                self.rows = one.apply(self.rows, value)
        self.sort = self.request.GET.get(self.key("sort"), self.order)
        self.rows = self._sorted()
        self.page = Paginator(self.rows, self.page_size).get_page(self.request.GET.get(self.key("page")))
        self.total = self.page.paginator.count
        if self.total > LONG:
            self.page.object_list = self._fetched(self.page.object_list)

    def _fetched(self, rows: Any) -> Any:
        """
        Return a page of a long list by its keys: they are sorted alone, then only the page's rows are read whole.

        One query more; sorting 50,000 whole rows with all that they show from other tables costs ten times as much.
        """
        if not isinstance(rows, QuerySet) or not isinstance(self.rows, QuerySet):
            return rows
        if rows._iterable_class is not ModelIterable or rows.query.combinator or rows.query.distinct:
            return rows
        keys = list(rows.values_list("pk", flat=True))
        found = {row.pk: row for row in self.rows.order_by().filter(pk__in=keys)}
        return [found[key] for key in keys if key in found]

    def key(self, name: str) -> str:
        """Return the name of a parameter in the address."""
        return f"{self.prefix}-{name}" if self.prefix else name

    def _orders_of(self, column: Column) -> list[str]:
        if column.order is not None:
            return [column.order] if isinstance(column.order, str) and column.order else list(column.order)
        if not isinstance(self.rows, QuerySet):
            return [column.name]
        names = {f.name for f in self.rows.model._meta.get_fields()} | set(self.rows.query.annotations)
        return [column.name] if column.name in names else []

    def _sorted(self) -> Any:
        wanted, sign = self.sort.lstrip("-"), "-" if self.sort.startswith("-") else ""
        column = next((c for c in self.columns if c.name == wanted), None)
        orders = self._orders_of(column) if column else []
        if isinstance(self.rows, QuerySet):
            if orders:
                turned = [o[1:] if sign and o.startswith("-") else f"{sign}{o}" for o in orders]
                return self.rows.order_by(*turned, f"{sign}pk") if issubclass(self.rows.model, Model) else self.rows
            return self.rows if self.rows.ordered else self.rows.order_by("pk")
        if column and orders:
            return sorted(
                self.rows,
                key=lambda row: ((v := column.read(row)) is None, str(v).casefold() if isinstance(v, str) else v or 0),
                reverse=bool(sign),
            )
        return self.rows

    def address(self, **changes: Any) -> str:
        """Return this page's address with some parameters changed (None removes one)."""
        data = {k: v for k, v in self.request.GET.items() if v != ""}
        for name, value in changes.items():
            data[self.key(name)] = value
        return "?" + urlencode({k: v for k, v in data.items() if v is not None})

    @property
    def shown_columns(self) -> list[Column]:
        """The columns of the page."""
        return [c for c in self.columns if c.is_shown]

    @property
    def footer_cells(self) -> list[tuple[Header, Any]]:
        """The last line's values, each with the heading it stands under."""
        return list(zip(self.headers, self.footer, strict=True))

    @property
    def headers(self) -> list[Header]:
        """The headings, each with the address that sorts by it."""
        found = []
        for c in self.shown_columns:
            down, active = self.sort.startswith("-"), self.sort.lstrip("-") == c.name
            url = (
                self.address(sort=f"{'' if down or not active else '-'}{c.name}", page=None)
                if self._orders_of(c)
                else ""
            )
            aria = ("descending" if down else "ascending") if active and url else ""
            found.append(Header(str(c.label), url, aria, ("▼" if down else "▲") if aria else "", c.kind in NUMBERS))
        return found

    @property
    def body(self) -> Iterator[Row]:
        """The rows of this page."""
        for row in self.page.object_list:
            pk = str(row.get("pk", row.get("id")) if isinstance(row, Mapping) else getattr(row, "pk", ""))
            yield Row(
                pk,
                [
                    Cell(
                        c.show(row),
                        str(c.label),
                        (c.url(row) or "") if c.url else "",
                        c.tag(row) if c.tag else "",
                        c.kind in NUMBERS,
                    )
                    for c in self.shown_columns
                ],
            )

    @property
    def pages(self) -> list[tuple[int | None, str]]:
        """Page numbers with their addresses; ``None`` is a gap."""
        numbers = self.page.paginator.get_elided_page_range(self.page.number, on_each_side=2, on_ends=1)
        return [(n, self.address(page=n)) if isinstance(n, int) else (None, "") for n in numbers]

    @property
    def previous_url(self) -> str:
        """Address of the page before, if any."""
        return self.address(page=self.page.previous_page_number()) if self.page.has_previous() else ""

    @property
    def next_url(self) -> str:
        """Address of the page after, if any."""
        return self.address(page=self.page.next_page_number()) if self.page.has_next() else ""

    @property
    def csv_url(self) -> str:
        """Address of the CSV file of all filtered rows."""
        return self.address(export="csv", page=None)

    @property
    def xlsx_url(self) -> str:
        """Address of the XLSX file of all filtered rows."""
        return self.address(export="xlsx", page=None)

    @property
    def plain_url(self) -> str:
        """Address without filters."""
        names = {self.key(f.name) for f in self.filters} | {self.key("page")}
        return "?" + urlencode({k: v for k, v in self.request.GET.items() if k not in names})

    def export(self) -> HttpResponse | None:
        """Return the file asked for by ``?export=``, or None for the page."""
        wanted = self.request.GET.get(self.key("export"))
        if not self.is_exportable or wanted not in {"csv", "xlsx"}:
            return None
        columns = [c for c in self.columns if c.is_exported]
        rows: Iterable[Any]
        if isinstance(self.rows, QuerySet):
            cut = self.rows[:EXPORT_LIMIT]
            # a queryset with prefetches is read whole: iterator() would need a chunk size and query again for each
            rows = cut if self.rows._prefetch_related_lookups else cut.iterator()  # type: ignore[attr-defined]  # Django tells it no other way
        else:
            rows = self.rows[:EXPORT_LIMIT]
        lines = ([exported(c.read(row), c.kind) for c in columns] for row in rows)
        labels = [str(c.label) for c in columns]
        name = self.file_name or slugify(str(self.caption)) or "tabella"
        if wanted == "csv":
            body, kind = write_csv(labels, lines), "text/csv; charset=utf-8"
        else:
            body = write_xlsx(str(self.caption), labels, lines, [c.kind for c in columns])
            kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return HttpResponse(
            body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}.{wanted}"'}
        )


def write_csv(labels: Sequence[str], lines: Iterable[Sequence[Any]]) -> bytes:
    """Return a CSV as Italian spreadsheets open it: UTF-8 with mark, semicolons, decimal comma, Italian dates."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(labels)
    for line in lines:
        writer.writerow([_csv_text(value) for value in line])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _csv_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}".replace(".", ",")
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return str(value)


def write_xlsx(title: str, labels: Sequence[str], lines: Iterable[Sequence[Any]], kinds: Sequence[Kind]) -> bytes:
    """Return a workbook of one sheet, with numbers as numbers and days as days."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": title})
    sheet = book.add_worksheet("Dati")
    bold = book.add_format({"bold": True, "bottom": 1})
    formats_of: dict[str, Any] = {
        "euro": book.add_format({"num_format": '#,##0.00 "€"'}),
        "bp": book.add_format({"num_format": '0.00 "%"'}),
        "day": book.add_format({"num_format": "dd/mm/yyyy"}),
        "last_day": book.add_format({"num_format": "dd/mm/yyyy"}),
        "moment": book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
    }
    sheet.write_row(0, 0, labels, bold)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(labels) - 1, 0), 18)
    for number, line in enumerate(lines, start=1):
        for column, value in enumerate(line):
            if value is None:
                continue
            if isinstance(value, date):
                kind = (
                    kinds[column]
                    if kinds[column] in {"day", "last_day", "moment"}
                    else ("moment" if isinstance(value, datetime) else "day")
                )
                sheet.write_datetime(number, column, value, formats_of[kind])
            elif isinstance(value, int | float):
                sheet.write_number(number, column, value, formats_of.get(kinds[column]))
            else:
                sheet.write_string(number, column, str(value))
    book.close()
    return out.getvalue()
