"""
Composition tables and how they are dealt.

A table says how many of each value there are. Dealt as a *census* every value comes out exactly as often as the table
says (scaled by largest remainders, and never to nothing); *drawn*, the same table is read as probabilities, so that
totals differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")


def scaled(counts: Sequence[int], scale: float) -> list[int]:
    """
    Scale ``counts`` so that their sum is the scaled sum as nearly as can be, and nothing that was there disappears.

    Source: largest-remainder (Hare) method; a count that would become 0 is 1.
    """
    if scale == 1:
        return list(counts)
    target = round(sum(counts) * scale)
    exact = [count * scale for count in counts]
    whole = [int(value) for value in exact]
    by_rest = sorted(range(len(counts)), key=lambda i: (whole[i] - exact[i], i))
    for i in by_rest[: max(0, target - sum(whole))]:
        whole[i] += 1
    return [max(part, 1) if count else 0 for part, count in zip(whole, counts, strict=True)]


@dataclass(frozen=True, slots=True)
class Dealer:
    """Deals tables: as a census when ``is_census``, else by drawing. ``rng`` is the only source of chance."""

    rng: Random
    is_census: bool
    scale: float = 1.0

    def total(self, count: int) -> int:
        """Return how many there are of what the scenario counts: the scaled count, or one near it when drawn."""
        wanted = max(1, round(count * self.scale))
        return wanted if self.is_census else max(1, round(self.rng.gauss(wanted, wanted**0.5)))

    def deal(self, table: Sequence[tuple[T, int]]) -> list[T]:
        """Return the values of a whole table, shuffled: exactly its (scaled) counts, or as many drawn by chance."""
        counts = scaled([count for _, count in table], self.scale)
        values = [value for value, _ in table]
        if self.is_census:
            dealt = [value for value, count in zip(values, counts, strict=True) for _ in range(count)]
            self.rng.shuffle(dealt)
            return dealt
        return self.rng.choices(values, weights=counts, k=self.total(sum(count for _, count in table)))

    def deal_to(self, table: Sequence[tuple[T, int]], size: int) -> list[T]:
        """Return ``size`` values: the table's own counts when they sum to it, else its shares of it; or drawn."""
        values = [value for value, _ in table]
        weights = [count for _, count in table]
        if not size:
            return []
        if not self.is_census:
            return self.rng.choices(values, weights=weights, k=size)
        total = sum(weights)
        exact = [weight * size / total for weight in weights]
        whole = [int(value) for value in exact]
        by_rest = sorted(range(len(values)), key=lambda i: (whole[i] - exact[i], i))
        for i in by_rest[: size - sum(whole)]:
            whole[i] += 1
        dealt = [value for value, count in zip(values, whole, strict=True) for _ in range(count)]
        self.rng.shuffle(dealt)
        return dealt
