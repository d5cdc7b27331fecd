"""How a recovery divides, and when a provider is paid: pure rules."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.settlements.rules import expected_payment_on, recovered_shares

paid_amounts = st.lists(st.integers(1, 10_000_000), min_size=1, max_size=5)


@given(paid=paid_amounts, data=st.data())
def test_what_is_recovered_divides_without_drift(paid, data):
    first = data.draw(st.integers(0, sum(paid)))
    second = data.draw(st.integers(first, sum(paid)))
    before, after = recovered_shares(paid, first), recovered_shares(paid, second)
    assert (sum(before), sum(after)) == (first, second)
    assert all(0 <= b <= a <= p for b, a, p in zip(before, after, paid, strict=True))


@given(paid=paid_amounts)
def test_recovering_all_gives_each_source_what_it_paid(paid):
    assert recovered_shares(paid, sum(paid)) == tuple(paid)


def test_no_more_than_was_paid_comes_back():
    with pytest.raises(ValueError, match="11 of 10"):
        recovered_shares([4, 6], 11)


def test_payment_is_expected_from_the_approval_or_from_the_day_the_statement_is_due():
    ask = {"month_end": date(2011, 4, 1), "statement_days": 10, "payment_days": 30}
    assert expected_payment_on(**ask, approved_on=None) == date(2011, 5, 11)
    assert expected_payment_on(**ask, approved_on=date(2011, 4, 5)) == date(2011, 5, 5)
