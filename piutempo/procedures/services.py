"""Opening, pausing, closing and reopening a procedure. Every step leaves an event with its actor and instant."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, prefetch_related_objects
from django.utils import timezone

from piutempo.people.models import User
from piutempo.procedures.models import (
    Answer,
    Ground,
    Outcome,
    Procedure,
    ProcedureStatus,
    Reminder,
    Step,
    StepKind,
)
from piutempo.procedures.rules.clock import Kind, refusal_to_ask_for
from piutempo.procedures.rules.refusals import Refusal
from piutempo.procedures.selectors import find_known, get_case, get_clock, get_laws, refusal_to_decide
from piutempo.programmes.models import Programme
from piutempo.records.models import Event
from piutempo.records.services import record_event, record_events

SUBJECT = "procedures.procedure"
CHUNK = 5_000
TEXT_AT_MOST = 20_000


class ProcedureRefused(Exception):
    """The step cannot be taken. ``code`` is stable."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class Opening:
    """
    A procedure to open: ``at`` is the submission, whose day does not count.

    ``started_on``: the day the office's term starts from, when it is another one (a ranking waits for its cut-off).
    """

    subject: str
    subject_id: int
    programme: Programme
    term_days: int
    office: str
    at: datetime
    by: User | None = None
    responsible: User | None = None
    started_on: date | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """A procedure to close, by its case."""

    subject: str
    subject_id: int
    outcome: str
    at: datetime
    by: User | None = None


def open_procedure(
    *,
    subject: str,
    subject_id: int,
    programme: Programme,
    term_days: int,
    office: str,
    at: datetime,
    by: User | None,
    responsible: User | None = None,
) -> Procedure:
    """
    Open the procedure of a case; asked again, return the first one.

    :raises ProcedureRefused: WRONG_DAYS (a term of less than a day)
    """
    open_procedures([Opening(subject, subject_id, programme, term_days, office, at, by, responsible)])
    return Procedure.objects.get(subject=subject, subject_id=subject_id)


@transaction.atomic
def open_procedures(openings: Sequence[Opening]) -> int:
    """
    Open many procedures with few queries; cases that have one are left alone. Return how many were opened.

    :raises ProcedureRefused: WRONG_DAYS (nothing is written)
    """
    if any(opening.term_days < 1 for opening in openings):
        raise ProcedureRefused(Refusal.WRONG_DAYS)
    by_subject: dict[str, dict[int, Opening]] = {}
    for opening in openings:
        by_subject.setdefault(opening.subject, {}).setdefault(opening.subject_id, opening)
    rows = []
    for subject, cases in by_subject.items():
        known = find_known(subject, list(cases))
        rows += [(_procedure_of(o), o) for case, o in cases.items() if case not in known]
    Procedure.objects.bulk_create([procedure for procedure, _ in rows], batch_size=CHUNK)
    record_events(
        _event("opened", procedure.pk, o.at, o.by, {"round": 1, "term_days": o.term_days, "case": o.subject_id})
        for procedure, o in rows
    )
    return len(rows)


def _procedure_of(opening: Opening) -> Procedure:
    started_on = opening.started_on or timezone.localdate(opening.at)
    return Procedure(
        subject=opening.subject,
        subject_id=opening.subject_id,
        programme=opening.programme,
        started_on=started_on,
        term_days=opening.term_days,
        due_on=started_on + timedelta(days=opening.term_days),
        office=opening.office,
        responsible=opening.responsible,
        opened_at=opening.at,
    )


@transaction.atomic
def request_documents(
    *,
    procedure: Procedure,
    items: Sequence[str],
    days: int,
    reminder_days: Sequence[int],
    at: datetime,
    by: User | None,
) -> Step:
    """
    Ask the family for what is missing, by ``days`` calendar days, with reminders that many days before the last one.

    :raises ProcedureRefused: PROCEDURE_CLOSED, NOTHING_ASKED, WRONG_DAYS (not 1 to the law's most), REQUEST_RUNNING
    Source: L. 241/1990 art. 6 c. 1 lett. b, art. 2 c. 7
    """
    wanted = _sentences(items, Refusal.NOTHING_ASKED)
    on = timezone.localdate(at)
    if not 1 <= days <= get_laws().on(on).integration_days_at_most:
        raise ProcedureRefused(Refusal.WRONG_DAYS)
    return _send(procedure, StepKind.INTEGRATION, wanted, days, reminder_days, at, by)


