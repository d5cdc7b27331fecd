"""What an officer reads beside the criteria: evidence, conflicts, the clock, what was asked, letters, reviews."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from piutempo.applications.models import Application, Attachment, AttachmentKind, Conflict, Decision, Proposal, Review
from piutempo.applications.selectors.answers import list_answer_files
from piutempo.applications.selectors.assessment import Assessment
from piutempo.applications.selectors.conflicts import list_conflicts
from piutempo.applications.selectors.evidence import ProofView, list_proofs
from piutempo.applications.selectors.queues import SUBJECT, open_proposals
from piutempo.correspondence.models import Letter
from piutempo.correspondence.selectors import list_letters
from piutempo.people.access import Roles
from piutempo.people.models import Role, RoleGrant, Scope, User
from piutempo.people.selectors.accounts import grants_on
from piutempo.procedures.models import Procedure, Step
from piutempo.procedures.rules.clock import ClockView
from piutempo.procedures.selectors import get_clock, get_procedure
from piutempo.records.models import Event

#: Steps of the procedure that the case's own events do not tell already.
PROCEDURE_EVENTS = ("procedures.answered", "procedures.receipt_recorded")


@dataclass(frozen=True, slots=True)
class StepView:
    """One thing that was asked of the family, with the files it answered with."""

    step: Step
    files: tuple[Attachment, ...]
    is_running: bool


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One request for a review, with its files."""

    review: Review
    files: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What stands beside the criteria of a case."""

    proofs: dict[str, ProofView]
    conflicts: list[Conflict]
    procedure: Procedure | None
    clock: ClockView | None
    steps: list[StepView]
    proposal: Proposal | None
    returned: Proposal | None
    reviews: list[ReviewView]
    earlier: list[Decision]
    letters: list[Letter]


def get_case_file(application: Application, assessment: Assessment | None, *, on: date) -> CaseFile:
    """Return it; ``on`` is today, for the clock."""
    procedure = get_procedure(SUBJECT, application.pk)
    files = list_answer_files(application)
    asked = Attachment.objects.filter(application=application, kind=AttachmentKind.REVIEW).order_by("id")
    given: dict[int, list[Attachment]] = {}
    for row in asked.select_related("file").defer("file__content"):
        given.setdefault(row.ref_id or 0, []).append(row)
    proposals = list(
        Proposal.objects.filter(application=application).select_related("proposed_by", "closed_by").order_by("-id")
    )
    last = proposals[0] if proposals else None
    return CaseFile(
        proofs={p.line.code: p for p in list_proofs(application, assessment)} if assessment else {},
        conflicts=list(list_conflicts(application)),
        procedure=procedure,
        clock=get_clock(procedure, on) if procedure and procedure.status == "open" else None,
        steps=[
            StepView(step, tuple(files.get(step.pk, ())), step.closed_at is None and on <= step.due_on)
            for step in (procedure.steps.all() if procedure else ())
        ],
        proposal=last if last and not last.signed_at and not last.returned_at else None,
        returned=last if last and last.returned_at else None,
        reviews=[
            ReviewView(review, tuple(given.get(review.pk, ())))
            for review in Review.objects.filter(application=application).select_related("asked_by", "answered_by")
        ],
        earlier=list(
            Decision.objects.filter(application=application)
            .exclude(pk=application.decision_id or 0)
            .select_related("decided_by", "proposed_by")
            .prefetch_related("criteria")
            .order_by("round")
        ),
        letters=list(list_letters(subject=SUBJECT, subject_id=application.pk)),
    )


def list_case_events(application: Application, award_ids: Collection[int]) -> list[Event]:
    """Return what happened to a case: its own events, its awards', and what the family did in the procedure."""
    about = Q(subject=SUBJECT, subject_id=application.pk) | Q(subject="awards.award", subject_id__in=award_ids)
    procedure_id = Procedure.objects.filter(subject=SUBJECT, subject_id=application.pk).values_list("pk", flat=True)
    about |= Q(subject="procedures.procedure", subject_id__in=procedure_id, name__in=PROCEDURE_EVENTS)
    return list(Event.objects.filter(about).order_by("happened_at", "id"))


def list_officers(scope: Collection[int] | None, on: date) -> QuerySet[User]:
    """Return who may work on the cases of some programmes (None: of any)."""
    grants = RoleGrant.objects.filter(grants_on(on), role=Role.CASE_OFFICER)
    if scope is not None:
        grants = grants.filter(Q(scope=Scope.ALL) | Q(scope=Scope.PROGRAMME, scope_id__in=scope))
    return User.objects.filter(pk__in=grants.values("user_id"), is_active=True).order_by("full_name", "pk")


def can_sign(roles: Roles, programme_id: int) -> bool:
    """Tell whether an account may sign what another proposed for a programme."""
    return any(
        roles.covers(role, Scope.PROGRAMME, programme_id) for role in (Role.PROGRAMME_MANAGER, Role.CASE_OFFICER)
    )


def list_to_sign(scope: Collection[int] | None) -> QuerySet[Proposal]:
    """Return the proposals that wait for a signature, the oldest first."""
    rows = open_proposals().select_related("application__applicant", "application__programme", "proposed_by")
    return rows if scope is None else rows.filter(application__programme_id__in=scope)
