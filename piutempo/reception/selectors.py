"""Reading reception: free times, appointments, the queue of the day, its tally."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core import signing
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from piutempo.network.models import Desk
from piutempo.people.models import Person
from piutempo.reception.models import (
    Appointment,
    AppointmentStatus,
    Closure,
    Day,
    Hours,
    Outcome,
    Reason,
    Ticket,
    TicketStatus,
)
from piutempo.reception.rules import Slot, seats_left, slots_of

SCREEN_SALT = "reception.screen"


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A time to come that somebody may still take; instants are aware."""

    starts_at: datetime
    ends_at: datetime
    left: int


@dataclass(frozen=True, slots=True)
class Tally:
    """A desk's day in numbers: visits by reason and outcome, appointments by what became of them."""

    visits: list[tuple[str, list[int], int]]
    outcomes: list[str]
    served: int
    no_show: int
    left: int
    waiting: int
    appointments: dict[str, int]
    walk_ins: int


def span_of(day: date) -> tuple[datetime, datetime]:
    """Return a local day as instants: its start and the next day's."""
    start = timezone.make_aware(datetime.combine(day, time.min))
    return start, timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def list_hours(desk: Desk) -> list[Hours]:
    """Return a desk's opening hours, by weekday and time."""
    return list(Hours.objects.filter(desk=desk))


def list_closures(desk: Desk, *, since: date) -> list[Closure]:
    """Return the days on which a desk does not receive, from a day on."""
    return list(Closure.objects.filter(desk=desk, on__gte=since))


def list_open_appointments(desk: Desk, *, since: date, until: date) -> QuerySet[Appointment]:
    """Return the appointments of a desk in [since, until) that were not cancelled."""
    first, last = span_of(since)[0], span_of(until)[0]
    rows = Appointment.objects.filter(desk=desk, starts_at__gte=first, starts_at__lt=last)
    return rows.exclude(status=AppointmentStatus.CANCELLED).select_related("person")


def slots_on(desk: Desk, day: date) -> list[Slot]:
    """Return the times to come at a desk on a day (local, without zone); none on a closed day. Two queries."""
    if Closure.objects.filter(desk=desk, on=day).exists() or not _is_open(desk, day):
        return []
    return slots_of([h.stretch for h in Hours.objects.filter(desk=desk, weekday=day.weekday())], day)


def _is_open(desk: Desk, day: date) -> bool:
    return desk.valid_from <= day and (desk.valid_until is None or day < desk.valid_until)


def list_free_slots(desk: Desk, *, since: date, days: int, at: datetime) -> dict[date, list[FreeSlot]]:
    """Return what is free from a day on, for some days, later than ``at``; days without anything are left out."""
    hours = [h.stretch for h in Hours.objects.filter(desk=desk)]
    closed = set(Closure.objects.filter(desk=desk, on__gte=since).values_list("on", flat=True))
    taken: dict[date, list[tuple[datetime, datetime]]] = {}
    for one in list_open_appointments(desk, since=since, until=since + timedelta(days=days)):
        start, end = (timezone.localtime(t).replace(tzinfo=None) for t in (one.starts_at, one.ends_at))
        taken.setdefault(start.date(), []).append((start, end))
    found: dict[date, list[FreeSlot]] = {}
    for day in (since + timedelta(days=n) for n in range(days)):
        if day in closed or not _is_open(desk, day):
            continue
        for slot in slots_of(hours, day):
            starts, ends = timezone.make_aware(slot.starts), timezone.make_aware(slot.ends)
            left = seats_left(slot, taken.get(day, []))
            if left and starts > at:
                found.setdefault(day, []).append(FreeSlot(starts, ends, left))
    return found


def list_desks_that_receive(desks: QuerySet[Desk]) -> list[Desk]:
    """Return those of some desks that have opening hours."""
    return list(desks.filter(pk__in=Hours.objects.values("desk")))


def list_appointments_of(person: Person) -> list[Appointment]:
    """Return a person's appointments, the next to come first, with their desks."""
    rows = Appointment.objects.filter(person=person).select_related("desk__municipality")
    return list(rows.order_by("-starts_at")[:50])


def get_appointment_of(person: Person, appointment_id: int) -> Appointment:
    """
    Return one of a person's own appointments.

    :raises Appointment.DoesNotExist: none, or somebody else's (views answer 404)
    """
    return Appointment.objects.select_related("desk__municipality", "person").get(pk=appointment_id, person=person)


