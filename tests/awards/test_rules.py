"""The pure rules of awards; the worked examples of docs/rules/awards.md run here."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.awards.rules import (
    Place,
    Risk,
    first_month_for,
    forecast_for,
    is_served_at_once,
    months_to_release,
    rank_for,
    served_count,
)
from piutempo.kernel.periods import Month

NOON = datetime(2011, 3, 14, 12, tzinfo=UTC)


def ranks(order: tuple[str, ...], *cases: dict[str, object]) -> list[str]:
    return [rank_for(order, case)[1] for case in cases]


def test_the_earlier_submission_goes_first() -> None:
    first, second = ranks(("submitted_at",), {"submitted_at": NOON}, {"submitted_at": NOON + timedelta(microseconds=1)})
    assert first < second


def test_a_minus_puts_the_greater_first_and_what_is_missing_goes_last() -> None:
    many, few, unknown = ranks(("-children",), {"children": 3}, {"children": 1}, {})
    assert many < few < unknown


@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), st.text(max_size=4)), min_size=2, max_size=20))
def test_a_rank_sorts_like_the_stated_order(cases: list[tuple[int, str]]) -> None:
    sorted_by_rank = sorted(cases, key=lambda c: rank_for(("-n", "t"), {"n": c[0], "t": c[1] or None})[1])
    keys = [(-n, t.casefold().encode()[:10].ljust(10, b"\0") if t else b"\xff" * 10) for n, t in sorted_by_rank]
    assert keys == sorted(keys)


def test_the_key_says_what_was_read() -> None:
    key, rank = rank_for(("isee_cents", "submitted_at"), {"isee_cents": 1_200_000, "submitted_at": NOON})
    assert key == [["isee_cents", "1200000"], ["submitted_at", NOON.isoformat()]]
    assert len(rank) <= 120


def test_more_fields_than_a_rank_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 5"):
        rank_for(("a", "b", "c", "d", "e", "f"), {})


@pytest.mark.parametrize(
    ("amounts", "headroom", "served"),
    [
        ([100, 100, 100], 250, 2),
        ([300, 100], 250, 0),  # the second would fit: nobody overtakes
        ([100], 100, 1),
        ([], 100, 0),
        ([100], -50, 0),
    ],
)
def test_the_list_is_served_exactly_as_far_as_the_money_goes(amounts: list[int], headroom: int, served: int) -> None:
    assert served_count([Place(str(i), i, a) for i, a in enumerate(amounts)], headroom) == served


@given(st.lists(st.integers(1, 1_000), max_size=30), st.integers(0, 5_000))
def test_serving_never_gives_more_than_there_is_and_stops_only_for_want_of_money(
    amounts: list[int], headroom: int
) -> None:
    served = served_count([Place("", i, a) for i, a in enumerate(amounts)], headroom)
    assert sum(amounts[:served]) <= headroom
    assert served == len(amounts) or sum(amounts[: served + 1]) > headroom


@pytest.mark.parametrize(
    ("rank", "amount", "headroom", "first_waiting", "answer"),
    [
        ("b", 100, 100, None, True),
        ("b", 100, 99, None, False),
        ("b", 100, 100, "a", False),  # somebody is ahead
        ("b", 100, 100, "b", False),  # same rank: who came first is ahead
        ("a", 100, 100, "b", True),
    ],
)
def test_a_new_award_is_committed_only_if_it_is_first_and_the_money_is_there(
    rank: str, amount: int, headroom: int, first_waiting: str | None, answer: bool
) -> None:
    found = is_served_at_once(rank=rank, amount_cents=amount, headroom_cents=headroom, first_waiting_rank=first_waiting)
    assert found is answer


def test_an_award_that_waited_starts_the_month_after_it_was_served() -> None:
    assert first_month_for(Month(2011, 3), date(2011, 5, 20)) == Month(2011, 6)
    assert first_month_for(Month(2011, 9), date(2011, 5, 20)) == Month(2011, 9)


def test_only_months_not_issued_go_back() -> None:
    assert months_to_release(months=10, months_issued=4, months_released=0) == 6
    assert months_to_release(months=10, months_issued=10, months_released=0) == 0


def forecast(**changes: int):  # type: ignore[no-untyped-def]
    case = {
        "spent_cents": 600_00,
        "lapsed_cents": 400_00,
        "open_value_cents": 1_000_00,
        "open_unspent_cents": 700_00,
        "near_value_cents": 200_00,
        "near_unspent_cents": 150_00,
        "available_cents": 0,
        "limit_cents": 0,
    }
    return forecast_for(**case | changes)


def test_the_forecast_follows_the_past_rate_and_what_is_near_expiry() -> None:
    found = forecast()
    assert found.lapse_rate_bp == 4_000
    assert found.low_cents == 320_00 + 80_00
    assert found.high_cents == 320_00 + 150_00


def test_without_history_the_prudent_forecast_is_nothing() -> None:
    found = forecast(spent_cents=0, lapsed_cents=0)
    assert (found.lapse_rate_bp, found.low_cents, found.high_cents) == (None, 0, 150_00)


@pytest.mark.parametrize(
    ("limit", "risk"),
    [(0, Risk.NONE), (400_00, Risk.COVERED), (470_00, Risk.COVERED_IF_TREND_HOLDS), (470_01, Risk.UNCOVERED)],
)
def test_the_limit_is_judged_against_both_forecasts(limit: int, risk: Risk) -> None:
    assert forecast(limit_cents=limit).risk is risk


def test_what_is_used_and_what_is_uncovered_are_said() -> None:
    found = forecast(limit_cents=500_00, available_cents=-120_00)
    assert (found.used_cents, found.uncovered_cents) == (120_00, 30_00)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.data())
def test_no_forecast_exceeds_what_is_unspent(spent: int, lapsed: int, near: int, far: int, data: st.DataObject) -> None:
    near_left, far_left = data.draw(st.integers(0, near)), data.draw(st.integers(0, far))
    found = forecast_for(
        spent_cents=spent,
        lapsed_cents=lapsed,
        open_value_cents=near + far,
        open_unspent_cents=near_left + far_left,
        near_value_cents=near,
        near_unspent_cents=near_left,
        available_cents=0,
        limit_cents=0,
    )
    assert 0 <= found.low_cents <= found.high_cents <= near_left + far_left
