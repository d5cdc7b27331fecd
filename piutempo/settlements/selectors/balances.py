"""The ledger as the accounting office reads it: balances by source, and what moved month by month."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from piutempo.ledger.models import Account, Kind, MonthTotal, Pot, Source, Transfer, Watermark
from piutempo.ledger.selectors import get_balances

#: The accounts shown, in the order in which money passes through them. ``world`` is the other side of every allocation.
SHOWN = (
    Account.AVAILABLE,
    Account.COMMITTED,
    Account.ISSUED,
    Account.OWED,
    Account.PAYABLE,
    Account.PAID,
    Account.LAPSED,
    Account.CLAIMED,
    Account.RECOVERED,
)


class BalanceRow(NamedTuple):
    """One account of a pot: cents in all and by source, in the order of the sources."""

    account: Account
    total_cents: int
    by_source: list[tuple[int, int]]


class PotBalance(NamedTuple):
    """A pot's sources (id, title, basis points), its accounts, and what was allocated to it."""

    pot_id: int
    sources: list[Source]
    rows: list[BalanceRow]
    allocated: BalanceRow


def list_pot_balances(pots: Sequence[Pot], *, before: date | None = None) -> list[PotBalance]:
    """Return the balances of some pots (with their sources prefetched), booked before a day. Three queries."""
    balances = get_balances([pot.pk for pot in pots], before=before)
    sources = {pot.pk: list(pot.sources.all()) for pot in pots}
    cents = {(key.pot_id, key.source_id, key.account): value for key, value in balances.items()}

    def row(pot_id: int, account: Account, sign: int = 1) -> BalanceRow:
        parts = [(s.pk, sign * cents.get((pot_id, s.pk, account), 0)) for s in sources[pot_id]]
        return BalanceRow(account, sum(value for _, value in parts), parts)

    return [
        PotBalance(
            pot.pk,
            sources[pot.pk],
            [row(pot.pk, account) for account in SHOWN],
            row(pot.pk, Account.WORLD, -1),
        )
        for pot in pots
    ]


#: What moved in a pot: (first day of the month, cents by kind), the oldest month first.
Trend = list[tuple[date, dict[Kind, int]]]


def list_monthly_movements(pot_ids: Sequence[int], kinds: Sequence[Kind]) -> dict[int, Trend]:
    """Return what moved by pot, month and kind. Three queries, whatever the pots, read from the monthly summary."""
    summed = Watermark.objects.filter(pk=1).values_list("transfer_id", flat=True).first() or 0
    found: dict[tuple[int, date], dict[Kind, int]] = defaultdict(lambda: dict.fromkeys(kinds, 0))
    totals = MonthTotal.objects.filter(pot_id__in=pot_ids, kind__in=kinds).values("pot_id", "month", "kind")
    fresh = (
        Transfer.objects.filter(pot_id__in=pot_ids, kind__in=kinds, id__gt=summed)
        .annotate(month=TruncMonth("booked_on"))
        .values("pot_id", "month", "kind")
    )
    for rows in (totals, fresh):
        for row in rows.annotate(cents=Sum("amount_cents")).order_by():
            found[row["pot_id"], row["month"]][Kind(row["kind"])] += row["cents"]
    trends: dict[int, Trend] = {pot_id: [] for pot_id in pot_ids}
    for (pot_id, month), by_kind in sorted(found.items()):
        trends[pot_id].append((month, by_kind))
    return trends
