"""Looking again at a decision: a family asks, an officer opens the case again or says why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from piutempo.applications.models import Application, Attachment, AttachmentKind, Review, Status
from piutempo.applications.rules import Refusal, last_review_day
from piutempo.applications.selectors import find_standing, get_rules
from piutempo.applications.selectors.changes import last_decided_on
from piutempo.applications.services.judging import SUBJECT, lock, open_procedure_of
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.applications.services.writing import review_letter
from piutempo.correspondence.services import send_letters
from piutempo.people.models import User
from piutempo.procedures.models import Ground, Procedure
from piutempo.procedures.selectors import get_laws, get_procedure
from piutempo.procedures.services import Closing, close_procedure, close_procedures, reopen_procedure
from piutempo.programmes.rules.terms import Terms
from piutempo.records.models import StoredFile
from piutempo.records.services import record_events

DECIDED = {Status.APPROVED, Status.REFUSED}


@transaction.atomic
def ask_review(
    *, application: Application, text: str, files: Sequence[StoredFile], at: datetime, by: User | None
) -> Review:
    """
    Ask for a review of the decision in force, or of the last change, with reasons, within the programme's days.

    :raises ApplicationRefused: NO_REASON, NOT_DECIDED, REVIEW_OPEN, REVIEW_TOO_LATE
    """
    if not text.strip():
        raise ApplicationRefused(Refusal.NO_REASON)
    held, _procedure, terms = _decided_case(application)
    decision = held.decision
    if decision is None:
        raise ApplicationRefused(Refusal.NOT_DECIDED)
    last = last_review_day(last_decided_on(held, decision), terms.procedure.review_days, get_laws())
    if timezone.localdate(at) > last:
        raise ApplicationRefused(Refusal.REVIEW_TOO_LATE, last_day=last)
    if held.reviews.filter(answered_at__isnull=True).exists():
        raise ApplicationRefused(Refusal.REVIEW_OPEN)
    review = Review.objects.create(application=held, decision=decision, text=text.strip(), asked_at=at, asked_by=by)
    Attachment.objects.bulk_create(
        Attachment(application=held, kind=AttachmentKind.REVIEW, ref_id=review.pk, file=file, at=at, by=by)
        for file in files
    )
    record_events([event_of("applications.review_asked", held, at, by, {"review": review.pk, "files": len(files)})])
    return review


@transaction.atomic
def answer_review(*, review: Review, reopen: bool, reason: str, at: datetime, by: User) -> Review:
    """
    Open the case again, or say why not. Either way the family gets a letter with the reason.

    :raises ApplicationRefused: NO_REASON, REVIEW_CLOSED, NOT_DECIDED, ANOTHER_STANDS
    """
    if not reason.strip():
        raise ApplicationRefused(Refusal.NO_REASON)
    held, procedure, terms = _decided_case(review.application)
    mine = Review.objects.get(pk=review.pk)
    if mine.answered_at is not None:
        raise ApplicationRefused(Refusal.REVIEW_CLOSED)
    mine.application = held
    mine.is_reopened, mine.answered_at, mine.answered_by, mine.answer = reopen, at, by, reason.strip()
    mine.save(update_fields=["is_reopened", "answered_at", "answered_by", "answer"])
    if reopen:
        _reopen(held, procedure, terms, Ground.REVIEW, reason.strip(), at, by)
    else:
        record_events([event_of("applications.review_refused", held, at, by, {"reason": reason.strip()[:300]})])
    send_letters([review_letter(mine, procedure, terms, at=at, by=by)])
    return mine


@transaction.atomic
def reopen_case(*, application: Application, ground: str, reason: str, at: datetime, by: User) -> Application:
    """
    Open a decided case again without a family's request: after an appeal, or because the office saw its own mistake.

    :raises ApplicationRefused: NO_REASON, NOT_DECIDED, REVIEW_OPEN (answer that one), ANOTHER_STANDS
    """
    if not reason.strip():
        raise ApplicationRefused(Refusal.NO_REASON)
    held, procedure, terms = _decided_case(application)
    if held.reviews.filter(answered_at__isnull=True).exists():
        raise ApplicationRefused(Refusal.REVIEW_OPEN)
    _reopen(held, procedure, terms, Ground(ground), reason.strip(), at, by)
    return held


@transaction.atomic
def drop_review(*, application: Application, reason: str, at: datetime, by: User | None) -> Application:
    """
    Close a reopened case at the family's wish: the decision in force stands as before.

    :raises ApplicationRefused: NO_REASON, NOT_SUBMITTED (not under review)
    """
    if not reason.strip():
        raise ApplicationRefused(Refusal.NO_REASON)
    held = lock([application.pk])[application.pk]
    if held.status != Status.SUBMITTED or held.decision is None:
        raise ApplicationRefused(Refusal.NOT_SUBMITTED)
    held.proposals.filter(signed_at__isnull=True, returned_at__isnull=True).update(
        returned_at=at, closed_by=by, return_reason=reason.strip()
    )
    held.status = Status.APPROVED if held.decision.is_approved else Status.REFUSED
    held.closed_at = held.decision.decided_at
    held.save(update_fields=["status", "closed_at"])
    procedure = get_procedure(SUBJECT, held.pk)
    if procedure is not None:
        close_procedure(procedure=procedure, outcome="withdrawn", at=at, by=by)
    record_events([event_of("applications.review_dropped", held, at, by, {"reason": reason.strip()[:300]})])
    return held


def _decided_case(application: Application) -> tuple[Application, Procedure, Terms]:
    held = lock([application.pk])[application.pk]
    if held.status not in DECIDED or held.decision_id is None or held.submitted_at is None:
        raise ApplicationRefused(Refusal.NOT_DECIDED)
    terms = get_rules(held.programme, timezone.localdate(held.submitted_at))[1]
    procedure = get_procedure(SUBJECT, held.pk)
    if procedure is None:  # decided before procedures were kept
        procedure = open_procedure_of(held, terms)
        outcome = "approved" if held.status == Status.APPROVED else "refused"
        close_procedures([Closing(SUBJECT, held.pk, outcome, held.closed_at or procedure.opened_at)], is_history=True)
        procedure.refresh_from_db()
    return held, procedure, terms


def _reopen(
    held: Application, procedure: Procedure, terms: Terms, ground: Ground, reason: str, at: datetime, by: User
) -> None:
    others = find_standing(
        programme_id=held.programme_id, household_ids=[held.household_id], applicant_ids=[held.applicant_id]
    ).exclude(pk=held.pk)
    if (other := others.first()) is not None:
        raise ApplicationRefused(Refusal.ANOTHER_STANDS, number=other.number)
    reopen_procedure(
        procedure=procedure, ground=ground, reason=reason, at=at, by=by, term_days=terms.procedure.term_days
    )
    held.status, held.closed_at = Status.SUBMITTED, None
    held.save(update_fields=["status", "closed_at"])
    record_events([event_of("applications.reopened", held, at, by, {"ground": ground.value, "reason": reason[:300]})])
