"""A person concludes a check; where the programme asks for it, another person signs."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from piutempo.controls.letters import FINDING
from piutempo.controls.models import ADVERSE, Check, CheckOutcome, CheckState
from piutempo.controls.rules.checking import CheckCase, ControlRefused, Refusal, conclusion_refusal
from piutempo.controls.selectors import list_items
from piutempo.controls.services.held import SUBJECT, hold, hold_for, record, refuse_who_decided
from piutempo.controls.services.telling import tell_outcome
from piutempo.correspondence.selectors import list_departures
from piutempo.people.models import User
from piutempo.procedures.selectors import get_laws
from piutempo.programmes.selectors import get_terms
from piutempo.settlements.services import Refusal as SettlementRefusal
from piutempo.settlements.services import SettlementRefused, open_forfeiture


def _left_on(check: Check) -> date | None:
    """Return the day on which the finding's letter left, or None."""
    departures = list_departures(kinds=[FINDING.code], subject=SUBJECT, subject_ids=[check.pk])
    left_at = departures.get((check.pk, ""))
    return timezone.localdate(left_at) if left_at else None


def _last_day_of(check: Check) -> date | None:
    """Return the family's last day: what its letter said, or its days from the departure when the letter left late."""
    left_on = _left_on(check)
    if check.answer_due_on is None or left_on is None:
        return check.answer_due_on
    return max(check.answer_due_on, get_laws().family_due_on(left_on, get_terms(check.version_id).checks.answer_days))


def _refuse(check: Check, outcome: str, at: datetime) -> None:
    items = list_items(check)
    case = CheckCase(
        is_closed=check.state == CheckState.CLOSED,
        left=sum(i.answer is None for i in items),
        failed=sum(i.is_failed for i in items),
        answer_due_on=_last_day_of(check),
        is_answered=check.family_answers.exists(),
        on=timezone.localdate(at),
    )
    if refusal := conclusion_refusal(case, is_adverse=outcome in ADVERSE):
        raise ControlRefused(refusal)
    if outcome in ADVERSE and not case.is_answered and _left_on(check) is None:
        raise ControlRefused(Refusal.LETTER_NOT_SENT)


@transaction.atomic
def conclude_check(*, check: Check, outcome: str, reasons: str, at: datetime, by: User) -> Check:
    """
    Conclude a check as its officer: regular at once; against the family only after it was heard, with reasons.

    Where the programme wants a second signature an outcome against the family is proposed and waits for it.

    :raises ControlRefused: CLOSED, NOT_YOURS, DECIDED_BY_YOU, SIGN_PENDING, WRONG_STEP (no such outcome), NO_REASON,
        ITEMS_LEFT, ITEM_FAILED, NOTHING_FAILED, FINDING_NEEDED, LETTER_NOT_SENT, FAMILY_DAYS_RUNNING
    """
    held = hold_for(check, by)
    if outcome not in {CheckOutcome.REGULAR, *ADVERSE}:
        raise ControlRefused(Refusal.WRONG_STEP)
    is_adverse = outcome in ADVERSE
    if is_adverse and not reasons.strip():
        raise ControlRefused(Refusal.NO_REASON)
    _refuse(held, outcome, at)
    held.outcome, held.reasons = outcome, reasons.strip()
    held.proposed_at, held.proposed_by = at, by
    if is_adverse and get_terms(held.version_id).procedure.needs_second_signature:
        held.state = CheckState.PROPOSED
        held.save(update_fields=["outcome", "reasons", "proposed_at", "proposed_by", "state"])
        record("outcome_proposed", held, at, by, {"outcome": outcome})
        return held
    return _close(held, at, by)


@transaction.atomic
def sign_outcome(*, check: Check, at: datetime, by: User) -> Check:
    """
    Sign a proposed outcome: another person than the one who checked, and not who decided the request.

    :raises ControlRefused: CLOSED, NOTHING_TO_SIGN, SAME_PERSON, DECIDED_BY_YOU, and as ``conclude_check``
    """
    held = _hold_proposed(check, by)
    refuse_who_decided(held, by)
    _refuse(held, held.outcome, at)
    return _close(held, at, by)


@transaction.atomic
def return_proposal(*, check: Check, reason: str, at: datetime, by: User) -> Check:
    """
    Send a proposed outcome back to its officer with a reason.

    :raises ControlRefused: CLOSED, NOTHING_TO_SIGN, SAME_PERSON, NO_REASON
    """
    if not reason.strip():
        raise ControlRefused(Refusal.NO_REASON)
    held = _hold_proposed(check, by)
    held.state = CheckState.ANSWERED if held.family_answers.exists() else CheckState.FINDING
    held.outcome, held.reasons, held.proposed_at, held.proposed_by = "", "", None, None
    held.save(update_fields=["state", "outcome", "reasons", "proposed_at", "proposed_by"])
    record("proposal_returned", held, at, by, {"reason": reason.strip()[:300]})
    return held


def _hold_proposed(check: Check, by: User) -> Check:
    held = hold(check)
    if held.state == CheckState.CLOSED:
        raise ControlRefused(Refusal.CLOSED)
    if held.state != CheckState.PROPOSED:
        raise ControlRefused(Refusal.NOTHING_TO_SIGN)
    if by.pk in {held.proposed_by_id, held.officer_id}:
        raise ControlRefused(Refusal.SAME_PERSON)
    return held


def _close(held: Check, at: datetime, by: User) -> Check:
    held.state, held.closed_at, held.closed_by = CheckState.CLOSED, at, by
    held.save(update_fields=["state", "outcome", "reasons", "proposed_at", "proposed_by", "closed_at", "closed_by"])
    record("check_closed", held, at, by, {"outcome": held.outcome})
    if held.outcome == CheckOutcome.FALSE:
        _open_forfeiture(held, at, by)
    if held.finding_at is not None:  # a family that was asked nothing reads it on its page
        tell_outcome(held, at, by)
    return held


def _open_forfeiture(held: Check, at: datetime, by: User) -> None:
    """
    Give the notice of forfeiture from the day of the request on (DPR 445/2000 art. 75); a person decides on it later.

    Nothing to take away, or a forfeiture already running: nothing is done.
    """
    application = held.application
    if application.submitted_at is None:
        return
    try:
        with transaction.atomic():
            open_forfeiture(
                application=application,
                since=timezone.localdate(application.submitted_at),
                reasons=[held.reasons],
                at=at,
                by=by,
            )
    except SettlementRefused as refused:
        if refused.code not in {SettlementRefusal.NO_BENEFIT, SettlementRefusal.FORFEITURE_RUNNING}:
            raise
        return
    record("forfeiture_opened", held, at, by)
