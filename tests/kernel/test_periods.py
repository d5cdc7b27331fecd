"""Months and periods: the end is exclusive, and birthdays fall when the law says."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.kernel.periods import Month, Period, age_on, months_touched

DAYS = st.dates(date(1990, 1, 1), date(2050, 12, 31))
MONTHS = st.builds(Month, st.integers(1990, 2050), st.integers(1, 12))
PERIODS = st.builds(lambda start, days: Period(start, start + timedelta(days=days)), DAYS, st.integers(1, 500))


def test_a_month_knows_its_first_day_and_its_exclusive_end():
    assert Month(2011, 12).first == date(2011, 12, 1)
    assert Month(2011, 12).end == date(2012, 1, 1)


@pytest.mark.parametrize("text", ["2011-13", "2011-3", "2011/03", "03-2011", "", "2011-03-01"])
def test_a_month_written_otherwise_is_refused(text):
    with pytest.raises(ValueError, match="month"):
        Month.parse(text)


@given(MONTHS)
def test_a_month_reads_back_as_written(month):
    assert Month.parse(str(month)) == month


@given(month=MONTHS, months=st.integers(-200, 200))
def test_adding_months_and_subtracting_them_agree(month, months):
    assert (month + months) - month == months
    assert (month + months > month) == (months > 0)


def test_a_period_contains_its_start_and_not_its_end():
    period = Period(date(2011, 1, 1), date(2011, 2, 1))
    assert date(2011, 1, 1) in period
    assert date(2011, 1, 31) in period
    assert date(2011, 2, 1) not in period


def test_a_period_without_end_contains_every_later_day():
    assert date(2999, 1, 1) in Period(date(2011, 1, 1), None)


@pytest.mark.parametrize("end", [date(2011, 1, 1), date(2010, 12, 31)])
def test_a_period_that_does_not_end_after_its_start_is_refused(end):
    with pytest.raises(ValueError, match="end after"):
        Period(date(2011, 1, 1), end)


@given(one=PERIODS, other=PERIODS, day=DAYS)
def test_two_periods_that_share_a_day_overlap(one, other, day):
    assert one.overlaps(other) == other.overlaps(one)
    if day in one and day in other:
        assert one.overlaps(other)


def test_months_touched_counts_a_month_once_and_by_a_single_day():
    training = [Period(date(2010, 1, 31), date(2010, 2, 2)), Period(date(2010, 2, 10), date(2010, 3, 1))]
    assert months_touched(training) == [Month(2010, 1), Month(2010, 2)]


@given(st.lists(PERIODS, max_size=5))
def test_a_month_is_touched_when_one_of_its_days_is_in_a_period(periods):
    touched = months_touched(periods)
    assert touched == sorted(set(touched))
    for period in periods:
        assert Month.of(period.start) in touched
        assert Month.of(period.end - timedelta(days=1)) in touched
    for month in touched:
        assert any(period.overlaps(Period(month.first, month.end)) for period in periods)


def test_a_period_without_end_has_no_last_month():
    with pytest.raises(ValueError, match="without end"):
        months_touched([Period(date(2010, 1, 1), None)])


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        (date(2000, 3, 1), date(2010, 2, 28), 9),
        (date(2000, 3, 1), date(2010, 3, 1), 10),
        (date(2004, 2, 29), date(2010, 2, 28), 5),
        (date(2004, 2, 29), date(2010, 3, 1), 6),
        (date(2004, 2, 29), date(2008, 2, 29), 4),
    ],
)
def test_age_counts_completed_years(birth, day, years):
    assert age_on(birth, day) == years
