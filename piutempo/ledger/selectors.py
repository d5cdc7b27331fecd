"""Reading the ledger: sources, room left in a pot, balances, transfers."""

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth

from piutempo.ledger.models import ROUTES, Account, Holding, Kind, MonthTotal, Pot, Source, Transfer, Watermark


class SourceShare(NamedTuple):
    """A pot's source with its part in basis points."""

    source_id: int
    code: str
    title: str
    share_bp: int


class BalanceKey(NamedTuple):
    """One account of one source of one pot."""

    pot_id: int
    source_id: int
    account: Account


class KindKey(NamedTuple):
    """One kind of movement of one source of one pot."""

    pot_id: int
    source_id: int
    kind: Kind


def list_sources(pot_id: int) -> tuple[SourceShare, ...]:
    """Return a pot's sources in their order. One query."""
    rows = Source.objects.filter(pot_id=pot_id).order_by("position")
    return tuple(SourceShare(s.pk, s.code, s.title, s.share_bp) for s in rows)


def lock_pot(pot_id: int) -> Pot:
    """
    Lock a pot until the transaction ends, and return it.

    Whoever commits, issues or returns money takes this lock first, so that what they read of the pot stays true. On
    SQLite
    the transaction itself is the only writer. Keys are not locked: rows that refer to the pot (redemptions, statements)
    neither wait for this lock nor run into a deadlock with it.
    """
    return Pot.objects.select_for_update(of=("self",), no_key=True).get(pk=pot_id)


def get_available_cents(pot_id: int) -> int:
    """Return what is neither committed nor issued; negative when over-committed."""
    return Holding.objects.filter(pot_id=pot_id).aggregate(total=Sum("available_cents"))["total"] or 0


