"""
The random sample of self-declarations: which requests are drawn, so that anybody can draw them again by hand.

Each request of a class gets ``SHA-256("<seed>:<number>")``; requests are put in the order of these hashes and the first
ones are drawn: as many as the share of the class, rounded up. Nothing else counts: neither the order in which requests
are given, nor who draws, nor when. Source: DPR 445/2000 art. 71; docs/rules/campione.md, whose example runs as a test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from piutempo.programmes.rules.eligibility import is_certain
from piutempo.programmes.rules.terms import RiskClass

#: The way of drawing, written beside every sample: another way needs another name.
ALGORITHM = "sha256-1"
#: Requests that fit no risk class: in the population, never drawn.
NO_CLASS = "-"


class Item(NamedTuple):
    """One request of the population: its number and its risk class."""

    number: int
    risk_class: str


@dataclass(frozen=True, slots=True)
class ClassDraw:
    """How one class was drawn: ``size`` requests, ``drawn`` of them (ascending numbers)."""

    code: str
    share_bp: int
    size: int
    drawn: tuple[int, ...]


def classify(facts: Mapping[str, Any], classes: Sequence[RiskClass]) -> str:
    """Return the first class whose expression is certainly true; what is missing never puts a family into a class."""
    return next((c.code for c in classes if is_certain(c.expression, facts)), NO_CLASS)


def count_drawn(size: int, share_bp: int) -> int:
    """
    Return how many of ``size`` requests a share in basis points draws: rounded up.

    So at least one as soon as the share is above 0 and somebody is there.

    :raises ValueError: a negative size, or a share not within 0 and 10,000
    """
    if size < 0 or not 0 <= share_bp <= 10_000:
        raise ValueError(f"size {size} must be at least 0, share {share_bp} within 0 and 10000 basis points")
    return -(-size * share_bp // 10_000)


def ticket(seed: str, number: int) -> str:
    """Return the hash (64 hexadecimal digits) that orders a request."""
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()


def draw(population: Iterable[Item], *, seed: str, shares: Mapping[str, int]) -> list[ClassDraw]:
    """
    Draw the sample, class by class in the order of ``shares`` (basis points).

    :raises ValueError: an empty seed, the same number twice, or a wrong share
    """
    if not seed:
        raise ValueError("a sample needs a seed")
    members: dict[str, list[int]] = {code: [] for code in shares}
    seen: set[int] = set()
    for number, code in population:
        if number in seen:
            raise ValueError(f"request {number} is in the population twice")
        seen.add(number)
        if code in members:
            members[code].append(number)
    drawn = []
    for code, share_bp in shares.items():
        ordered = sorted(members[code], key=lambda number: (ticket(seed, number), number))
        chosen = tuple(sorted(ordered[: count_drawn(len(ordered), share_bp)]))
        drawn.append(ClassDraw(code, share_bp, len(ordered), chosen))
    return drawn


def write_population(population: Iterable[Item]) -> str:
    """Return the population as text: one ``number;class`` a line, ascending. This is what is stored and hashed."""
    return "".join(f"{number};{code}\n" for number, code in sorted(population))


def read_population(text: str) -> list[Item]:
    """Return the population written by ``write_population``."""
    return [Item(int(number), code) for number, _, code in (line.partition(";") for line in text.splitlines())]


def hash_population(text: str) -> str:
    """Return the SHA-256 of the written population."""
    return hashlib.sha256(text.encode()).hexdigest()
