"""Reading procedures, their clock, and what is due."""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from django.db.models import F, QuerySet
from django.utils import timezone

from piutempo.procedures.models import Procedure, ProcedureStatus, Reminder, Step, StepKind
from piutempo.procedures.rules.clock import (
    ClockView,
    Kind,
    ProcedureCase,
    StepCase,
    clock_for,
    earliest_refusal_on,
    refusal_to_decide_for,
)
from piutempo.procedures.rules.law import Laws, read_laws
from piutempo.procedures.rules.refusals import Refusal


@cache
def get_laws() -> Laws:
    """Return the dated law and the holidays of ``laws.toml``."""
    return read_laws(tomllib.loads((files("piutempo.procedures") / "laws.toml").read_text(encoding="utf-8")))


def get_procedure(subject: str, subject_id: int) -> Procedure | None:
    """Return the procedure of a case with its steps and answers (three queries), or None if it has none."""
    return (
        Procedure.objects.filter(subject=subject, subject_id=subject_id)
        .select_related("responsible")
        .prefetch_related("steps__answers")
        .first()
    )


def list_procedures(subject: str, subject_ids: Iterable[int]) -> dict[int, Procedure]:
    """Return the procedures of many cases by ``subject_id``, with the steps and without the answers (two queries)."""
    found = Procedure.objects.filter(subject=subject, subject_id__in=list(subject_ids))
    return {p.subject_id: p for p in found.select_related("responsible").prefetch_related("steps")}


def list_steps(procedure: Procedure) -> list[Step]:
    """Return all steps of all rounds, in order, with their answers."""
    return list(procedure.steps.all())


def get_case(procedure: Procedure) -> ProcedureCase:
    """Return the current round as the clock reads it."""
    steps = [s for s in procedure.steps.all() if s.round == procedure.round and s.kind != StepKind.REVIEW]
    return ProcedureCase(procedure.started_on, procedure.term_days, tuple(map(_case_of, steps)))


def _case_of(step: Step) -> StepCase:
    return StepCase(
        kind=Kind(step.kind),
        sent_on=timezone.localdate(step.sent_at),
        due_on=step.due_on,
        answered_on=timezone.localdate(step.answered_at) if step.answered_at else None,
        closed_on=timezone.localdate(step.closed_at) if step.closed_at else None,
    )


def is_taken_back(step: Step) -> bool:
    """Tell whether a notice was given up before its days had run; nothing follows from it then."""
    return step.kind == StepKind.NOTICE and _case_of(step).is_taken_back


def get_clock(procedure: Procedure, on: date) -> ClockView:
    """Return how the clock of the current round stands on ``on``; ``messages.clock_lines`` says it in Italian."""
    return clock_for(get_case(procedure), get_laws(), on)


def refusal_to_decide(procedure: Procedure, *, is_approval: bool, is_competitive: bool, on: date) -> Refusal | None:
    """Return why the office may not decide on ``on``, or None. Nothing is decided twice in a round."""
    if procedure.status == ProcedureStatus.CLOSED:
        return Refusal.PROCEDURE_CLOSED
    return refusal_to_decide_for(get_case(procedure), is_approval=is_approval, is_competitive=is_competitive, on=on)


def get_earliest_refusal_on(procedure: Procedure, *, is_competitive: bool, on: date) -> date | None:
    """Return the first day for a decision against the family, from ``on``; None while a notice is needed."""
    return earliest_refusal_on(get_case(procedure), is_competitive=is_competitive, on=on)


def list_running_steps(procedure: Procedure, on: date) -> list[Step]:
    """Return the requests and notices to which the family can still answer in time, as of ``on``."""
    return [
        step
        for step in procedure.steps.all()
        if step.round == procedure.round
        and step.kind != StepKind.REVIEW
        and step.closed_at is None
        and on <= step.due_on
        and procedure.status == ProcedureStatus.OPEN
    ]


def list_due_reminders(at: datetime) -> QuerySet[Reminder]:
    """Return the reminders to send now: day come, family's days not over, no answer, nothing closed."""
    today = timezone.localdate(at)
    return Reminder.objects.filter(
        sent_at__isnull=True,
        on__lte=today,
        step__due_on__gte=today,
        step__answered_at__isnull=True,
        step__closed_at__isnull=True,
        step__procedure__status=ProcedureStatus.OPEN,
        step__round=F("step__procedure__round"),
    ).select_related("step__procedure")


def list_elapsed_steps(at: datetime) -> QuerySet[Step]:
    """Return the requests and notices whose last day is over and that nobody has closed."""
    return Step.objects.filter(
        closed_at__isnull=True,
        kind__in=[StepKind.INTEGRATION, StepKind.NOTICE],
        due_on__lt=timezone.localdate(at),
        procedure__status=ProcedureStatus.OPEN,
        round=F("procedure__round"),
    ).select_related("procedure")


def list_unreceived_steps() -> QuerySet[Step]:
    """Return the running requests and notices, not answered, of which nobody wrote when they arrived."""
    return Step.objects.filter(
        closed_at__isnull=True,
        received_on__isnull=True,
        answered_at__isnull=True,
        kind__in=[StepKind.INTEGRATION, StepKind.NOTICE],
        procedure__status=ProcedureStatus.OPEN,
        round=F("procedure__round"),
    ).select_related("procedure")


def find_known(subject: str, subject_ids: Sequence[int]) -> set[int]:
    """Return which of these cases have a procedure."""
    found: set[int] = set()
    for start in range(0, len(subject_ids), 5_000):
        some = subject_ids[start : start + 5_000]
        rows = Procedure.objects.filter(subject=subject, subject_id__in=some)
        found.update(rows.values_list("subject_id", flat=True))
    return found
