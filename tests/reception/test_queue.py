"""The queue of the day: no number twice, called in turn, one open ticket a person, the day closed with its tally."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from piutempo.reception.models import AppointmentStatus, Outcome, Reason, Ticket, TicketStatus
from piutempo.reception.rules import Refusal
from piutempo.reception.selectors import get_tally, list_called
from piutempo.reception.services import (
    ReceptionRefused,
    call_next,
    check_in,
    close_day,
    finish_visit,
    leave_queue,
    mark_no_show,
    take_ticket,
)
from tests.applications.factories import OPEN_AT, make_person, make_user
from tests.reception.factories import TODAY, book, make_receiving_desk
from tests.reception.test_appointments import refusal

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def take(desk, person=None, at=OPEN_AT, reason=Reason.INFORMATION):
    return take_ticket(desk=desk, reason=reason, person=person, name="", at=at)


def call(desk, at=OPEN_AT, by=None):
    return call_next(desk=desk, counter="2", at=at, by=by or make_user())


def finish(ticket, outcome=Outcome.DONE, at=OPEN_AT):
    return finish_visit(ticket=ticket, reason=Reason(ticket.reason), outcome=outcome, note="", at=at)


def test_a_person_has_one_open_ticket_a_day():
    desk, other, person = make_receiving_desk(), make_receiving_desk(), make_person()
    first = take(desk, person)
    assert refusal(take, desk, person) is Refusal.OPEN_TICKET
    assert refusal(take, other, person) is Refusal.OPEN_TICKET
    assert take(desk).number == 2  # a refused ticket leaves no hole
    leave_queue(ticket=first, at=OPEN_AT)
    assert take(desk, person).number == 3
    assert take(desk, make_person(), at=OPEN_AT + timedelta(days=1)).number == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=first.pk).update(status=TicketStatus.WAITING)


def test_who_has_an_appointment_is_called_at_its_hour():
    desk = make_receiving_desk()
    due = book(desk, make_person(), OPEN_AT + 30 * MINUTE)
    early = take(desk)
    met = check_in(appointment=due, at=OPEN_AT + MINUTE)
    assert check_in(appointment=due, at=OPEN_AT + MINUTE) == met
    late = take(desk, at=OPEN_AT + 31 * MINUTE)
    assert [call(desk).number for _n in range(3)] == [early.number, met.number, late.number]
    assert refusal(call, desk) is Refusal.NOBODY_WAITING


def test_a_visit_ends_once_with_an_outcome():
    desk = make_receiving_desk()
    waiting = take(desk)
    assert refusal(finish, waiting) is Refusal.NOT_CALLED
    called = call(desk)
    for _click in range(2):
        finish(called)
    assert refusal(mark_no_show, ticket=called, at=OPEN_AT) is Refusal.NOT_CALLED
    assert [t.number for t in list_called(desk, TODAY)] == [1]


def test_closing_the_day_settles_who_waited_and_who_did_not_come():
    desk, by = make_receiving_desk(), make_user()
    missed = book(desk, make_person(), OPEN_AT + 30 * MINUTE)
    kept = book(desk, make_person(), OPEN_AT + 60 * MINUTE)
    check_in(appointment=kept, at=OPEN_AT)
    take(desk, reason=Reason.VOUCHERS)
    take(desk)
    take(desk)
    finish(call(desk), Outcome.TO_RETURN)
    mark_no_show(ticket=call(desk), at=OPEN_AT)
    called = call(desk)
    assert refusal(close_day, desk=desk, on=TODAY, at=OPEN_AT, by=by) is Refusal.BEING_SERVED
    finish(called)
    assert refusal(close_day, desk=desk, on=TODAY + timedelta(days=1), at=OPEN_AT, by=by) is Refusal.NOT_TODAY
    for _click in range(2):
        close_day(desk=desk, on=TODAY, at=OPEN_AT, by=by)
    missed.refresh_from_db()
    assert missed.status == AppointmentStatus.MISSED
    tally = get_tally(desk, TODAY)
    assert (tally.served, tally.no_show, tally.left, tally.waiting, tally.walk_ins) == (2, 1, 1, 0, 3)
    assert tally.appointments == {"fissato": 0, "rispettato": 1, "mancato": 1, "annullato": 0}
    assert sum(total for _label, _row, total in tally.visits) == 2
    assert refusal(take, desk) is Refusal.DAY_CLOSED
    assert refusal(call, desk) is Refusal.DAY_CLOSED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_doubles_and_two_operators_never_call_the_same():
    desk, by = make_receiving_desk(), make_user()

    def run(work):
        try:
            return work().number
        except ReceptionRefused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        given = list(pool.map(run, [lambda: take(desk)] * 20))
        called = list(pool.map(run, [lambda: call(desk, by=by)] * 24))
    assert sorted(given) == list(range(1, 21))
    assert sorted(n for n in called if isinstance(n, int)) == list(range(1, 21))
    assert called.count(Refusal.NOBODY_WAITING) == 4
