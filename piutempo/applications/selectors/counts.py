"""Figures for reports, and applications that stand in the way of another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from piutempo.applications.models import Application, CriterionResult, Decision, Status


@dataclass(frozen=True, slots=True)
class ApplicationCounts:
    """Figures for reports. ``refused_by_reason``: criterion code -> refusals, one (the first decisive) reason each."""

    received: int
    handled: int
    approved: int
    refused: int
    withdrawn: int
    refused_by_reason: dict[str, int]


def last_decisions(
    programme_id: int, *, since: datetime | None = None, before: datetime | None = None
) -> QuerySet[Decision]:
    """
    Return the decisions of [since, before) that were the last of their case just before ``before``.

    A reviewed case counts once, by what was decided last as of that instant; a later round does not change the past.
    """
    rows = Decision.objects.filter(application__programme_id=programme_id).exclude(
        Exists(later_round(OuterRef("application_id"), OuterRef("round"), before))
    )
    if since is not None:
        rows = rows.filter(decided_at__gte=since)
    return rows if before is None else rows.filter(decided_at__lt=before)


def later_round(
    application_id: OuterRef | F, round_number: OuterRef | F, before: datetime | None
) -> QuerySet[Decision]:
    """Return the decisions of later rounds of the same case that were taken before an instant."""
    later = Decision.objects.filter(round__gt=1, application_id=application_id).filter(round__gt=round_number)
    return (later if before is None else later.filter(decided_at__lt=before)).order_by()


def count_applications(
    programme_id: int, *, since: datetime | None = None, before: datetime | None = None
) -> ApplicationCounts:
    """
    Count applications submitted, and decisions taken, within [since, before). Three queries.

    A decision counts when it was taken, whenever its application came in; of a reviewed case only the last one.
    """
    received = Application.objects.filter(programme_id=programme_id, number__isnull=False)
    decisions = last_decisions(programme_id, since=since, before=before)
    withdrawn = Q(status=Status.WITHDRAWN)
    if since is not None:
        received = received.filter(submitted_at__gte=since)
    if before is not None:
        received = received.filter(submitted_at__lt=before)
        withdrawn &= Q(closed_at__lt=before)
    got = received.aggregate(all=Count("id"), withdrawn=Count("id", filter=withdrawn))
    done = decisions.aggregate(all=Count("id"), approved=Count("id", filter=Q(is_approved=True)))
    first = (
        CriterionResult.objects.filter(decision__in=decisions.filter(is_approved=False), is_decisive=True)
        .order_by()
        .values("decision_id")
        .annotate(first=Min("id"))
        .values("first")
    )
    reasons = CriterionResult.objects.filter(id__in=first).values("code").annotate(count=Count("id")).order_by("code")
    return ApplicationCounts(
        received=got["all"],
        handled=done["all"],
        approved=done["approved"],
        refused=done["all"] - done["approved"],
        withdrawn=got["withdrawn"],
        refused_by_reason={r["code"]: r["count"] for r in reasons},
    )


def find_standing(
    *, programme_id: int, household_ids: Collection[int], applicant_ids: Collection[int]
) -> QuerySet[Application]:
    """Return the applications that stand in the way of another by the same household or applicant."""
    return Application.objects.filter(
        Q(household_id__in=household_ids) | Q(applicant_id__in=applicant_ids),
        programme_id=programme_id,
        status__in=[Status.SUBMITTED, Status.APPROVED],
    ).order_by("id")
