"""A desk that receives, its operator, hours and appointments for tests."""

from datetime import date, datetime, time

from piutempo.network.models import Desk
from piutempo.people.models import Person, User
from piutempo.reception.models import Appointment, Hours, Reason
from piutempo.reception.rules import Stretch
from piutempo.reception.services import add_hours, book_appointment
from tests.applications.factories import OPEN_AT, ROME, make_programme, make_user
from tests.network.factories import make_desk

#: The Monday of ``OPEN_AT``, and the one after.
TODAY = OPEN_AT.date()
NEXT = datetime(2025, 3, 17, 9, 0, tzinfo=ROME)


def make_receiving_desk(capacity: int = 1, **fields: object) -> Desk:
    """A desk that receives every weekday from 9 to 12, half an hour each."""
    desk = make_desk(make_programme(), valid_from=date(2025, 1, 1), **fields)
    for weekday in range(5):
        make_hours(desk, weekday=weekday, capacity=capacity)
    return desk


def make_hours(desk: Desk, *, weekday: int = 0, capacity: int = 1, opens: int = 9, closes: int = 12) -> Hours:
    stretch = Stretch(weekday, time(opens), time(closes), 30, capacity, date(2025, 1, 1))
    return add_hours(desk=desk, stretch=stretch, at=OPEN_AT, by=make_user())


def book(
    desk: Desk, person: Person | None = None, starts_at: datetime = NEXT, by: User | None = None, **fields: str
) -> Appointment:
    return book_appointment(
        desk=desk,
        starts_at=starts_at,
        reason=Reason.APPLY,
        person=person,
        name=fields.pop("name", "Maria Rossi"),
        at=OPEN_AT,
        by=by or make_user(),
        **fields,
    )
