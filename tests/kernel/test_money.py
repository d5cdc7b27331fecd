"""Money: what is read is what was written, and shares lose no cent."""

from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.kernel.money import cumulative_shares, format_cents, format_euro, parse_euro, shares_between, shares_of

SPLITS = st.lists(st.integers(1, 60), min_size=1, max_size=5).map(
    lambda parts: [*(part * 100 for part in parts[1:]), 10_000 - 100 * sum(parts[1:])]
)


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0,00"),
        (5, "0,05"),
        (1_000, "10,00"),
        (123_450, "1.234,50"),
        (450_250_000, "4.502.500,00"),
        (-1_05, "-1,05"),
    ],
)
def test_amounts_are_written_as_italians_write_them(cents, text):
    assert format_cents(cents) == text
    assert format_euro(cents) == f"{text}\u00a0€"


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("10", 1_000),
        ("10,5", 1_050),
        ("1.234,50", 123_450),
        ("1234,50 €", 123_450),
        (" 0,01 ", 1),
        ("€ 25.000", 2_500_000),
    ],
)
def test_amounts_are_read_as_italians_write_them(text, cents):
    assert parse_euro(text) == cents


@pytest.mark.parametrize("text", ["10,005", "10.5", "1.23,00", "", "-3", "dieci", "1,2,3", "1e3", "10 000", "½"])
def test_an_amount_that_could_be_read_in_two_ways_is_refused(text):
    with pytest.raises(ValueError):
        parse_euro(text)


@given(st.integers(0, 10**12))
def test_reading_gives_back_what_was_written(cents):
    assert parse_euro(format_euro(cents)) == cents


def test_ten_euro_at_40_42_18_divide_exactly():
    assert shares_of(cumulative_shares([4_000, 4_200, 1_800]), 1_000) == (400, 420, 180)


@pytest.mark.parametrize("weights", [[], [0, 10_000], [5_000, 4_000], [-1, 10_001]])
def test_weights_that_are_not_a_whole_are_refused(weights):
    with pytest.raises(ValueError, match="basis points"):
        cumulative_shares(weights)


@given(weights=SPLITS.filter(lambda w: min(w) > 0), cents=st.integers(0, 10**9))
def test_shares_lose_no_cent_and_are_never_a_cent_away_per_source(weights, cents):
    shares = shares_of(cumulative_shares(weights), cents)
    assert sum(shares) == cents
    assert all(
        abs(share - cents * weight / 10_000) < len(weights) for share, weight in zip(shares, weights, strict=True)
    )


@given(weights=SPLITS.filter(lambda w: min(w) > 0), slices=st.lists(st.integers(0, 500), max_size=20))
def test_many_small_amounts_drift_no_more_than_one_large(weights, slices):
    rows = cumulative_shares(weights)
    given_so_far, totals = 0, [0] * len(weights)
    for cents in slices:
        parts = shares_between(rows, given_so_far, given_so_far + cents)
        assert min(parts) >= 0
        assert sum(parts) == cents
        totals = [total + part for total, part in zip(totals, parts, strict=True)]
        given_so_far += cents
    assert tuple(totals) == shares_of(rows, given_so_far)


@given(SPLITS.filter(lambda w: min(w) > 0))
def test_a_whole_period_divides_exactly(weights):
    period = 10_000 // gcd(*weights)
    assert shares_of(cumulative_shares(weights), period) == tuple(weight * period // 10_000 for weight in weights)
