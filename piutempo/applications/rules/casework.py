"""
Pure rules of casework: whose signature a decision needs, when a review may be asked, what a second round may change.

When the law lets the office decide at all is not here: that is the procedure's clock (``procedures``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from piutempo.applications.rules.deciding import Refusal
from piutempo.procedures.rules.law import Laws


@dataclass(frozen=True, slots=True)
class Proposed:
    """An open proposal: which way it goes and who made it."""

    is_approval: bool
    by_id: int


@dataclass(frozen=True, slots=True)
class Granted:
    """What an earlier round granted of one product. ``is_open``: committed or waiting."""

    product: str
    months: int
    months_issued: int
    is_open: bool


def signature_refusal_for(
    *, needs_second: bool, proposed: Proposed | None, is_approved: bool, by_id: int | None
) -> Refusal | None:
    """Return why this person may not decide: two persons decide where the programme asks for it, never one alone."""
    if not needs_second:
        return None
    if proposed is None:
        return Refusal.PROPOSAL_NEEDED
    if by_id is None or by_id == proposed.by_id:
        return Refusal.SAME_PERSON
    return Refusal.PROPOSAL_STALE if proposed.is_approval != is_approved else None


def last_review_day(decided_on: date, review_days: int, laws: Laws) -> date:
    """
    Return the last day on which a family may ask for a review.

    The day of the decision does not count; a holiday moves the last day to the next working one (art. 2963 c.c.).
    """
    return laws.family_due_on(decided_on, review_days)


def round_refusal_for(*, granted: Sequence[Granted], is_approved: bool, months: Mapping[str, int]) -> Refusal | None:
    """
    Return why a later round may not decide this way, given what an earlier one granted. ``months`` by product.

    A refusal ends what was granted only while no voucher was issued: afterwards it is a forfeiture, with its own
    recovery. An approval again keeps what stands; other months are a change of circumstances.
    """
    if not granted:
        return None
    if not is_approved:
        return Refusal.VOUCHERS_ISSUED if any(g.months_issued for g in granted if g.is_open) else None
    if not all(g.is_open for g in granted):
        return Refusal.BENEFIT_ENDED
    return Refusal.MONTHS_DIFFER if any(months.get(g.product) != g.months for g in granted) else None
