"""
The figures of a report, by query: money from the ledger, counts from the contexts, always by the day a thing happened.

Only dated facts are read, never a current state, so the same (as of, watermark) gives the same figures for ever.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from piutempo.applications.models import Application, CriterionResult, Decision, Outcome, Status
from piutempo.applications.selectors import last_decisions, later_round
from piutempo.kernel.periods import Month
from piutempo.ledger.models import Account, Kind
from piutempo.ledger.selectors import (
    get_account_totals,
    get_balances,
    get_monthly_movements,
    get_movements,
    get_watermark,
    list_sources,
)
from piutempo.network.models import Desk, Grant
from piutempo.programmes.models import Fund, Programme, ProgrammeVersion, VersionStatus
from piutempo.reporting.rules import Figure, Report, Row, Span, Table, share_bp
from piutempo.vouchers.models import CustodyKind, CustodyMove, Redemption, Voucher

ROME = ZoneInfo(settings.TIME_ZONE)


def instant_of(day: date) -> datetime:
    """Return the first instant of a day in Rome."""
    return datetime.combine(day, time.min, ROME)


def within(field: str, span: Span) -> Q:
    """Return the condition that an instant (``…_at``) lies in a span."""
    found = Q(**{f"{field}__lt": instant_of(span.until)})
    return found if span.since is None else found & Q(**{f"{field}__gte": instant_of(span.since)})


def days_within(field: str, span: Span) -> Q:
    """Return the condition that a day (``…_on``) lies in a span."""
    found = Q(**{f"{field}__lt": span.until})
    return found if span.since is None else found & Q(**{f"{field}__gte": span.since})


def applications_received(programme: Programme, span: Span) -> QuerySet[Application]:
    """Return the requests submitted in a span."""
    return Application.objects.filter(within("submitted_at", span), programme=programme).exclude(status=Status.DRAFT)


def applications_handled(programme: Programme, span: Span) -> QuerySet[Application]:
    """Return the requests last decided, or withdrawn by the family before any decision, in a span."""
    decided = Q(pk__in=all_decisions(programme, span).order_by().values("application_id"))
    withdrawn = Q(within("closed_at", span), status=Status.WITHDRAWN, decision__isnull=True)
    return Application.objects.filter(decided | withdrawn, programme=programme)


def all_decisions(programme: Programme, span: Span) -> QuerySet[Decision]:
    """Return the decisions of a span; of a case that was reviewed only the last one before the span's end."""
    since = instant_of(span.since) if span.since else None
    return last_decisions(programme.pk, since=since, before=instant_of(span.until))


def decisions(programme: Programme, span: Span, *, is_approved: bool) -> QuerySet[Decision]:
    """Return the decisions of a span that went one way; see ``all_decisions``."""
    return all_decisions(programme, span).filter(is_approved=is_approved)


def criteria(programme: Programme, span: Span, *, is_approved: bool) -> QuerySet[CriterionResult]:
    """Return the explained criteria of the decisions of a span; plain joins, which need no statistics to be fast."""
    return CriterionResult.objects.filter(
        within("decision__decided_at", span),
        decision__application__programme=programme,
        decision__is_approved=is_approved,
    ).exclude(
        Exists(later_round(OuterRef("decision__application_id"), OuterRef("decision__round"), instant_of(span.until)))
    )


def vouchers_issued(programme: Programme, span: Span) -> QuerySet[Voucher]:
    """Return the months issued in a span; a re-issue of a lost voucher is not a new month."""
    return Voucher.objects.filter(days_within("issued_on", span), programme=programme, replacement=0)


def redemptions(programme: Programme, span: Span) -> QuerySet[Redemption]:
    """Return what was spent in a span and not reversed before its end."""
    return Redemption.objects.filter(within("redeemed_at", span), voucher__programme=programme).exclude(
        reversal__at__lt=instant_of(span.until)
    )


def active_desk_ids(programme: Programme, span: Span) -> set[int]:
    """Return the desks that handled a request or a handover in a span."""
    helped = applications_received(programme, span).filter(desk__isnull=False).values_list("desk_id", flat=True)
    handed = CustodyMove.objects.filter(
        within("at", span), kind=CustodyKind.HANDED, voucher__programme=programme, desk__isnull=False
    ).values_list("desk_id", flat=True)
    return {pk for pk in helped.order_by().distinct() if pk} | {pk for pk in handed.order_by().distinct() if pk}


