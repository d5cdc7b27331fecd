"""Keeping a time for somebody: by the citizen, or by the desk for who calls."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.formats import date_format

from piutempo.correspondence.services import send_letter
from piutempo.network.models import Desk
from piutempo.people.models import Person, User
from piutempo.reception.letters import BOOKED
from piutempo.reception.models import Appointment, AppointmentStatus, Reason
from piutempo.reception.rules import Refusal, Slot, first_seat, seats_left
from piutempo.reception.selectors import list_open_appointments, slots_on
from piutempo.reception.services.opening import lock_desk
from piutempo.reception.services.refused import ReceptionRefused
from piutempo.records.services import record_event


@transaction.atomic
def book_appointment(
    *,
    desk: Desk,
    starts_at: datetime,
    reason: Reason,
    person: Person | None,
    name: str,
    phone: str = "",
    email: str = "",
    at: datetime,
    by: User,
) -> Appointment:
    """
    Keep a slot of a desk. The same person at the same time again is the appointment there is.

    Never more people in a slot than it holds, whoever books at the same moment. A letter says when and where.

    :raises ReceptionRefused: NAME_MISSING, ALREADY_BOOKED, NO_SLOT, SLOT_PAST, SLOT_FULL
    """
    if not name.strip():
        raise ReceptionRefused(Refusal.NAME_MISSING)
    lock_desk(desk)
    if person is not None:
        booked = Appointment.objects.filter(desk=desk, person=person, status=AppointmentStatus.BOOKED)
        booked.filter(ends_at__lte=at).update(status=AppointmentStatus.MISSED, closed_at=at)
        known = booked.first()
        if known is not None and known.starts_at == starts_at:
            return known
        if known is not None:
            raise ReceptionRefused(Refusal.ALREADY_BOOKED)
    slot, seat = _take(desk, starts_at, at)
    try:
        with transaction.atomic():
            made = Appointment.objects.create(
                desk=desk,
                person=person,
                name=name.strip()[:200],
                phone=phone.strip()[:30],
                email=email.strip(),
                reason=reason,
                starts_at=starts_at,
                ends_at=timezone.make_aware(slot.ends),
                seat=seat,
                booked_at=at,
                booked_by=by,
            )
    except IntegrityError as error:
        raise ReceptionRefused(Refusal.SLOT_FULL) from error
    _record("reception.appointment_booked", made, at, by)
    _write(made, at, by)
    return made


@transaction.atomic
def move_appointment(*, appointment: Appointment, starts_at: datetime, at: datetime, by: User) -> Appointment:
    """
    Move an appointment to another time at the same desk. Moving it where it is changes nothing.

    :raises ReceptionRefused: NOT_OPEN, NO_SLOT, SLOT_PAST, SLOT_FULL
    """
    lock_desk(appointment.desk)
    held = _lock_booked(appointment, at)
    if held.starts_at == starts_at:
        return held
    slot, seat = _take(held.desk, starts_at, at, besides=held.pk)
    held.starts_at, held.ends_at, held.seat = starts_at, timezone.make_aware(slot.ends), seat
    held.reminded_at = None
    try:
        with transaction.atomic():
            held.save(update_fields=["starts_at", "ends_at", "seat", "reminded_at"])
    except IntegrityError as error:
        raise ReceptionRefused(Refusal.SLOT_FULL) from error
    _record("reception.appointment_moved", held, at, by)
    _write(held, at, by)
    return held


@transaction.atomic
def cancel_appointment(*, appointment: Appointment, at: datetime, by: User) -> Appointment:
    """
    Give the time back to others. Cancelling twice changes nothing.

    :raises ReceptionRefused: NOT_OPEN
    """
    held = Appointment.objects.select_for_update(of=("self",)).get(pk=appointment.pk)
    if held.status == AppointmentStatus.CANCELLED:
        return held
    held = _lock_booked(appointment, at)
    held.status, held.closed_at = AppointmentStatus.CANCELLED, at
    held.save(update_fields=["status", "closed_at"])
    _record("reception.appointment_cancelled", held, at, by)
    return held


def letter_fields(appointment: Appointment) -> dict[str, str]:
    """Return what the letters about an appointment say."""
    desk = appointment.desk
    with translation.override("it"):
        return {
            "quando": date_format(timezone.localtime(appointment.starts_at), "l j F Y \\a\\l\\l\\e H:i"),
            "sportello": desk.name,
            "indirizzo": ", ".join(part for part in (desk.address, str(desk.municipality)) if part),
            "motivo": str(appointment.get_reason_display()),
        }


def _write(appointment: Appointment, at: datetime, by: User) -> None:
    if appointment.person is None and not appointment.email:
        return
    send_letter(
        kind=BOOKED.code,
        person=appointment.person,
        fields=letter_fields(appointment),
        subject="reception.appointment",
        subject_id=appointment.pk,
        key=appointment.starts_at.strftime("%Y%m%d%H%M"),
        at=at,
        by=by,
        to_name=appointment.name,
        to_email=appointment.email,
        register=False,
    )


def _lock_booked(appointment: Appointment, at: datetime) -> Appointment:
    held = (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("desk__municipality", "person")
        .get(pk=appointment.pk)
    )
    if held.status != AppointmentStatus.BOOKED or held.starts_at <= at:
        raise ReceptionRefused(Refusal.NOT_OPEN)
    return held


def _take(desk: Desk, starts_at: datetime, at: datetime, *, besides: int | None = None) -> tuple[Slot, int]:
    """Return the slot that starts then and its first free seat, past any appointment that lies across it."""
    local = timezone.localtime(starts_at).replace(tzinfo=None)
    if starts_at <= at:
        raise ReceptionRefused(Refusal.SLOT_PAST)
    slot = next((s for s in slots_on(desk, local.date()) if s.starts == local), None)
    if slot is None:
        raise ReceptionRefused(Refusal.NO_SLOT)
    rows = list_open_appointments(desk, since=local.date(), until=local.date() + timedelta(days=1))
    rows = rows.exclude(pk=besides) if besides else rows
    spans = [
        (timezone.localtime(a.starts_at).replace(tzinfo=None), timezone.localtime(a.ends_at).replace(tzinfo=None))
        for a in rows
    ]
    seat = first_seat((a.seat for a in rows if a.starts_at == starts_at), slot.capacity)
    if seat is None or not seats_left(slot, spans):
        raise ReceptionRefused(Refusal.SLOT_FULL)
    return slot, seat


def _record(name: str, appointment: Appointment, at: datetime, by: User) -> None:
    record_event(
        name=name,
        subject="reception.appointment",
        subject_id=appointment.pk,
        at=at,
        by_id=by.pk,
        data={"desk": appointment.desk_id, "starts_at": appointment.starts_at.isoformat()},
    )
