"""The pure rule: each reason occurs alone, the true reason comes first, and every reason has a sentence."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from piutempo.kernel.periods import age_on
from piutempo.vouchers.messages import SENTENCES, sentence_for
from piutempo.vouchers.rules.custody import CustodyRefusal
from piutempo.vouchers.rules.file_rows import FileError, RowError
from piutempo.vouchers.rules.redemption import (
    CareState,
    GrantState,
    RedemptionCase,
    Refusal,
    ServiceState,
    VoucherState,
    birth_limit,
    refusal_for,
)
from piutempo.vouchers.services.extension import ExtensionRefusal
from piutempo.vouchers.services.reversal import ReversalRefusal

ALL = (1 << 25) - 1
VOUCHER = VoucherState(
    id=1,
    programme_id=1,
    pot_id=1,
    product="p",
    network="servizi",
    form="titles",
    face_cents=1_000,
    title_count=25,
    value_cents=25_000,
    valid_from=date(2011, 3, 1),
    valid_until=date(2011, 9, 1),
    record_days=30,
    handed=ALL,
    blocked=0,
    spent=0,
    void=0,
    spent_cents=0,
    void_cents=0,
    lapsed_cents=0,
    household_id=1,
    holder_fiscal_code="HOLDER",
)
CASE = RedemptionCase(
    voucher=VOUCHER,
    mask=0b11,
    amount_cents=0,
    service="nido",
    quantity=1,
    served_on=date(2011, 3, 10),
    on=date(2011, 3, 14),
    grants=(GrantState("servizi", "nido", 2_000),),
    service_state=ServiceState(True, 0, 4),
    care=CareState(True, date(2009, 6, 1)),
    holder_fiscal_code="HOLDER",
)
BALANCE = replace(VOUCHER, form="balance", title_count=1, face_cents=10_000, value_cents=10_000, handed=1)


def with_voucher(**changes: Any) -> RedemptionCase:
    return replace(CASE, voucher=replace(VOUCHER, **changes))


#: What is wrong, alone, and the reason that must come out.
ALONE: dict[Refusal, RedemptionCase] = {
    Refusal.CODE_UNKNOWN: replace(CASE, voucher=None),
    Refusal.VOIDED: with_voucher(void=0b10),
    Refusal.BLOCKED: with_voucher(blocked=0b01),
    Refusal.ALREADY_SPENT: with_voucher(spent=0b10, spent_cents=1_000),
    Refusal.NOT_HANDED_OVER: with_voucher(handed=0b01),
    Refusal.LAPSED: with_voucher(lapsed_cents=25_000),
    Refusal.NOT_YET_VALID: replace(CASE, served_on=date(2011, 2, 27), on=date(2011, 2, 28)),
    Refusal.EXPIRED: replace(
        CASE, served_on=date(2011, 9, 1), on=date(2011, 9, 2), care=CareState(True, date(2010, 1, 1))
    ),
    Refusal.SERVED_IN_FUTURE: replace(CASE, served_on=date(2011, 3, 15)),
    Refusal.SERVED_BEFORE_VALIDITY: replace(CASE, served_on=date(2011, 2, 28)),
    Refusal.RECORDED_TOO_LATE: replace(CASE, on=date(2011, 4, 10)),
    Refusal.SITE_NOT_ACCREDITED: replace(CASE, grants=()),
    Refusal.WRONG_NETWORK: replace(CASE, grants=(GrantState("negozi", "nido", 2_000),)),
    Refusal.SERVICE_NOT_IN_CATALOGUE: replace(CASE, service_state=None),
    Refusal.SERVICE_NOT_ALLOWED: replace(CASE, grants=(GrantState("servizi", "sport", 2_000),)),
    Refusal.PERSON_MISSING: replace(CASE, care=None),
    Refusal.PERSON_NOT_IN_HOUSEHOLD: replace(CASE, care=CareState(False, date(2009, 6, 1))),
    Refusal.PERSON_NOT_OF_AGE: replace(CASE, care=CareState(True, date(2007, 3, 10))),
    Refusal.WRONG_HOLDER: replace(CASE, holder_fiscal_code="OTHER"),
    Refusal.WRONG_QUANTITY: replace(CASE, quantity=0),
    Refusal.NOT_WHOLE_TITLES: replace(CASE, mask=0, amount_cents=1_500),
    Refusal.WRONG_AMOUNT: replace(CASE, voucher=BALANCE, mask=0, amount_cents=0),
    Refusal.NOT_ENOUGH_LEFT: replace(CASE, voucher=replace(BALANCE, spent_cents=9_000), mask=0, amount_cents=1_001),
    Refusal.ABOVE_CEILING: replace(CASE, mask=0b111),
}
#: Read from the code itself, before there is a case: see test_redemption.
FROM_THE_CODE = {Refusal.CODE_MISTYPED, Refusal.CODE_NOT_OURS}


def test_the_ordinary_case_is_accepted() -> None:
    assert refusal_for(CASE) is None
    assert refusal_for(replace(CASE, voucher=BALANCE, mask=0, amount_cents=1)) is None


@pytest.mark.parametrize("reason", list(ALONE))
def test_each_reason_occurs_alone(reason: Refusal) -> None:
    assert refusal_for(ALONE[reason]) is reason


def test_every_reason_is_tried() -> None:
    assert set(ALONE) | FROM_THE_CODE == set(Refusal)


@pytest.mark.parametrize(
    ("day", "accepted"),
    [(date(2011, 3, 1), True), (date(2011, 8, 31), True), (date(2011, 9, 1), False), (date(2011, 2, 28), False)],
)
def test_validity_includes_its_first_and_last_day(day: date, accepted: bool) -> None:
    care = CareState(True, date(2010, 1, 1))
    assert (refusal_for(replace(CASE, served_on=day, on=day, care=care)) is None) is accepted


def test_recording_is_open_for_exactly_the_days_stated() -> None:
    assert refusal_for(replace(CASE, on=date(2011, 4, 9))) is None
    assert refusal_for(replace(CASE, on=date(2011, 4, 10))) is Refusal.RECORDED_TOO_LATE


def test_a_spent_title_is_called_spent_even_when_expired() -> None:
    case = replace(with_voucher(spent=0b11, spent_cents=2_000), served_on=date(2011, 10, 1), on=date(2011, 10, 2))
    assert refusal_for(case) is Refusal.ALREADY_SPENT


def test_an_expired_and_lapsed_voucher_says_expired() -> None:
    case = replace(with_voucher(lapsed_cents=25_000), served_on=date(2011, 10, 1), on=date(2011, 10, 2))
    assert refusal_for(case) is Refusal.EXPIRED


@pytest.mark.parametrize("day", [date(2011, 2, 28), date(2011, 3, 1), date(2012, 2, 29), date(2012, 3, 1)])
@pytest.mark.parametrize("years", [0, 1, 3, 4])
def test_a_birth_limit_agrees_with_ages_around_29_february(day: date, years: int) -> None:
    for birth in (date(2008, 2, 28), date(2008, 2, 29), date(2008, 3, 1), date(2011, 2, 28), date(2012, 2, 29)):
        if birth <= day:
            assert (birth <= birth_limit(day, years)) == (age_on(birth, day) >= years)


@pytest.mark.parametrize(
    ("about", "codes"),
    [
        ("redemption", Refusal),
        ("custody", CustodyRefusal),
        ("reversal", ReversalRefusal),
        ("extension", ExtensionRefusal),
        ("file", [*FileError, *RowError, *Refusal]),
        ("api", [*Refusal, *ReversalRefusal]),
    ],
)
def test_every_code_has_a_sentence(about: str, codes: Any) -> None:
    assert set(codes) <= set(SENTENCES[about])
    for code in codes:
        sentence = sentence_for(code, {}, about=about)
        assert sentence[0].isupper() or sentence[0] == "«"
        assert "{" not in sentence


def test_a_sentence_says_when() -> None:
    assert "31/08/2011" in sentence_for(Refusal.EXPIRED, {"valid_until": date(2011, 9, 1)})