@transaction.atomic
def give_notice(
    *, procedure: Procedure, reasons: Sequence[str], at: datetime, by: User | None, reminder_days: Sequence[int] = ()
) -> Step:
    """
    Tell the family why the office means to refuse; it has the law's days for its observations.

    :raises ProcedureRefused: PROCEDURE_CLOSED, NO_GROUNDS, REQUEST_RUNNING, NOTICE_RUNNING
    Source: L. 241/1990 art. 10-bis
    """
    given = _sentences(reasons, Refusal.NO_GROUNDS)
    days = get_laws().on(timezone.localdate(at)).notice_days
    return _send(procedure, StepKind.NOTICE, given, days, reminder_days, at, by)


def _send(
    procedure: Procedure,
    kind: StepKind,
    sentences: list[str],
    days: int,
    reminder_days: Sequence[int],
    at: datetime,
    by: User | None,
) -> Step:
    locked = _lock(procedure, at)
    on = timezone.localdate(at)
    if refusal := refusal_to_ask_for(get_case(locked), Kind(kind), on):
        raise ProcedureRefused(refusal)
    step = Step.objects.create(
        procedure=locked,
        round=locked.round,
        kind=kind,
        content=json.dumps(sentences, ensure_ascii=False),
        days=days,
        sent_at=at,
        due_on=get_laws().family_due_on(on, days),
        by=by,
    )
    _plan_reminders(step, reminder_days, on)
    _keep_up(locked, on, into=procedure)
    step.procedure = procedure
    name = "documents_requested" if kind == StepKind.INTEGRATION else "notice_given"
    _record(locked, name, at, by, {"step": step.pk, "days": days, "due_on": step.due_on.isoformat()})
    return step


@transaction.atomic
def record_receipt(*, step: Step, on: date, at: datetime, by: User | None) -> Step:
    """
    Record that the letter of a step arrived only on ``on``: the family's days run from there, never fewer.

    :raises ProcedureRefused: PROCEDURE_CLOSED, STEP_CLOSED, NOT_TO_BE_ANSWERED, BEFORE_SENDING (or after today)
    """
    procedure, mine = _lock_step(step, at)
    if not timezone.localdate(mine.sent_at) <= on <= timezone.localdate(at):
        raise ProcedureRefused(Refusal.BEFORE_SENDING)
    if mine.closed_at is not None:
        raise ProcedureRefused(Refusal.STEP_CLOSED)
    before = mine.due_on
    mine.received_on = on
    mine.due_on = max(before, get_laws().family_due_on(on, mine.days))
    mine.save(update_fields=["received_on", "due_on"])
    moved = mine.due_on - before
    if moved:
        mine.reminders.filter(sent_at__isnull=True).update(on=F("on") + moved)
    _keep_up(procedure, timezone.localdate(at), into=step.procedure)
    _record(procedure, "receipt_recorded", at, by, {"step": mine.pk, "on": on.isoformat()})
    return mine


@transaction.atomic
def answer_step(*, step: Step, text: str, at: datetime, by: User | None, has_files: bool = False) -> Answer:
    """
    Record what the family answers; more may follow. A late answer is kept for the officer and does not move the clock.

    :raises ProcedureRefused: PROCEDURE_CLOSED, NOT_TO_BE_ANSWERED, EMPTY_ANSWER (neither text nor files)
    """
    text = text.strip()[:TEXT_AT_MOST]
    if not text and not has_files:
        raise ProcedureRefused(Refusal.EMPTY_ANSWER)
    procedure, mine = _lock_step(step, at)
    answer = Answer.objects.create(step=mine, text=text, at=at, by=by)
    if mine.answered_at is None:
        mine.answered_at = at
        mine.save(update_fields=["answered_at"])
        step.answered_at = at
    on = timezone.localdate(at)
    _keep_up(procedure, on, into=step.procedure)
    _record(procedure, "answered", at, by, {"step": mine.pk, "in_time": on <= mine.due_on})
    return answer


@transaction.atomic
def close_step(*, step: Step, at: datetime, by: User | None) -> Step:
    """
    Close a request or a notice: its last day is over, or the office has what it needs. Closed already: nothing happens.

    A notice closed before its last day and not answered is taken back: a refusal then needs another one. Closing early
    never shortens the family's days.

    :raises ProcedureRefused: PROCEDURE_CLOSED, NOT_TO_BE_ANSWERED
    """
    procedure, mine = _lock_step(step, at)
    if mine.closed_at is not None:
        return mine
    mine.closed_at, mine.closed_by = at, by
    mine.save(update_fields=["closed_at", "closed_by"])
    on = timezone.localdate(at)
    _keep_up(procedure, on, into=step.procedure)
    _record(procedure, "step_closed", at, by, {"step": mine.pk, "elapsed": mine.due_on < on})
    return mine


