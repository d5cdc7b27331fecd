"""A report in words: labels of its codes, values as Italians write them, charts. What pages, PDF and sheets share."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from piutempo.programmes.models import ProgrammeVersion
from piutempo.programmes.selectors import get_terms
from piutempo.reporting.models import FrozenReport
from piutempo.reporting.selectors.labels import COLUMNS, FIGURES, GENDERS, NOTES, TABLES, TREND_COLUMNS
from piutempo.ui.charts import Chart, bar_chart, line_chart
from piutempo.ui.tables import Kind, shown

_KIND: dict[str, Kind] = {"count": "count", "cents": "euro", "bp": "bp"}
#: The figures a reader looks for first, in this order.
KEY_FIGURES = (
    "applications_received", "applications_handled", "applications_approved", "months_booked", "months_issued",
    "months_issued_cents", "assigned_bp", "spent_cents", "burn_bp", "active_sites", "active_desks", "women",
    "women_share_bp",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownFigure:
    """A figure in words; ``period`` is empty where only the total makes sense."""

    code: str
    label: str
    period: str
    total: str


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table in words: each row is its key, its label and its cells."""

    code: str
    title: str
    note: str
    headers: list[str]
    rows: list[tuple[str, str, list[str]]]
    kinds: list[Kind]


def labels_of(report: FrozenReport) -> dict[str, dict[str, str]]:
    """Return the titles of criteria and services by code, as the versions the report names called them."""
    found: dict[str, dict[str, str]] = {"criteria": {}, "groups": {}, "services": {}}
    for version_id in ProgrammeVersion.objects.filter(pk__in=report.version_ids).values_list("pk", flat=True):
        terms = get_terms(version_id)
        found["criteria"] |= {criterion.code: criterion.title for criterion in terms.eligibility.criteria}
        found["groups"] |= {group.code: group.title for group in terms.eligibility.groups}
        found["services"] |= {service.code: service.title for service in terms.services}
    return found


def shown_figures(report: FrozenReport) -> list[ShownFigure]:
    """Return every figure in words, the key ones first."""
    figures = {figure["code"]: figure for figure in report.data["figures"]}
    order = [*KEY_FIGURES, *(code for code in figures if code not in KEY_FIGURES)]
    return [
        ShownFigure(
            code,
            str(FIGURES[code]),
            "" if figures[code]["period"] is None else shown(figures[code]["period"], _KIND[figures[code]["unit"]]),
            shown(figures[code]["total"], _KIND[figures[code]["unit"]]),
        )
        for code in order
    ]


def shown_tables(report: FrozenReport) -> list[ShownTable]:
    """Return every table in words."""
    labels = labels_of(report)
    return [_shown_table(table, labels) for table in report.data["tables"]]


def _shown_table(table: dict[str, Any], labels: dict[str, dict[str, str]]) -> ShownTable:
    code = table["code"]
    words = TREND_COLUMNS if code == "trend" else COLUMNS
    kinds = [_KIND[unit] for _column, unit in table["columns"]]
    rows = [
        (row["key"], _label(code, row, labels), [shown(v, k) for v, k in zip(row["values"], kinds, strict=True)])
        for row in table["rows"]
    ]
    headers = [_first_header(code), *(str(words[column]) for column, _unit in table["columns"])]
    return ShownTable(code, str(TABLES[code]), str(NOTES.get(code, "")), headers, rows, kinds)


def _first_header(code: str) -> str:
    return {
        "refused_by_reason": _("Motivo"),
        "by_gender": _("Genere"),
        "by_province": _("Provincia"),
        "by_condition": _("Condizione"),
        "by_service": _("Servizio"),
        "money_by_source": _("Fonte"),
        "trend": _("Mese"),
    }[code]


def _label(code: str, row: dict[str, Any], labels: dict[str, dict[str, str]]) -> str:
    key: str = row["key"]
    if code == "refused_by_reason" and key in labels["groups"]:
        return _("Nessuna delle condizioni: %(group)s") % {"group": labels["groups"][key]}
    if code in {"refused_by_reason", "by_condition"}:
        return labels["criteria"].get(key, key)
    if code == "by_service":
        return labels["services"].get(key, key)
    if code == "by_gender":
        return str(GENDERS.get(key, key))
    if code == "by_province" and key == "-":
        return _("non indicata")
    if code == "trend":
        return f"{key[5:]}/{key[:4]}"
    return str(row["label"]) or _("Totale")


def charts_of(report: FrozenReport) -> list[Chart]:
    """Return the pictures of a report: money month by month, requests month by month, beneficiaries and services."""
    tables = {table["code"]: table for table in report.data["tables"]}
    labels = labels_of(report)
    trend = [(f"{row['key'][5:]}/{row['key'][:4]}", row["values"]) for row in tables["trend"]["rows"]]
    charts = []
    if trend:
        charts += [
            line_chart(
                title=_("Valore erogato, speso e pagato per mese"),
                description=_(
                    "Ogni punto è un mese: quanto è stato consegnato in buoni, speso e pagato agli operatori."
                ),
                x_label=_("Mese"),
                y_label=_("Euro"),
                rows=[(label, values[3], values[4], values[5]) for label, values in trend],
                kind="euro",
                series=[_("Valore erogato"), _("Speso"), _("Pagato")],
            ),
            bar_chart(
                title=_("Domande ricevute e approvate per mese"),
                description=_("Per ogni mese le domande arrivate e quelle approvate."),
                x_label=_("Mese"),
                y_label=_("Domande"),
                rows=[(label, values[0], values[1]) for label, values in trend if values[0] or values[1]],
                series=[_("Ricevute"), _("Approvate")],
            ),
        ]
    services = sorted(tables["by_service"]["rows"], key=lambda row: -row["values"][2])
    if services:
        charts.append(
            bar_chart(
                title=_("Valore speso per tipo di servizio"),
                description=_("I servizi scelti dalle famiglie, dal più al meno usato."),
                x_label=_("Servizio"),
                y_label=_("Euro"),
                rows=[(labels["services"].get(row["key"], row["key"])[:28], row["values"][2]) for row in services],
                kind="euro",
            )
        )
    return charts
