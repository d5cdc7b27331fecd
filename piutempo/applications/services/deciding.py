"""Evaluating, overruling and deciding applications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from piutempo.applications.models import Application, CriterionResult, Decision, Outcome, Overrule, Proposal, Status
from piutempo.applications.rules import Refusal, first_month_for
from piutempo.applications.selectors import Assessment, assess, waiting_fields_of
from piutempo.applications.selectors.rankings import get_place_fields, is_in_drawn_ranking
from piutempo.applications.services.judging import CHUNK, SUBJECT, DecisionInput, Judged, is_competitive, judge, lock
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.applications.services.writing import decision_letters
from piutempo.awards.services import AwardRequest, commit_awards, end_award
from piutempo.correspondence.services import send_letters
from piutempo.kernel.periods import Month
from piutempo.network.models import Task
from piutempo.network.selectors import list_tasks
from piutempo.people.models import User
from piutempo.procedures.models import Outcome as End
from piutempo.procedures.services import Closing, close_procedure, close_procedures
from piutempo.records.models import Event
from piutempo.records.services import record_events

#: Why what an earlier round granted ends when the review refuses.
REFUSED_ON_REVIEW = "Domanda respinta nel riesame"


def evaluate_application(application: Application, *, on: date | None = None) -> Assessment:
    """Return what the rules say of an application; ``on`` stands for the day of submission while it is a draft."""
    return assess(application, on=on)


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
    held = lock([application.pk])[application.pk]
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

    Where the programme asks for a second signature this is the signature: somebody else's proposal must be open.

    :raises ApplicationRefused: NOT_SUBMITTED, ALREADY_DECIDED, CANNOT_APPROVE_AGAINST_RULES,
        CANNOT_REFUSE_AGAINST_RULES, CANNOT_APPROVE_MISSING, NEEDS_OFFICER, NO_MONTHS, BEFORE_SUBMISSION, CONFLICT_OPEN,
        OBSERVATIONS_UNANSWERED, LETTER_NOT_SENT, PROPOSAL_NEEDED, PROPOSAL_STALE, SAME_PERSON, VOUCHERS_ISSUED,
        BENEFIT_ENDED, MONTHS_DIFFER
    :raises ProcedureRefused: the family's days have not run, or a notice is due first
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

    Each closes its procedure and queues its letter.

    :raises ApplicationRefused: as ``decide_application``, for the first item that breaks a rule
    :raises ProcedureRefused: as ``decide_application``
    """
    judged = judge(items)
    decisions: list[Decision] = []
    for one in judged:
        first = (
            first_month_for(one.assessment.effective.first_month, timezone.localdate(one.item.at))
            if one.is_approved
            else None
        )
        decisions.append(
            Decision(
                application=one.application,
                round=one.round,
                version=one.assessment.version,
                is_approved=one.is_approved,
                proposed=one.assessment.proposed.outcome,
                months=_months_of(one.assessment) if one.is_approved else 0,
                first_month=first.first if first else None,
                note=one.item.note.strip(),
                decided_at=one.item.at,
                decided_by=one.item.by,
                proposed_by_id=one.proposed_by_id,
            )
        )
        one.application.status = Status.APPROVED if one.is_approved else Status.REFUSED
        one.application.closed_at = one.item.at
    decisions = Decision.objects.bulk_create(decisions, batch_size=CHUNK)
    pairs = list(zip(decisions, judged, strict=True))
    _store_results([row for d, one in pairs for row in _results(d, one.assessment)])
    _close([one.application for one in judged])
    _point_to(decisions)
    _sign([one for one in judged if one.proposal])
    for d, one in pairs:
        for award in one.standing if not d.is_approved else ():
            end_award(award=award, reason=REFUSED_ON_REVIEW, at=d.decided_at, by=d.decided_by)
    record_events(_event(d, one) for d, one in pairs)
    delivering = _list_delivering(decisions)
    awards = commit_awards([r for d, one in pairs if d.is_approved for r in _requests(d, one, delivering)])
    _close_procedures(pairs)
    for is_history in (False, True):
        told = [(d, one) for d, one in pairs if one.item.is_history == is_history]
        send_letters(decision_letters(told, awards, is_history=is_history))
    return decisions


def _close_procedures(pairs: Sequence[tuple[Decision, Judged]]) -> None:
    """Close the procedures; a refusal one by one, so that its own clock answers for it."""
    for decision, one in pairs:
        if not decision.is_approved:
            close_procedure(
                procedure=one.procedure,
                outcome=End.REFUSED,
                at=decision.decided_at,
                by=decision.decided_by,
                is_competitive=is_competitive(one.assessment.terms) and one.round == 1,
            )
    close_procedures(
        [
            Closing(SUBJECT, one.application.pk, End.APPROVED, d.decided_at, d.decided_by)
            for d, one in pairs
            if d.is_approved
        ]
    )


def _event(decision: Decision, judged: Judged) -> Event:
    data: dict[str, object] = {
        "decision": decision.pk,
        "months": decision.months,
        "proposed": decision.proposed,
        "round": decision.round,
    }
    if decision.proposed_by_id:
        data["proposed_by"] = decision.proposed_by_id
    if not decision.is_approved:
        data["codes"] = [c.code for c in judged.assessment.effective.criteria if c.is_decisive]
    name = "applications.approved" if decision.is_approved else "applications.refused"
    return event_of(name, decision.application, decision.decided_at, decision.decided_by, data)


def _sign(judged: Sequence[Judged]) -> None:
    for one in judged:
        if one.proposal is not None:
            one.proposal.signed_at, one.proposal.closed_by = one.item.at, one.item.by
    proposals = [one.proposal for one in judged if one.proposal is not None]
    Proposal.objects.bulk_update(proposals, ["signed_at", "closed_by"], batch_size=CHUNK)


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


def _requests(decision: Decision, judged: Judged, delivering: set[tuple[int, date]]) -> list[AwardRequest]:
    if decision.first_month is None:
        return []
    application, assessment = decision.application, judged.assessment
    fields = waiting_fields_of(application, assessment)
    if is_competitive(assessment.terms):
        fields |= get_place_fields(application, assessment, judged.item.place)
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
            months=judged.months_of(product.code),
            at=decision.decided_at,
            by=decision.decided_by,
            waiting_fields=fields,
        )
        for product in assessment.terms.products
        if product.is_granted_on_approval
    ]
