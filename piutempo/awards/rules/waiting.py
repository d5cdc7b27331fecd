"""
Pure rules of the waiting list: its stated order, what fits, what goes back, what will lapse.

Money in cents, shares in basis points. Law text, rule and worked examples: docs/rules/awards.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from piutempo.kernel.periods import Month

#: A rank is digits and letters a-f at fixed places, so every collation sorts it alike.
_DIGITS = 17
_ZERO = 5 * 10**16
_TEXT_BYTES = 10
_LAST = "f" * 20
MAX_ORDER_FIELDS = 5


def rank_for(order: Sequence[str], fields: Mapping[str, object]) -> tuple[list[list[str]], str]:
    """
    Return ``(key, rank)``: what the stated order reads, for display, and a text that sorts like it.

    ``order`` names fields; a leading ``-`` means the greater first (``"-members"``). A field without a value goes last.

    :raises ValueError: more than 5 fields, or a value that cannot be ordered
    """
    if len(order) > MAX_ORDER_FIELDS:
        raise ValueError(f"a waiting order may read at most {MAX_ORDER_FIELDS} fields, got {len(order)}")
    key: list[list[str]] = []
    parts: list[str] = []
    for entry in order:
        name = entry.removeprefix("-")
        value = fields.get(name)
        parts.append(_rank_part(value, is_descending=entry.startswith("-")))
        key.append([entry, _shown(value)])
    return key, "".join(parts)


def _rank_part(value: object, *, is_descending: bool) -> str:
    sign = -1 if is_descending else 1
    match value:
        case None | "":
            return _LAST
        case datetime():
            whole = value.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
            number = (whole.days * 86_400 + whole.seconds) * 10**6 + whole.microseconds
        case date():
            number = value.toordinal()
        case bool() | int():
            number = int(value)
        case str():
            body = value.casefold().encode()[:_TEXT_BYTES].ljust(_TEXT_BYTES, b"\0")
            return bytes(255 - b if is_descending else b for b in body).hex()
        case _:
            raise ValueError(f"a waiting order reads numbers, dates, texts and yes/no, got {value!r}")
    return f"000{_ZERO + sign * number:0{_DIGITS}d}"


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Place:
    """One award in the order of the list: its rank, a tie-break, and what it asks for."""

    rank: str
    tie: int
    amount_cents: int


def served_count(waiting: Sequence[Place], headroom_cents: int) -> int:
    """Return how many of the list, already in its order, are served: as far as the money goes, nobody overtakes."""
    served = 0
    for place in waiting:
        if place.amount_cents > headroom_cents:
            break
        headroom_cents -= place.amount_cents
        served += 1
    return served


def is_served_at_once(*, rank: str, amount_cents: int, headroom_cents: int, first_waiting_rank: str | None) -> bool:
    """Tell whether a new award is committed now: it would be first in the list, and the money is there."""
    return amount_cents <= headroom_cents and (first_waiting_rank is None or rank < first_waiting_rank)


def first_month_for(planned: Month, served_on: date) -> Month:
    """Return the first month of an award that waited: as planned, never before the month after it was served."""
    return max(planned, Month.of(served_on) + 1)


def months_to_release(*, months: int, months_issued: int, months_released: int) -> int:
    """Return the months that go back to the fund when an award ends: those neither issued nor gone back already."""
    return months - months_issued - months_released


class Risk(StrEnum):
    """What the over-commitment limit means, given what is likely to lapse."""

    NONE = "none"
    COVERED = "covered"
    COVERED_IF_TREND_HOLDS = "covered_if_trend_holds"
    UNCOVERED = "uncovered"


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    What will come back to the fund from vouchers in circulation.

    ``lapse_rate_bp`` is None without history. ``low_cents`` counts what the past rate says; ``high_cents`` counts
    all that is unspent near expiry too. ``uncovered_cents``: the part of the limit beyond the high forecast.
    """

    lapse_rate_bp: int | None
    low_cents: int
    high_cents: int
    limit_cents: int
    used_cents: int
    uncovered_cents: int
    risk: Risk


def forecast_for(
    *,
    spent_cents: int,
    lapsed_cents: int,
    open_value_cents: int,
    open_unspent_cents: int,
    near_value_cents: int,
    near_unspent_cents: int,
    available_cents: int,
    limit_cents: int,
) -> Forecast:
    """
    Forecast what lapses from what was issued, spent and is near expiry.

    ``spent`` and ``lapsed`` so far give the past rate. ``open`` are vouchers in circulation (``near`` among them:
    expiring soon): face value and unspent part. ``limit`` is the stated over-commitment.
    An open voucher lapses by its value times the past rate, but never by more than it still has; near expiry, the high
    forecast takes all it still has. Without history the low forecast is 0.
    """
    closed = spent_cents + lapsed_cents
    rate = lapsed_cents * 10_000 // closed if closed else None
    far_value, far_unspent = open_value_cents - near_value_cents, open_unspent_cents - near_unspent_cents

    def expected(value: int, unspent: int) -> int:
        return min(unspent, value * rate // 10_000) if rate is not None else 0

    low = expected(far_value, far_unspent) + expected(near_value_cents, near_unspent_cents)
    high = expected(far_value, far_unspent) + near_unspent_cents
    high = max(low, high)
    if limit_cents == 0:
        risk = Risk.NONE
    elif limit_cents <= low:
        risk = Risk.COVERED
    elif limit_cents <= high:
        risk = Risk.COVERED_IF_TREND_HOLDS
    else:
        risk = Risk.UNCOVERED
    return Forecast(
        lapse_rate_bp=rate,
        low_cents=low,
        high_cents=high,
        limit_cents=limit_cents,
        used_cents=max(0, -available_cents),
        uncovered_cents=max(0, limit_cents - high),
        risk=risk,
    )
