"""Reading applications: queues, cases, what the rules say now, counts for reports."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from piutempo.applications.models import Application, CriterionResult, Decision, Overrule, Status
from piutempo.applications.rules import first_month_for
from piutempo.awards.models import Award
from piutempo.awards.rules import rank_for
from piutempo.awards.selectors import Preview, list_awards_of, list_waiting, preview_commit
from piutempo.kernel.periods import Month, age_on
from piutempo.people.access import Roles
from piutempo.people.models import Member, Person, Role, Scope, User
from piutempo.people.selectors import list_members
from piutempo.programmes.models import Fund, Programme, ProgrammeVersion
from piutempo.programmes.rules.eligibility import MISSING, CriterionOutcome, Evaluation, evaluate
from piutempo.programmes.rules.facts import build_facts
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_fund_pot, get_terms, get_version_at
from piutempo.records.models import Event
from piutempo.records.selectors import list_events

#: Roles that read cases; only the first may change them.
OFFICE_ROLES = (Role.CASE_OFFICER, Role.PROGRAMME_MANAGER, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One criterion as explained; ``line`` keeps the rule's outcome and the officer's, ``overrule`` says who and why."""

    line: CriterionOutcome
    overrule: Overrule | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules in force say of one application. ``proposed`` is without overrules, ``effective`` with them."""

    version: ProgrammeVersion
    terms: Terms
    facts: Mapping[str, Any]
    proposed: Evaluation
    effective: Evaluation
    overrules: Mapping[str, Overrule]

    @property
    def criteria(self) -> list[CriterionView]:
        """The criteria in the programme's order."""
        return [CriterionView(c, self.overrules.get(c.code) if c.overruled else None) for c in self.effective.criteria]

    @property
    def missing(self) -> list[CriterionOutcome]:
        """The criteria for which something is still missing and that keep the outcome from being known."""
        return [c for c in self.effective.criteria if c.is_decisive and c.effective == MISSING]


def get_declared(application: Application) -> dict[str, Any]:
    """Return the fact sheet as declared."""
    declared: dict[str, Any] = json.loads(application.facts)
    return declared


#: What a programme says on a day, kept while one batch lasts: (programme id, day) -> version and terms.
RulesByDay = dict[tuple[int, date], tuple[ProgrammeVersion, Terms]]


def get_rules(programme: Programme, day: date, known: RulesByDay | None = None) -> tuple[ProgrammeVersion, Terms]:
    """Return the version in force on a day and what it says; ``known`` saves the queries of a batch."""
    key = (programme.pk, day)
    if known is not None and key in known:
        return known[key]
    version = get_version_at(programme, day)
    found = version, get_terms(version.pk)
    if known is not None:
        known[key] = found
    return found


def assess(
    application: Application,
    *,
    on: date | None = None,
    overrules: Iterable[Overrule] | None = None,
    known: RulesByDay | None = None,
) -> Assessment:
    """
    Evaluate an application by the version in force on the day it was submitted.

    ``on`` stands for that day while it is a draft. ``overrules`` and ``known`` save queries when they are at hand.

    :raises ValueError: a draft and no day
    """
    if application.submitted_at is not None:
        on = timezone.localdate(application.submitted_at)
    if on is None:
        raise ValueError(f"application {application.pk} is a draft: say on which day to evaluate it")
    version, terms = get_rules(application.programme, on, known)
    facts = build_facts(get_declared(application), on)
    last: dict[str, Overrule] = {}
    for item in Overrule.objects.filter(application=application).select_related("by") if overrules is None else overrules:
        last[item.code] = item
    proposed = evaluate(terms.eligibility, facts)
    rule = {c.code: c.outcome for c in proposed.criteria}
    changed = {code: o.outcome for code, o in last.items() if rule.get(code, o.outcome) != o.outcome}
    effective = evaluate(terms.eligibility, facts, changed) if changed else proposed
    return Assessment(version, terms, facts, proposed, effective, last)


def get_scope(roles: Roles, *wanted: str) -> set[int] | None:
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
    rows = Application.objects.exclude(status=Status.DRAFT).select_related("applicant", "programme", "desk", "assigned_to")
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


def waiting_fields_of(application: Application, assessment: Assessment) -> dict[str, object]:
    """Return what a programme's stated waiting order may read: facts that are known, the instant and number of submission."""
    known: dict[str, object] = {
        name: value for name, value in assessment.facts.items() if isinstance(value, int | str | date | datetime)
    }
    return known | {"submitted_at": application.submitted_at, "number": application.number}


@dataclass(frozen=True, slots=True)
class AwardPreview:
    """What approving would commit for one product, and what it does to the fund."""

    product_title: str
    months: int
    month_cents: int
    first_month: Month
    fund: Preview