def get_appointment_at(desk_ids: Collection[int], appointment_id: int) -> Appointment:
    """
    Return one of the appointments at some desks.

    :raises Appointment.DoesNotExist: none, or another desk's (views answer 404)
    """
    return Appointment.objects.select_related("desk__municipality", "person").get(pk=appointment_id, desk__in=desk_ids)


def get_ticket_at(desk_ids: Collection[int], ticket_id: int) -> Ticket:
    """
    Return one of the tickets of some desks.

    :raises Ticket.DoesNotExist: none, or another desk's (views answer 404)
    """
    return Ticket.objects.select_related("day__desk", "appointment").get(pk=ticket_id, day__desk__in=desk_ids)


def find_day(desk: Desk, on: date) -> Day | None:
    """Return a desk's day; None when nothing happened yet."""
    return Day.objects.filter(desk=desk, on=on).select_related("closed_by").first()


def list_tickets(desk: Desk, on: date) -> list[Ticket]:
    """Return a day's tickets in the order in which they are called."""
    rows = Ticket.objects.filter(day__desk=desk, on=on).select_related("appointment", "called_by")
    return list(rows.order_by("due_at", "number"))


def list_called(desk: Desk, on: date, *, limit: int = 5) -> list[Ticket]:
    """Return the numbers called last on a day, the newest first: what the screen shows."""
    rows = Ticket.objects.filter(day__desk=desk, on=on, called_at__isnull=False)
    return list(rows.only("number", "counter", "status", "called_at").order_by("-called_at", "-pk")[:limit])


def list_unreminded(desk: Desk, *, on: date) -> list[Appointment]:
    """Return a day's appointments without an address to write to: somebody has to call them."""
    rows = list_open_appointments(desk, since=on, until=on + timedelta(days=1))
    return list(rows.filter(status=AppointmentStatus.BOOKED, email=""))


def get_tally(desk: Desk, on: date) -> Tally:
    """Return a desk's day in numbers. Two queries."""
    counts: dict[tuple[str, str, str], int] = {}
    tickets = Ticket.objects.filter(day__desk=desk, on=on).order_by()
    for row in tickets.values("reason", "status", "outcome").annotate(n=Count("id")):
        counts[row["reason"], row["status"], row["outcome"]] = row["n"]
    walk_ins = tickets.filter(appointment=None).count()
    start, end = span_of(on)
    by_status = Appointment.objects.filter(desk=desk, starts_at__gte=start, starts_at__lt=end).order_by()
    found = dict(by_status.values_list("status").annotate(Count("id")))
    visits = []
    for reason in Reason:
        numbers = [counts.get((reason, TicketStatus.SERVED, outcome), 0) for outcome in Outcome]
        visits.append((str(reason.label), numbers, sum(numbers)))

    def total(status: TicketStatus) -> int:
        return sum(n for (_reason, one, _outcome), n in counts.items() if one == status)

    return Tally(
        visits=visits,
        outcomes=[str(outcome.label) for outcome in Outcome],
        served=total(TicketStatus.SERVED),
        no_show=total(TicketStatus.NO_SHOW),
        left=total(TicketStatus.LEFT),
        waiting=total(TicketStatus.WAITING) + total(TicketStatus.CALLED),
        appointments={str(status.label): found.get(status.value, 0) for status in AppointmentStatus},
        walk_ins=walk_ins,
    )


def screen_key(desk: Desk) -> str:
    """Return what the address of a desk's screen ends with: who has it sees called numbers, nothing else."""
    return signing.Signer(salt=SCREEN_SALT).sign(str(desk.pk)).replace(":", "-", 1)


def find_desk_of_screen(key: str) -> Desk | None:
    """Return the desk that a screen's key names; None when nobody signed it."""
    try:
        pk = signing.Signer(salt=SCREEN_SALT).unsign(key.replace("-", ":", 1))
    except signing.BadSignature:
        return None
    return Desk.objects.filter(pk=int(pk)).first()


def list_due_reminders(day: date) -> QuerySet[Appointment]:
    """Return the appointments of a day whose reminder did not leave yet and has where to go."""
    start, end = span_of(day)
    rows = Appointment.objects.filter(
        ~Q(email=""), status=AppointmentStatus.BOOKED, starts_at__gte=start, starts_at__lt=end, reminded_at=None
    )
    return rows.select_related("desk__municipality", "person").order_by("pk")
