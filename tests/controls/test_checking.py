"""When a check may be concluded: never against a family before it was heard."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from piutempo.controls.rules.checking import CheckCase, Refusal, conclusion_refusal

TODAY = date(2026, 3, 10)
cases = st.builds(
    CheckCase,
    is_closed=st.booleans(),
    left=st.integers(0, 3),
    failed=st.integers(0, 3),
    answer_due_on=st.none() | st.integers(-20, 20).map(lambda n: TODAY + timedelta(days=n)),
    is_answered=st.booleans(),
    on=st.just(TODAY),
)


@given(case=cases)
def test_nothing_is_decided_against_a_family_that_was_not_heard(case):
    if conclusion_refusal(case, is_adverse=True) is None:
        assert case.answer_due_on is not None
        assert case.is_answered or case.on > case.answer_due_on
        assert case.failed
        assert not case.left


@given(case=cases)
def test_regular_needs_every_item_in_order_and_no_family_delay(case):
    refused = conclusion_refusal(case, is_adverse=False)
    assert (refused is None) == (not case.is_closed and not case.left and not case.failed)


@given(case=cases)
def test_a_closed_check_stays_closed(case):
    if case.is_closed:
        assert conclusion_refusal(case, is_adverse=True) is Refusal.CLOSED
        assert conclusion_refusal(case, is_adverse=False) is Refusal.CLOSED


def test_the_last_day_belongs_to_the_family():
    case = CheckCase(False, 0, 1, TODAY, is_answered=False, on=TODAY)
    assert conclusion_refusal(case, is_adverse=True) is Refusal.FAMILY_DAYS_RUNNING
    after = CheckCase(False, 0, 1, TODAY, is_answered=False, on=TODAY + timedelta(days=1))
    assert conclusion_refusal(after, is_adverse=True) is None