def preview_awards(application: Application, assessment: Assessment, *, decided_on: date) -> list[AwardPreview]:
    """Return what approving on a day would commit: one line per product granted on approval."""
    _key, rank = rank_for(assessment.terms.waiting_order, waiting_fields_of(application, assessment))
    found = []
    for product in assessment.terms.products:
        months = min(assessment.effective.months, product.max_months)
        if product.is_granted_on_approval and months:
            pot = get_fund_pot(application.programme, product.fund)
            found.append(
                AwardPreview(
                    product_title=product.title,
                    months=months,
                    month_cents=product.month_cents,
                    first_month=first_month_for(assessment.effective.first_month, decided_on),
                    fund=preview_commit(pot=pot, amount_cents=months * product.month_cents, rank=rank),
                )
            )
    return found


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
        QueueCount(s.value, str(s.label), rows[s]["count"] if s in rows else 0, rows[s]["oldest"] if s in rows else None)
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
    decision = Decision.objects.filter(application=application).select_related("version", "decided_by").first()
    overrules = list(Overrule.objects.filter(application=application).select_related("by"))
    awards = list(list_awards_of([application.pk]))
    about = Q(subject="applications.application", subject_id=application.pk)
    about |= Q(subject="awards.award", subject_id__in=[a.pk for a in awards])
    history = list(Event.objects.filter(about).order_by("id"))
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
        actors={u.pk: str(u) for u in User.objects.filter(pk__in={e.actor_id for e in history if e.actor_id})},
        members=_members_of(application, declared),
    )


def list_history(application: Application) -> QuerySet[Event]:
    """Return what happened to one application, the oldest first."""
    return list_events(subject="applications.application", subject_id=application.pk)


@dataclass(frozen=True, slots=True)
class ApplicationCounts:
    """Figures for reports. ``refused_by_reason``: criterion code -> refusals, one (the first decisive) reason each."""

    received: int
    handled: int
    approved: int
    refused: int
    withdrawn: int
    refused_by_reason: dict[str, int]


def count_applications(programme_id: int, *, since: datetime | None = None, before: datetime | None = None) -> ApplicationCounts:
    """
    Count applications submitted, and decisions taken, within [since, before). Three queries.

    A decision counts when it was taken, whenever its application came in.
    """
    received = Application.objects.filter(programme_id=programme_id, number__isnull=False)
    decisions = Decision.objects.filter(application__programme_id=programme_id)
    withdrawn = Q(status=Status.WITHDRAWN)
    if since is not None:
        received, decisions = received.filter(submitted_at__gte=since), decisions.filter(decided_at__gte=since)
    if before is not None:
        received, decisions = received.filter(submitted_at__lt=before), decisions.filter(decided_at__lt=before)
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


def find_standing(*, programme_id: int, household_ids: Collection[int], applicant_ids: Collection[int]) -> QuerySet[Application]:
    """Return the applications that stand in the way of another by the same household or applicant."""
    return Application.objects.filter(
        Q(household_id__in=household_ids) | Q(applicant_id__in=applicant_ids),
        programme_id=programme_id,
        status__in=[Status.SUBMITTED, Status.APPROVED],
    ).order_by("id")


def get_age_days(application: Application, now: datetime) -> int:
    """Return the days since submission, up to the decision or until now."""
    if application.submitted_at is None:
        return 0
    return (timezone.localdate(application.closed_at or now) - timezone.localdate(application.submitted_at)).days


def list_waiting_cases(pot_id: int) -> QuerySet[Award]:
    """Return the waiting list of a pot in its order, each award with its beneficiary and its application's ``number``."""
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


_FAMILY = ("programme", "applicant", "applicant__municipality", "household", "desk")


def list_applications_of(person: Person) -> QuerySet[Application]:
    """Return a person's own applications and drafts, the newest first."""
    return Application.objects.filter(applicant=person).select_related(*_FAMILY).order_by("-pk")


def get_application_of(person: Person, application_id: int) -> Application:
    """
    Return one of a person's own applications.

    :raises Application.DoesNotExist: none, or somebody else's (views answer 404)
    """
    return list_applications_of(person).get(pk=application_id)


def list_applications_of_desks(desk_ids: Iterable[int]) -> QuerySet[Application]:
    """Return the applications and drafts made at some desks; those of other desks are never there."""
    rows = Application.objects.filter(desk_id__in=list(desk_ids)).select_related(*_FAMILY)
    return rows.order_by("-pk")


def get_application_of_desks(desk_ids: Iterable[int], application_id: int) -> Application:
    """
    Return one of the applications made at some desks.

    :raises Application.DoesNotExist: none, or another desk's (views answer 404)
    """
    return list_applications_of_desks(desk_ids).get(pk=application_id)


def list_decisions_of(application_ids: Collection[int]) -> dict[int, Decision]:
    """Return the decisions of some applications, by application id. One query."""
    return {d.application_id: d for d in Decision.objects.filter(application_id__in=application_ids)}
