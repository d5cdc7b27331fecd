"""
The rows behind a figure or a table's line: who may read a report may follow every number to what it was counted from.

Least data: requests by number and municipality, vouchers by serial; no names, no care needs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from piutempo.applications.models import Application, Decision, Outcome
from piutempo.kernel.identifiers import read_row_id
from piutempo.ledger.models import Kind, Transfer
from piutempo.network.models import Desk, Site
from piutempo.reporting.models import FrozenReport
from piutempo.reporting.rules import Span
from piutempo.reporting.selectors import figures as source
from piutempo.ui.tables import Column
from piutempo.vouchers.models import Redemption, Voucher


@dataclass(frozen=True, slots=True)
class Rows:
    """A queryset and how to show it."""

    queryset: QuerySet[Any]
    columns: list[Column]
    order: str


class NoSuchFigure(LookupError):
    """The report has no figure or line of this code."""


def rows_behind(report: FrozenReport, code: str, key: str = "", *, in_period: bool = False) -> Rows:
    """
    Return the rows counted under a figure (``key`` empty) or under line ``key`` of table ``code``.

    :raises NoSuchFigure: unknown code
    """
    span = Span(report.period_from, min(report.period_until, report.as_of)) if in_period else Span(None, report.as_of)
    for builder in (_from_applications, _from_decisions, _from_ledger, _from_vouchers, _from_network):
        if found := builder(report, code, key, span):
            return found
    raise NoSuchFigure(code)


def _application_columns(prefix: str = "") -> list[Column]:
    def at(path: str) -> str:
        return f"{prefix}{path}"

    return [
        Column(at("number").replace("__", "."), _("Domanda"), kind="count", order=at("number")),
        Column(at("submitted_at").replace("__", "."), _("Presentata il"), kind="moment", order=at("submitted_at")),
        Column(
            at("applicant__municipality").replace("__", "."), _("Comune"), order=at("applicant__municipality__name")
        ),
        Column(at("desk").replace("__", "."), _("Sportello"), order=at("desk__name")),
        Column(at("closed_at").replace("__", "."), _("Conclusa il"), kind="moment", order=at("closed_at")),
    ]


def _from_applications(report: FrozenReport, code: str, key: str, span: Span) -> Rows | None:
    received = source.applications_received(report.programme, span)
    handled = source.applications_handled(report.programme, span)
    chosen: dict[str, QuerySet[Application]] = {
        "applications_received": received,
        "applications_handled": handled,
        "applications_withdrawn": handled.filter(status="withdrawn", decision__isnull=True),
    }
    if code not in chosen:
        return None
    return Rows(chosen[code].select_related("applicant__municipality", "desk"), _application_columns(), "number")


def _from_decisions(report: FrozenReport, code: str, key: str, span: Span) -> Rows | None:
    approved = source.decisions(report.programme, span, is_approved=True)
    refused = source.decisions(report.programme, span, is_approved=False)
    chosen: dict[str, Callable[[], QuerySet[Decision]]] = {
        "applications_approved": lambda: approved,
        "applications_refused": lambda: refused,
        "women": lambda: approved.filter(application__applicant__gender="F"),
        "women_share_bp": lambda: approved.filter(application__applicant__gender="F"),
        "by_gender": lambda: approved.filter(application__applicant__gender=key),
        "by_province": lambda: (
            approved.filter(application__applicant__municipality__province=key)
            if key != "-"
            else approved.filter(application__applicant__municipality__isnull=True)
        ),
        "by_condition": lambda: approved.filter(
            Q(criteria__overruled=Outcome.YES) | Q(criteria__overruled="", criteria__outcome=Outcome.YES),
            criteria__code=key,
        ),
        "refused_by_reason": lambda: refused.filter(
            pk__in=source.refusals_by_reason(report.programme, span).get(key, [])
        ),
    }
    if code not in chosen:
        return None
    columns = [
        *_application_columns("application__"),
        Column("months", _("Mensilità"), kind="count"),
        Column("decided_at", _("Decisa il"), kind="moment"),
    ]
    rows = chosen[code]().select_related("application__applicant__municipality", "application__desk")
    return Rows(rows, columns, "application__number")


_MOVES: dict[str, tuple[Kind, ...]] = {
    "months_booked": (Kind.COMMIT, Kind.RELEASE),
    "months_booked_cents": (Kind.COMMIT, Kind.RELEASE),
    "months_issued_cents": (Kind.ISSUE,),
    "assigned_bp": (Kind.ISSUE,),
    "allocated_cents": (Kind.ALLOCATE,),
    "lapsed_cents": (Kind.LAPSE, Kind.UNLAPSE),
    "billed_cents": (Kind.BILL, Kind.UNBILL),
    "paid_cents": (Kind.PAY,),
    "recovered_cents": (Kind.RECOVER, Kind.COLLECT),
    "claimed_cents": (Kind.CLAIM, Kind.UNCLAIM),
    "unspent_cents": (Kind.ISSUE, Kind.SPEND, Kind.UNSPEND),
    "burn_bp": (Kind.SPEND, Kind.UNSPEND),
}


def _from_ledger(report: FrozenReport, code: str, key: str, span: Span) -> Rows | None:
    rows = Transfer.objects.filter(
        pot_id__in=source.list_pot_ids(report.programme), id__lte=report.watermark, booked_on__lt=span.until
    )
    if code == "money_by_source":
        if key != "total":
            pot_id, _slash, source_code = key.partition("/")
            rows = rows.filter(pot_id=read_row_id(pot_id) or 0, source__code=source_code)
    elif code == "trend":
        month = _first_of(key)
        rows = rows.filter(
            kind__in=(Kind.ISSUE, Kind.SPEND, Kind.UNSPEND, Kind.PAY),
            booked_on__year=month.year,
            booked_on__month=month.month,
        )
    elif code in _MOVES:
        rows = rows.filter(kind__in=_MOVES[code], booked_on__gte=span.since or date.min)
    else:
        return None
    columns = [
        Column("id", _("Riga"), kind="count"),
        Column("booked_on", _("Data contabile"), kind="day"),
        Column("kind", _("Movimento"), value=lambda row: row.get_kind_display(), order="kind"),
        Column("source", _("Fonte"), order="source__position"),
        Column("amount_cents", _("Importo"), kind="euro"),
        Column("subject_id", _("Riferimento"), kind="count", url=_subject_url),
    ]
    return Rows(rows.select_related("source"), columns, "id")


def _first_of(key: str) -> date:
    try:
        return date.fromisoformat(f"{key}-01")
    except ValueError:
        raise NoSuchFigure(key) from None


def _subject_url(row: Transfer) -> str:
    """Return the ledger's own page of a transfer: it leads on to the fact behind."""
    try:
        return reverse("settlements:transfer", args=[row.pk])
    except NoReverseMatch:
        return ""


