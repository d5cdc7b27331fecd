"""Reading rankings: which there are, what keeps one from being drawn up, what each place says and became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from piutempo.applications.models import Application, Overrule, Place, Ranking, Status
from piutempo.applications.rules.ranking import (
    Candidate,
    Line,
    Ranked,
    Span,
    hash_rows,
    missing_points,
    sort_key,
    span_of,
)
from piutempo.applications.selectors.assessment import Assessment, RulesByDay, assess
from piutempo.awards.models import Award, AwardStatus
from piutempo.procedures.models import StepKind
from piutempo.procedures.selectors import list_procedures
from piutempo.programmes.models import Programme, ProgrammeVersion
from piutempo.programmes.rules.eligibility import MISSING, NO, YES
from piutempo.programmes.rules.terms import CutOff, Terms
from piutempo.programmes.selectors import NoVersionInForce, get_head, get_terms, get_version_at

SUBJECT = "applications.application"


@dataclass(frozen=True, slots=True)
class Round:
    """One cut-off: the rules that order it (the version in force on its last day) and the requests it takes."""

    version: ProgrammeVersion
    terms: Terms
    span: Span


def get_round(programme: Programme, cut_off: str, *, version: ProgrammeVersion | None = None) -> Round | None:
    """Return a cut-off of a programme with a ranking; None: it has no such cut-off, or no ranking."""
    if version is None:
        head = get_head(programme)
        span = span_of(get_terms(head.pk).ranking, cut_off) if head else None
        if span is None:
            return None
        try:
            version = get_version_at(programme, timezone.localdate(span.before - timedelta(minutes=1)))
        except NoVersionInForce:
            return None
    terms = get_terms(version.pk)
    found = span_of(terms.ranking, cut_off)
    return Round(version, terms, found) if found and terms.procedure.allocation == "ranking" else None


@dataclass(frozen=True, slots=True)
class Draft:
    """
    The requests of a cut-off as a ranking would read them now.

    ``numbers``: application id -> number. ``running``: numbers of those whose family may still send what was asked, or
    whose answer the office has not closed; ``unasked``: of those in which a datum is missing that nobody asked for.
    ``lacking``: number -> point rules that cannot be computed.
    """

    candidates: tuple[Candidate, ...]
    numbers: dict[int, int]
    running: frozenset[int]
    unasked: frozenset[int]
    lacking: dict[int, tuple[str, ...]]


def list_entering(programme: Programme, span: Span) -> QuerySet[Application]:
    """Return the requests that enter a cut-off: submitted within it, not withdrawn, waiting for the decision."""
    rows = Application.objects.filter(programme=programme, status=Status.SUBMITTED, submitted_at__lt=span.before)
    return rows if span.since is None else rows.filter(submitted_at__gte=span.since)


def get_draft(programme: Programme, found: Round, *, on: date, of: Ranking | None = None, lock: bool = False) -> Draft:
    """
    Return what a ranking of this cut-off would read on a day.

    ``of``: the requests, and the officer's outcomes, of a ranking that is there already.
    """
    rows = list_entering(programme, found.span)
    overruled = Overrule.objects.filter(application__programme=programme)
    if of is not None:
        rows = Application.objects.filter(pk__in=Place.objects.filter(ranking=of).values("application_id"))
        rows = rows.exclude(status=Status.WITHDRAWN)
        overruled = overruled.filter(at__lte=of.drawn_at)
    if lock:
        rows = rows.select_for_update(of=("self",))
    applications = list(rows.select_related("programme").order_by("id"))
    overrules: dict[int, list[Overrule]] = {}
    for overrule in overruled.select_related("by").order_by("id"):
        overrules.setdefault(overrule.application_id, []).append(overrule)
    running, asked = _requests_of([a.pk for a in applications], on)
    known: RulesByDay = {}
    candidates: list[Candidate] = []
    unasked: set[int] = set()
    lacking: dict[int, tuple[str, ...]] = {}
    for application in applications:
        assessment = assess(application, overrules=overrules.get(application.pk, []), known=known)
        candidate = _candidate(application, assessment)
        points = missing_points(found.terms.ranking, assessment.facts)
        if points:
            lacking[candidate.number] = tuple(points)
        is_missing = assessment.effective.outcome == MISSING or (assessment.effective.outcome == YES and points)
        if is_missing and application.pk not in asked:
            unasked.add(candidate.number)
        candidates.append(candidate)
    numbers = {c.application_id: c.number for c in candidates}
    return Draft(
        tuple(candidates),
        numbers,
        frozenset(numbers[pk] for pk in running if pk in numbers),
        frozenset(unasked),
        lacking,
    )


def _unmet(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """Return the criteria that keep a request out: those that decided, or the months when there are none."""
    outcome = assessment.effective.outcome
    if outcome == YES:
        return () if assessment.effective.months else (("months", NO),)
    return tuple((c.code, c.effective) for c in assessment.effective.criteria if c.is_decisive)


def _requests_of(ids: Sequence[int], on: date) -> tuple[set[int], set[int]]:
    """
    Return the applications with a request for documents still open, and those that had one at all.

    One closed early leaves the family its days: it runs until they are over or the family has answered.
    """
    running: set[int] = set()
    asked: set[int] = set()
    for start in range(0, len(ids), 5_000):
        for pk, procedure in list_procedures(SUBJECT, ids[start : start + 5_000]).items():
            steps = [s for s in procedure.steps.all() if s.kind == StepKind.INTEGRATION and s.round == procedure.round]
            if steps:
                asked.add(pk)
            if any(s.closed_at is None or (s.answered_at is None and on <= s.due_on) for s in steps):
                running.add(pk)
    return running, asked


def list_rows(ranking: Ranking) -> list[Ranked]:
    """Return the frozen rows of a ranking."""
    places = Place.objects.filter(ranking=ranking).select_related("application").defer("application__facts")
    return [
        Ranked(
            p.application_id, p.application.number or 0, p.position, p.points, tuple(_line(line) for line in p.lines)
        )
        for p in places.order_by(F("position").asc(nulls_last=True), "application__number")
    ]


def _line(line: Sequence[int | str]) -> Line:
    code, value = line
    return str(code), value


def is_frozen_as(ranking: Ranking, again: Sequence[Ranked]) -> bool:
    """
    Tell whether a ranking drawn up again says what was frozen: the same hash, or the same order, points and reasons
    without those who withdrew since.
    """
    rows = list_rows(ranking)
    if hash_rows(rows) != ranking.sha256:
        return False
    left = {row.application_id for row in again}
    here = [(r.application_id, r.position is None, r.points, r.lines) for r in rows if r.application_id in left]
    return here == [(r.application_id, r.position is None, r.points, r.lines) for r in again]


@dataclass(frozen=True, slots=True)
class RankingRow:
    """One cut-off of a programme as the office lists it; ``ranking`` is None until it is drawn up."""

    programme: Programme
    cut_off: CutOff
    ranking: Ranking | None
    count: int


def list_rankings(programmes: Sequence[Programme]) -> list[RankingRow]:
    """Return the cut-offs of these programmes, in order, with how many requests each has."""
    standing = {
        (r.programme_id, r.cut_off): r
        for r in Ranking.objects.filter(programme__in=programmes, returned_at__isnull=True)
        .select_related("drawn_by", "published_by")
        .annotate(rows=Count("places"))
    }
    found: list[RankingRow] = []
    for programme in programmes:
        head = get_head(programme)
        terms = get_terms(head.pk) if head else None
        if terms is None or terms.procedure.allocation != "ranking":
            continue
        waiting = _count_entering(programme, terms)
        for cut_off in terms.ranking.cut_offs:
            ranking = standing.get((programme.pk, cut_off.code))
            count = ranking.rows if ranking else waiting[cut_off.code]
            found.append(RankingRow(programme, cut_off, ranking, count))
    return found


def _count_entering(programme: Programme, terms: Terms) -> dict[str, int]:
    """Return how many requests each cut-off has now. One query."""
    spans = [span for c in terms.ranking.cut_offs if (span := span_of(terms.ranking, c.code))]
    sums = {
        f"n{span.order}": Count(
            "id",
            filter=Q(submitted_at__lt=span.before) & (Q(submitted_at__gte=span.since) if span.since else Q()),
        )
        for span in spans
    }
    counted = Application.objects.filter(programme=programme, status=Status.SUBMITTED).aggregate(**sums)
    return {span.cut_off.code: counted[f"n{span.order}"] for span in spans}


def list_published() -> QuerySet[Ranking]:
    """Return the published rankings, the newest first."""
    return Ranking.objects.filter(published_at__isnull=False).select_related("programme", "version").order_by("-id")


def get_published(code: str, cut_off: str) -> Ranking:
    """
    Return a published ranking.

    :raises Ranking.DoesNotExist: none, or not published (the page answers 404)
    """
    return list_published().get(programme__code=code, cut_off=cut_off)


def get_standing(programme: Programme, cut_off: str) -> Ranking | None:
    """Return the ranking of a cut-off that was not sent back, if it was drawn up."""
    return (
        Ranking.objects.filter(programme=programme, cut_off=cut_off, returned_at__isnull=True)
        .select_related("programme", "version", "drawn_by", "published_by")
        .first()
    )


def list_returned(programme: Programme, cut_off: str) -> list[Ranking]:
    """Return the rankings of a cut-off that were sent back, the newest first."""
    rows = Ranking.objects.filter(programme=programme, cut_off=cut_off, returned_at__isnull=False)
    return list(rows.select_related("drawn_by", "returned_by").order_by("-id"))


def is_in_drawn_ranking(application: Application) -> bool:
    """Tell whether a request is in a ranking that waits to be published: nothing that it reads may change."""
    return Place.objects.filter(
        application=application, ranking__published_at__isnull=True, ranking__returned_at__isnull=True
    ).exists()


def get_place_fields(
    application: Application, assessment: Assessment, place: tuple[int, int | None] | None
) -> dict[str, object]:
    """
    Return what the waiting order of a ranking reads: ``cut_off`` (from 1) and ``position``.

    ``place``: the ranking that is being carried out. Without it, a review decides: the place that the request has, or
    for one that was kept out, after the last of those that come before it.
    """
    if place is not None:
        return {"cut_off": place[0], "position": place[1]}
    held = (
        Place.objects.filter(application=application, ranking__published_at__isnull=False)
        .select_related("ranking__version", "ranking__programme")
        .order_by("-id")
        .first()
    )
    found = get_round(held.ranking.programme, held.ranking.cut_off, version=held.ranking.version) if held else None
    if held is None or found is None:
        return {}
    if held.position is not None:
        return {"cut_off": found.span.order, "position": held.position}
    mine = _candidate(application, assessment)
    key = sort_key(found.terms.ranking, mine)
    rows = Place.objects.filter(ranking=held.ranking, position__isnull=False)
    ahead = rows.filter(points__gt=-key[0]).count()
    known: RulesByDay = {}
    for other in rows.filter(points=-key[0]).select_related("application__programme"):
        theirs = assess(other.application, known=known)
        ahead += sort_key(found.terms.ranking, _candidate(other.application, theirs)) < key
    return {"cut_off": found.span.order, "position": ahead}


def _candidate(application: Application, assessment: Assessment) -> Candidate:
    """Return a submitted request as a ranking reads it."""
    if application.number is None or application.submitted_at is None:
        raise ValueError(f"application {application.pk} was never submitted")
    facts = assessment.facts
    return Candidate(application.pk, application.number, application.submitted_at, facts, _unmet(assessment))


#: What became of a place, in the order in which it is looked at. Live: a waiting one becomes assigned.
STATES = ("withdrawn", "assigned", "waiting", "ended", "refused", "admitted", "not_admitted")


def list_places(ranking: Ranking) -> QuerySet[Any]:
    """
    Return the places of a ranking in its order, each with its ``state`` (see ``STATES``), the requests' ``number`` and
    ``awarded_months``. One query, no names.
    """
    awards = Award.objects.filter(application_id=OuterRef("application_id"))
    open_awards = awards.filter(status__in=[AwardStatus.COMMITTED, AwardStatus.SUSPENDED, AwardStatus.WAITING])
    status = Subquery(open_awards.order_by("status", "id").values("status")[:1])
    closed = Subquery(awards.exclude(pk__in=open_awards.values("pk")).order_by("id").values("status")[:1])
    return (
        Place.objects.filter(ranking=ranking)
        .annotate(number=F("application__number"), now=F("application__status"), award=status, left=closed)
        .annotate(
            state=Case(
                When(now=Status.WITHDRAWN, then=Value("withdrawn")),
                When(award__in=[AwardStatus.COMMITTED, AwardStatus.SUSPENDED], then=Value("assigned")),
                When(award=AwardStatus.WAITING, then=Value("waiting")),
                When(left__isnull=False, then=Value("ended")),
                When(now=Status.REFUSED, then=Value("refused")),
                When(position__isnull=False, then=Value("admitted")),
                default=Value("not_admitted"),
            ),
            is_out=Case(When(position__isnull=True, then=1), default=0, output_field=IntegerField()),
        )
        .order_by("is_out", "position", "code")
    )


def count_states(ranking: Ranking) -> dict[str, int]:
    """Return how many places of a ranking stand in each state. One query."""
    rows = list_places(ranking).order_by().values("state").annotate(n=Count("id"))
    counted = {row["state"]: row["n"] for row in rows}
    return {state: counted[state] for state in STATES if counted.get(state)}


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A family's place: the points one by one (title, points), the tie-breaks read, and what became of it."""

    place: Place
    title: str
    points: tuple[tuple[str, int | str], ...]
    ties: tuple[tuple[str, str], ...]
    state: str
    published_at: datetime


def get_place_view(application: Application) -> PlaceView | None:
    """Return the place of a request in the ranking that was published, explained; None: there is none yet."""
    place = (
        Place.objects.filter(application=application, ranking__published_at__isnull=False)
        .select_related("ranking__version", "ranking__programme")
        .order_by("-id")
        .first()
    )
    if place is None or place.ranking.published_at is None:
        return None
    terms = get_terms(place.ranking.version_id).ranking
    state = list_places(place.ranking).get(pk=place.pk).state
    span = span_of(terms, place.ranking.cut_off)
    title = span.cut_off.title if span else place.ranking.cut_off
    if place.position is None:
        return PlaceView(place, title, (), (), state, place.ranking.published_at)
    count = len(terms.points)
    titles = {rule.code: rule.title for rule in terms.points}
    return PlaceView(
        place=place,
        title=title,
        points=tuple((titles.get(code, code), value) for code, value in place.lines[:count]),
        ties=tuple((code, str(value)) for code, value in place.lines[count:]),
        state=state,
        published_at=place.ranking.published_at,
    )
