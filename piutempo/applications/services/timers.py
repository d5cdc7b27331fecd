"""What time brings to the cases: reminders go out, a family's days run out. Nothing lapses or is refused by itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from piutempo.applications.models import Application
from piutempo.applications.services.judging import ASKING, CHUNK, SUBJECT
from piutempo.applications.services.refused import event_of
from piutempo.applications.services.writing import reminder_letter
from piutempo.correspondence.selectors import list_departures
from piutempo.correspondence.services import send_letters
from piutempo.procedures.models import Step
from piutempo.procedures.selectors import list_due_reminders, list_elapsed_steps, list_unreceived_steps
from piutempo.procedures.services import close_step, mark_reminders_sent, record_receipt
from piutempo.records.services import record_events


def run_due(at: datetime) -> str:
    """
    Send the reminders of the day, once each, and close the requests and notices whose days are over.

    A case whose days are over goes back to the officer: it may be decided. The office's silence harms nobody.
    Running it twice changes nothing. Returns what was done; empty: nothing.
    """
    done = (
        (follow_letters(at), "letters left later"),
        (send_reminders(at), "reminders sent"),
        (close_elapsed(at), "families' days over"),
    )
    return ", ".join(f"{count} {words}" for count, words in done if count)


@transaction.atomic
def send_reminders(at: datetime) -> int:
    """Send the letters of the reminders that are due; returns how many."""
    reminders = [r for r in list_due_reminders(at) if r.step.procedure.subject == SUBJECT]
    cases = _cases({r.step.procedure.subject_id for r in reminders})
    last = {r.step_id: r for r in reminders}  # two reminders overdue together are one letter
    letters = [reminder_letter(cases[r.step.procedure.subject_id], r, at=at) for r in last.values()]
    mark_reminders_sent(reminders, at=at)
    record_events(
        event_of("applications.reminded", cases[r.step.procedure.subject_id], at, None, {"step": r.step_id})
        for r in last.values()
    )
    send_letters(letters)
    return len(letters)


def follow_letters(at: datetime) -> int:
    """Let the family's days run from the day on which its letter really left, where that was later; how many."""
    steps = [s for s in list_unreceived_steps() if s.procedure.subject == SUBJECT]
    departures = _departures(steps)
    count = 0
    for step in steps:
        left_at = departures.get((step.procedure.subject_id, str(step.pk)))
        if left_at is not None and timezone.localdate(left_at) > timezone.localdate(step.sent_at):
            record_receipt(step=step, on=timezone.localdate(left_at), at=at, by=None)
            count += 1
    return count


def _departures(steps: Sequence[Step]) -> dict[tuple[int, str], datetime | None]:
    ids = sorted({s.procedure.subject_id for s in steps})
    found: dict[tuple[int, str], datetime | None] = {}
    for start in range(0, len(ids), CHUNK):
        found |= list_departures(kinds=ASKING, subject=SUBJECT, subject_ids=ids[start : start + CHUNK])
    return found


def close_elapsed(at: datetime) -> int:
    """Close the steps whose last day is over, each on its own; returns how many."""
    count = 0
    elapsed = [s for s in list_elapsed_steps(at) if s.procedure.subject == SUBJECT]
    departures = _departures(elapsed)
    for step in elapsed:
        if step.answered_at is None and departures.get((step.procedure.subject_id, str(step.pk)), at) is None:
            continue  # the letter is still here: the family's days have not begun
        with transaction.atomic():
            application = _cases({step.procedure.subject_id})[step.procedure.subject_id]
            closed = close_step(step=step, at=at, by=None)
            if closed.closed_at == at:
                data: dict[str, object] = {"step": step.pk, "answered": step.answered_at is not None}
                record_events([event_of("applications.days_over", application, at, None, data)])
                count += 1
    return count


def _cases(ids: Collection[int]) -> dict[int, Application]:
    wanted, found = sorted(ids), {}
    for start in range(0, len(wanted), CHUNK):
        rows = Application.objects.filter(pk__in=wanted[start : start + CHUNK]).select_related("programme", "applicant")
        found.update({a.pk: a for a in rows.order_by("id")})
    return found
