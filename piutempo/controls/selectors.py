"""What the office, a family and a desk read of checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from piutempo.applications.models import Application, Identification, Mandate, Status
from piutempo.applications.selectors import OFFICE_ROLES, get_declared, get_scope
from piutempo.controls.models import Check, CheckState, ItemAnswer, ItemOutcome, Sample
from piutempo.controls.rules.sampling import Item, classify, draw, hash_population, read_population, write_population
from piutempo.people.access import Roles
from piutempo.people.models import Member, Person, Role, User
from piutempo.people.selectors import list_members
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.eligibility import describe_value
from piutempo.programmes.rules.facts import FACTS, build_facts
from piutempo.programmes.rules.terms import RiskClass
from piutempo.programmes.selectors import get_terms
from piutempo.records.models import Event

_LISTED = ("application", "application__applicant", "programme", "officer")


def list_checks_for(roles: Roles) -> QuerySet[Check]:
    """Return the checks that an account of the office may read."""
    scope = get_scope(roles, *OFFICE_ROLES)
    sealed = ("application__facts", "finding", "doubt", "reasons", "checklist")
    rows = Check.objects.select_related(*_LISTED).defer(*sealed)
    return rows if scope is None else rows.filter(programme_id__in=scope)


def get_check_for(roles: Roles, check_id: int) -> Check:
    """
    Return one check of the office.

    :raises Check.DoesNotExist: none, or not within this account's programmes (views answer 404)
    """
    scope = get_scope(roles, *OFFICE_ROLES)
    rows = Check.objects.select_related(
        *_LISTED, "sample", "version", "opened_by", "closed_by", "proposed_by", "application__decision__decided_by"
    ).defer("application__facts")
    return (rows if scope is None else rows.filter(programme_id__in=scope)).get(pk=check_id)


class StateCount(NamedTuple):
    """How many checks stand in a state, and the nearest deadline among them."""

    state: str
    label: str
    size: int
    due_on: date | None


def list_state_counts(checks: QuerySet[Check]) -> list[StateCount]:
    """Return the open checks by state. One query."""
    plain = checks.select_related(None).defer(None).exclude(state=CheckState.CLOSED).order_by()
    rows = {r["state"]: r for r in plain.values("state").annotate(count=Count("pk"), due=Min("due_on"))}
    return [
        StateCount(s.value, str(s.label), rows[s]["count"] if s in rows else 0, rows[s]["due"] if s in rows else None)
        for s in CheckState
        if s != CheckState.CLOSED
    ]


def list_samples_for(roles: Roles) -> QuerySet[Sample]:
    """Return the samples that an account of the office may read, without their populations."""
    scope = get_scope(roles, *OFFICE_ROLES)
    rows = Sample.objects.select_related("programme", "version", "seeded_by", "drawn_by").defer("population")
    return rows if scope is None else rows.filter(programme_id__in=scope)


def get_sample_for(roles: Roles, sample_id: int) -> Sample:
    """
    Return one sample of the office.

    :raises Sample.DoesNotExist: none, or not within this account's programmes (views answer 404)
    """
    return list_samples_for(roles).get(pk=sample_id)


def list_programmes_to_sample(roles: Roles) -> QuerySet[Programme]:
    """Return the programmes whose samples an account may draw."""
    scope = get_scope(roles, Role.CASE_OFFICER, Role.PROGRAMME_MANAGER)
    rows = Programme.objects.order_by("title")
    return rows if scope is None else rows.filter(pk__in=scope)


def read_classes(sample: Sample, classes: Sequence[RiskClass]) -> list[Item]:
    """Return the population of a sample's period: the numbers of its requests, each in its risk class."""
    rows = _submitted_within(sample).filter(status__in=[Status.SUBMITTED, Status.APPROVED])
    return [Item(number, code) for number, code in _classify(rows, classes).items()]


def _submitted_within(sample: Sample) -> QuerySet[Application]:
    zone = timezone.get_current_timezone()
    start, end = (datetime.combine(day, time.min, zone) for day in (sample.period_from, sample.period_until))
    return Application.objects.filter(
        programme_id=sample.programme_id, number__isnull=False, submitted_at__gte=start, submitted_at__lt=end
    )


def _classify(rows: QuerySet[Application], classes: Sequence[RiskClass]) -> dict[int, str]:
    found: dict[int, str] = {}
    for application in rows.only("number", "facts", "submitted_at").order_by("pk").iterator(chunk_size=2_000):
        if application.number is not None and application.submitted_at is not None:
            facts = build_facts(get_declared(application), timezone.localdate(application.submitted_at))
            found[application.number] = classify(facts, classes)
    return found


