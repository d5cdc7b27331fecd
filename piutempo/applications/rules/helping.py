"""When a desk may act for somebody: an agreement, a person identified by document, a mandate in force. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from piutempo.applications.rules.deciding import Refusal


@dataclass(frozen=True, slots=True)
class MandateSpan:
    """When a mandate counts: from ``signed_on``, before ``valid_until`` (None: no end), until it is revoked."""

    signed_on: date
    valid_until: date | None
    is_revoked: bool

    def is_in_force_on(self, day: date) -> bool:
        """Tell whether the desk may act on ``day`` by this mandate."""
        return not self.is_revoked and self.signed_on <= day and (self.valid_until is None or day < self.valid_until)


def help_refusal_for(*, document_expires_on: date | None, mandates: Sequence[MandateSpan], on: date) -> Refusal | None:
    """
    Return why a desk may not act for a person on a day, or None: first who the person is, then the mandate.

    ``document_expires_on`` is the last day of the newest document seen at the desk; None: never identified there.
    """
    if document_expires_on is None:
        return Refusal.NOT_IDENTIFIED
    if document_expires_on < on:
        return Refusal.DOCUMENT_EXPIRED
    if not mandates:
        return Refusal.NO_MANDATE
    return None if any(m.is_in_force_on(on) for m in mandates) else Refusal.MANDATE_ENDED


def document_refusal_for(
    *, kind: str, number: str, expires_on: date, accepted: Sequence[str], on: date
) -> Refusal | None:
    """Return why a document does not identify a person, or None. ``accepted``: the programme's kinds (empty: any)."""
    if not kind.strip() or (accepted and kind not in accepted):
        return Refusal.DOCUMENT_KIND
    if not number.strip():
        return Refusal.DOCUMENT_NUMBER
    return Refusal.DOCUMENT_EXPIRED if expires_on < on else None


def mandate_refusal_for(*, signed_on: date, valid_until: date | None, on: date) -> Refusal | None:
    """Return why a mandate cannot be recorded, or None: not signed yet, or over before it is recorded."""
    if signed_on > on:
        return Refusal.MANDATE_IN_FUTURE
    return Refusal.MANDATE_ENDED if valid_until is not None and valid_until <= max(on, signed_on) else None
