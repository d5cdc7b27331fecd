"""Pure rules of the reports."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.reporting.rules import quarter_of, share_bp


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2010, 1, 1), (date(2010, 1, 1), date(2010, 4, 1))),
        (date(2010, 6, 30), (date(2010, 4, 1), date(2010, 7, 1))),
        (date(2010, 12, 31), (date(2010, 10, 1), date(2011, 1, 1))),
    ],
)
def test_a_quarter_has_three_months(day, expected):
    assert quarter_of(day) == expected


@given(st.dates())
def test_every_day_lies_in_its_quarter(day):
    if day.year < 9999:
        start, end = quarter_of(day)
        assert start <= day < end


def test_shares_are_rounded_half_up_to_the_basis_point():
    assert share_bp(2530, 4784) == 5288
    assert share_bp(450_250_000, 520_000_000) == 8659
    assert share_bp(1, 0) == 0


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_share_is_within_half_a_basis_point(part, whole):
    assert abs(share_bp(part, whole) * whole - part * 10_000) * 2 <= whole
