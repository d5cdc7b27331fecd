"""What every step of a check begins with: the row held, the right person, the event written."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from piutempo.applications.models import Decision
from piutempo.controls.models import Check, CheckState
from piutempo.controls.rules.checking import ControlRefused, Refusal
from piutempo.people.models import User
from piutempo.records.services import record_event

SUBJECT = "controls.check"


def hold(check: Check | int) -> Check:
    """Return the check, held until the transaction ends."""
    rows = Check.objects.select_for_update(of=("self",)).select_related(
        "application", "application__applicant", "programme", "version"
    )
    return rows.get(pk=check if isinstance(check, int) else check.pk)


def hold_for(check: Check, by: User) -> Check:
    """
    Return the check, held, if this person carries it.

    :raises ControlRefused: CLOSED, NOT_YOURS, DECIDED_BY_YOU, SIGN_PENDING
    """
    held = hold(check)
    if held.state == CheckState.CLOSED:
        raise ControlRefused(Refusal.CLOSED)
    if held.officer_id != by.pk:
        raise ControlRefused(Refusal.NOT_YOURS)
    refuse_who_decided(held, by)
    if held.state == CheckState.PROPOSED:
        raise ControlRefused(Refusal.SIGN_PENDING)
    return held


def refuse_who_decided(check: Check, by: User) -> None:
    """
    Refuse who proposed or took any decision on the request: nobody checks their own work.

    :raises ControlRefused: DECIDED_BY_YOU
    """
    decided = Decision.objects.filter(Q(decided_by=by) | Q(proposed_by=by), application_id=check.application_id)
    if decided.exists():
        raise ControlRefused(Refusal.DECIDED_BY_YOU)


def record(name: str, check: Check, at: datetime, by: User | None, data: dict[str, object] | None = None) -> None:
    """Record what happened to a check."""
    record_event(
        name=f"controls.{name}",
        subject=SUBJECT,
        subject_id=check.pk,
        at=at,
        by_id=by.pk if by else None,
        data=data,
    )
