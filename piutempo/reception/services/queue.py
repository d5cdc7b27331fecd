"""The queue of the day: tickets without doubles, called in turn, each visit with its outcome; closing the day."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from piutempo.network.models import Desk
from piutempo.people.models import Person, User
from piutempo.reception.models import (
    Appointment,
    AppointmentStatus,
    Day,
    Outcome,
    Reason,
    Ticket,
    TicketStatus,
)
from piutempo.reception.rules import Refusal, turn_of
from piutempo.reception.selectors import list_open_appointments
from piutempo.reception.services.refused import ReceptionRefused
from piutempo.records.services import record_event


@transaction.atomic
def take_ticket(
    *,
    desk: Desk,
    reason: Reason,
    person: Person | None,
    name: str,
    at: datetime,
    appointment: Appointment | None = None,
) -> Ticket:
    """
    Give the next number of the day, without doubles whoever asks at the same moment.

    :raises ReceptionRefused: DAY_CLOSED, OPEN_TICKET (this person already has a number today)
    """
    on = timezone.localdate(at)
    day = _lock_day(desk, on)
    if day.closed_at is not None:
        raise ReceptionRefused(Refusal.DAY_CLOSED)
    day.last_number += 1
    try:
        with transaction.atomic():
            made = Ticket.objects.create(
                day=day,
                on=on,
                number=day.last_number,
                person=person,
                name=name.strip()[:200],
                reason=reason,
                appointment=appointment,
                taken_at=at,
                due_at=turn_of(taken_at=at, due_at=appointment.starts_at if appointment else None),
            )
    except IntegrityError as error:
        raise ReceptionRefused(Refusal.OPEN_TICKET) from error
    day.save(update_fields=["last_number"])
    return made


@transaction.atomic
def check_in(*, appointment: Appointment, at: datetime) -> Ticket:
    """
    Give a number to who comes for an appointment of today: it is called at its hour. Twice gives the same number.

    :raises ReceptionRefused: OTHER_DAY, NOT_OPEN (cancelled), DAY_CLOSED, OPEN_TICKET
    """
    held = Appointment.objects.select_for_update(of=("self",)).select_related("desk").get(pk=appointment.pk)
    if known := Ticket.objects.filter(appointment=held).first():
        return known
    if timezone.localdate(held.starts_at) != timezone.localdate(at):
        raise ReceptionRefused(Refusal.OTHER_DAY)
    if held.status not in {AppointmentStatus.BOOKED, AppointmentStatus.MISSED}:
        raise ReceptionRefused(Refusal.NOT_OPEN)
    made = take_ticket(
        desk=held.desk, reason=Reason(held.reason), person=held.person, name=held.name, at=at, appointment=held
    )
    held.status, held.closed_at = AppointmentStatus.KEPT, at
    held.save(update_fields=["status", "closed_at"])
    return made


@transaction.atomic
def call_next(*, desk: Desk, counter: str, at: datetime, by: User) -> Ticket:
    """
    Call who is due: by the hour of the appointment or of the ticket. Two operators never call the same number.

    :raises ReceptionRefused: NOBODY_WAITING, DAY_CLOSED
    """
    day = _lock_day(desk, timezone.localdate(at))
    if day.closed_at is not None:
        raise ReceptionRefused(Refusal.DAY_CLOSED)
    waiting = Ticket.objects.filter(day=day, status=TicketStatus.WAITING).order_by("due_at", "number").first()
    if waiting is None:
        raise ReceptionRefused(Refusal.NOBODY_WAITING)
    waiting.status, waiting.called_at, waiting.called_by = TicketStatus.CALLED, at, by
    waiting.counter = counter.strip()[:20]
    waiting.save(update_fields=["status", "called_at", "called_by", "counter"])
    return waiting


@transaction.atomic
def finish_visit(*, ticket: Ticket, reason: Reason, outcome: Outcome, note: str, at: datetime) -> Ticket:
    """
    Write what came of a visit. The same words again change nothing.

    :raises ReceptionRefused: NOT_CALLED, DAY_CLOSED
    """
    held = _lock(ticket)
    if held.status == TicketStatus.SERVED and (held.reason, held.outcome) == (reason, outcome):
        return held
    if held.status != TicketStatus.CALLED:
        raise ReceptionRefused(Refusal.NOT_CALLED)
    held.status, held.reason, held.outcome, held.note, held.closed_at = (
        TicketStatus.SERVED, reason, outcome, note.strip()[:500], at,
    )  # fmt: skip
    held.save(update_fields=["status", "reason", "outcome", "note", "closed_at"])
    return held


@transaction.atomic
def mark_no_show(*, ticket: Ticket, at: datetime) -> Ticket:
    """
    Write that nobody answered the call. Twice changes nothing; the person may take another number.

    :raises ReceptionRefused: NOT_CALLED
    """
    held = _lock(ticket)
    if held.status == TicketStatus.NO_SHOW:
        return held
    if held.status != TicketStatus.CALLED:
        raise ReceptionRefused(Refusal.NOT_CALLED)
    held.status, held.closed_at = TicketStatus.NO_SHOW, at
    held.save(update_fields=["status", "closed_at"])
    return held


@transaction.atomic
def leave_queue(*, ticket: Ticket, at: datetime) -> Ticket:
    """
    Write that somebody left before being called. Twice changes nothing.

    :raises ReceptionRefused: NOT_CALLED (already called)
    """
    held = _lock(ticket)
    if held.status == TicketStatus.LEFT:
        return held
    if held.status != TicketStatus.WAITING:
        raise ReceptionRefused(Refusal.NOT_CALLED)
    held.status, held.closed_at = TicketStatus.LEFT, at
    held.save(update_fields=["status", "closed_at"])
    return held


@transaction.atomic
def close_day(*, desk: Desk, on: date, at: datetime, by: User) -> Day:
    """
    Close a desk's day: who still waits has left, who had an appointment and did not come missed it. Twice is once.

    :raises ReceptionRefused: NOT_TODAY (a day to come), BEING_SERVED
    """
    if on > timezone.localdate(at):
        raise ReceptionRefused(Refusal.NOT_TODAY)
    day = _lock_day(desk, on)
    if day.closed_at is not None:
        return day
    if Ticket.objects.filter(day=day, status=TicketStatus.CALLED).exists():
        raise ReceptionRefused(Refusal.BEING_SERVED)
    Ticket.objects.filter(day=day, status=TicketStatus.WAITING).update(status=TicketStatus.LEFT, closed_at=at)
    past = list_open_appointments(desk, since=on, until=date.fromordinal(on.toordinal() + 1))
    past.filter(status=AppointmentStatus.BOOKED).update(status=AppointmentStatus.MISSED, closed_at=at)
    day.closed_at, day.closed_by = at, by
    day.save(update_fields=["closed_at", "closed_by"])
    record_event(
        name="reception.day_closed",
        subject="network.desk",
        subject_id=desk.pk,
        at=at,
        by_id=by.pk,
        data={"on": on.isoformat(), "last_number": day.last_number},
    )
    return day


def _lock_day(desk: Desk, on: date) -> Day:
    Day.objects.get_or_create(desk=desk, on=on)
    return Day.objects.select_for_update(of=("self",)).get(desk=desk, on=on)


def _lock(ticket: Ticket) -> Ticket:
    held = Ticket.objects.select_for_update(of=("self",)).select_related("day").get(pk=ticket.pk)
    if held.day.closed_at is not None and held.status in {TicketStatus.WAITING, TicketStatus.CALLED}:
        raise ReceptionRefused(Refusal.DAY_CLOSED)
    return held
