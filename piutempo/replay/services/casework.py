"""Cases left on the officer's table for today: one in each state that a persona may want to see."""

from __future__ import annotations

from datetime import datetime, timedelta

from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import assess
from piutempo.applications.services import (
    ask_review,
    notify_refusal,
    overrule_criterion,
    propose_decision,
    request_missing,
)
from piutempo.applications.services.answering import answer_request
from piutempo.procedures.models import Step, StepKind
from piutempo.procedures.selectors import get_procedure
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.eligibility import NO, YES
from piutempo.programmes.rules.terms import Terms
from piutempo.replay.services.cast import Cast


def leave_work(programme: Programme, terms: Terms, cast: Cast, at: datetime) -> None:
    """
    Leave a request that runs, one answered, a notice that runs, a decision to sign and a review to answer.

    Only cases that are free for it are used; the newest stay untouched, to be taken in charge.
    """
    rows = Application.objects.filter(programme=programme, status=Status.SUBMITTED, decision=None)
    waiting = [a for a in rows.order_by("submitted_at") if a.submitted_at and a.submitted_at < at - timedelta(days=3)]
    rules = [(a, assess(a)) for a in waiting]
    good = [a for a, found in rules if found.effective.outcome == YES]
    bad = [a for a, found in rules if found.effective.outcome == NO]
    code = terms.eligibility.criteria[-1].code
    evidence = [c.evidence for c in terms.eligibility.criteria if c.evidence][-1:]
    if good and terms.procedure.needs_second_signature:
        propose_decision(application=good.pop(0), approve=True, note="", at=at, by=cast.officer)
    if good:
        _ask(good.pop(0), evidence, at - timedelta(days=2), cast)
    if good:
        step = _ask(good[0], evidence, at - timedelta(days=3), cast)
        text = "Ho allegato l'attestazione allo sportello: il numero è quello della domanda."
        answer_request(application=good.pop(0), step=step, text=text, files=[], at=at - timedelta(days=1), by=None)
    if not bad and good:
        doubtful = good.pop(0)
        overrule_criterion(
            application=doubtful,
            code=code,
            outcome=NO,
            reason="Il dato dichiarato non corrisponde a quello dell'ufficio competente",
            at=at - timedelta(days=2),
            by=cast.officer,
        )
        bad.append(doubtful)
    if bad and not _is_told(bad[0]):
        notify_refusal(application=bad[0], reasons=None, at=at - timedelta(days=2), by=cast.officer)
    refused = Application.objects.filter(programme=programme, status=Status.REFUSED).order_by("-closed_at").first()
    if refused is not None and refused.closed_at and refused.closed_at > at - timedelta(days=25):
        words = "Nella domanda mancava mio figlio, che vive con me: vi chiedo di guardare di nuovo."
        ask_review(application=refused, text=words, files=[], at=at - timedelta(days=1), by=None)


def _ask(application: Application, items: list[str], at: datetime, cast: Cast) -> Step:
    return request_missing(application=application, items=items, at=at, by=cast.officer)


def _is_told(application: Application) -> bool:
    procedure = get_procedure("applications.application", application.pk)
    return procedure is not None and any(step.kind == StepKind.NOTICE for step in procedure.steps.all())
