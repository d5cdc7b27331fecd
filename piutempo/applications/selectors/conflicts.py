"""Conflicts between requests: finding them for many requests at once, and those of one case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from piutempo.applications.models import Application, Conflict, Status
from piutempo.applications.rules.conflicts import (
    SAME_FAMILY,
    Benefit,
    Found,
    Side,
    Span,
    Tie,
    conflicts_between,
    conflicts_declared,
    services_named,
)
from piutempo.applications.selectors.assessment import get_declared
from piutempo.awards.models import Award, AwardStatus
from piutempo.kernel.periods import Month
from piutempo.people.models import Member, Relation
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.eligibility import YES, evaluate
from piutempo.programmes.rules.facts import build_facts
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_current_terms

_CHUNK = 400


def find_conflicts(
    applications: Sequence[Application], *, terms_of: Mapping[int, Terms], on: Mapping[int, date]
) -> dict[int, list[Found]]:
    """
    Return what stands against some requests, by request. Three queries for each 400 of them.

    ``terms_of`` has each request's terms, ``on`` its day of submission (a draft: today). Of two requests in the same
    batch the later one has the conflict.
    """
    found: dict[int, list[Found]] = {}
    later = {a.pk for a in applications}
    for start in range(0, len(applications), _CHUNK):
        chunk = applications[start : start + _CHUNK]
        sides = _sides_of(chunk, terms_of=terms_of, on=on, later=later)
        for application in chunk:
            own, others = sides[application.pk]
            found[application.pk] = conflicts_between(own, others) + conflicts_declared(
                _benefits_of(get_declared(application), terms_of[application.pk])
            )
    return found


def list_conflicts(application: Application) -> QuerySet[Conflict]:
    """
    Return the conflicts of a request, also those found when the other one came in. ``messages.conflict_sentence``.

    Of the other family an officer needs the request, no more: names are those of this family's own members.
    """
    rows = Conflict.objects.filter(Q(application=application) | Q(other=application))
    return rows.select_related(
        "person", "application", "application__programme", "other", "other__programme", "settled_by"
    ).order_by("settled_at", "pk")


def count_open_conflicts(application: Application) -> int:
    """Return how many conflicts of a request nobody has settled yet."""
    return list_conflicts(application).filter(settled_at=None).count()


Rows = dict[int, dict[int, Tie]]


def _sides_of(
    chunk: Sequence[Application], *, terms_of: Mapping[int, Terms], on: Mapping[int, date], later: set[int]
) -> dict[int, tuple[Side, list[Side]]]:
    homes = {a.household_id for a in chunk}
    families: Rows = defaultdict(dict)
    homes_of: dict[int, set[int]] = defaultdict(set)
    own_persons = Member.objects.filter(household_id__in=homes, valid_until=None).values("person_id")
    for row in Member.objects.filter(person_id__in=own_persons, valid_until=None).values_list(
        "household_id", "person_id", "relation", "is_cohabiting"
    ):
        household, person, relation, lives = row
        families[household][person] = Tie(lives or relation == Relation.APPLICANT, relation == Relation.CHILD)
        homes_of[person].add(household)
    standing = list(
        Application.objects.filter(
            Q(household_id__in=families.keys() | homes) | Q(applicant_id__in={a.applicant_id for a in chunk}),
            status__in=[Status.SUBMITTED, Status.APPROVED],
        )
        .order_by("pk")
        .values_list("pk", "programme_id", "household_id", "applicant_id", "submitted_at")
    )
    ids = {a.pk for a in chunk}
    awards: dict[int, list[Award]] = defaultdict(list)
    if others := [pk for pk, *_ in standing if pk not in ids]:
        for award in Award.objects.filter(application_id__in=others).exclude(status=AwardStatus.DROPPED):
            awards[award.application_id].append(award)
    ends = _Ends()
    sides: dict[int, Side] = {}
    near: dict[int, set[int]] = defaultdict(set)
    for pk, programme_id, household_id, applicant_id, submitted_at in standing:
        near[household_id].add(pk)
        homes_of[applicant_id].add(household_id)
        if pk not in ids:
            granted = tuple(span for a in awards[pk] if (span := _months_granted(a)))
            span = _hull(granted) if awards[pk] else ends.from_submission(programme_id, submitted_at)
            sides[pk] = Side(pk, household_id, applicant_id, families.get(household_id, {}), span, granted)
    for application in chunk:
        declared, terms, day = get_declared(application), terms_of[application.pk], on[application.pk]
        cared = {m.get("person_id") for m in declared.get("members") or [] if m.get("non_self_sufficient")}
        members = {
            person: Tie(tie.lives_there, tie.is_cared_for or person in cared)
            for person, tie in families.get(application.household_id, {}).items()
        }
        span = _months_asked(declared, terms, day)
        sides[application.pk] = Side(application.pk, application.household_id, application.applicant_id, members, span)
    answer: dict[int, tuple[Side, list[Side]]] = {}
    for application in chunk:
        own = sides[application.pk]
        places = {application.household_id} | {home for person in own.members for home in homes_of[person]}
        places |= homes_of[application.applicant_id]
        around = {pk for place in places for pk in near[place]} - {application.pk}
        later.discard(application.pk)
        answer[application.pk] = (own, [sides[pk] for pk in sorted(around - later)])
    return answer


class _Ends:
    """The last month of each programme met, read once."""

    def __init__(self) -> None:
        self.known: dict[int, Month | None] = {}

    def from_submission(self, programme_id: int, submitted_at: datetime | None) -> Span | None:
        """Return the months that an undecided request asks for at most."""
        if submitted_at is None:
            return None
        day = timezone.localdate(submitted_at)
        if programme_id not in self.known:
            terms = get_current_terms(Programme(pk=programme_id), day)
            self.known[programme_id] = _end_of(terms)
        until, first = self.known[programme_id], Month.of(day)
        return Span(first, until) if until is not None and first < until else None


def _months_asked(declared: Mapping[str, object], terms: Terms, day: date) -> Span | None:
    """Return the months that the rules would grant, or all that remain of the programme while they say no."""
    evaluation = evaluate(terms.eligibility, build_facts(declared, day))
    after = Month.of(day) + 1
    if evaluation.outcome == YES and evaluation.months:
        first = max(evaluation.first_month or after, after)
        return Span(first, first + evaluation.months)
    until = _end_of(terms)
    return Span(Month.of(day), until) if Month.of(day) < until else None


def _end_of(terms: Terms) -> Month:
    """Return the month after the programme's last."""
    return Month.of(terms.ends_on - timedelta(days=1)) + 1


