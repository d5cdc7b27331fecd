"""A benefit month by month: what has its voucher, what is to be issued, what is suspended or waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from piutempo.awards.models import Award
from piutempo.awards.rules import State
from piutempo.awards.services.slicing import Benefit, benefits_of
from piutempo.kernel.periods import Month
from piutempo.vouchers.models import Voucher

ISSUED, DUE, WAITING = "issued", "due", "waiting"


def read_issued(award_ids: Sequence[int]) -> dict[int, frozenset[Month]]:
    """Return the months that have a voucher, by award. One query."""
    found: dict[int, set[Month]] = {pk: set() for pk in award_ids}
    rows = Voucher.objects.filter(award_id__in=award_ids, replacement=0).values_list("award_id", "month")
    for award_id, month in rows:
        found[award_id].add(Month.of(month))
    return {pk: frozenset(months) for pk, months in found.items()}


def get_benefits(application_id: int) -> list[Benefit]:
    """Return a request's benefits, by product. Two queries."""
    awards = list(Award.objects.filter(application_id=application_id).order_by("product", "sequence"))
    return benefits_of(awards, read_issued([a.pk for a in awards]))


@dataclass(frozen=True, slots=True)
class Schedule:
    """The months of one product: ``months`` maps each to its state; ``suspended`` have no date; cents of a month."""

    product: str
    months: dict[Month, str]
    suspended: int
    month_cents: int

    @property
    def to_issue(self) -> int:
        """How many months have money and no voucher yet."""
        return self.suspended + sum(state == DUE for state in self.months.values())


def schedule_of(benefit: Benefit) -> Schedule:
    """Return a benefit month by month."""
    months: dict[Month, str] = {}
    suspended = 0
    for run in benefit.runs:
        months |= dict.fromkeys(run.issued, ISSUED)
        months |= dict.fromkeys(run.due, WAITING if run.state is State.WAITING else DUE)
        suspended += run.left if run.state is State.SUSPENDED else 0
    return Schedule(benefit.product, dict(sorted(months.items())), suspended, benefit.awards[-1].month_cents)