@transaction.atomic
def close_procedure(
    *, procedure: Procedure, outcome: str, at: datetime, by: User | None, is_competitive: bool = False
) -> Procedure:
    """
    Close the current round with an ``Outcome``. No round closes against the family before its days have run.

    :raises ProcedureRefused: PROCEDURE_CLOSED; for a refusal NOTICE_NEEDED, NOTICE_RUNNING, REQUEST_RUNNING
    """
    ended = Outcome(outcome)
    locked = _lock(procedure, at)
    refusal = refusal_to_decide(
        locked, is_approval=ended != Outcome.REFUSED, is_competitive=is_competitive, on=timezone.localdate(at)
    )
    if refusal:
        raise ProcedureRefused(refusal)
    _keep_up(locked, timezone.localdate(at))
    locked.status, locked.outcome, locked.closed_at = ProcedureStatus.CLOSED, ended, at
    locked.save(update_fields=["status", "outcome", "closed_at"])
    _copy(locked, procedure)
    _record(locked, "closed", at, by, {"outcome": ended.value, "late": locked.due_on < timezone.localdate(at)})
    return procedure


@transaction.atomic
def close_procedures(closings: Sequence[Closing], *, is_history: bool = False) -> int:
    """
    Close many procedures with few queries; cases without an open one are left alone. Return how many were closed.

    ``is_history``: acts of the past are taken over as they were decided. Otherwise nothing is refused in bulk.

    :raises ProcedureRefused: NOTICE_NEEDED, a refusal among acts of today (nothing is written)
    """
    if not is_history and any(closing.outcome == Outcome.REFUSED for closing in closings):
        raise ProcedureRefused(Refusal.NOTICE_NEEDED)
    groups: dict[tuple[str, Outcome, datetime], list[int]] = {}
    actors = {(closing.subject, closing.subject_id): closing.by for closing in closings}
    for c in closings:
        groups.setdefault((c.subject, Outcome(c.outcome), c.at), []).append(c.subject_id)
    events: list[Event] = []
    for (subject, outcome, at), cases in groups.items():
        for start in range(0, len(cases), CHUNK):
            found = Procedure.objects.filter(
                subject=subject, subject_id__in=cases[start : start + CHUNK], status=ProcedureStatus.OPEN
            )
            rows = list(found.select_for_update().values_list("pk", "subject_id", "due_on"))
            Procedure.objects.filter(pk__in=[pk for pk, _, _ in rows]).update(
                status=ProcedureStatus.CLOSED, outcome=outcome, closed_at=at
            )
            on = timezone.localdate(at)
            events += [
                _event("closed", pk, at, actors[subject, case], {"outcome": outcome.value, "late": due_on < on})
                for pk, case, due_on in rows
            ]
    record_events(events)
    return len(events)


@transaction.atomic
def reopen_procedure(
    *,
    procedure: Procedure,
    ground: str,
    reason: str,
    at: datetime,
    by: User | None,
    term_days: int | None = None,
) -> Step:
    """
    Open a closed procedure again: a new round with its own term; what was asked and answered before stays.

    :raises ProcedureRefused: PROCEDURE_OPEN, NO_GROUNDS, WRONG_DAYS
    """
    reasons = _sentences([reason], Refusal.NO_GROUNDS)
    locked = Procedure.objects.select_for_update().get(pk=procedure.pk)
    if locked.status == ProcedureStatus.OPEN:
        raise ProcedureRefused(Refusal.PROCEDURE_OPEN)
    days = locked.term_days if term_days is None else term_days
    if days < 1:
        raise ProcedureRefused(Refusal.WRONG_DAYS)
    locked.round += 1
    locked.started_on, locked.term_days = timezone.localdate(at), days
    locked.due_on, locked.paused_until = locked.started_on + timedelta(days=days), None
    locked.status, locked.outcome, locked.closed_at = ProcedureStatus.OPEN, "", None
    locked.save()
    step = Step.objects.create(
        procedure=locked,
        round=locked.round,
        kind=StepKind.REVIEW,
        ground=Ground(ground),
        content=json.dumps(reasons, ensure_ascii=False),
        days=days,
        sent_at=at,
        due_on=locked.due_on,
        by=by,
    )
    _copy(locked, procedure)
    step.procedure = procedure
    _record(locked, "reopened", at, by, {"ground": ground, "round": locked.round, "term_days": days})
    return step