def _from_vouchers(report: FrozenReport, code: str, key: str, span: Span) -> Rows | None:
    if code == "months_issued":
        vouchers: QuerySet[Voucher] = source.vouchers_issued(report.programme, span)
        return Rows(
            vouchers,
            [
                Column("first_serial", _("Primo titolo"), kind="count"),
                Column("month", _("Mese"), kind="month"),
                Column("issued_on", _("Emesso il"), kind="day"),
                Column("value_cents", _("Valore"), kind="euro"),
                Column("award_id", _("Assegnazione"), kind="count"),
            ],
            "first_serial",
        )
    spent: QuerySet[Redemption] = source.redemptions(report.programme, span)
    if code == "by_service":
        spent = spent.filter(service=key)
    elif code not in {"spent_cents", "redemptions"}:
        return None
    return Rows(
        spent.select_related("site", "voucher"),
        [
            Column("id", _("Utilizzo"), kind="count"),
            Column("redeemed_at", _("Registrato il"), kind="moment"),
            Column("served_on", _("Data del servizio"), kind="day"),
            Column("site", _("Sede"), order="site__name"),
            Column("voucher.first_serial", _("Primo titolo del carnet"), kind="count", order="voucher__first_serial"),
            Column("quantity", _("Unità"), kind="count"),
            Column("amount_cents", _("Importo"), kind="euro"),
        ],
        "id",
    )


def _from_network(report: FrozenReport, code: str, key: str, span: Span) -> Rows | None:
    if code in {"active_sites", "accredited_sites"}:
        ids: QuerySet[Any] = source.accredited_site_ids(report.programme, span.until)
        if code == "active_sites":
            ids = source.redemptions(report.programme, span).values("site_id")
        sites = Site.objects.filter(pk__in=ids).select_related("municipality", "provider")
        columns = [
            Column("code", _("Codice")),
            Column("name", _("Sede")),
            Column("provider", _("Operatore"), order="provider__name"),
            Column("municipality", _("Comune"), order="municipality__name"),
        ]
        return Rows(sites, columns, "code")
    if code in {"active_desks", "desks"}:
        desks = Desk.objects.filter(programme=report.programme, valid_from__lt=span.until)
        if code == "active_desks":
            desks = desks.filter(pk__in=source.active_desk_ids(report.programme, span))
        columns = [
            Column("code", _("Codice")),
            Column("name", _("Sportello")),
            Column("body", _("Ente")),
            Column("municipality", _("Comune"), order="municipality__name"),
        ]
        return Rows(desks.select_related("municipality"), columns, "code")
    return None