def get_headroom_cents(pot_id: int) -> int:
    """Return how much may still be committed so that every source keeps its part: the scarcest source decides."""
    rows = Holding.objects.filter(pot_id=pot_id).values_list("available_cents", "overcommit_cents", "source__share_bp")
    return min(((available + over) * 10_000 // bp for available, over, bp in rows), default=0)


def get_issuable_cents(pot_id: int) -> int:
    """Return how much may still be issued: what was allocated and not yet issued, by the scarcest source."""
    rows = Holding.objects.filter(pot_id=pot_id).values_list("available_cents", "committed_cents", "source__share_bp")
    return min(((available + committed) * 10_000 // bp for available, committed, bp in rows), default=0)


def get_watermark() -> int:
    """Return the id of the last transfer that exists."""
    return Transfer.objects.order_by("-id").values_list("id", flat=True).first() or 0


def get_movements(
    pot_ids: list[int], *, since: date | None = None, before: date | None = None, watermark: int | None = None
) -> dict[KindKey, int]:
    """
    Return what moved, in cents, by pot, source and kind, booked in [since, before), up to a transfer id.

    Whole months up to the summary's watermark come from ``MonthTotal``; only the edges are read from the ledger.
    Figures as of
    an older ``watermark`` than the summary's are read from the ledger itself.
    """
    summed = Watermark.objects.filter(pk=1).values_list("transfer_id", flat=True).first() or 0
    transfers = Transfer.objects.filter(pot_id__in=pot_ids)
    if watermark is not None:
        transfers = transfers.filter(id__lte=watermark)
    if since is not None:
        transfers = transfers.filter(booked_on__gte=since)
    if before is not None:
        transfers = transfers.filter(booked_on__lt=before)
    found: dict[KindKey, int] = defaultdict(int)
    whole_months = (since is None or since.day == 1) and (before is None or before.day == 1)
    if whole_months and summed and (watermark is None or watermark >= summed):
        totals = MonthTotal.objects.filter(pot_id__in=pot_ids)
        if since is not None:
            totals = totals.filter(month__gte=since)
        if before is not None:
            totals = totals.filter(month__lt=before)
        for row in totals.values("pot_id", "source_id", "kind").annotate(cents=Sum("amount_cents")).order_by():
            found[KindKey(row["pot_id"], row["source_id"], Kind(row["kind"]))] += row["cents"]
        transfers = transfers.filter(id__gt=summed)
    for row in transfers.values("pot_id", "source_id", "kind").annotate(cents=Sum("amount_cents")).order_by():
        found[KindKey(row["pot_id"], row["source_id"], Kind(row["kind"]))] += row["cents"]
    return dict(found)


def get_monthly_movements(
    pot_ids: list[int], *, before: date | None = None, watermark: int | None = None
) -> dict[tuple[date, Kind], int]:
    """Return what moved, in cents, by accounting month (its first day) and kind; from the summary where it reaches."""
    summed = Watermark.objects.filter(pk=1).values_list("transfer_id", flat=True).first() or 0
    use_summary = bool(summed) and (before is None or before.day == 1) and (watermark is None or watermark >= summed)
    transfers = Transfer.objects.filter(pot_id__in=pot_ids)
    if watermark is not None:
        transfers = transfers.filter(id__lte=watermark)
    if before is not None:
        transfers = transfers.filter(booked_on__lt=before)
    found: dict[tuple[date, Kind], int] = defaultdict(int)
    if use_summary:
        totals = MonthTotal.objects.filter(pot_id__in=pot_ids)
        if before is not None:
            totals = totals.filter(month__lt=before)
        for month, kind, cents in totals.values_list("month", "kind").annotate(c=Sum("amount_cents")).order_by():
            found[month, Kind(kind)] += cents
        transfers = transfers.filter(id__gt=summed)
    rows = transfers.annotate(month=TruncMonth("booked_on")).values_list("month", "kind")
    for month, kind, cents in rows.annotate(c=Sum("amount_cents")).order_by():
        found[month, Kind(kind)] += cents
    return dict(found)


def get_balances(
    pot_ids: list[int], *, before: date | None = None, watermark: int | None = None
) -> dict[BalanceKey, int]:
    """Return each account's balance in cents (received minus given) by pot and source, booked before a day."""
    found: dict[BalanceKey, int] = defaultdict(int)
    for (pot_id, source_id, kind), cents in get_movements(pot_ids, before=before, watermark=watermark).items():
        giver, taker = ROUTES[kind]
        found[BalanceKey(pot_id, source_id, giver)] -= cents
        found[BalanceKey(pot_id, source_id, taker)] += cents
    return dict(found)


def get_account_totals(
    pot_ids: list[int], *, before: date | None = None, watermark: int | None = None
) -> dict[Account, int]:
    """Return every account's balance over all the given pots and sources, in cents; accounts without money are 0."""
    found = dict.fromkeys(Account, 0)
    for key, cents in get_balances(pot_ids, before=before, watermark=watermark).items():
        found[key.account] += cents
    return found


def list_transfers(
    *, pot_ids: list[int], account: str = "", kind: str = "", source_id: int | None = None
) -> QuerySet[Transfer]:
    """Return the transfers behind a figure, the newest first."""
    rows = Transfer.objects.filter(pot_id__in=pot_ids).select_related("source", "pot").order_by("-id")
    if kind:
        rows = rows.filter(kind=kind)
    if account:
        rows = rows.filter(kind__in=[k for k, route in ROUTES.items() if account in route])
    if source_id is not None:
        rows = rows.filter(source_id=source_id)
    return rows


class Violation(NamedTuple):
    """A row that breaks a law of the ledger: which law, which row, what was found."""

    law: str
    row: str
    found: str


def list_violations() -> list[Violation]:
    """
    Prove the ledger's own laws over all rows: holdings follow transfers, summary follows transfers, nothing negative.

    Laws that join the ledger to other contexts are in ``reporting.selectors.verification``.
    """
    found: list[Violation] = []
    balances: dict[BalanceKey, int] = defaultdict(int)
    for row in (
        Transfer.objects.values("pot_id", "source_id", "from_account", "to_account")
        .annotate(cents=Sum("amount_cents"))
        .order_by()
    ):
        balances[BalanceKey(row["pot_id"], row["source_id"], Account(row["from_account"]))] -= row["cents"]
        balances[BalanceKey(row["pot_id"], row["source_id"], Account(row["to_account"]))] += row["cents"]
    for holding in Holding.objects.order_by("id"):
        for name in (Account.AVAILABLE, Account.COMMITTED):
            said = getattr(holding, f"{name.value}_cents")
            true = balances.get(BalanceKey(holding.pot_id, holding.source_id, name), 0)
            if said != true:
                found.append(
                    Violation("holding-follows-transfers", f"holding {holding.pk} {name}", f"{said} != {true}")
                )
    found += [
        Violation("holding-for-every-source", f"source {pk}", "no holding: nothing guards it")
        for pk in Source.objects.filter(holding__isnull=True).order_by("id").values_list("id", flat=True)
    ]
    floors = {h.source_id: -h.overcommit_cents for h in Holding.objects.all()}
    for key, cents in sorted(balances.items()):
        floor = floors.get(key.source_id, 0) if key.account is Account.AVAILABLE else 0
        if key.account is not Account.WORLD and cents < floor:
            found.append(
                Violation("no-negative-balance", f"pot {key.pot_id} source {key.source_id} {key.account}", str(cents))
            )
    for pot in Pot.objects.all():
        total = sum(cents for key, cents in balances.items() if key.pot_id == pot.pk)
        if total:
            found.append(Violation("balances-tie-to-zero", f"pot {pot.code}", str(total)))
    summed = Watermark.objects.filter(pk=1).values_list("transfer_id", flat=True).first() or 0
    by_month: dict[tuple[int, int, str, date], int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(_BY_MONTH[connection.vendor], [summed])
        for pot_id, source_id, kind, month, cents, _rows in cursor.fetchall():
            by_month[pot_id, source_id, kind, date.fromisoformat(str(month))] = cents
    kept = {(t.pot_id, t.source_id, t.kind, t.month): t.amount_cents for t in MonthTotal.objects.all()}
    found += [
        Violation("summary-follows-transfers", str(key), f"{kept.get(key)} != {by_month.get(key)}")
        for key in sorted(kept.keys() | by_month.keys())
        if kept.get(key, 0) != by_month.get(key, 0)
    ]
    return found


_BY_MONTH = {
    "sqlite": """
        SELECT pot_id, source_id, kind, strftime('%%Y-%%m-01', booked_on), sum(amount_cents), count(*)
        FROM ledger_transfer WHERE id <= %s GROUP BY 1, 2, 3, 4""",
    "postgresql": """
        SELECT pot_id, source_id, kind, date_trunc('month', booked_on)::date, sum(amount_cents)::bigint, count(*)
        FROM ledger_transfer WHERE id <= %s GROUP BY 1, 2, 3, 4""",
}
