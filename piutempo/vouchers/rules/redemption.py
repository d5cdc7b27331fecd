"""When a title, or an amount of a balance voucher, may be spent; and if not, the true reason first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from piutempo.kernel.periods import age_on


class Refusal(StrEnum):
    """
    Why a redemption is refused, in the order in which reasons are looked for. The codes are stable: API clients read
    them.
    """

    CODE_MISTYPED = "CODE_MISTYPED"
    CODE_NOT_OURS = "CODE_NOT_OURS"
    CODE_UNKNOWN = "CODE_UNKNOWN"
    VOIDED = "VOIDED"
    BLOCKED = "BLOCKED"
    ALREADY_SPENT = "ALREADY_SPENT"
    NOT_HANDED_OVER = "NOT_HANDED_OVER"
    LAPSED = "LAPSED"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"
    SERVED_IN_FUTURE = "SERVED_IN_FUTURE"
    SERVED_BEFORE_VALIDITY = "SERVED_BEFORE_VALIDITY"
    RECORDED_TOO_LATE = "RECORDED_TOO_LATE"
    SITE_NOT_ACCREDITED = "SITE_NOT_ACCREDITED"
    WRONG_NETWORK = "WRONG_NETWORK"
    SERVICE_NOT_IN_CATALOGUE = "SERVICE_NOT_IN_CATALOGUE"
    SERVICE_NOT_ALLOWED = "SERVICE_NOT_ALLOWED"
    PERSON_MISSING = "PERSON_MISSING"
    PERSON_NOT_IN_HOUSEHOLD = "PERSON_NOT_IN_HOUSEHOLD"
    PERSON_NOT_OF_AGE = "PERSON_NOT_OF_AGE"
    WRONG_HOLDER = "WRONG_HOLDER"
    WRONG_QUANTITY = "WRONG_QUANTITY"
    NOT_WHOLE_TITLES = "NOT_WHOLE_TITLES"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    NOT_ENOUGH_LEFT = "NOT_ENOUGH_LEFT"
    ABOVE_CEILING = "ABOVE_CEILING"


@dataclass(frozen=True, slots=True)
class VoucherState:
    """What a voucher's row says. Days: ``valid_until`` exclusive. Masks: see ``rules.masks``."""

    id: int
    programme_id: int
    pot_id: int
    product: str
    network: str
    form: str
    face_cents: int
    title_count: int
    value_cents: int
    valid_from: date
    valid_until: date
    record_days: int
    handed: int
    blocked: int
    spent: int
    void: int
    spent_cents: int
    void_cents: int
    lapsed_cents: int
    household_id: int
    holder_fiscal_code: str

    @property
    def left_cents(self) -> int:
        """What may still be spent, before looking at masks and dates."""
        return self.value_cents - self.spent_cents - self.void_cents - self.lapsed_cents


@dataclass(frozen=True, slots=True)
class GrantState:
    """What a site may do on the day of service: one service of one network, up to a ceiling per unit."""

    network: str
    service: str
    unit_ceiling_cents: int


