"""What time alone does to checks: it reminds the family, and closes in its favour what the office left undone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from piutempo.controls.models import Check, CheckOutcome, CheckState
from piutempo.controls.services.held import hold, record
from piutempo.controls.services.telling import remind, tell_outcome
from piutempo.programmes.selectors import get_terms


def run_due(at: datetime) -> str:
    """
    Close without consequence the checks past the office's term; remind families that have not answered yet.

    Running it twice changes nothing. A reminder missed on its day leaves later, while the family's days run.
    """
    today = timezone.localdate(at)
    overdue = Check.objects.exclude(state=CheckState.CLOSED).filter(due_on__lt=today).order_by("pk")
    lapsed = sum([_lapse(pk, at) for pk in list(overdue.values_list("pk", flat=True))])
    waiting = Check.objects.filter(state=CheckState.FINDING, answer_due_on__gte=today).order_by("pk")
    reminded = sum([_remind(pk, at) for pk in list(waiting.values_list("pk", flat=True))])
    said = [f"{lapsed} closed without consequence"] if lapsed else []
    return ", ".join(said + ([f"{reminded} reminded"] if reminded else []))


@transaction.atomic
def _lapse(pk: int, at: datetime) -> bool:
    held = hold(pk)
    if held.state == CheckState.CLOSED or held.due_on >= timezone.localdate(at):
        return False
    held.state, held.outcome, held.closed_at = CheckState.CLOSED, CheckOutcome.LAPSED, at
    held.save(update_fields=["state", "outcome", "closed_at"])
    record("check_lapsed", held, at, None)
    if held.finding_at is not None:
        tell_outcome(held, at, None)
    return True


@transaction.atomic
def _remind(pk: int, at: datetime) -> bool:
    held = hold(pk)
    if held.state != CheckState.FINDING or held.answer_due_on is None:
        return False
    left = (held.answer_due_on - timezone.localdate(at)).days
    due = [days for days in get_terms(held.version_id).procedure.reminder_days if 0 <= left <= days]
    if not due or (held.reminded_days is not None and held.reminded_days <= min(due)):
        return False
    held.reminded_days = min(due)
    held.save(update_fields=["reminded_days"])
    record("reminded", held, at, None, {"days": min(due)})
    remind(held, min(due), at)
    return True