def _months_granted(award: Award) -> Span | None:
    months = award.months - award.months_released
    first = Month.of(award.first_month)
    return Span(first, first + months) if months > 0 else None


def _hull(spans: Iterable[Span]) -> Span | None:
    listed = list(spans)
    return Span(min(s.first for s in listed), max(s.until for s in listed)) if listed else None


def _benefits_of(declared: Mapping[str, object], terms: Terms) -> list[Benefit]:
    rows = declared.get("other_benefits") or []
    titles = {s.code: s.title for s in terms.services}
    return [
        Benefit(str(row["code"])[:80], services_named(str(row["code"]), titles))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and row.get("code")
    ]


@dataclass(frozen=True, slots=True)
class OwnConflict:
    """A family's own other request for some of the same months (first and last as ``2026-03``)."""

    number: int | None
    programme: str
    first: str
    last: str


def list_own_conflicts(application: Application, *, terms: Terms, on: date) -> list[OwnConflict]:
    """
    Return the applicant's own other requests that ask for the same months: what a family may be told before submitting.

    Requests of other applicants are for the officer's eyes only.
    """
    found = find_conflicts([application], terms_of={application.pk: terms}, on={application.pk: on})[application.pk]
    months = {f.other_id: f.data for f in found if f.kind == SAME_FAMILY and f.other_id is not None}
    if not months:
        return []
    rows = Application.objects.filter(pk__in=months, applicant_id=application.applicant_id).select_related("programme")
    return [
        OwnConflict(a.number, a.programme.title, str(months[a.pk]["from"]), str(months[a.pk]["until"]))
        for a in rows.order_by("pk")
    ]
