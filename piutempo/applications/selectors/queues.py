"""The officer's queues: cases by state, age and deadline, each with its procedure's last day. Joined set-wise."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.db.models import Count, F, Q, QuerySet

from piutempo.applications.models import Application, Proposal, Review, Status
from piutempo.procedures.models import Procedure, ProcedureStatus, Step, StepKind

SUBJECT = "applications.application"
SOON_DAYS = 5
_PROCEDURE, _CASE = Procedure._meta.db_table, Application._meta.db_table
_OURS = [f"{_PROCEDURE}.subject = %s", f"{_PROCEDURE}.subject_id = {_CASE}.id"]


class View(StrEnum):
    """A saved view of the queue."""

    TO_TAKE = "to_take"
    MINE = "mine"
    FAMILY = "family"
    ANSWERED = "answered"
    SOON = "soon"
    LATE = "late"
    TO_SIGN = "to_sign"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class ViewCount:
    """How many cases a view holds."""

    view: View
    count: int


def with_deadline(applications: QuerySet[Application]) -> QuerySet[Application]:
    """
    Return the cases joined to their procedures, with ``due_on`` and ``paused_until``.

    One join on the procedure's unique (subject, subject_id): a subquery for each row would be read 50,000 times to
    sort a queue. A case without a procedure (none is, once submitted) is not in a queue by deadline.
    """
    return applications.extra(  # noqa: S610 - no value of a user; the ORM joins only along foreign keys
        select={"due_on": f"{_PROCEDURE}.due_on", "paused_until": f"{_PROCEDURE}.paused_until"},
        tables=[_PROCEDURE],
        where=_OURS,
        params=[SUBJECT],
    )


def only_waiting(applications: QuerySet[Application]) -> QuerySet[Application]:
    """
    Return the cases that wait for a decision; ``applications`` come from ``with_deadline``.

    Their procedures are open: said too, so that the order by deadline is read from the index of the open ones.
    """
    return applications.filter(status=Status.SUBMITTED).extra(where=[f"{_PROCEDURE}.status = 'open'"])  # noqa: S610 - as above


def in_view(applications: QuerySet[Application], view: str, *, user_id: int, on: date) -> QuerySet[Application]:
    """Return the cases of one saved view; ``applications`` come from ``with_deadline``. Unknown: all of them."""
    waiting = only_waiting(applications)
    match view:
        case View.TO_TAKE:
            return waiting.filter(assigned_to=None)
        case View.MINE:
            return waiting.filter(assigned_to=user_id)
        case View.FAMILY:
            return waiting.filter(pk__in=_steps_of(running_steps(on)))
        case View.ANSWERED:
            return waiting.filter(pk__in=_steps_of(heard_steps(on)))
        case View.SOON:
            return _running(waiting, on).extra(  # noqa: S610 - as above
                where=[f"{_PROCEDURE}.due_on >= %s", f"{_PROCEDURE}.due_on <= %s"],
                params=[on, on + timedelta(days=SOON_DAYS)],
            )
        case View.LATE:
            return _running(waiting, on).extra(where=[f"{_PROCEDURE}.due_on < %s"], params=[on])  # noqa: S610 - as above
        case View.TO_SIGN:
            return waiting.filter(pk__in=open_proposals().values("application_id"))
        case View.REVIEW:
            return applications.filter(
                Q(status=Status.SUBMITTED, decision__isnull=False) | Q(pk__in=open_reviews().values("application_id"))
            )
    return applications


def _running(applications: QuerySet[Application], on: date) -> QuerySet[Application]:
    return applications.extra(  # noqa: S610 - as above
        where=[f"({_PROCEDURE}.paused_until IS NULL OR {_PROCEDURE}.paused_until <= %s)"], params=[on]
    )


def running_steps(on: date) -> QuerySet[Step]:
    """Return the requests and notices that families may still answer and have not."""
    return Step.objects.filter(
        kind__in=[StepKind.INTEGRATION, StepKind.NOTICE],
        closed_at__isnull=True,
        answered_at__isnull=True,
        due_on__gte=on,
        procedure__status=ProcedureStatus.OPEN,
        procedure__subject=SUBJECT,
        round=F("procedure__round"),
    ).order_by()


def heard_steps(on: date) -> QuerySet[Step]:
    """Return the requests and notices that were answered, or whose days are over: the officer's turn."""
    return (
        Step.objects.filter(
            Q(answered_at__isnull=False) | Q(due_on__lt=on),
            kind__in=[StepKind.INTEGRATION, StepKind.NOTICE],
            procedure__status=ProcedureStatus.OPEN,
            procedure__subject=SUBJECT,
            round=F("procedure__round"),
        )
        .exclude(procedure_id__in=running_steps(on).values("procedure_id"))
        .order_by()
    )


def _steps_of(steps: QuerySet[Step]) -> QuerySet[Step, int]:
    return steps.values_list("procedure__subject_id", flat=True)


def open_proposals() -> QuerySet[Proposal]:
    """Return the proposals that wait for a signature."""
    return Proposal.objects.filter(signed_at__isnull=True, returned_at__isnull=True).order_by()


def open_reviews() -> QuerySet[Review]:
    """Return the requests for a review that wait for an answer."""
    return Review.objects.filter(answered_at__isnull=True).order_by()


def count_views(scope: Collection[int] | None, *, user_id: int, on: date) -> list[ViewCount]:
    """Return how many cases each saved view holds, of some programmes (None: all). Three queries."""
    cases = Application.objects.filter(status=Status.SUBMITTED).order_by()
    procedures = Procedure.objects.filter(subject=SUBJECT, status=ProcedureStatus.OPEN).order_by()
    asked = open_reviews()
    if scope is not None:
        cases, procedures = cases.filter(programme_id__in=scope), procedures.filter(programme_id__in=scope)
        asked = asked.filter(application__programme_id__in=scope)
    runs = Q(paused_until__isnull=True) | Q(paused_until__lte=on)
    found = cases.aggregate(
        to_take=Count("pk", filter=Q(assigned_to=None)),
        mine=Count("pk", filter=Q(assigned_to=user_id)),
        to_sign=Count("pk", filter=Q(pk__in=open_proposals().values("application_id"))),
        review=Count("pk", filter=Q(decision__isnull=False)),
    )
    late = procedures.filter(due_on__lte=on + timedelta(days=SOON_DAYS)).aggregate(
        soon=Count("pk", filter=runs & Q(due_on__gte=on)), late=Count("pk", filter=runs & Q(due_on__lt=on))
    )
    answers = procedures.aggregate(
        family=Count("pk", filter=Q(pk__in=running_steps(on).values("procedure_id"))),
        answered=Count("pk", filter=Q(pk__in=heard_steps(on).values("procedure_id"))),
    )
    counts = {**found, **late, **answers}
    counts["review"] += asked.count()
    return [ViewCount(view, counts[view.value]) for view in View]


def list_takeable(scope: Collection[int] | None, limit: int = 20) -> Iterable[int]:
    """Return the ids of the first cases that nobody has, the most urgent first. One query."""
    cases = Application.objects.filter(assigned_to=None)
    if scope is not None:
        cases = cases.filter(programme_id__in=scope)
    ordered = only_waiting(with_deadline(cases)).extra(order_by=[f"{_PROCEDURE}.due_on", f"{_CASE}.id"])
    return list(ordered.values_list("pk", flat=True)[:limit])