def months_booked(programme: Programme, span: Span, watermark: int) -> int:
    """Return the months committed and not released in a span, from the ledger: signed cents over the award's month."""
    rows = _commitments(programme, span, watermark)
    return sum(cents // month_cents for month_cents, cents in rows)


def _commitments(programme: Programme, span: Span, watermark: int) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT a.month_cents, sum(CASE WHEN t.kind = 'commit' THEN t.amount_cents ELSE -t.amount_cents END)
            FROM ledger_transfer t JOIN awards_award a ON a.id = t.subject_id
            WHERE t.kind IN ('commit', 'release') AND a.programme_id = %s AND t.id <= %s
              AND t.booked_on < %s AND t.booked_on >= %s
            GROUP BY a.month_cents""",
            [programme.pk, watermark, span.until, span.since or date.min],
        )
        return [(int(month), int(cents)) for month, cents in cursor.fetchall()]


def _money(pot_ids: list[int], span: Span, watermark: int) -> dict[Kind, int]:
    found: dict[Kind, int] = dict.fromkeys(Kind, 0)
    for key, cents in get_movements(pot_ids, since=span.since, before=span.until, watermark=watermark).items():
        found[key.kind] += cents
    return found


def _claimed(pot_ids: list[int], span: Span, watermark: int) -> int:
    """Return what families were asked to give back in a span, less what was cancelled, in cents."""
    money = _money(pot_ids, span, watermark)
    return money[Kind.CLAIM] - money[Kind.UNCLAIM]


def _plain_figures(programme: Programme, pot_ids: list[int], span: Span, watermark: int) -> dict[str, tuple[str, int]]:
    approved = decisions(programme, span, is_approved=True)
    genders = dict(approved.values_list("application__applicant__gender").annotate(n=Count("id")).order_by())
    money = _money(pot_ids, span, watermark)
    spent = redemptions(programme, span)
    approved_count = sum(genders.values())
    return {
        "applications_received": ("count", applications_received(programme, span).count()),
        "applications_handled": ("count", applications_handled(programme, span).count()),
        "applications_approved": ("count", approved_count),
        "applications_refused": ("count", decisions(programme, span, is_approved=False).count()),
        "applications_withdrawn": (
            "count",
            applications_handled(programme, span).filter(status=Status.WITHDRAWN, decision__isnull=True).count(),
        ),
        "women": ("count", genders.get("F", 0)),
        "women_share_bp": ("bp", share_bp(genders.get("F", 0), approved_count)),
        "months_booked": ("count", months_booked(programme, span, watermark)),
        "months_booked_cents": ("cents", money[Kind.COMMIT] - money[Kind.RELEASE]),
        "months_issued": ("count", vouchers_issued(programme, span).count()),
        "months_issued_cents": ("cents", money[Kind.ISSUE]),
        "allocated_cents": ("cents", money[Kind.ALLOCATE]),
        "spent_cents": ("cents", money[Kind.SPEND] - money[Kind.UNSPEND]),
        "lapsed_cents": ("cents", money[Kind.LAPSE] - money[Kind.UNLAPSE]),
        "billed_cents": ("cents", money[Kind.BILL] - money[Kind.UNBILL]),
        "paid_cents": ("cents", money[Kind.PAY]),
        "recovered_cents": ("cents", money[Kind.RECOVER] + money[Kind.COLLECT]),
        "redemptions": ("count", spent.count()),
        "active_sites": ("count", spent.aggregate(n=Count("site_id", distinct=True))["n"]),
        "active_desks": ("count", len(active_desk_ids(programme, span))),
    }


def get_figures(programme: Programme, span: Span, watermark: int | None = None) -> dict[str, int]:
    """Return every figure of a span by code (units: see ``Figure``)."""
    pot_ids = list_pot_ids(programme)
    mark = get_watermark() if watermark is None else watermark
    found = {code: value for code, (_, value) in _plain_figures(programme, pot_ids, span, mark).items()}
    found["assigned_bp"] = share_bp(found["months_issued_cents"], found["allocated_cents"])
    found["burn_bp"] = share_bp(found["spent_cents"], found["months_issued_cents"])
    found["unspent_cents"] = found["months_issued_cents"] - found["spent_cents"]
    return found


def list_pot_ids(programme: Programme) -> list[int]:
    """Return the ledger pots of a programme's funds."""
    return list(Fund.objects.filter(programme=programme).order_by("id").values_list("pot_id", flat=True))


def compute_report(
    *, programme: Programme, kind: str, period_from: date, period_until: date, as_of: date, watermark: int | None = None
) -> Report:
    """
    Compute a report: the period [from, until) beside the total from the beginning, of facts before ``as_of``.

    ``watermark`` (default: now) is the last ledger transfer to read; pass a frozen report's to recompute it.
    """
    mark = get_watermark() if watermark is None else watermark
    pot_ids = list_pot_ids(programme)
    total_span, period_span = Span(None, as_of), Span(period_from, min(period_until, as_of))
    totals = _plain_figures(programme, pot_ids, total_span, mark)
    period = _plain_figures(programme, pot_ids, period_span, mark)
    figures = [Figure(code, unit, period[code][1], value) for code, (unit, value) in totals.items()]
    claimed = [_claimed(pot_ids, span, mark) for span in (period_span, total_span)]
    if any(claimed):  # reports frozen before the first claim keep the figures that they had
        figures.append(Figure("claimed_cents", "cents", claimed[0], claimed[1]))
    value = {figure.code: figure.total for figure in figures}
    figures += [
        Figure("assigned_bp", "bp", None, share_bp(value["months_issued_cents"], value["allocated_cents"])),
        Figure("burn_bp", "bp", None, share_bp(value["spent_cents"], value["months_issued_cents"])),
        Figure("unspent_cents", "cents", None, value["months_issued_cents"] - value["spent_cents"]),
        Figure("accredited_sites", "count", None, accredited_site_ids(programme, as_of).count()),
        Figure("desks", "count", None, Desk.objects.filter(programme=programme, valid_from__lt=as_of).count()),
    ]
    versions = ProgrammeVersion.objects.filter(
        programme=programme, status=VersionStatus.PUBLISHED, valid_from__lt=as_of
    ).order_by("number")
    return Report(
        programme=programme.code,
        title=programme.title,
        kind=kind,
        period_from=period_from,
        period_until=period_until,
        as_of=as_of,
        watermark=mark,
        versions=tuple((v.number, v.data_hash) for v in versions),
        figures=tuple(figures),
        tables=tuple(_tables(programme, pot_ids, total_span, mark)),
    )


def accredited_site_ids(programme: Programme, until: date) -> QuerySet[Any]:
    """Return the ids of the sites accredited on some day before ``until``."""
    return Grant.objects.filter(programme=programme, valid_from__lt=until).values("site_id").distinct()


def _tables(programme: Programme, pot_ids: list[int], span: Span, watermark: int) -> Iterable[Table]:
    yield _refusals(programme, span)
    approved = decisions(programme, span, is_approved=True)
    gender = approved.values_list("application__applicant__gender").annotate(n=Count("id"),
    m=Sum("months")).order_by("application__applicant__gender")  # fmt: skip
    yield Table("by_gender", _BENEFICIARIES, tuple(Row(g, g, (n, m)) for g, n, m in gender))
    place = "application__applicant__municipality__province"
    provinces = approved.values_list(place).annotate(n=Count("id"), m=Sum("months")).order_by(place)
    yield Table("by_province", _BENEFICIARIES, tuple(Row(p or "-", p or "-", (n, m)) for p, n, m in provinces))
    yield _conditions(programme, span)
    yield _services(programme, span)
    yield _money_table(pot_ids, span, watermark)
    yield _trend(programme, pot_ids, span, watermark)


_BENEFICIARIES = (("beneficiaries", "count"), ("months", "count"))


def refusals_by_reason(programme: Programme, span: Span) -> dict[str, list[int]]:
    """
    Return the ids of refused decisions by what decided each first: a criterion, or the group of alternatives none of
    which held.
    """
    lines = (
        criteria(programme, span, is_approved=False)
        .filter(is_decisive=True)
        .order_by("decision_id", "id")
        .values_list("decision_id", "group", "code", "outcome", "overruled")
    )
    first: dict[int, str] = {}
    for decision_id, group, code, outcome, overruled in lines:
        if (overruled or outcome) != Outcome.YES:
            first.setdefault(decision_id, group or code)
    found: dict[str, list[int]] = {}
    for decision_id, code in first.items():
        found.setdefault(code, []).append(decision_id)
    return found


def _refusals(programme: Programme, span: Span) -> Table:
    found = refusals_by_reason(programme, span)
    rows = [Row(code, code, (len(ids),)) for code, ids in found.items()]
    rows.sort(key=lambda row: (-row.values[0], row.key))
    return Table("refused_by_reason", (("applications", "count"),), tuple(rows))


def _conditions(programme: Programme, span: Span) -> Table:
    """Count beneficiaries by each alternative condition they met; one who meets two is counted under both."""
    lines = (
        criteria(programme, span, is_approved=True)
        .exclude(group="")
        .filter(Q(overruled=Outcome.YES) | Q(overruled="", outcome=Outcome.YES))
        .values_list("code")
        .annotate(n=Count("id"), m=Sum("decision__months"))
        .order_by("code")
    )
    return Table("by_condition", _BENEFICIARIES, tuple(Row(code, code, (n, m)) for code, n, m in lines))


def _services(programme: Programme, span: Span) -> Table:
    rows = (
        redemptions(programme, span)
        .values_list("service")
        .annotate(n=Count("id"), units=Sum("quantity"), cents=Sum("amount_cents"))
        .order_by("service")
    )
    columns = (("redemptions", "count"), ("units", "count"), ("value", "cents"), ("unit_value", "cents"))
    return Table(
        "by_service", columns, tuple(Row(s, s, (n, units, cents, cents // units)) for s, n, units, cents in rows)
    )


def _money_table(pot_ids: list[int], span: Span, watermark: int) -> Table:
    """Every account by source, as of the end of the span."""
    balances = get_balances(pot_ids, before=span.until, watermark=watermark)
    # Only where there are claims: a report frozen before the first one is recomputed with the columns that it had.
    accounts = (*_ACCOUNTS, *([Account.CLAIMED] if any(k.account is Account.CLAIMED for k in balances) else []))
    rows = []
    for pot_id in pot_ids:
        for source in list_sources(pot_id):
            values = []
            for account in accounts:
                sign = -1 if account is Account.WORLD else 1
                values.append(
                    sign
                    * sum(
                        c for key, c in balances.items() if key.source_id == source.source_id and key.account is account
                    )
                )
            rows.append(Row(f"{pot_id}/{source.code}", source.title, tuple(values)))
    totals = get_account_totals(pot_ids, before=span.until, watermark=watermark)
    rows.append(Row("total", "", tuple(-totals[a] if a is Account.WORLD else totals[a] for a in accounts)))
    return Table("money_by_source", tuple((a.value, "cents") for a in accounts), tuple(rows))


_ACCOUNTS = (
    Account.WORLD, Account.AVAILABLE, Account.COMMITTED, Account.ISSUED, Account.OWED, Account.PAYABLE, Account.PAID,
    Account.LAPSED, Account.RECOVERED,
)  # fmt: skip


def _trend(programme: Programme, pot_ids: list[int], span: Span, watermark: int) -> Table:
    """Month by month: requests received and approved, months issued, euro issued, spent and paid."""
    series: dict[Month, list[int]] = {}

    def add(column: int, pairs: Iterable[tuple[Any, int]]) -> None:
        for month, number in pairs:
            series.setdefault(Month.of(month), [0] * 6)[column] += number

    def by_month(rows: QuerySet[Any], field: str) -> Iterable[tuple[Any, int]]:
        found = rows.annotate(of_month=TruncMonth(field, tzinfo=ROME)).values_list("of_month").annotate(n=Count("id"))
        return [(month, n) for month, n in found.order_by("of_month")]

    add(0, by_month(applications_received(programme, span), "submitted_at"))
    add(1, by_month(decisions(programme, span, is_approved=True), "decided_at"))
    issued = vouchers_issued(programme, span).values_list("month").annotate(n=Count("id")).order_by("month")
    add(2, [(month, n) for month, n in issued])
    for month, kind, cents in _monthly_money(pot_ids, span, watermark):
        if kind in _TREND:
            column, sign = _TREND[kind]
            add(column, [(month, sign * cents)])
    columns = (
        ("received", "count"), ("approved", "count"), ("months_issued", "count"), ("issued", "cents"),
        ("spent", "cents"),
        ("paid", "cents"),
    )  # fmt: skip
    return Table("trend", columns, tuple(Row(str(m), str(m), tuple(v)) for m, v in sorted(series.items())))


_TREND = {Kind.ISSUE: (3, 1), Kind.SPEND: (4, 1), Kind.UNSPEND: (4, -1), Kind.PAY: (5, 1)}


def _monthly_money(pot_ids: list[int], span: Span, watermark: int) -> Iterable[tuple[date, Kind, int]]:
    for (month, kind), cents in sorted(get_monthly_movements(pot_ids, before=span.until, watermark=watermark).items()):
        yield month, kind, cents
