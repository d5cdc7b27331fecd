"""Asking outside sources about what a family declared. The answer is kept beside the criterion and decides nothing."""

from __future__ import annotations

import json
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from piutempo.applications.adapters import IseeUnreachable, get_isee_adapter
from piutempo.applications.models import Application, SourceCheck, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.rules.isee import BenefitState, IseeAnswer, IseeQuestion, indicator_for, outcome_of
from piutempo.applications.selectors import get_declared, get_rules
from piutempo.applications.services.receiving import SUBJECT
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.people.models import User
from piutempo.programmes.rules.eligibility import compile_expression
from piutempo.programmes.rules.facts import build_facts
from piutempo.records.models import Direction
from piutempo.records.selectors import list_register_of
from piutempo.records.services import record_events

ISEE = "isee"


def check_isee(*, application: Application, at: datetime, by: User) -> SourceCheck:
    """
    Ask INPS for the ISEE of a protocolled request and keep how it compares with the declared one.

    The service is asked outside of any transaction. The same answer twice in a day is kept once.

    :raises ApplicationRefused: NOT_PROTOCOLLED, NOT_DECLARED (no ISEE declared, no criterion reads it), SOURCE_SILENT
    """
    entry = list_register_of(subject=SUBJECT, subject_id=application.pk).filter(direction=Direction.IN).first()
    if entry is None or application.submitted_at is None:
        raise ApplicationRefused(Refusal.NOT_PROTOCOLLED)
    day = timezone.localdate(application.submitted_at)
    declared = get_declared(application)
    amount = declared.get("isee_cents")
    code = _criterion_of(application, at)
    if not isinstance(amount, int) or not code:
        raise ApplicationRefused(Refusal.NOT_DECLARED)
    question = IseeQuestion(
        fiscal_code=application.applicant.fiscal_code,
        indicator=indicator_for(build_facts(declared, day)),
        valid_on=day,
        benefit=settings.ISEE_BENEFIT,
        protocol=str(entry),
        state=BenefitState.PAID if application.status == Status.APPROVED else BenefitState.TO_PAY,
    )
    adapter = get_isee_adapter()
    if adapter is None:
        raise ApplicationRefused(Refusal.SOURCE_SILENT)
    try:
        answer = adapter.ask(question, at=at)
    except IseeUnreachable as fault:
        raise ApplicationRefused(Refusal.SOURCE_SILENT) from fault
    return _keep(application, code, question, amount, answer, at, by)


@transaction.atomic
def _keep(
    application: Application,
    code: str,
    question: IseeQuestion,
    amount: int,
    answer: IseeAnswer | None,
    at: datetime,
    by: User,
) -> SourceCheck:
    held = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    outcome = outcome_of(declared_cents=amount, answer=answer, valid_on=question.valid_on)
    data = {
        "indicator": question.indicator.value,
        "valid_on": question.valid_on.isoformat(),
        "benefit": question.benefit,
        "protocol": question.protocol,
        "state": question.state.value,
        "declared_cents": amount,
        "found_cents": answer.isee_cents if answer else None,
        "valid_until": answer.valid_until.isoformat() if answer else None,
    }
    text = json.dumps(data, sort_keys=True)
    last = SourceCheck.objects.filter(application=held, source=ISEE).order_by("id").last()
    if last and (last.outcome, last.data) == (outcome, text) and timezone.localdate(last.at) == timezone.localdate(at):
        return last
    check = SourceCheck.objects.create(
        application=held, source=ISEE, code=code, outcome=outcome, data=text, at=at, by=by
    )
    record_events([event_of("applications.source_checked", held, at, by, {"source": ISEE, "outcome": outcome})])
    return check


def _criterion_of(application: Application, at: datetime) -> str:
    terms = get_rules(application.programme, timezone.localdate(application.submitted_at or at))[1]
    reading = (c.code for c in terms.eligibility.criteria if "isee_cents" in compile_expression(c.expression).reads)
    return next(reading, "")
