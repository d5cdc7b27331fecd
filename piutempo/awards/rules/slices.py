"""
Pure rules of time slices: which months of one benefit stay, move, or go back.

An award is a *run*: consecutive months under one version of the programme. A benefit (a request and a product) is
one or more runs that never share a month. A month that has a voucher is never touched. Why runs and not edited
months: docs/adr/0013-time-slices.md; worked examples: docs/rules/cambiamenti.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from piutempo.kernel.periods import Month


class State(StrEnum):
    """``committed`` runs are issued month by month, ``suspended`` ones have no date yet, ``waiting`` ones no money."""

    COMMITTED = "committed"
    SUSPENDED = "suspended"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Run:
    """One award: ``booked`` months from ``first``, of which ``issued`` have a voucher."""

    award_id: int
    first: Month
    booked: int
    issued: frozenset[Month] = frozenset()
    state: State = State.COMMITTED

    @property
    def due(self) -> tuple[Month, ...]:
        """The months still to issue, in order; a suspended run has none with a date, a closed one none at all."""
        if self.state is State.SUSPENDED or not self.left:
            return ()
        months = (self.first + i for i in range(self.booked))
        return tuple(month for month in months if month not in self.issued)

    @property
    def left(self) -> int:
        """How many months are still to issue."""
        return self.booked - len(self.issued)


@dataclass(frozen=True, slots=True)
class Kept:
    """What remains of an award: ``booked`` months. ``is_closed``: none of them is still to issue."""

    award_id: int
    booked: int
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A new run that takes the money and terms of ``award_id``; a suspended one has no date (``first`` is None)."""

    award_id: int
    first: Month | None
    months: int


@dataclass(frozen=True, slots=True)
class Rearrangement:
    """
    What to write: the awards that change, the new runs, and how many months go back to the fund.

    ``waiting`` are the new planned first months of runs in the waiting list.
    """

    kept: tuple[Kept, ...] = ()
    placed: tuple[Placed, ...] = ()
    returned: int = 0
    waiting: tuple[tuple[int, Month], ...] = field(default=())


def last_month_for(*, ends_on: date, valid_until_at_most: date | None) -> Month:
    """Return the first month that can no longer be issued: it would begin after the programme or the vouchers end."""
    limit = ends_on if valid_until_at_most is None else min(ends_on, valid_until_at_most)
    return Month.of(limit) + (1 if limit.day > 1 else 0)


def taken_months(runs: Iterable[Run]) -> set[Month]:
    """Return the months that have a voucher or are to be issued."""
    return {month for run in runs if run.state is State.COMMITTED for month in (*run.due, *run.issued)}


def end_of(months: Iterable[Month], at_least: Month) -> Month:
    """Return the month after the last, never before ``at_least``."""
    return max([at_least, *(month + 1 for month in months)])


def _keep(run: Run, stay: Sequence[Month]) -> tuple[Kept, list[tuple[Month, int]]]:
    """
    Leave only ``stay`` to issue of a run.

    Months go back from the last backwards: where that cannot say it (a later month has its voucher already), the
    award is closed with what was issued and the months that stay become runs of their own.
    """
    booked = len(run.issued) + len(stay)
    if run.issued | set(stay) == {run.first + i for i in range(booked)}:
        return Kept(run.award_id, booked, is_closed=not stay), []
    return Kept(run.award_id, len(run.issued), is_closed=True), _blocks(stay)


def _blocks(months: Sequence[Month]) -> list[tuple[Month, int]]:
    blocks: list[tuple[Month, int]] = []
    for month in sorted(months):
        if blocks and blocks[-1][0] + blocks[-1][1] == month:
            blocks[-1] = (blocks[-1][0], blocks[-1][1] + 1)
        else:
            blocks.append((month, 1))
    return blocks


#: A time in which no month is issued: from a month to another (exclusive; None: without an end).
Span = tuple[Month, Month | None]


def move(
    runs: Sequence[Run], *, since: Month, to: Month | None, last: Month, closed: Sequence[Span] = ()
) -> Rearrangement:
    """
    Move what is to be issued from ``since`` on, and all that is suspended, to consecutive months from ``to``.

    ``to`` None suspends without a date. Months that would fall on ``last`` or later go back to the fund; a month that
    has its voucher is stepped over. Runs in the waiting list are planned after everything else.

    ``closed``: the benefit's other suspensions. No month falls in them; what would come after the beginning of one
    without an end is suspended too.
    """
    ordered = sorted((r for r in runs if r.state is not State.WAITING), key=lambda r: (r.first, r.award_id))
    kept: list[Kept] = []
    placed: list[Placed] = []
    moving: list[tuple[int, int]] = []
    taken: set[Month] = set()
    for run in ordered:
        stay = [month for month in run.due if month < since]
        taken |= run.issued | set(stay)
        count = run.left - len(stay)
        if run.state is State.SUSPENDED and to is None:
            continue
        if not count:
            continue
        rest, blocks = _keep(run, stay)
        kept.append(rest)
        placed += [Placed(run.award_id, first, months) for first, months in blocks]
        moving.append((run.award_id, count))
    returned = 0
    cursor = to
    for award_id, count in moving:
        if cursor is None:
            placed.append(Placed(award_id, None, count))
            continue
        chosen: list[Month] = []
        while cursor is not None and len(chosen) < count and cursor < last:
            span = next((s for s in closed if s[0] <= cursor and (s[1] is None or cursor < s[1])), None)
            if span is not None:
                cursor = span[1]
                continue
            if cursor not in taken:
                chosen.append(cursor)
            cursor += 1
        taken |= set(chosen)
        placed += [Placed(award_id, first, months) for first, months in _blocks(chosen)]
        rest_count = count - len(chosen)
        if cursor is None and rest_count:
            placed.append(Placed(award_id, None, rest_count))
        else:
            returned += rest_count
    end = end_of(taken, to or since)
    waiting = []
    for run in sorted((r for r in runs if r.state is State.WAITING), key=lambda r: (r.first, r.award_id)):
        first = max(run.first, end)
        waiting.append((run.award_id, first))
        end = first + run.booked
    return Rearrangement(tuple(kept), tuple(placed), returned, tuple(waiting))


def shrink(runs: Sequence[Run], *, since: Month, keep: int) -> Rearrangement:
    """
    Leave ``keep`` of the months to issue from ``since`` on; the last ones go back first, those that wait before all.

    Suspended months have no date and count as from ``since`` on. Months before it, and those with a voucher, stay.
    """
    order = {State.WAITING: 0, State.SUSPENDED: 1, State.COMMITTED: 2}
    surplus = sum(left_since(run, since) for run in runs) - keep
    kept: list[Kept] = []
    placed: list[Placed] = []
    returned = 0
    for run in sorted(runs, key=lambda r: (order[r.state], -r.first.year * 12 - r.first.number, -r.award_id)):
        gone = min(max(surplus, 0), left_since(run, since))
        if not gone:
            continue
        surplus -= gone
        returned += gone
        if run.state is State.COMMITTED:
            rest, blocks = _keep(run, run.due[: len(run.due) - gone])
            kept.append(rest)
            placed += [Placed(run.award_id, first, months) for first, months in blocks]
        else:
            kept.append(Kept(run.award_id, run.booked - gone, is_closed=run.booked == gone))
    return Rearrangement(tuple(kept), tuple(placed), returned)


def left_since(run: Run, since: Month) -> int:
    """Return how many months of a run are still to issue from ``since`` on; suspended ones count."""
    return run.left if run.state is State.SUSPENDED else sum(month >= since for month in run.due)
