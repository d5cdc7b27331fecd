"""Asking INPS for a family's ISEE, and what the answer says of the declared one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Indicator(StrEnum):
    """The kinds of ISEE that INPS answers (DPCM 159/2013)."""

    ORDINARY = "Ordinario"
    MINORS = "Minorenni"
    CARE = "Socio-sanitario"
    UNIVERSITY = "Universitario"


class BenefitState(StrEnum):
    """Whether the benefit that is asked for is still to be paid."""

    TO_PAY = "Da erogare"
    PAID = "Erogata"


@dataclass(frozen=True, slots=True)
class IseeQuestion:
    """
    What INPS wants to know before it answers (request through PDND).

    ``valid_on`` is the day on which the attestation must be valid; ``benefit`` INPS's code of the benefit; ``protocol``
    the number that our register gave the request.
    """

    fiscal_code: str
    indicator: Indicator
    valid_on: date
    benefit: str
    protocol: str
    state: BenefitState


@dataclass(frozen=True, slots=True)
class IseeAnswer:
    """An attestation: the amount in cents, its last day, whether INPS notes omissions or differences in it."""

    isee_cents: int
    valid_until: date
    has_flaws: bool = False


def indicator_for(facts: dict[str, object]) -> Indicator:
    """Return which ISEE a household needs: the one for minors where a minor child lives there."""
    minors = facts.get("minors_cohabiting")
    return Indicator.MINORS if isinstance(minors, int) and minors > 0 else Indicator.ORDINARY


def outcome_of(*, declared_cents: int, answer: IseeAnswer | None, valid_on: date) -> str:
    """
    Return what the answer says of the declared amount: a value of ``models.CheckOutcome``.

    An attestation that no longer holds, or that INPS marks, says nothing of the amount: that comes first.
    """
    if answer is None:
        return "not_found"
    if answer.valid_until < valid_on:
        return "expired"
    if answer.has_flaws:
        return "flawed"
    return "confirmed" if answer.isee_cents == declared_cents else "different"
