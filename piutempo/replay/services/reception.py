"""The desks of the live programme receive: opening hours for each, appointments and a queue at the persona's."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from piutempo.network.models import Desk
from piutempo.people.models import Person, User
from piutempo.reception.models import Outcome, Reason
from piutempo.reception.rules import Stretch
from piutempo.reception.selectors import list_free_slots
from piutempo.reception.services import add_hours, book_appointment, call_next, finish_visit, take_ticket
from piutempo.replay.rules.families import ROME

#: Every working day in the morning, two afternoons: weekday, opening, closing.
WEEK = (*((day, time(9), time(12, 30)) for day in range(6)), (0, time(14), time(16, 30)), (2, time(14), time(16, 30)))
CALLERS = (
    ("Giulia Ferrari", Reason.APPLY, "02 555 0101"),
    ("Ahmed Haddad", Reason.DOCUMENTS, "02 555 0102"),
    ("Elena Sala", Reason.VOUCHERS, "02 555 0103"),
)
#: Who came in today without an appointment: minutes ago, why, how it went (none: still waits).
VISITORS = (
    (50, Reason.APPLY, Outcome.DONE),
    (40, Reason.INFORMATION, Outcome.DONE),
    (30, Reason.VOUCHERS, Outcome.TO_RETURN),
    (15, Reason.DOCUMENTS, None),
    (5, Reason.INFORMATION, None),
)


def open_reception(*, desks: list[Desk], desk: Desk, citizen: Person, since: date, at: datetime, by: User) -> None:
    """Give every desk its hours; at ``desk``, times kept for the citizen and for callers, and today's queue."""
    for one in desks:
        for weekday, opens, closes in WEEK:
            add_hours(desk=one, stretch=Stretch(weekday, opens, closes, 30, 2, since), at=at, by=by)
    today = at.astimezone(ROME).date()
    free = [s for found in list_free_slots(desk, since=today, days=7, at=at).values() for s in found]
    for (name, reason, phone), slot in zip(CALLERS, free[1::4], strict=False):
        book_appointment(
            desk=desk, starts_at=slot.starts_at, reason=reason, person=None, name=name, phone=phone, at=at, by=by
        )
    if free:
        book_appointment(
            desk=desk,
            starts_at=free[-1].starts_at,
            reason=Reason.FOLLOW,
            person=citizen,
            name=str(citizen),
            phone=citizen.phone,
            email=citizen.email,
            at=at,
            by=by,
        )
    for minutes, reason, outcome in VISITORS:
        came = max(at - timedelta(minutes=minutes), datetime.combine(today, time(0, 1), ROME))
        ticket = take_ticket(desk=desk, reason=reason, person=None, name="", at=came)
        if outcome is not None:
            call_next(desk=desk, counter="1", at=came, by=by)
            finish_visit(ticket=ticket, reason=reason, outcome=outcome, note="", at=came)
