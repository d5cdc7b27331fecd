"""When a desk receives."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from piutempo.network.models import Desk
from piutempo.people.models import User
from piutempo.reception.models import Closure, Hours
from piutempo.reception.rules import Stretch, stretch_refusal_for
from piutempo.reception.services.refused import ReceptionRefused
from piutempo.records.services import record_event


@transaction.atomic
def add_hours(*, desk: Desk, stretch: Stretch, at: datetime, by: User) -> Hours:
    """
    Add opening hours to a desk. The very same hours again are the ones there are.

    :raises ReceptionRefused: HOURS_ORDER, HOURS_SLOT, PERIOD, HOURS_OVERLAP
    """
    Desk.objects.select_for_update(of=("self",)).get(pk=desk.pk)
    known = list(Hours.objects.filter(desk=desk, weekday=stretch.weekday))
    if same := next((h for h in known if h.stretch == stretch), None):
        return same
    if code := stretch_refusal_for(stretch, [h.stretch for h in known]):
        raise ReceptionRefused(code)
    made = Hours.objects.create(
        desk=desk,
        weekday=stretch.weekday,
        opens=stretch.opens,
        closes=stretch.closes,
        slot_minutes=stretch.slot_minutes,
        capacity=stretch.capacity,
        valid_from=stretch.valid_from,
        valid_until=stretch.valid_until,
    )
    record_event(name="reception.hours_added", subject="network.desk", subject_id=desk.pk, at=at, by_id=by.pk)
    return made


@transaction.atomic
def end_hours(*, hours: Hours, on: date, at: datetime, by: User) -> None:
    """
    End opening hours: from ``on`` they no longer count; appointments already taken stay. Twice changes nothing.

    Hours that would never have counted are taken away.
    """
    held = Hours.objects.select_for_update(of=("self",)).filter(pk=hours.pk).first()
    if held is None or (held.valid_until is not None and held.valid_until <= on):
        return
    if on <= held.valid_from:
        held.delete()
    else:
        held.valid_until = on
        held.save(update_fields=["valid_until"])
    record_event(name="reception.hours_ended", subject="network.desk", subject_id=hours.desk_id, at=at, by_id=by.pk)


@transaction.atomic
def close_on(*, desk: Desk, on: date, reason: str, at: datetime, by: User) -> Closure:
    """Say that a desk does not receive on a day; appointments already taken stay, to be moved. Twice is once."""
    closure, is_new = Closure.objects.get_or_create(desk=desk, on=on, defaults={"reason": reason.strip()[:200]})
    if is_new:
        record_event(
            name="reception.closed_on",
            subject="network.desk",
            subject_id=desk.pk,
            at=at,
            by_id=by.pk,
            data={"on": on.isoformat()},
        )
    return closure


@transaction.atomic
def receive_on(*, desk: Desk, on: date, at: datetime, by: User) -> None:
    """Take a closing back: the desk receives on that day. Twice is once."""
    gone, _rows = Closure.objects.filter(desk=desk, on=on).delete()
    if gone:
        record_event(
            name="reception.receives_on",
            subject="network.desk",
            subject_id=desk.pk,
            at=at,
            by_id=by.pk,
            data={"on": on.isoformat()},
        )


def lock_desk(desk: Desk) -> Desk:
    """Lock a desk's row: whoever books there at the same moment waits."""
    return Desk.objects.select_for_update(of=("self",), no_key=True).get(pk=desk.pk)
