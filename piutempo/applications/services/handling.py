"""Working on a case before it is decided: who has it, what is asked of the family, what the family answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from piutempo.applications.models import Application, Conflict, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.selectors import Assessment, RulesByDay, assess
from piutempo.applications.selectors.queues import list_takeable
from piutempo.applications.services.judging import (
    CHUNK,
    SUBJECT,
    is_competitive,
    list_overrules,
    lock,
    open_procedure_of,
)
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.applications.services.writing import reasons_of, request_letter
from piutempo.correspondence.services import send_letters
from piutempo.people.models import User
from piutempo.procedures.models import Procedure, Step
from piutempo.procedures.selectors import get_procedure, list_procedures
from piutempo.procedures.services import assign_responsible, give_notice, request_documents
from piutempo.programmes.rules.eligibility import NO
from piutempo.programmes.rules.terms import Terms
from piutempo.records.services import record_events


@transaction.atomic
def assign_application(*, application: Application, to: User | None, at: datetime, by: User | None) -> Application:
    """
    Give a case to an officer, or back to everybody (None). Who has it is responsible for its procedure.

    :raises ApplicationRefused: NOT_SUBMITTED
    """
    held = lock([application.pk])[application.pk]
    if held.status != Status.SUBMITTED:
        raise ApplicationRefused(Refusal.NOT_SUBMITTED)
    _assign([held], to, at, by)
    return held


@transaction.atomic
def assign_applications(*, application_ids: Collection[int], to: User | None, at: datetime, by: User | None) -> int:
    """Give many cases to one officer; those decided meanwhile are left alone. Returns how many changed hands."""
    held = [a for a in lock(list(application_ids)).values() if a.status == Status.SUBMITTED]
    return _assign(held, to, at, by)


@transaction.atomic
def take_next(*, scope: Collection[int] | None, at: datetime, by: User) -> Application | None:
    """
    Give this officer the case that is due first among those nobody has, of some programmes (None: all).

    Two officers who ask at the same moment get two different cases. None: there is nothing to take.
    """
    for candidate in list_takeable(scope):
        held = Application.objects.select_for_update(of=("self",), skip_locked=True).filter(
            pk=candidate, status=Status.SUBMITTED, assigned_to=None
        )
        found = held.select_related("programme").first()
        if found is not None:
            _assign([found], by, at, by)
            return found
    return None


def _assign(applications: Sequence[Application], to: User | None, at: datetime, by: User | None) -> int:
    to_id = to.pk if to else None
    changed = [a for a in applications if a.assigned_to_id != to_id]
    for start in range(0, len(changed), CHUNK):
        ids = [a.pk for a in changed[start : start + CHUNK]]
        Application.objects.filter(pk__in=ids).update(assigned_to=to)
    for application in changed:
        application.assigned_to = to
        procedure = get_procedure(SUBJECT, application.pk)
        if procedure is not None:
            assign_responsible(procedure=procedure, responsible=to, at=at, by=by)
    record_events(event_of("applications.assigned", a, at, by, {"to": to_id}) for a in changed)
    return len(changed)


@transaction.atomic
def request_missing(
    *, application: Application, items: Sequence[str], at: datetime, by: User | None, days: int | None = None
) -> Step:
    """
    Ask the family for what is missing (*soccorso istruttorio*): the step, its reminders and the letter.

    ``days`` defaults to the programme's.

    :raises ApplicationRefused: NOT_SUBMITTED
    :raises ProcedureRefused: NOTHING_ASKED, WRONG_DAYS, REQUEST_RUNNING
    """
    held, procedure, terms = _open_case(application)
    step = request_documents(
        procedure=procedure,
        items=items,
        days=terms.procedure.integration_days if days is None else days,
        reminder_days=terms.procedure.reminder_days,
        at=at,
        by=by,
    )
    record_events([event_of("applications.documents_requested", held, at, by, _step_data(step))])
    send_letters([request_letter(held, step, at=at, by=by)])
    return step


@transaction.atomic
def notify_refusal(*, application: Application, reasons: Sequence[str] | None, at: datetime, by: User | None) -> Step:
    """
    Tell the family why the office means to refuse (*preavviso di rigetto*); ``reasons`` None: those of the rules.

    :raises ApplicationRefused: NOT_SUBMITTED, NOTHING_TO_NOTIFY (the rules do not refuse, or a ranking decides)
    :raises ProcedureRefused: NO_GROUNDS, NOTICE_RUNNING, REQUEST_RUNNING
    """
    held, procedure, terms = _open_case(application)
    assessment = assess(held)
    grounds = reasons_of(assessment)
    if (is_competitive(terms) and held.decision_id is None) or not grounds:
        raise ApplicationRefused(Refusal.NOTHING_TO_NOTIFY)
    step = give_notice(
        procedure=procedure,
        reasons=grounds if reasons is None else reasons,
        reminder_days=terms.procedure.reminder_days,
        at=at,
        by=by,
    )
    record_events([event_of("applications.notice_given", held, at, by, _step_data(step))])
    send_letters([request_letter(held, step, at=at, by=by)])
    return step


@transaction.atomic
def notify_refusals(
    applications: Sequence[Application], *, at: datetime, by: User | None, is_history: bool = False
) -> dict[int, Step]:
    """
    Give notice to those of many families to whom the rules say no; returns the steps by application.

    ``is_history``: acts of the past taken over: their letters left on paper then.
    """
    held = lock([a.pk for a in applications])
    known: RulesByDay = {}
    refused: list[tuple[Application, Assessment]] = []
    overrules = list_overrules(list(held))
    for application in held.values():
        if application.status == Status.SUBMITTED:
            assessment = assess(application, overrules=overrules.get(application.pk, ()), known=known)
            competes = is_competitive(assessment.terms) and application.decision_id is None
            if assessment.effective.outcome == NO and not competes:
                refused.append((application, assessment))
    procedures = list_procedures(SUBJECT, [application.pk for application, _ in refused])
    steps: dict[int, Step] = {}
    letters = []
    for application, assessment in refused:
        procedure = procedures.get(application.pk) or open_procedure_of(application, assessment.terms)
        step = give_notice(procedure=procedure, reasons=reasons_of(assessment), at=at, by=by)
        steps[application.pk] = step
        letters.append(request_letter(application, step, at=at, by=by, is_history=is_history))
    record_events(event_of("applications.notice_given", held[pk], at, by, _step_data(s)) for pk, s in steps.items())
    send_letters(letters)
    return steps


@transaction.atomic
def settle_conflict(*, conflict: Conflict, settlement: str, at: datetime, by: User) -> Conflict:
    """
    Write down what an officer found about a conflict. Settled already: nothing changes.

    :raises ApplicationRefused: NO_REASON
    """
    if not settlement.strip():
        raise ApplicationRefused(Refusal.NO_REASON)
    held = Conflict.objects.select_for_update(of=("self",)).select_related("application").get(pk=conflict.pk)
    if held.settled_at is None:
        held.settled_at, held.settled_by, held.settlement = at, by, settlement.strip()
        held.save(update_fields=["settled_at", "settled_by", "settlement"])
        data: dict[str, object] = {"kind": held.kind, "conflict": held.pk, "reason": held.settlement[:300]}
        record_events([event_of("applications.conflict_settled", held.application, at, by, data)])
    return held


def _open_case(application: Application) -> tuple[Application, Procedure, Terms]:
    held = lock([application.pk])[application.pk]
    if held.status != Status.SUBMITTED:
        raise ApplicationRefused(Refusal.NOT_SUBMITTED)
    terms = assess(held, overrules=()).terms
    return held, get_procedure(SUBJECT, held.pk) or open_procedure_of(held, terms), terms


def _step_data(step: Step) -> dict[str, object]:
    return {"step": step.pk, "due_on": step.due_on.isoformat()}
