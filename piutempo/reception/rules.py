"""When a desk receives, how many at a time, and who is called next. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum


class Refusal(StrEnum):
    """Why reception refuses. Stable codes."""

    HOURS_ORDER = "HOURS_ORDER"
    HOURS_SLOT = "HOURS_SLOT"
    HOURS_OVERLAP = "HOURS_OVERLAP"
    PERIOD = "PERIOD"
    NO_SLOT = "NO_SLOT"
    SLOT_PAST = "SLOT_PAST"
    SLOT_FULL = "SLOT_FULL"
    ALREADY_BOOKED = "ALREADY_BOOKED"
    NOT_OPEN = "NOT_OPEN"
    NAME_MISSING = "NAME_MISSING"
    OPEN_TICKET = "OPEN_TICKET"
    OTHER_DAY = "OTHER_DAY"
    DAY_CLOSED = "DAY_CLOSED"
    NOBODY_WAITING = "NOBODY_WAITING"
    NOT_CALLED = "NOT_CALLED"
    BEING_SERVED = "BEING_SERVED"
    NOT_TODAY = "NOT_TODAY"


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    Opening hours of one weekday (0 is Monday) in a period: ``capacity`` people each ``slot_minutes``.

    ``valid_until`` is exclusive; None: no end.
    """

    weekday: int
    opens: time
    closes: time
    slot_minutes: int
    capacity: int
    valid_from: date
    valid_until: date | None = None

    def is_in_force_on(self, day: date) -> bool:
        """Tell whether the stretch counts on ``day``."""
        return (
            day.weekday() == self.weekday
            and self.valid_from <= day
            and (self.valid_until is None or day < self.valid_until)
        )


@dataclass(frozen=True, order=True, slots=True)
class Slot:
    """A time to come, from ``starts`` to ``ends`` (local, without zone), for ``capacity`` people."""

    starts: datetime
    ends: datetime
    capacity: int


def stretch_refusal_for(stretch: Stretch, others: Iterable[Stretch]) -> Refusal | None:
    """Return why opening hours make no sense, or overlap others of the same weekday; None: they are fine."""
    if stretch.closes <= stretch.opens:
        return Refusal.HOURS_ORDER
    if (
        not 5 <= stretch.slot_minutes <= 240
        or not 1 <= stretch.capacity <= 50
        or not _starts_of(stretch, date(2000, 1, 3))
    ):
        return Refusal.HOURS_SLOT
    if stretch.valid_until is not None and stretch.valid_until <= stretch.valid_from:
        return Refusal.PERIOD
    for other in others:
        meets_days = (stretch.valid_until is None or other.valid_from < stretch.valid_until) and (
            other.valid_until is None or stretch.valid_from < other.valid_until
        )
        meets_hours = other.opens < stretch.closes and stretch.opens < other.closes
        if other.weekday == stretch.weekday and meets_days and meets_hours:
            return Refusal.HOURS_OVERLAP
    return None


def _starts_of(stretch: Stretch, day: date) -> list[datetime]:
    step, last = timedelta(minutes=stretch.slot_minutes), datetime.combine(day, stretch.closes)
    found, at = [], datetime.combine(day, stretch.opens)
    while at + step <= last:
        found.append(at)
        at += step
    return found


def slots_of(stretches: Iterable[Stretch], day: date) -> list[Slot]:
    """Return the times to come on a day, in order; what is left of a stretch after whole slots is nobody's."""
    return sorted(
        Slot(at, at + timedelta(minutes=s.slot_minutes), s.capacity)
        for s in stretches
        if s.is_in_force_on(day)
        for at in _starts_of(s, day)
    )


def seats_left(slot: Slot, taken: Sequence[tuple[datetime, datetime]]) -> int:
    """
    Return how many more may come in a slot, given the appointments ``taken`` (start, end).

    Appointments taken under other opening hours may lie across it: the fullest instant of the slot counts.
    """
    meeting = [(max(s, slot.starts), min(e, slot.ends)) for s, e in taken if s < slot.ends and slot.starts < e]
    fullest = max((sum(s <= at < e for s, e in meeting) for at, _end in meeting), default=0)
    return max(slot.capacity - fullest, 0)


def first_seat(taken: Iterable[int], capacity: int) -> int | None:
    """Return the lowest seat, from 1, that is not taken; None: all are."""
    busy = set(taken)
    return next((seat for seat in range(1, capacity + 1) if seat not in busy), None)


def turn_of(*, taken_at: datetime, due_at: datetime | None) -> datetime:
    """Return when somebody's turn counts from: the hour of the appointment, else when they took the ticket."""
    return taken_at if due_at is None else due_at
