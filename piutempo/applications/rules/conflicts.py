"""
Requests that cannot both be right: the same family twice, a person in two families, a benefit twice for one child.

A conflict decides nothing: an officer looks at it. Source: docs/rules/conflicts.md, with worked examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from piutempo.kernel.periods import Month

SAME_FAMILY, TWO_HOUSEHOLDS, SAME_CHILD = "same_family", "two_households", "same_child"


@dataclass(frozen=True, slots=True)
class Span:
    """Months from ``first``, before ``until``."""

    first: Month
    until: Month

    def shared_with(self, other: Span) -> Span | None:
        """Return the months in both."""
        first, until = max(self.first, other.first), min(self.until, other.until)
        return Span(first, until) if first < until else None

    @property
    def last(self) -> Month:
        """The last month."""
        return self.until + -1


@dataclass(frozen=True, slots=True)
class Tie:
    """How a person is tied to a household: lives there or not, is cared for there (a child, or needs care)."""

    lives_there: bool
    is_cared_for: bool


@dataclass(frozen=True, slots=True)
class Side:
    """
    One request: its family, its months, and the months in which money is granted (one span for each award).

    ``span`` is None when nothing is asked of any month any more. ``members`` maps a person to the place in the family.
    """

    application_id: int
    household_id: int
    applicant_id: int
    members: Mapping[int, Tie]
    span: Span | None
    granted: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Benefit:
    """Another benefit as the family declared it, and the services of the programme that its name mentions."""

    code: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One conflict. ``other_id`` is a request, ``person_id`` who is in both; ``data`` has codes and months only."""

    kind: str
    other_id: int | None
    person_id: int | None
    data: Mapping[str, object] = field(default_factory=dict)


def conflicts_between(own: Side, others: Iterable[Side]) -> list[Found]:
    """
    Return what in ``others`` cannot be right together with ``own``: each request once a kind and person.

    The same family is the same household, the same applicant, or an applicant who is a member of the other family.
    """
    found: list[Found] = []
    if own.span is None:
        return found
    for other in others:
        shared = sorted(own.members.keys() & other.members.keys())
        months = own.span.shared_with(other.span) if other.span else None
        if months is not None:
            if _is_one_family(own, other):
                found.append(Found(SAME_FAMILY, other.application_id, None, _months(months)))
            else:
                found += [
                    Found(
                        TWO_HOUSEHOLDS,
                        other.application_id,
                        person,
                        _months(months) | {"cohabiting": _living(own.members[person], other.members[person])},
                    )
                    for person in shared
                ]
        for person in shared:
            if own.members[person].is_cared_for or other.members[person].is_cared_for:
                granted = [own.span.shared_with(span) for span in other.granted]
                both = [span for span in granted if span is not None]
                if both:
                    whole = Span(min(s.first for s in both), max(s.until for s in both))
                    found.append(Found(SAME_CHILD, other.application_id, person, _months(whole)))
    return found


def conflicts_declared(benefits: Sequence[Benefit]) -> list[Found]:
    """Return one conflict for each other benefit that a family declares for the same services."""
    return [Found(SAME_CHILD, None, None, {"benefit": b.code, "services": list(b.services)}) for b in benefits]


def services_named(text: str, titles: Mapping[str, str]) -> tuple[str, ...]:
    """
    Return the codes of the services (code -> title) that a benefit's name mentions: ``bonus nido`` -> ``("nido",)``.

    Words of three letters or fewer say nothing.
    """
    words = _words(text)
    return tuple(code for code, title in titles.items() if words & (_words(code) | _words(title)))


def _is_one_family(own: Side, other: Side) -> bool:
    return (
        own.household_id == other.household_id
        or own.applicant_id == other.applicant_id
        or own.applicant_id in other.members
        or other.applicant_id in own.members
    )


def _living(one: Tie, other: Tie) -> str:
    return {2: "both", 1: "one", 0: "none"}[one.lives_there + other.lives_there]


def _months(span: Span) -> dict[str, object]:
    return {"from": str(span.first), "until": str(span.last)}


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 3}
