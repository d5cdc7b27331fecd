"""Pure rules of settlement: why a line is excluded, when a statement is paid, how a recovery divides."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum


class Exclusion(StrEnum):
    """Why a redemption listed in a statement is not paid."""

    NOT_ACCREDITED = "not_accredited"
    ABOVE_CEILING = "above_ceiling"
    REVERSED = "reversed"


def expected_payment_on(*, month_end: date, statement_days: int, payment_days: int, approved_on: date | None) -> date:
    """
    Return the day by which a provider may expect the money.

    Counted from the approval; before it, from the last day on which the statement is due (``month_end`` is exclusive).
    """
    return (approved_on or month_end + timedelta(days=statement_days)) + timedelta(days=payment_days)


def recovered_shares(paid: Sequence[int], cents: int) -> tuple[int, ...]:
    """
    Return how ``cents`` counted from zero divide among the sources that paid ``paid``.

    Sainte-Laguë with the paid amounts as weights: as more is recovered no source's part shrinks, and when all is
    recovered each source has exactly what it paid. A slice is the difference between two calls.

    :raises ValueError: more than was paid
    """
    total = sum(paid)
    if not 0 <= cents <= total:
        raise ValueError(f"{cents} of {total} cents")
    # Sainte-Laguë stays within one seat a party of the exact quota: start below it and give out the few that remain.
    given = [max(0, cents * weight // total - len(paid)) if total else 0 for weight in paid]
    for _ in range(cents - sum(given)):
        best = max(range(len(paid)), key=lambda i: (paid[i] / (2 * given[i] + 1), -i))
        given[best] += 1
    return tuple(given)
