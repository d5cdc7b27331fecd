"""What the office reads: queues, one case, the waiting list, the funds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, OuterRef, QuerySet, Subquery
from django.utils import timezone

from piutempo.applications.models import Application, CriterionResult, Decision, Overrule, Status
from piutempo.applications.selectors.assessment import Assessment, assess, get_declared
from piutempo.applications.selectors.casefile import list_case_events
from piutempo.awards.models import Award
from piutempo.awards.selectors import list_awards_of, list_waiting
from piutempo.kernel.periods import age_on
from piutempo.people.access import Roles
from piutempo.people.models import Member, Role, Scope, User
from piutempo.people.selectors import list_members
from piutempo.programmes.models import Fund
from piutempo.records.models import Event
from piutempo.records.selectors import list_events

#: Roles that read cases; only the first may change them.
OFFICE_ROLES = (Role.CASE_OFFICER, Role.PROGRAMME_MANAGER, Role.AUDITOR)


def get_scope(roles: Roles, *wanted: Role) -> set[int] | None:
    """Return the ids of the programmes in which an account has one of the roles; None: all programmes."""
    found: set[int] = set()
    for role in wanted:
        ids = roles.scope_ids(role, Scope.PROGRAMME)
        if ids is None:
            return None
        found |= ids
    return found


def list_applications_for(roles: Roles) -> QuerySet[Application]:
    """Return the submitted applications that an account of the office may read (drafts are the family's)."""
    scope = get_scope(roles, *OFFICE_ROLES)
    rows = Application.objects.exclude(status=Status.DRAFT).select_related(
        "applicant", "programme", "desk", "assigned_to"
    )
    return rows if scope is None else rows.filter(programme_id__in=scope)


def get_application_for(roles: Roles, application_id: int) -> Application:
    """
    Return one application of the office.

    :raises Application.DoesNotExist: none, or not within this account's programmes (views answer 404)
    """
    return list_applications_for(roles).get(pk=application_id)


def can_handle(roles: Roles, programme_id: int) -> bool:
    """Tell whether an account may change the cases of a programme."""
    scope = get_scope(roles, Role.CASE_OFFICER)
    return scope is None or programme_id in scope


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How many cases stand in one status, and since when the oldest of them waits."""

    status: str
    label: str
    count: int
    oldest_at: datetime | None


def list_queue_counts(applications: QuerySet[Application]) -> list[QueueCount]:
    """Return the queues of a set of applications. One query."""
    rows = {
        r["status"]: r
        for r in applications.order_by().values("status").annotate(count=Count("id"), oldest=Min("submitted_at"))
    }
    return [
        QueueCount(
            s.value, str(s.label), rows[s]["count"] if s in rows else 0, rows[s]["oldest"] if s in rows else None
        )
        for s in (Status.SUBMITTED, Status.APPROVED, Status.REFUSED, Status.WITHDRAWN)
    ]


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the case page shows."""

    application: Application
    declared: dict[str, Any]
    assessment: Assessment | None
    decision: Decision | None
    results: list[CriterionResult]
    overrules: list[Overrule]
    awards: list[Award]
    history: list[Event]
    actors: dict[int, str]
    members: list[MemberView]


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member of the household beside what the application declares of them (None: not said)."""

    member: Member
    age: int
    is_non_self_sufficient: bool | None
    is_in_short_time_work: bool | None


def _members_of(application: Application, declared: Mapping[str, Any]) -> list[MemberView]:
    said = {m.get("person_id"): m for m in declared.get("members", []) if m.get("person_id")}
    on = timezone.localdate(application.submitted_at or application.created_at)
    return [
        MemberView(
            member=member,
            age=age_on(member.person.birth_date, on),
            is_non_self_sufficient=said.get(member.person_id, {}).get("non_self_sufficient"),
            is_in_short_time_work=said.get(member.person_id, {}).get("short_time_work"),
        )
        for member in list_members(application.household)
    ]


def get_case(application: Application) -> Case:
    """Return one case: live evaluation while it waits for a decision, the stored explanation afterwards."""
    decision = (
        Decision.objects.filter(pk=application.decision_id or 0)
        .select_related("version", "decided_by", "proposed_by")
        .first()
    )
    overrules = list(Overrule.objects.filter(application=application).select_related("by"))
    awards = list(list_awards_of([application.pk]))
    history = list_case_events(application, [a.pk for a in awards])
    declared = get_declared(application)
    return Case(
        application=application,
        declared=declared,
        assessment=assess(application, overrules=overrules) if application.status == Status.SUBMITTED else None,
        decision=decision,
        results=list(decision.criteria.order_by("id")) if decision else [],
        overrules=overrules,
        awards=awards,
        history=history,
        actors={u.pk: str(u) for u in User.objects.filter(pk__in=_people_in(history))},
        members=_members_of(application, declared),
    )


def _people_in(history: list[Event]) -> set[int]:
    found = {e.actor_id for e in history if e.actor_id}
    return found | {e.data["to"] for e in history if e.data.get("to")}


def list_history(application: Application) -> QuerySet[Event]:
    """Return what happened to one application, the oldest first."""
    return list_events(subject="applications.application", subject_id=application.pk)


def get_age_days(application: Application, now: datetime) -> int:
    """Return the days since submission, up to the decision or until now."""
    if application.submitted_at is None:
        return 0
    return (timezone.localdate(application.closed_at or now) - timezone.localdate(application.submitted_at)).days


def list_waiting_cases(pot_id: int) -> QuerySet[Award]:
    """Return a pot's waiting list in its order, each award with beneficiary and its application's ``number``."""
    number = Application.objects.filter(pk=OuterRef("application_id")).values("number")[:1]
    return list_waiting(pot_id).select_related("beneficiary").annotate(number=Subquery(number))


def list_funds_for(roles: Roles) -> QuerySet[Fund]:
    """Return the funds of the programmes an account of the office may read."""
    scope = get_scope(roles, *OFFICE_ROLES)
    rows = Fund.objects.select_related("programme", "pot").order_by("programme__title", "code")
    return rows if scope is None else rows.filter(programme_id__in=scope)


def get_fund_for(roles: Roles, fund_id: int) -> Fund:
    """
    Return one fund of the office.

    :raises Fund.DoesNotExist: none, or not within this account's programmes
    """
    return list_funds_for(roles).get(pk=fund_id)
