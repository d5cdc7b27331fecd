"""Evaluating, overruling and deciding applications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from piutempo.applications.models import Application, CriterionResult, Decision, Outcome, Overrule, Status
from piutempo.applications.rules import Refusal, decision_refusal_for, first_month_for
from piutempo.applications.selectors import Assessment, RulesByDay, assess, waiting_fields_of
from piutempo.applications.selectors.rankings import get_place_fields, is_in_drawn_ranking
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.awards.services import AwardRequest, commit_awards
from piutempo.kernel.periods import Month
from piutempo.network.models import Task
from piutempo.network.selectors import list_tasks
from piutempo.people.models import User
from piutempo.programmes.rules.eligibility import YES
from piutempo.records.services import record_events


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """
    One decision to take in bulk; ``approve`` None follows the rules.

    ``place``: where the decision carries out a ranking, the order of its cut-off and the position (None: not
    admissible); ``proposed_by``: who drew it up, where two persons sign.
    """

    application: Application
    at: datetime
    approve: bool | None = None
    note: str = ""
    by: User | None = None
    place: tuple[int, int | None] | None = None
    proposed_by: User | None = None


def evaluate_application(application: Application, *, on: date | None = None) -> Assessment:
    """Return what the rules say of an application; ``on`` stands for the day of submission while it is a draft."""
    return assess(application, on=on)


@transaction.atomic
def assign_application(*, application: Application, to: User | None, at: datetime, by: User | None) -> Application:
    """
    Give a case to an officer, or back to everybody (None).

    :raises ApplicationRefused: NOT_SUBMITTED
    """
    held = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if held.status != Status.SUBMITTED:
        raise ApplicationRefused(Refusal.NOT_SUBMITTED)
    if held.assigned_to_id != (to.pk if to else None):
        held.assigned_to = to
        held.save(update_fields=["assigned_to"])
        record_events([event_of("applications.assigned", held, at, by, {"to": to.pk if to else None})])
    return held


@transaction.atomic
def overrule_criterion(
    *, application: Application, code: str, outcome: str, reason: str, at: datetime, by: User
) -> Overrule:
    """
    Set an officer's outcome (yes or no) for one criterion, with a reason; the last one counts, all are kept.

    The rule's own outcome, set again, takes an earlier overrule back.

    :raises ApplicationRefused: NOT_SUBMITTED, RANKING_DRAWN, NO_REASON, UNKNOWN_OUTCOME, UNKNOWN_CRITERION,
        NOTHING_TO_OVERRULE
    """
    held = _lock([application.pk])[application.pk]
    if held.status != Status.SUBMITTED:
        raise ApplicationRefused(Refusal.NOT_SUBMITTED)
    if is_in_drawn_ranking(held):
        raise ApplicationRefused(Refusal.RANKING_DRAWN)
    if not reason.strip():
        raise ApplicationRefused(Refusal.NO_REASON)
    if outcome not in {Outcome.YES, Outcome.NO}:
        raise ApplicationRefused(Refusal.UNKNOWN_OUTCOME)
    line = next((c for c in assess(held).effective.criteria if c.code == code), None)
    if line is None:
        raise ApplicationRefused(Refusal.UNKNOWN_CRITERION)
    if line.effective == outcome:
        raise ApplicationRefused(Refusal.NOTHING_TO_OVERRULE)
    overrule = Overrule.objects.create(
        application=held, code=code, outcome=outcome, reason=reason.strip(), by=by, at=at
    )
    record_events(
        [
            event_of(
                "applications.criterion_overruled",
                held,
                at,
                by,
                {"code": code, "rule": line.outcome, "officer": outcome},
            )
        ]
    )
    return overrule


def decide_application(
    *, application: Application, approve: bool | None, note: str, at: datetime, by: User | None
) -> Decision:
    """
    Decide: store the explanation, and on approval commit an award for every product granted on approval.

    ``approve`` None follows the rules. Where the fund has no headroom the award waits: that is no refusal.
    The same decision taken again (a second click) answers the first.

    :raises ApplicationRefused: NOT_SUBMITTED, ALREADY_DECIDED, CANNOT_APPROVE_AGAINST_RULES,
        CANNOT_REFUSE_AGAINST_RULES, CANNOT_APPROVE_MISSING, NEEDS_OFFICER, NO_MONTHS, BEFORE_SUBMISSION
    """
    try:
        return decide_applications([DecisionInput(application, at, approve, note, by)])[0]
    except ApplicationRefused as refused:
        if refused.code is not Refusal.ALREADY_DECIDED:
            raise
        decided = Decision.objects.filter(application=application).order_by("round").last()
        if decided is None:
            raise
        if approve is None or approve == decided.is_approved:
            return decided
        raise


@transaction.atomic
def decide_applications(items: Sequence[DecisionInput]) -> list[Decision]:
    """
    Take many decisions in the order given, by the same rules as one: all of them or none. Few queries.

    :raises ApplicationRefused: as ``decide_application``, for the first item that breaks a rule
    """
    ids = [i.application.pk for i in items]
    held = _lock(ids)
    overrules: dict[int, list[Overrule]] = {}
    for start in range(0, len(ids), 500):
        chunk = Overrule.objects.filter(application_id__in=ids[start : start + 500]).order_by("id")
        for overrule in chunk.select_related("by"):
            overrules.setdefault(overrule.application_id, []).append(overrule)
    decisions: list[Decision] = []
    assessments: list[Assessment] = []
    known: RulesByDay = {}
    for item in items:
        application = held[item.application.pk]
        assessment = _check(application, item, overrules.get(application.pk, []), known)
        is_approved = assessment.effective.outcome == YES
        first = first_month_for(assessment.effective.first_month, timezone.localdate(item.at)) if is_approved else None
        assessments.append(assessment)
        decisions.append(
            Decision(
                application=application,
                version=assessment.version,
                is_approved=is_approved,
                proposed=assessment.proposed.outcome,
                months=_months_of(assessment) if is_approved else 0,
                first_month=first.first if first else None,
                note=item.note.strip(),
                decided_at=item.at,
                decided_by=item.by,
            )
        )
        application.status = Status.APPROVED if is_approved else Status.REFUSED
        application.closed_at = item.at
    decisions = Decision.objects.bulk_create(decisions, batch_size=500)
    _store_results([row for d, a in zip(decisions, assessments, strict=True) for row in _results(d, a)])
    _close(list(held.values()))
    _point_to(decisions)
    record_events(
        event_of(
            "applications.approved" if d.is_approved else "applications.refused",
            d.application,
            d.decided_at,
            item.by,
            {"decision": d.pk, "months": d.months, "proposed": d.proposed},
        )
        for d, item in zip(decisions, items, strict=True)
    )  # fmt: skip
    delivering = _list_delivering(decisions)
    commit_awards(
        [
            request
            for d, a, item in zip(decisions, assessments, items, strict=True)
            if d.is_approved
            for request in _requests(d, a, delivering, item.place)
        ]
    )
    return decisions


def _lock(ids: Sequence[int]) -> dict[int, Application]:
    held: dict[int, Application] = {}
    ordered = sorted(ids)
    for start in range(0, len(ordered), 500):
        rows = Application.objects.select_for_update(of=("self",)).filter(pk__in=ordered[start : start + 500])
        for row in rows.select_related("programme", "household", "applicant", "desk").order_by("id"):
            held[row.pk] = row
    return held


def _check(application: Application, item: DecisionInput, overrules: list[Overrule], known: RulesByDay) -> Assessment:
    if application.status in {Status.APPROVED, Status.REFUSED}:
        raise ApplicationRefused(Refusal.ALREADY_DECIDED, number=application.number)
    if application.status != Status.SUBMITTED or application.submitted_at is None:
        raise ApplicationRefused(Refusal.NOT_SUBMITTED, number=application.number)
    if item.at < application.submitted_at:
        raise ApplicationRefused(Refusal.BEFORE_SUBMISSION, number=application.number)
    assessment = assess(application, overrules=overrules, known=known)
    if _is_ranked(assessment) and item.place is None and application.decision_id is None:
        raise ApplicationRefused(Refusal.DECIDED_BY_RANKING, number=application.number)
    refusal = decision_refusal_for(
        outcome=assessment.effective.outcome, months=assessment.effective.months, approve=item.approve
    )
    if refusal is not None:
        raise ApplicationRefused(refusal, number=application.number, missing=[c.sentence for c in assessment.missing])
    return assessment


def _is_ranked(assessment: Assessment) -> bool:
    return assessment.terms.procedure.allocation == "ranking"


def _months_of(assessment: Assessment) -> int:
    most = [p.max_months for p in assessment.terms.products if p.is_granted_on_approval]
    return min(assessment.effective.months, max(most, default=0)) if most else assessment.effective.months


Row = tuple[int | str | bool, ...]
#: The columns of ``CriterionResult``, in the order of ``_results``: plain SQL, they are the bulk of a batch.
_RESULT_COLUMNS = (
    "decision_id",
    "code",
    "group",
    "outcome",
    "overruled",
    "overrule_reason",
    "value",
    "sentence",
    "source",
    "is_decisive",
)


def _results(decision: Decision, assessment: Assessment) -> list[Row]:
    return [
        (
            decision.pk,
            c.code,
            c.group,
            c.outcome,
            c.overruled,
            assessment.overrules[c.code].reason if c.overruled else "",
            c.value[:300],
            c.sentence,
            c.source[:200],
            c.is_decisive,
        )
        for c in assessment.effective.criteria
    ]


def _store_results(rows: list[Row]) -> None:
    quote = connection.ops.quote_name
    table, columns = quote(CriterionResult._meta.db_table), ", ".join(quote(name) for name in _RESULT_COLUMNS)
    marks = ", ".join(["%s"] * len(_RESULT_COLUMNS))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - our own names


def _close(applications: Sequence[Application]) -> None:
    groups: dict[tuple[str, datetime | None], list[int]] = {}
    for application in applications:
        groups.setdefault((application.status, application.closed_at), []).append(application.pk)
    for (status, closed_at), ids in groups.items():
        for start in range(0, len(ids), 500):
            Application.objects.filter(pk__in=ids[start : start + 500]).update(status=status, closed_at=closed_at)


def _point_to(decisions: Sequence[Decision]) -> None:
    """Make these the decisions in force of their applications."""
    ids = [d.pk for d in decisions]
    for start in range(0, len(ids), 500):
        chunk = Decision.objects.filter(application=OuterRef("pk"), pk__in=ids[start : start + 500])
        Application.objects.filter(decisions__in=ids[start : start + 500]).update(
            decision=Subquery(chunk.values("pk")[:1])
        )


def _list_delivering(decisions: Sequence[Decision]) -> set[tuple[int, date]]:
    """Return which desks of these decisions deliver vouchers on the day of the decision. One query a day."""
    desks: dict[date, set[int]] = {}
    for decision in decisions:
        if decision.application.desk_id is not None:
            desks.setdefault(timezone.localdate(decision.decided_at), set()).add(decision.application.desk_id)
    return {
        (pk, day)
        for day, ids in desks.items()
        for pk, tasks in list_tasks(ids, on=day).items()
        if Task.DELIVERY in tasks
    }


def _requests(
    decision: Decision,
    assessment: Assessment,
    delivering: set[tuple[int, date]],
    place: tuple[int, int | None] | None,
) -> list[AwardRequest]:
    if decision.first_month is None:
        return []
    application = decision.application
    fields = waiting_fields_of(application, assessment)
    if _is_ranked(assessment):
        fields |= get_place_fields(application, assessment, place)
    delivers = (application.desk_id, timezone.localdate(decision.decided_at)) in delivering
    return [
        AwardRequest(
            version=assessment.version,
            terms=assessment.terms,
            product_code=product.code,
            application_id=application.pk,
            household=application.household,
            beneficiary=application.applicant,
            # A desk that only helps to apply holds no vouchers: they wait for the delivering desk that receives them.
            desk_id=application.desk_id if delivers else None,
            first_month=Month.of(decision.first_month),
            months=min(assessment.effective.months, product.max_months),
            at=decision.decided_at,
            by=decision.decided_by,
            waiting_fields=fields,
        )
        for product in assessment.terms.products
        if product.is_granted_on_approval
    ]
