"""When a site may accept a service, and up to how much. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from piutempo.kernel.periods import Period
from piutempo.programmes.rules.terms import Service


class Refusal(StrEnum):
    """Why a desk, provider, site or accreditation cannot be written."""

    VAT_NUMBER = "vat_number"
    IBAN = "iban"
    UNKNOWN_SERVICE = "unknown_service"
    UNKNOWN_NETWORK = "unknown_network"
    OTHER_NETWORK = "other_network"
    NO_SERVICES = "no_services"
    UNIT_TYPE = "unit_type"
    PERIOD = "period"
    PRICE = "price"
    NO_CEILING = "no_ceiling"
    OVERLAP = "overlap"
    NOT_ACCREDITED = "not_accredited"
    SITE_CODE = "site_code"
    DESK_CODE = "desk_code"
    AGREEMENT_OVERLAP = "agreement_overlap"
    AGREEMENT_ENDED = "agreement_ended"
    NO_REASON = "no_reason"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of days [``valid_from``, ``valid_until``) with one ceiling per unit, in cents."""

    valid_from: date
    valid_until: date | None
    unit_ceiling_cents: int


def pieces_for(service: Service, price_cents: int | None, period: Period) -> list[Piece]:
    """
    Cut ``period`` where the catalogue's ceiling of ``service`` changes.

    The ceiling of a piece is the lower of the site's price (None: no own price) and the catalogue's ceiling. Days
    without a ceiling, or outside the service's own validity, give no piece. Neighbours with the same ceiling join.
    """
    pieces: list[Piece] = []
    for ceiling in sorted(service.ceilings, key=lambda c: c.valid_from):
        start = max(period.start, service.valid_from, ceiling.valid_from)
        ends = [day for day in (period.end, service.valid_until, ceiling.valid_until) if day is not None]
        end = min(ends) if ends else None
        if end is not None and end <= start:
            continue
        cents = ceiling.unit_cents if price_cents is None else min(price_cents, ceiling.unit_cents)
        if pieces and pieces[-1].valid_until == start and pieces[-1].unit_ceiling_cents == cents:
            pieces[-1] = Piece(pieces[-1].valid_from, end, cents)
        else:
            pieces.append(Piece(start, end, cents))
    return pieces


def overlap_of(wanted: Iterable[Period], taken: Iterable[Period]) -> Period | None:
    """Return the first taken period that shares a day with a wanted one, or None."""
    taken = list(taken)
    return next((t for w in wanted for t in taken if t.overlaps(w)), None)