@dataclass(frozen=True, slots=True)
class Recount:
    """
    A sample drawn again from what is stored, and compared with what is in the requests now.

    ``is_hash_same``: the stored population is the one that was hashed; ``is_draw_same``: the same requests come out of
    seed, shares and population; ``missing``: drawn requests without a check; ``changed``: requests whose class
    today is another, or that are not of the period.
    """

    is_hash_same: bool
    is_draw_same: bool
    drawn: tuple[int, ...]
    missing: tuple[int, ...]
    changed: tuple[int, ...]

    @property
    def is_same(self) -> bool:
        """Whether everything agrees."""
        return self.is_hash_same and self.is_draw_same and not self.missing and not self.changed


def recount_sample(sample: Sample) -> Recount:
    """Draw a sample again: from the stored population, and class by class from the requests themselves."""
    if sample.version_id is None:
        raise ValueError(f"sample {sample.pk} was not drawn yet")
    population = read_population(sample.population)
    drawn = draw(population, seed=sample.seed, shares={row[0]: row[2] for row in sample.shares})
    numbers = {number for one in drawn for number in one.drawn}
    checked = set(Check.objects.filter(programme_id=sample.programme_id).values_list("application__number", flat=True))
    of_the_sample = set(Check.objects.filter(sample=sample).values_list("application__number", flat=True))
    now = _classify(_submitted_within(sample), get_terms(sample.version_id).checks.risk_classes)
    return Recount(
        is_hash_same=hash_population(sample.population) == sample.population_hash
        and write_population(population) == sample.population,
        is_draw_same=of_the_sample <= numbers
        and [[d.code, d.size, len(d.drawn)] for d in drawn] == [[row[0], row[3], row[4]] for row in sample.shares],
        drawn=tuple(sorted(numbers)),
        missing=tuple(sorted(numbers - checked)),
        changed=tuple(sorted(number for number, code in population if now.get(number) != code)),
    )


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item of the list with its last answer."""

    position: int
    text: str
    answer: ItemAnswer | None

    @property
    def is_failed(self) -> bool:
        """Whether it is not in order."""
        return self.answer is not None and self.answer.outcome == ItemOutcome.NOT_OK


def list_items(check: Check) -> list[ItemView]:
    """Return the items of a check's list, each with its last answer. One query."""
    last = _last_answers(check)
    return [ItemView(n, text, last.get(n)) for n, text in enumerate(check.checklist)]


def get_report(check: Check) -> ItemAnswer | None:
    """Return what was noted of the report to the authority after a false declaration."""
    return _last_answers(check).get(len(check.checklist))


def _last_answers(check: Check) -> dict[int, ItemAnswer]:
    return {a.position: a for a in check.answers.select_related("by", "file").defer("file__content").order_by("id")}


def has_read_today(check: Check, user: User, at: datetime) -> bool:
    """Tell whether a person opened the request's sealed fact sheet today, in this check."""
    start = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return Event.objects.filter(
        subject="controls.check",
        subject_id=check.pk,
        name="controls.facts_read",
        actor_id=user.pk,
        happened_at__gte=start,
    ).exists()


def list_checks_of(person: Person) -> QuerySet[Check]:
    """Return the checks of a person's own requests, the newest first."""
    rows = Check.objects.filter(application__applicant=person)
    return rows.select_related("application", "programme").defer("application__facts").order_by("-pk")


def list_checks_of_desks(desk_ids: Iterable[int], *, on: date) -> QuerySet[Check]:
    """Return the checks in which something was asked, of requests made at some desks that may act for the family."""
    whose, where = OuterRef("application__applicant"), OuterRef("application__desk")
    lasting = Q(valid_until=None) | Q(valid_until__gt=on)
    mandates = Mandate.objects.filter(lasting, person=whose, desk=where, revoked_at=None, signed_on__lte=on)
    documents = Identification.objects.filter(person=whose, desk=where, expires_on__gte=on)
    rows = Check.objects.filter(
        Exists(mandates), Exists(documents), finding_at__isnull=False, application__desk_id__in=list(desk_ids)
    )
    return rows.select_related("application", "application__applicant", "programme").defer("application__facts")


@dataclass(frozen=True, slots=True)
class DeclaredView:
    """What a request declares: facts (label, value) and the members of the household."""

    facts: list[tuple[str, str]]
    members: list[Member]


def list_declared(check: Check) -> DeclaredView:
    """Return the sealed fact sheet in words. Only for who may read it, after ``services.read_facts``."""
    application = check.application
    on = timezone.localdate(application.submitted_at or application.created_at)
    facts = build_facts(get_declared(application), on)
    shown = [(fact.label, describe_value(fact.name, facts[fact.name])) for fact in FACTS if fact.name in facts]
    return DeclaredView(shown, list(list_members(application.household)))


def list_history(check: Check) -> list[tuple[Event, str]]:
    """Return what happened to a check, the oldest first, with the name of who did it. Two queries."""
    events = list(Event.objects.filter(subject="controls.check", subject_id=check.pk).order_by("id"))
    actors = {u.pk: str(u) for u in User.objects.filter(pk__in={e.actor_id for e in events if e.actor_id})}
    return [(e, actors.get(e.actor_id or 0, "")) for e in events]
