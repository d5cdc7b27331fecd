"""
Money as integer euro cents: Italian format and reading, and shares that sum exactly.

An amount is a plain ``int`` named ``…_cents``; a percentage is basis points named ``…_bp`` (docs/adr/0004-cents.md).
"""

import re
from collections.abc import Sequence
from math import gcd

_AMOUNT = re.compile(r"(?P<euro>\d{1,3}(?:\.\d{3})+|\d+)(?:,(?P<cents>\d{1,2}))?")


def format_cents(cents: int) -> str:
    """Return ``123450`` cents as ``"1.234,50"``."""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    euro = f"{cents // 100:,}".replace(",", ".")
    return f"{sign}{euro},{cents % 100:02d}"


def format_euro(cents: int) -> str:
    """Return ``123450`` cents as ``"1.234,50 €"`` (non-breaking space)."""
    return f"{format_cents(cents)}\u00a0€"


def parse_euro(text: str) -> int:
    """
    Read an amount as Italians write it (``1.234,50``, ``10``, ``10,5``, with or without €) into cents.

    :raises ValueError: anything else, such as ``10,005`` or ``10.5``, which could be read in two ways
    """
    found = _AMOUNT.fullmatch(text.replace("€", "").replace("\u00a0", "").strip())
    if not found:
        raise ValueError(text)
    cents = (found["cents"] or "0").ljust(2, "0")
    return int(found["euro"].replace(".", "")) * 100 + int(cents)


def cumulative_shares(weights_bp: Sequence[int]) -> list[tuple[int, ...]]:
    """
    Return row *s* = how the first *s* cents of an amount divide among the weights, for one whole period.

    The Sainte-Laguë rule gives each next cent to the source with the greatest ``weight / (2 * given + 1)``; a tie goes
    to the earlier one. Shares never shrink as the amount grows, so no sequence of small amounts drifts, and after
    ``period = 10000 / gcd(weights)`` cents the division is exact and starts again. The last row is the whole period.

    :param weights_bp: basis points of each source, each positive, 10000 in all
    :raises ValueError: weights are empty, not positive or do not sum to 10000
    """
    if not weights_bp or min(weights_bp) <= 0 or sum(weights_bp) != 10_000:
        raise ValueError(f"weights must be positive basis points that sum to 10000, got {list(weights_bp)}")
    period = 10_000 // gcd(*weights_bp)
    given = [0] * len(weights_bp)
    rows = [tuple(given)]
    for _ in range(period):
        best = max(range(len(given)), key=lambda i: (weights_bp[i] / (2 * given[i] + 1), -i))
        given[best] += 1
        rows.append(tuple(given))
    return rows


def shares_of(rows: Sequence[tuple[int, ...]], cents: int) -> tuple[int, ...]:
    """Return how ``cents`` counted from zero divide, given the ``cumulative_shares`` rows."""
    periods, rest = divmod(cents, len(rows) - 1)
    return tuple(periods * whole + part for whole, part in zip(rows[-1], rows[rest], strict=True))


def shares_between(rows: Sequence[tuple[int, ...]], before_cents: int, after_cents: int) -> tuple[int, ...]:
    """Return the shares of the slice from ``before_cents`` to ``after_cents`` of one cumulative amount."""
    return tuple(
        after - before
        for before, after in zip(shares_of(rows, before_cents), shares_of(rows, after_cents), strict=True)
    )


def next_parts(
    rows: Sequence[tuple[int, ...]], taken: Sequence[int], left: Sequence[int], cents: int
) -> tuple[int, ...]:
    """
    Return how the next ``cents`` of a balance divide among its sources, given what each gave and still has.

    Each source aims at its Sainte-Laguë share of all that will have been taken, so that returns and small amounts
    do not
    drift; no part is negative, none exceeds what the source has left, and the parts sum to ``cents``.

    :param rows: ``cumulative_shares`` of the sources
    :param taken: cents each source gave so far, net of what came back
    :param left: cents each source still has
    :raises ValueError: ``cents`` is negative or more than all that is left
    """
    if not 0 <= cents <= sum(left):
        raise ValueError(f"cannot take {cents} cents of {sum(left)}")
    target = shares_of(rows, sum(taken) + cents)
    parts = [min(max(aim - had, 0), has) for aim, had, has in zip(target, taken, left, strict=True)]
    over = sum(parts) - cents
    while over:
        step = 1 if over < 0 else -1
        movable = [i for i in range(len(parts)) if (parts[i] < left[i] if step > 0 else parts[i] > 0)]
        # The source furthest from its aim moves first; a tie goes to the earlier one.
        best = max(movable, key=lambda i: (step * (target[i] - taken[i] - parts[i]), -i))
        parts[best] += step
        over += step
    return tuple(parts)
