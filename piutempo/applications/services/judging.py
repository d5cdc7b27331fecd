"""Checking decisions before they are taken: the rules, the family's days, who signs. Under the lock of the requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max
from django.utils import timezone

from piutempo.applications.models import Application, Conflict, Decision, Overrule, Proposal, Status
from piutempo.applications.rules import (
    Granted,
    Proposed,
    Refusal,
    decision_refusal_for,
    round_refusal_for,
    signature_refusal_for,
)
from piutempo.applications.selectors import Assessment, RulesByDay, assess, get_rules
from piutempo.applications.services.receiving import Received, opening_of
from piutempo.applications.services.refused import ApplicationRefused
from piutempo.awards.models import Award, AwardStatus
from piutempo.correspondence.selectors import list_departures
from piutempo.people.models import User
from piutempo.procedures.models import Procedure, StepKind
from piutempo.procedures.rules.refusals import Refusal as ClockRefusal
from piutempo.procedures.selectors import get_laws, is_taken_back, list_procedures, refusal_to_decide
from piutempo.procedures.services import Opening, ProcedureRefused, open_procedures
from piutempo.programmes.rules.eligibility import NO, YES
from piutempo.programmes.rules.terms import Terms

SUBJECT = "applications.application"
#: The letters that ask something of a family: their days do not run before they have left.
ASKING = ("applications.notice", "applications.request")
CHUNK = 500


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """
    One decision to take in bulk; ``approve`` None follows the rules.

    ``place``: where the decision carries out a ranking, the order of its cut-off and the position (None: not
    admissible); ``proposed_by``: who drew it up, where two persons sign. ``is_history``: taken over from the past; its
    letter left on paper then.
    """

    application: Application
    at: datetime
    approve: bool | None = None
    note: str = ""
    by: User | None = None
    place: tuple[int, int | None] | None = None
    proposed_by: User | None = None
    is_history: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision that may be taken. ``application`` is the locked row; ``standing`` what earlier rounds granted."""

    item: DecisionInput
    application: Application
    assessment: Assessment
    procedure: Procedure
    proposal: Proposal | None
    round: int
    standing: tuple[Award, ...]

    @property
    def is_approved(self) -> bool:
        """Which way it goes."""
        return self.assessment.effective.outcome == YES

    @property
    def proposed_by_id(self) -> int | None:
        """Who prepared it, where two persons decide."""
        if self.proposal is not None:
            return self.proposal.proposed_by_id
        is_ranked = self.item.place is not None  # who drew a ranking up proposed all of it; nobody else by word alone
        return self.item.proposed_by.pk if self.item.proposed_by and is_ranked else None

    def months_of(self, product_code: str) -> int:
        """Return the months that approving grants of a product."""
        return min(self.assessment.effective.months, self.assessment.terms.product(product_code).max_months)


def lock(ids: Sequence[int]) -> dict[int, Application]:
    """Lock requests in the order of their ids, with what deciding reads of them."""
    held: dict[int, Application] = {}
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        rows = Application.objects.select_for_update(of=("self",)).filter(pk__in=ordered[start : start + CHUNK])
        for row in rows.select_related("programme", "household", "applicant", "desk").order_by("id"):
            held[row.pk] = row
    return held


def judge(items: Sequence[DecisionInput], *, is_proposal: bool = False) -> list[Judged]:
    """
    Lock the requests and return the decisions that may be taken, in the order given. Few queries.

    :raises ApplicationRefused: for the first item that breaks a rule
    :raises ProcedureRefused: the family's days have not run, or a notice is due first
    """
    ids = [item.application.pk for item in items]
    held = lock(ids)
    known: RulesByDay = {}
    around = _Around(ids, [a for a in held.values() if a.decision_id])
    _open_missing([a for pk, a in held.items() if pk not in around.procedures], around, known)
    return [_check(held[item.application.pk], item, around, known, is_proposal=is_proposal) for item in items]


def list_overrules(ids: Sequence[int]) -> dict[int, list[Overrule]]:
    """Return the officers' outcomes of many requests, in the order in which they were set."""
    found: dict[int, list[Overrule]] = {}
    for start in range(0, len(ids), CHUNK):
        rows = Overrule.objects.filter(application_id__in=ids[start : start + CHUNK]).order_by("id")
        for overrule in rows.select_related("by"):
            found.setdefault(overrule.application_id, []).append(overrule)
    return found


