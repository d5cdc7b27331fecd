"""Desks, and the agreements that say what each may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from piutempo.network.models import Agreement, Desk, Task
from piutempo.network.rules import Refusal
from piutempo.network.services.places import NetworkRefused, data_of, insert, record
from piutempo.people.models import Municipality, User
from piutempo.programmes.models import Programme


@dataclass(frozen=True, slots=True)
class DeskInput:
    """A desk to open in bulk; its agreements last as long as the desk is open."""

    code: str
    name: str
    body: str
    municipality_id: str
    address: str = ""
    supports: bool = True
    delivers: bool = False
    valid_from: date = date(2000, 1, 1)
    valid_until: date | None = None
    act: str = ""


@transaction.atomic
def open_desk(
    *,
    programme: Programme,
    code: str,
    name: str,
    body: str,
    municipality: Municipality,
    address: str = "",
    supports: bool = True,
    delivers: bool = False,
    valid_from: date,
    valid_until: date | None = None,
    act: str = "",
    at: datetime,
    by: User | None = None,
) -> Desk:
    """
    Open a desk of a programme with its first agreements; the very same desk opened again is the one there is.

    :raises NetworkRefused: ``PERIOD``, ``DESK_CODE`` (the code is taken)
    """
    _check_period(valid_from, valid_until)
    desk = Desk(
        programme=programme,
        code=code,
        name=name,
        body=body,
        municipality=municipality,
        address=address,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    if not insert(desk):
        known = Desk.objects.get(programme=programme, code=code)
        if data_of(known) == data_of(desk):
            return known
        raise NetworkRefused(Refusal.DESK_CODE, value=code)
    Agreement.objects.bulk_create(_first_agreements(desk, supports=supports, delivers=delivers, act=act))
    record("network.desk_opened", "network.desk", desk.pk, at, by)
    return desk


@transaction.atomic
def open_desks(inputs: Sequence[DeskInput], *, programme: Programme) -> list[Desk]:
    """Open many desks in two queries, in the order of the inputs; a code that is taken fails them all."""
    rows = [
        Desk(
            programme=programme,
            code=i.code,
            name=i.name,
            body=i.body,
            municipality_id=i.municipality_id,
            address=i.address,
            valid_from=i.valid_from,
            valid_until=i.valid_until,
        )
        for i in inputs
    ]
    desks = Desk.objects.bulk_create(rows, batch_size=500)
    agreements = [
        one
        for desk, i in zip(desks, inputs, strict=True)
        for one in _first_agreements(desk, supports=i.supports, delivers=i.delivers, act=i.act)
    ]
    Agreement.objects.bulk_create(agreements, batch_size=500)
    return desks


@transaction.atomic
def update_desk(
    *,
    desk: Desk,
    name: str,
    body: str,
    municipality: Municipality,
    address: str,
    valid_from: date,
    valid_until: date | None,
    at: datetime,
    by: User | None,
) -> Desk:
    """
    Write what a desk is called, where it is and when it is open; ``valid_until`` closes it from that day on.

    The event names what changed; the same data again write nothing.

    :raises NetworkRefused: ``PERIOD``
    """
    _check_period(valid_from, valid_until)
    held = Desk.objects.select_for_update(of=("self",)).get(pk=desk.pk)
    asked: dict[str, object] = {
        "name": name.strip(),
        "body": body.strip(),
        "municipality_id": municipality.pk,
        "address": address.strip(),
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    changed = [field for field, value in asked.items() if getattr(held, field) != value]
    if changed:
        for field in changed:
            setattr(held, field, asked[field])
        held.save(update_fields=changed)
        record("network.desk_updated", "network.desk", held.pk, at, by, {"changed": changed})
    return held


@transaction.atomic
def add_agreement(
    *, desk: Desk, task: Task, act: str, valid_from: date, valid_until: date | None, at: datetime, by: User | None
) -> Agreement:
    """
    Write down that a desk may do a task in a period. The very same agreement again is the one there is.

    :raises NetworkRefused: ``PERIOD``, ``AGREEMENT_OVERLAP`` (the task is already agreed on some of those days)
    """
    _check_period(valid_from, valid_until)
    Desk.objects.select_for_update(of=("self",)).get(pk=desk.pk)
    meeting = Agreement.objects.filter(Q(valid_until=None) | Q(valid_until__gt=valid_from), desk=desk, task=task)
    if valid_until is not None:
        meeting = meeting.filter(valid_from__lt=valid_until)
    if taken := meeting.order_by("valid_from").first():
        if (taken.act, taken.valid_from, taken.valid_until) == (act.strip(), valid_from, valid_until):
            return taken
        raise NetworkRefused(
            Refusal.AGREEMENT_OVERLAP, task=task.label, valid_from=taken.valid_from, valid_until=taken.valid_until
        )
    try:
        with transaction.atomic():
            made = Agreement.objects.create(
                desk=desk, task=task, act=act.strip(), valid_from=valid_from, valid_until=valid_until
            )
    except IntegrityError as error:
        raise NetworkRefused(
            Refusal.AGREEMENT_OVERLAP, task=task.label, valid_from=valid_from, valid_until=valid_until
        ) from error
    data: dict[str, object] = {"task": task.value, "from": valid_from.isoformat()}
    record("network.agreement_added", "network.desk", desk.pk, at, by, data)
    return made


@transaction.atomic
def end_agreement(*, agreement: Agreement, on: date, reason: str, at: datetime, by: User | None) -> Agreement:
    """
    End an agreement: from ``on`` the desk no longer does the task. Ending it twice on one day changes nothing.

    :raises NetworkRefused: ``NO_REASON``, ``AGREEMENT_ENDED`` (it ends earlier), ``PERIOD`` (not after its start)
    """
    if not reason.strip():
        raise NetworkRefused(Refusal.NO_REASON)
    held = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    if held.valid_until == on:
        return held
    if held.valid_until is not None and held.valid_until < on:
        raise NetworkRefused(Refusal.AGREEMENT_ENDED, valid_until=held.valid_until)
    _check_period(held.valid_from, on)
    held.valid_until = on
    held.save(update_fields=["valid_until"])
    data: dict[str, object] = {"task": held.task, "until": on.isoformat(), "reason": reason.strip()[:300]}
    record("network.agreement_ended", "network.desk", held.desk_id, at, by, data)
    return held


def _first_agreements(desk: Desk, *, supports: bool, delivers: bool, act: str) -> list[Agreement]:
    return [
        Agreement(desk=desk, task=task, act=act.strip(), valid_from=desk.valid_from, valid_until=desk.valid_until)
        for task, is_agreed in ((Task.SUPPORT, supports), (Task.DELIVERY, delivers))
        if is_agreed
    ]


def _check_period(valid_from: date, valid_until: date | None) -> None:
    if valid_until is not None and valid_until <= valid_from:
        raise NetworkRefused(Refusal.PERIOD, valid_from=valid_from, valid_until=valid_until)