@transaction.atomic
def assign_responsible(*, procedure: Procedure, responsible: User | None, at: datetime, by: User | None) -> None:
    """Name the officer responsible for the procedure (L. 241/1990 artt. 4-6); None: nobody yet."""
    locked = Procedure.objects.select_for_update().get(pk=procedure.pk)
    if locked.responsible_id == (responsible.pk if responsible else None):
        return
    locked.responsible = procedure.responsible = responsible
    locked.save(update_fields=["responsible"])
    _record(locked, "responsible_assigned", at, by, {"responsible": responsible.pk if responsible else None})


def mark_reminders_sent(reminders: Sequence[Reminder], *, at: datetime) -> int:
    """Mark reminders as sent; return how many were not yet, so that two runs send each once."""
    return Reminder.objects.filter(pk__in=[r.pk for r in reminders], sent_at__isnull=True).update(sent_at=at)


def _sentences(given: Sequence[str], refusal: Refusal) -> list[str]:
    sentences = [sentence.strip()[:TEXT_AT_MOST] for sentence in given if sentence.strip()]
    if not sentences:
        raise ProcedureRefused(refusal)
    return sentences


def _plan_reminders(step: Step, reminder_days: Sequence[int], on: date) -> None:
    days = {step.due_on - timedelta(days=before) for before in reminder_days if before >= 0}
    Reminder.objects.bulk_create(Reminder(step=step, on=day) for day in sorted(days) if day > on)


def _lock(procedure: Procedure, at: datetime) -> Procedure:
    """
    Return the row, locked, with its steps.

    :raises ProcedureRefused: PROCEDURE_CLOSED
    """
    locked = Procedure.objects.select_for_update().get(pk=procedure.pk)
    if locked.status == ProcedureStatus.CLOSED:
        raise ProcedureRefused(Refusal.PROCEDURE_CLOSED)
    if at < locked.opened_at:
        raise ProcedureRefused(Refusal.BEFORE_SENDING)
    prefetch_related_objects([locked], "steps")
    return locked


def _lock_step(step: Step, at: datetime) -> tuple[Procedure, Step]:
    procedure = _lock(step.procedure, at)
    mine = Step.objects.get(pk=step.pk)
    if mine.kind == StepKind.REVIEW:
        raise ProcedureRefused(Refusal.NOT_TO_BE_ANSWERED)
    if mine.round != procedure.round:
        raise ProcedureRefused(Refusal.STEP_CLOSED)
    if at < mine.sent_at:
        raise ProcedureRefused(Refusal.BEFORE_SENDING)
    return procedure, mine


def _keep_up(procedure: Procedure, on: date, into: Procedure | None = None) -> None:
    """Write what the clock says on the row, so that queues sort by an index."""
    _read_steps_again(procedure)
    clock = get_clock(procedure, on)
    procedure.due_on, procedure.paused_until = clock.due_on, clock.resumes_on
    procedure.save(update_fields=["due_on", "paused_until"])
    if into is not None:
        _copy(procedure, into)


def _read_steps_again(procedure: Procedure) -> None:
    """Read the steps of a procedure again."""
    getattr(procedure, "_prefetched_objects_cache", {}).clear()
    prefetch_related_objects([procedure], "steps")


def _copy(locked: Procedure, into: Procedure) -> None:
    """Show the caller's object what was written; its steps are read again when asked for."""
    for field in ("round", "started_on", "term_days", "due_on", "paused_until", "status", "outcome", "closed_at"):
        setattr(into, field, getattr(locked, field))
    getattr(into, "_prefetched_objects_cache", {}).clear()


def _event(name: str, pk: int, at: datetime, by: User | None, data: dict[str, object]) -> Event:
    return Event(
        name=f"procedures.{name}",
        subject=SUBJECT,
        subject_id=pk,
        actor_id=by.pk if by else None,
        happened_at=at,
        data=data,
    )


def _record(procedure: Procedure, name: str, at: datetime, by: User | None, data: dict[str, object]) -> None:
    record_event(
        name=f"procedures.{name}",
        subject=SUBJECT,
        subject_id=procedure.pk,
        at=at,
        by_id=by.pk if by else None,
        data=data,
    )