class _Around:
    """What stands around many requests, read once for all."""

    def __init__(self, ids: Sequence[int], reopened: Sequence[Application]) -> None:
        self.overrules = list_overrules(ids)
        self.proposals: dict[int, Proposal] = {}
        self.procedures: dict[int, Procedure] = {}
        self.conflicts: set[int] = set()
        self.rounds: dict[int, int] = {}
        self.awards: dict[int, list[Award]] = {}
        self.departures: dict[tuple[int, str], datetime | None] = {}
        for start in range(0, len(ids), CHUNK):
            self._read(ids[start : start + CHUNK])
        for award in Award.objects.filter(application_id__in=[a.pk for a in reopened]).order_by("id"):
            self.awards.setdefault(award.application_id, []).append(award)
        rounds = Decision.objects.filter(application__in=reopened).order_by().values_list("application_id")
        self.rounds = dict(rounds.annotate(last=Max("round")))

    def _read(self, ids: Sequence[int]) -> None:
        for proposal in Proposal.objects.filter(
            application_id__in=ids, signed_at__isnull=True, returned_at__isnull=True
        ):
            self.proposals[proposal.application_id] = proposal
        self.procedures |= list_procedures(SUBJECT, ids)
        self.departures |= list_departures(kinds=ASKING, subject=SUBJECT, subject_ids=ids)
        conflicts = Conflict.objects.filter(application_id__in=ids, settled_at__isnull=True).order_by()
        self.conflicts |= set(conflicts.values_list("application_id", flat=True))


def _open_missing(applications: Sequence[Application], around: _Around, known: RulesByDay) -> None:
    """Open the procedures of requests taken over from before procedures were kept."""
    waiting = [a for a in applications if a.status == Status.SUBMITTED]
    open_procedures(
        [_opening(a, get_rules(a.programme, timezone.localdate(a.submitted_at), known)[1]) for a in waiting]
    )
    for start in range(0, len(waiting), CHUNK):
        around.procedures |= list_procedures(SUBJECT, [a.pk for a in waiting[start : start + CHUNK]])


def _check(
    application: Application, item: DecisionInput, around: _Around, known: RulesByDay, *, is_proposal: bool
) -> Judged:
    number = application.number
    if application.status in {Status.APPROVED, Status.REFUSED}:
        raise ApplicationRefused(Refusal.ALREADY_DECIDED, number=number)
    if application.status != Status.SUBMITTED or application.submitted_at is None:
        raise ApplicationRefused(Refusal.NOT_SUBMITTED, number=number)
    if item.at < application.submitted_at:
        raise ApplicationRefused(Refusal.BEFORE_SUBMISSION, number=number)
    assessment = assess(application, overrules=around.overrules.get(application.pk, []), known=known)
    if is_competitive(assessment.terms) and item.place is None and application.decision_id is None:
        raise ApplicationRefused(Refusal.DECIDED_BY_RANKING, number=number)
    refusal = decision_refusal_for(
        outcome=assessment.effective.outcome, months=assessment.effective.months, approve=item.approve
    )
    if refusal is not None:
        raise ApplicationRefused(refusal, number=number, missing=[c.sentence for c in assessment.missing])
    is_approved = assessment.effective.outcome == YES
    if is_approved and application.pk in around.conflicts:
        raise ApplicationRefused(Refusal.CONFLICT_OPEN, number=number)
    procedure = around.procedures[application.pk]
    _check_days(
        procedure,
        item,
        assessment,
        around.departures,
        is_approved=is_approved,
        is_first=application.decision_id is None,
    )
    judged = Judged(
        item=item,
        application=application,
        assessment=assessment,
        procedure=procedure,
        proposal=around.proposals.get(application.pk),
        round=around.rounds.get(application.pk, 0) + 1,
        standing=tuple(around.awards.get(application.pk, ())),
    )
    if not is_proposal:
        _check_signature(judged)
    _check_round(judged)
    return judged


def _check_signature(judged: Judged) -> None:
    proposed_by_id = judged.proposed_by_id
    proposed = None
    if proposed_by_id is not None:
        is_approval = judged.proposal.is_approval if judged.proposal else judged.is_approved
        proposed = Proposed(is_approval, proposed_by_id)
    refusal = signature_refusal_for(
        needs_second=judged.assessment.terms.procedure.needs_second_signature,
        proposed=proposed,
        is_approved=judged.is_approved,
        by_id=judged.item.by.pk if judged.item.by else None,
    )
    if refusal is not None:
        raise ApplicationRefused(refusal, number=judged.application.number)


