"""Appointments: only in free slots, moved, cancelled, reminded once; never more people than a slot holds."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from piutempo.correspondence.models import OutboxMessage
from piutempo.reception.models import Appointment, AppointmentStatus
from piutempo.reception.rules import Refusal
from piutempo.reception.selectors import list_free_slots
from piutempo.reception.services import (
    ReceptionRefused,
    cancel_appointment,
    close_on,
    move_appointment,
    receive_on,
    run_due,
)
from tests.applications.factories import OPEN_AT, make_person, make_user
from tests.reception.factories import NEXT, book, make_receiving_desk

pytestmark = pytest.mark.django_db
HALF = timedelta(minutes=30)


def refusal(call, *args, **kwargs):
    with pytest.raises(ReceptionRefused) as error:
        call(*args, **kwargs)
    return error.value.code


def test_a_slot_is_kept_once_and_a_second_click_changes_nothing():
    desk, person = make_receiving_desk(), make_person()
    first = book(desk, person)
    assert book(desk, person) == first
    assert refusal(book, desk, make_person()) is Refusal.SLOT_FULL
    assert refusal(book, desk, person, NEXT + HALF) is Refusal.ALREADY_BOOKED
    assert (
        next(s.starts_at for s in list_free_slots(desk, since=NEXT.date(), days=1, at=OPEN_AT)[NEXT.date()])
        == NEXT + HALF
    )


@pytest.mark.parametrize(
    ("starts_at", "code"),
    [
        (NEXT - timedelta(hours=1), Refusal.NO_SLOT),
        (NEXT + timedelta(minutes=10), Refusal.NO_SLOT),
        (NEXT + timedelta(days=5), Refusal.NO_SLOT),
        (OPEN_AT - HALF, Refusal.SLOT_PAST),
    ],
)
def test_only_a_slot_to_come_can_be_kept(starts_at, code):
    assert refusal(book, make_receiving_desk(), make_person(), starts_at) is code


def test_a_desk_closed_on_a_day_receives_nobody_until_it_says_so():
    desk, by = make_receiving_desk(), make_user()
    for _click in range(2):
        close_on(desk=desk, on=NEXT.date(), reason="Assemblea", at=OPEN_AT, by=by)
    assert refusal(book, desk) is Refusal.NO_SLOT
    receive_on(desk=desk, on=NEXT.date(), at=OPEN_AT, by=by)
    assert book(desk).status == AppointmentStatus.BOOKED


def test_moving_frees_the_old_time_and_cancelling_gives_it_back():
    desk, by = make_receiving_desk(), make_user()
    one, other = book(desk, make_person()), book(desk, make_person(), NEXT + HALF)
    assert refusal(move_appointment, appointment=one, starts_at=NEXT + HALF, at=OPEN_AT, by=by) is Refusal.SLOT_FULL
    moved = move_appointment(appointment=one, starts_at=NEXT + 2 * HALF, at=OPEN_AT, by=by)
    assert book(desk, make_person()).starts_at == NEXT
    for _click in range(2):
        cancel_appointment(appointment=moved, at=OPEN_AT, by=by)
    assert move_appointment(appointment=other, starts_at=NEXT + 2 * HALF, at=OPEN_AT, by=by).seat == 1
    assert refusal(move_appointment, appointment=moved, starts_at=NEXT, at=OPEN_AT, by=by) is Refusal.NOT_OPEN


def test_a_missed_appointment_does_not_stand_in_the_way_of_a_new_one():
    desk, person = make_receiving_desk(), make_person()
    past = book(desk, person)
    Appointment.objects.filter(pk=past.pk).update(starts_at=OPEN_AT - 2 * HALF, ends_at=OPEN_AT - HALF)
    assert book(desk, person).pk != past.pk
    past.refresh_from_db()
    assert past.status == AppointmentStatus.MISSED


def test_the_day_before_a_reminder_leaves_once():
    desk = make_receiving_desk()
    book(desk, make_person(email="maria@example.org"), email="maria@example.org")
    book(desk, None, NEXT + HALF, name="Senza posta")
    booked = OutboxMessage.objects.count()
    eve = NEXT - timedelta(days=1)
    assert run_due(eve - timedelta(days=1)) == ""
    assert run_due(eve) == "1 people reminded"
    assert run_due(eve) == ""
    assert OutboxMessage.objects.count() == booked + 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_whoever_books_at_the_same_moment_the_slot_is_never_overfull():
    desk = make_receiving_desk(capacity=3)
    people = [(make_person(), make_user()) for _n in range(12)]

    def run(pair):
        try:
            return book(desk, pair[0], by=pair[1]).seat
        except ReceptionRefused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        results = list(pool.map(run, people))
    assert sorted(r for r in results if isinstance(r, int)) == [1, 2, 3]
    assert results.count(Refusal.SLOT_FULL) == 9
    assert Appointment.objects.filter(starts_at=NEXT).count() == 3
