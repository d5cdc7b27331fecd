"""Whether titles may change hands at a desk; and if not, why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class CustodyRefusal(StrEnum):
    """Why the custody book refuses. Stable codes."""

    UNKNOWN_VOUCHER = "UNKNOWN_VOUCHER"
    NO_SUCH_TITLES = "NO_SUCH_TITLES"
    DESK_DOES_NOT_DELIVER = "DESK_DOES_NOT_DELIVER"
    DESK_NOT_IN_FORCE = "DESK_NOT_IN_FORCE"
    NOT_AT_THIS_DESK = "NOT_AT_THIS_DESK"
    OTHER_PROGRAMME = "OTHER_PROGRAMME"
    ALREADY_HANDED = "ALREADY_HANDED"
    NOT_HANDED = "NOT_HANDED"
    VOIDED = "VOIDED"
    BLOCKED = "BLOCKED"
    NOT_BLOCKED = "NOT_BLOCKED"
    SPENT = "SPENT"
    LAPSED = "LAPSED"
    EXPIRED = "EXPIRED"
    DOCUMENT_NOT_ACCEPTED = "DOCUMENT_NOT_ACCEPTED"
    DOCUMENT_NUMBER_MISSING = "DOCUMENT_NUMBER_MISSING"
    PROXY_NOT_ALLOWED = "PROXY_NOT_ALLOWED"
    MANDATE_MISSING = "MANDATE_MISSING"
    MANDATE_IN_FUTURE = "MANDATE_IN_FUTURE"
    REASON_MISSING = "REASON_MISSING"
    NOTHING_LEFT = "NOTHING_LEFT"
    TWICE = "TWICE"


@dataclass(frozen=True, slots=True)
class HandoverCase:
    """
    All that a handover's decision reads.

    ``asked`` is the mask of the titles to hand over. ``is_holder`` tells whether the recipient is the voucher's
    holder; anybody
    else needs a mandate. ``documents`` are the identity documents that the programme accepts (empty: any).
    """

    desk_delivers: bool
    desk_from: date
    desk_until: date | None
    desk_programme_id: int
    desk_id: int
    voucher_programme_id: int
    voucher_desk_id: int | None
    title_count: int
    asked: int
    handed: int
    void: int
    blocked: int
    lapsed_cents: int
    valid_until: date
    on: date
    is_holder: bool
    document_type: str
    document_number: str
    documents: tuple[str, ...]
    proxy_allowed: bool
    proxy_name: str
    mandate_on: date | None


def handover_refusal(case: HandoverCase) -> CustodyRefusal | None:
    """Return the first reason not to hand over, or None: the desk, the stock, the titles, then who collects."""
    return _desk(case) or _titles(case) or _collector(case)


def _desk(case: HandoverCase) -> CustodyRefusal | None:
    if not case.desk_delivers:
        return CustodyRefusal.DESK_DOES_NOT_DELIVER
    if case.on < case.desk_from or (case.desk_until is not None and case.on >= case.desk_until):
        return CustodyRefusal.DESK_NOT_IN_FORCE
    if case.desk_programme_id != case.voucher_programme_id:
        return CustodyRefusal.OTHER_PROGRAMME
    if case.voucher_desk_id != case.desk_id:
        return CustodyRefusal.NOT_AT_THIS_DESK
    return None


def _titles(case: HandoverCase) -> CustodyRefusal | None:
    if case.asked <= 0 or case.asked >> case.title_count:
        return CustodyRefusal.NO_SUCH_TITLES
    if case.asked & case.void:
        return CustodyRefusal.VOIDED
    if case.asked & case.blocked:
        return CustodyRefusal.BLOCKED
    if case.asked & case.handed:
        return CustodyRefusal.ALREADY_HANDED
    if case.lapsed_cents:
        return CustodyRefusal.LAPSED
    if case.on >= case.valid_until:
        return CustodyRefusal.EXPIRED
    return None


def _collector(case: HandoverCase) -> CustodyRefusal | None:
    if case.documents and case.document_type not in case.documents:
        return CustodyRefusal.DOCUMENT_NOT_ACCEPTED
    if not case.document_number.strip():
        return CustodyRefusal.DOCUMENT_NUMBER_MISSING
    if case.is_holder and not case.proxy_name:
        return None
    if not case.proxy_allowed:
        return CustodyRefusal.PROXY_NOT_ALLOWED
    if case.mandate_on is None or not (case.proxy_name.strip() or not case.is_holder):
        return CustodyRefusal.MANDATE_MISSING
    if case.mandate_on > case.on:
        return CustodyRefusal.MANDATE_IN_FUTURE
    return None
