"""
Pure rules of a ranking: points, the total order, what keeps it from being drawn up. docs/rules/ranking.md.

Points are the sum of the programme's point rules; equal points are parted by the stated tie-breaks, then by the number
of the request, so that no two requests ever share a place and the order never depends on that of the input.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from piutempo.awards.rules import rank_for
from piutempo.programmes.rules.eligibility import compute
from piutempo.programmes.rules.terms import CutOff, RankingTerms

#: One line of a place: a point rule and its points, a tie-break and what it read, or a criterion that was not met.
Line = tuple[str, int | str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request as a ranking reads it. ``unmet``: criteria that keep it out, each with its outcome (no, missing)."""

    application_id: int
    number: int
    submitted_at: datetime
    facts: Mapping[str, Any]
    unmet: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """One row of a ranking; ``position`` is None for a request that is not admissible."""

    application_id: int
    number: int
    position: int | None
    points: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The requests of a cut-off: submitted at ``since`` or after (None: from the first), and before ``before``."""

    cut_off: CutOff
    order: int
    since: datetime | None
    before: datetime


def span_of(terms: RankingTerms, code: str) -> Span | None:
    """Return which requests enter a cut-off, and its order among the cut-offs from 1; None: there is none."""
    since: datetime | None = None
    for order, cut_off in enumerate(terms.cut_offs, start=1):
        if cut_off.code == code:
            return Span(cut_off, order, since, cut_off.closes_at)
        since = cut_off.closes_at
    return None


def compared_from(terms: RankingTerms, submitted_at: datetime) -> datetime:
    """
    Return from when a request can be compared with the others: the end of its cut-off.

    The office's term starts there; a request of no cut-off is compared with none, and starts when it comes in.
    """
    return next((c.closes_at for c in terms.cut_offs if submitted_at < c.closes_at), submitted_at)


def points_for(terms: RankingTerms, facts: Mapping[str, Any]) -> list[tuple[str, int | None]]:
    """Return the points of each rule, in the programme's order; None where a datum is missing."""
    found: list[tuple[str, int | None]] = []
    for rule in terms.points:
        answer = compute(rule.expression, facts)
        found.append((rule.code, answer if type(answer) is int else None))
    return found


def missing_points(terms: RankingTerms, facts: Mapping[str, Any]) -> list[str]:
    """Return the titles of the point rules that cannot be computed yet."""
    lacking = {code for code, points in points_for(terms, facts) if points is None}
    return [rule.title for rule in terms.points if rule.code in lacking]


def sort_key(terms: RankingTerms, candidate: Candidate) -> tuple[int, str, int]:
    """
    Return what a request is ordered by: more points first, then the tie-breaks, then the lower number.

    A point rule that cannot be computed gives no points: by then the family was asked and did not answer.
    """
    points = sum(found or 0 for _code, found in points_for(terms, candidate.facts))
    _key, rank = rank_for(terms.tie_break, _fields(candidate))
    return -points, rank, candidate.number


def rank(terms: RankingTerms, candidates: Sequence[Candidate]) -> list[Ranked]:
    """Return every request with its place, the admissible ones first in order, then the others by number."""
    admissible = sorted((c for c in candidates if not c.unmet), key=lambda c: sort_key(terms, c))
    others = sorted((c for c in candidates if c.unmet), key=lambda c: c.number)
    placed = [_ranked(terms, c, position) for position, c in enumerate(admissible, start=1)]
    return placed + [Ranked(c.application_id, c.number, None, 0, c.unmet) for c in others]


def _fields(candidate: Candidate) -> dict[str, object]:
    known = {name: value for name, value in candidate.facts.items() if isinstance(value, int)}
    return {**known, "submitted_at": candidate.submitted_at, "number": candidate.number}


def _ranked(terms: RankingTerms, candidate: Candidate, position: int) -> Ranked:
    points = [(code, found or 0) for code, found in points_for(terms, candidate.facts)]
    ties, _rank = rank_for(terms.tie_break, _fields(candidate))
    lines: list[Line] = [*points, *((entry, value) for entry, value in ties)]
    return Ranked(candidate.application_id, candidate.number, position, sum(p for _c, p in points), tuple(lines))


def hash_rows(rows: Sequence[Ranked]) -> str:
    """Return the SHA-256 of a ranking's canonical rows, by number: the same requests always give the same."""
    canonical = [
        [r.number, r.position, r.points, [list(line) for line in r.lines]] for r in sorted(rows, key=lambda r: r.number)
    ]
    return hashlib.sha256(json.dumps(canonical, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