@dataclass(frozen=True, slots=True)
class CareState:
    """The person cared for: a member of the voucher's household on the day of service, or not."""

    is_in_household: bool
    birth_date: date


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service of the catalogue in force on the day of service. ``min_age`` <= age < ``max_age``."""

    needs_person: bool
    min_age: int | None
    max_age: int | None


@dataclass(frozen=True, slots=True)
class RedemptionCase:
    """
    All that the decision reads. ``voucher`` is None when nobody printed that code.

    ``mask`` are the titles asked for; 0 and ``amount_cents`` for a balance voucher. ``on`` is the day of
    recording, ``served_on`` the
    day of service. ``grants`` are all of the site, for this programme, in force on ``served_on``.
    ``service_state`` is None when the
    catalogue had no such service that day. ``care`` is None when no person was named.
    """

    voucher: VoucherState | None
    mask: int
    amount_cents: int
    service: str
    quantity: int
    served_on: date
    on: date
    grants: tuple[GrantState, ...]
    service_state: ServiceState | None
    care: CareState | None
    holder_fiscal_code: str


#: Where a title stands, checked in this order: the final states first, so that the true reason is told.
def _custody(case: RedemptionCase, v: VoucherState) -> Refusal | None:
    asked = case.mask or 1
    if asked >> v.title_count:
        return Refusal.CODE_UNKNOWN
    if v.void & asked:
        return Refusal.VOIDED
    if v.blocked & asked:
        return Refusal.BLOCKED
    if v.spent & case.mask:
        return Refusal.ALREADY_SPENT
    if v.form == "balance" and v.spent_cents and v.left_cents == 0 and not v.lapsed_cents:
        return Refusal.ALREADY_SPENT
    if v.handed & asked != asked:
        return Refusal.NOT_HANDED_OVER
    return None


def _dates(case: RedemptionCase, v: VoucherState) -> Refusal | None:
    if v.lapsed_cents:
        return Refusal.EXPIRED if case.served_on >= v.valid_until else Refusal.LAPSED
    if case.on < v.valid_from:
        return Refusal.NOT_YET_VALID
    if case.served_on > case.on:
        return Refusal.SERVED_IN_FUTURE
    if case.served_on < v.valid_from:
        return Refusal.SERVED_BEFORE_VALIDITY
    if case.served_on >= v.valid_until:
        return Refusal.EXPIRED
    if (case.on - case.served_on).days > v.record_days:
        return Refusal.RECORDED_TOO_LATE
    return None


def _service(case: RedemptionCase, v: VoucherState) -> Refusal | None:
    if not case.grants:
        return Refusal.SITE_NOT_ACCREDITED
    if all(g.network != v.network for g in case.grants):
        return Refusal.WRONG_NETWORK
    if case.service_state is None:
        return Refusal.SERVICE_NOT_IN_CATALOGUE
    if _ceiling(case, v) is None:
        return Refusal.SERVICE_NOT_ALLOWED
    return None


def _people(case: RedemptionCase, v: VoucherState) -> Refusal | None:
    service = case.service_state
    if service and service.needs_person and case.care is None:
        return Refusal.PERSON_MISSING
    if case.care is not None:
        if not case.care.is_in_household:
            return Refusal.PERSON_NOT_IN_HOUSEHOLD
        age = age_on(case.care.birth_date, case.served_on)
        if service and (
            (service.min_age is not None and age < service.min_age)
            or (service.max_age is not None and age >= service.max_age)
        ):
            return Refusal.PERSON_NOT_OF_AGE
    if case.holder_fiscal_code and case.holder_fiscal_code != v.holder_fiscal_code:
        return Refusal.WRONG_HOLDER
    return None


def _amount(case: RedemptionCase, v: VoucherState) -> Refusal | None:
    if not 1 <= case.quantity <= 32_767:
        return Refusal.WRONG_QUANTITY
    if (v.form == "titles") != (case.mask > 0):
        return Refusal.NOT_WHOLE_TITLES if v.form == "titles" else Refusal.WRONG_AMOUNT
    if v.form == "balance" and case.amount_cents <= 0:
        return Refusal.WRONG_AMOUNT
    amount = amount_of(case)
    if amount > v.left_cents:
        return Refusal.NOT_ENOUGH_LEFT
    ceiling = _ceiling(case, v)
    if ceiling is not None and amount > case.quantity * ceiling:
        return Refusal.ABOVE_CEILING
    return None


def _ceiling(case: RedemptionCase, v: VoucherState) -> int | None:
    found = [g.unit_ceiling_cents for g in case.grants if (g.network, g.service) == (v.network, case.service)]
    return max(found) if found else None


def amount_of(case: RedemptionCase) -> int:
    """Return what the case would spend, in cents."""
    if case.voucher is not None and case.mask:
        return case.mask.bit_count() * case.voucher.face_cents
    return case.amount_cents


def refusal_for(case: RedemptionCase) -> Refusal | None:
    """Return the first reason to refuse, or None: what the title is, when, where and what for, for whom, how much."""
    v = case.voucher
    if v is None:
        return Refusal.CODE_UNKNOWN
    return _custody(case, v) or _dates(case, v) or _service(case, v) or _people(case, v) or _amount(case, v)


def birth_limit(day: date, years: int) -> date:
    """Return the latest birth date of somebody who has completed ``years`` on ``day`` (as ``age_on`` counts)."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