def _check_days(
    procedure: Procedure,
    item: DecisionInput,
    assessment: Assessment,
    departures: Mapping[tuple[int, str], datetime | None],
    *,
    is_approved: bool,
    is_first: bool,
) -> None:
    """``is_first``: nothing was decided yet. A case opened again competes with nobody: its refusal needs a notice."""
    early = refusal_to_decide(
        procedure,
        is_approval=is_approved,
        is_competitive=is_competitive(assessment.terms) and is_first,
        on=timezone.localdate(item.at),
    )
    if early is not None:
        raise ProcedureRefused(early)
    if not is_approved:
        _check_letters(procedure, timezone.localdate(item.at), departures)
        _check_grounds(procedure, assessment)
    if not is_approved and is_observed(procedure) and not item.note.strip():
        raise ApplicationRefused(Refusal.OBSERVATIONS_UNANSWERED)


def _check_grounds(procedure: Procedure, assessment: Assessment) -> None:
    """
    Refuse a ground that the last notice could not name: an officer overruled the criterion only after it.

    Facts are sealed at submission, so nothing else brings a new ground.

    :raises ApplicationRefused: NEW_GROUNDS
    Source: L. 241/1990 art. 10-bis, the refusal may not rest on reasons that the notice did not give
    """
    notices = [
        step.sent_at
        for step in procedure.steps.all()
        if step.kind == StepKind.NOTICE and step.round == procedure.round and not is_taken_back(step)
    ]
    late = [
        c.code
        for c in assessment.effective.criteria
        if c.is_decisive and c.effective == NO and c.overruled and notices
        if assessment.overrules[c.code].at > max(notices)
    ]
    if late:
        raise ApplicationRefused(Refusal.NEW_GROUNDS)


def _check_letters(procedure: Procedure, on: date, departures: Mapping[tuple[int, str], datetime | None]) -> None:
    """
    Refuse while what was asked of the family, and it did not answer, has not left, or left less than its days ago.

    :raises ApplicationRefused: LETTER_NOT_SENT
    :raises ProcedureRefused: NOTICE_RUNNING, REQUEST_RUNNING
    """
    for step in procedure.steps.all():
        key = (procedure.subject_id, str(step.pk))
        if step.round != procedure.round or step.answered_at is not None or key not in departures:
            continue
        if is_taken_back(step):
            continue
        left_at = departures[key]
        if left_at is None:
            raise ApplicationRefused(Refusal.LETTER_NOT_SENT)
        left_on = timezone.localdate(left_at)
        if left_on > timezone.localdate(step.sent_at) and on <= get_laws().family_due_on(left_on, step.days):
            is_notice = step.kind == StepKind.NOTICE
            raise ProcedureRefused(ClockRefusal.NOTICE_RUNNING if is_notice else ClockRefusal.REQUEST_RUNNING)


def is_competitive(terms: Terms) -> bool:
    """Tell whether requests compete for places in a ranking: no notice before refusal then (art. 10-bis)."""
    return terms.procedure.allocation == "ranking"


def is_observed(procedure: Procedure) -> bool:
    """Tell whether the family sent observations on this round's notice before refusal."""
    return any(
        step.kind == StepKind.NOTICE and step.round == procedure.round and step.answered_at
        for step in procedure.steps.all()
    )


def open_procedure_of(application: Application, terms: Terms) -> Procedure:
    """Open the procedure of a request by its programme's terms; one that has it already keeps it."""
    open_procedures([_opening(application, terms)])
    return list_procedures(SUBJECT, [application.pk])[application.pk]


def _opening(application: Application, terms: Terms) -> Opening:
    if application.submitted_at is None:
        raise ApplicationRefused(Refusal.NOT_SUBMITTED)
    return opening_of(Received(application, terms, (), application.submitted_at, application.created_by))


def _granted(awards: Sequence[Award]) -> list[Granted]:
    """Return what was granted of each product: the first run says how much, all of them what became of it."""
    standing = {AwardStatus.COMMITTED, AwardStatus.SUSPENDED, AwardStatus.WAITING}
    products: dict[str, list[Award]] = {}
    for award in sorted(awards, key=lambda a: (a.product, a.sequence)):
        products.setdefault(award.product, []).append(award)
    return [
        Granted(product, runs[0].months, sum(a.months_issued for a in runs), any(a.status in standing for a in runs))
        for product, runs in products.items()
    ]


def _check_round(judged: Judged) -> None:
    granted = _granted(judged.standing)
    months = {g.product: judged.months_of(g.product) for g in granted}
    refusal = round_refusal_for(granted=granted, is_approved=judged.is_approved, months=months)
    if refusal is not None:
        raise ApplicationRefused(refusal, number=judged.application.number)
