"""A decision prepared by one person and signed by another, one by one or a whole list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from piutempo.applications.models import Application, Decision, Proposal
from piutempo.applications.rules import Refusal
from piutempo.applications.services.deciding import decide_applications
from piutempo.applications.services.judging import DecisionInput, judge, lock
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.people.models import User
from piutempo.records.services import record_events


def propose_decision(*, application: Application, approve: bool | None, note: str, at: datetime, by: User) -> Proposal:
    """
    Prepare a decision for another person's signature; ``approve`` None follows the rules.

    What may not be decided now may not be proposed either.

    :raises ApplicationRefused: PROPOSAL_NOT_NEEDED, PROPOSAL_OPEN, or as ``decide_application``
    :raises ProcedureRefused: as ``decide_application``
    """
    return propose_decisions([DecisionInput(application, at, approve, note, by)])[0]


@transaction.atomic
def propose_decisions(items: Sequence[DecisionInput]) -> list[Proposal]:
    """
    Prepare many decisions, all or none.

    :raises ApplicationRefused: as ``propose_decision``; SAME_PERSON for an item without a person
    """
    judged = judge(items, is_proposal=True)
    proposals = []
    for one in judged:
        if not one.assessment.terms.procedure.needs_second_signature:
            raise ApplicationRefused(Refusal.PROPOSAL_NOT_NEEDED, number=one.application.number)
        if one.proposal is not None:
            raise ApplicationRefused(Refusal.PROPOSAL_OPEN, number=one.application.number)
        if one.item.by is None:
            raise ApplicationRefused(Refusal.SAME_PERSON, number=one.application.number)
        proposals.append(
            Proposal(
                application=one.application,
                is_approval=one.is_approved,
                note=one.item.note.strip(),
                proposed_at=one.item.at,
                proposed_by=one.item.by,
            )
        )
    proposals = Proposal.objects.bulk_create(proposals, batch_size=500)
    record_events(
        event_of("applications.proposed", p.application, p.proposed_at, p.proposed_by, {"is_approval": p.is_approval})
        for p in proposals
    )
    return proposals


@transaction.atomic
def return_proposal(*, proposal: Proposal, reason: str, at: datetime, by: User) -> Proposal:
    """
    Send a proposal back to who prepared it, with a reason; who prepared it may also take it back.

    :raises ApplicationRefused: NO_REASON, PROPOSAL_CLOSED
    """
    if not reason.strip():
        raise ApplicationRefused(Refusal.NO_REASON)
    application = lock([proposal.application_id])[proposal.application_id]
    held = Proposal.objects.get(pk=proposal.pk)
    if held.signed_at is not None or held.returned_at is not None:
        raise ApplicationRefused(Refusal.PROPOSAL_CLOSED)
    held.returned_at, held.closed_by, held.return_reason = at, by, reason.strip()
    held.save(update_fields=["returned_at", "closed_by", "return_reason"])
    record_events([event_of("applications.proposal_returned", application, at, by, {"reason": reason.strip()[:300]})])
    return held


def sign_proposal(*, proposal: Proposal, at: datetime, by: User) -> Decision:
    """
    Sign what another person proposed: it becomes the decision.

    :raises ApplicationRefused: PROPOSAL_CLOSED, SAME_PERSON, PROPOSAL_STALE, or as ``decide_application``
    :raises ProcedureRefused: as ``decide_application``
    """
    return sign_proposals(proposal_ids=[proposal.pk], at=at, by=by)[0]


@transaction.atomic
def sign_proposals(*, proposal_ids: Collection[int], at: datetime, by: User) -> list[Decision]:
    """
    Sign a whole list, in the order in which it was proposed: all of them or none.

    :raises ApplicationRefused: as ``sign_proposal``, for the first that cannot be signed
    """
    wanted = set(proposal_ids)
    ids = list(Proposal.objects.filter(pk__in=wanted).order_by().values_list("application_id", flat=True))
    lock(ids)
    proposals = list(
        Proposal.objects.filter(pk__in=wanted, signed_at__isnull=True, returned_at__isnull=True)
        .select_related("application")
        .order_by("id")
    )
    if len(proposals) != len(wanted):
        raise ApplicationRefused(Refusal.PROPOSAL_CLOSED)
    return decide_applications([DecisionInput(p.application, at, p.is_approval, p.note, by) for p in proposals])
