"""The pure rules of applications."""

from datetime import UTC, date, datetime

import pytest

from piutempo.applications.rules import Refusal, decision_refusal_for, first_month_for, window_refusal_for
from piutempo.kernel.periods import Month
from piutempo.programmes.rules.terms import Window

FIRST = Window("prima", datetime(2010, 2, 1, 9, tzinfo=UTC), datetime(2010, 6, 30, 12, tzinfo=UTC))
SECOND = Window("seconda", datetime(2010, 10, 1, 9, tzinfo=UTC), datetime(2011, 3, 31, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("at", "code", "window"),
    [
        (datetime(2010, 2, 1, 8, 59, tzinfo=UTC), Refusal.NOT_YET_OPEN, FIRST),
        (datetime(2010, 6, 30, 12, tzinfo=UTC), Refusal.NOT_YET_OPEN, SECOND),
        (datetime(2011, 3, 31, 12, tzinfo=UTC), Refusal.WINDOW_CLOSED, SECOND),
    ],
)
def test_outside_the_windows_the_refusal_names_the_one_that_matters(
    at: datetime, code: Refusal, window: Window
) -> None:
    found = window_refusal_for((FIRST, SECOND), at)
    assert found is not None
    assert (found.code, found.window) == (code, window)


@pytest.mark.parametrize("at", [FIRST.opens_at, datetime(2010, 6, 30, 11, 59, 59, tzinfo=UTC), SECOND.opens_at])
def test_a_window_is_open_from_its_first_instant_to_before_its_last(at: datetime) -> None:
    assert window_refusal_for((FIRST, SECOND), at) is None


def test_a_programme_without_windows_says_so() -> None:
    found = window_refusal_for((), FIRST.opens_at)
    assert found is not None
    assert (found.code, found.window) == (Refusal.NO_WINDOW, None)


@pytest.mark.parametrize(
    ("outcome", "months", "approve", "refusal"),
    [
        ("yes", 3, True, None),
        ("yes", 3, None, None),
        ("yes", 3, False, Refusal.CANNOT_REFUSE_AGAINST_RULES),
        ("yes", 0, True, Refusal.NO_MONTHS),
        ("no", 0, False, None),
        ("no", 0, None, None),
        ("no", 5, True, Refusal.CANNOT_APPROVE_AGAINST_RULES),
        ("missing", 0, True, Refusal.CANNOT_APPROVE_MISSING),
        ("missing", 0, False, None),
        ("missing", 0, None, Refusal.NEEDS_OFFICER),
    ],
)
def test_an_officer_follows_the_rules_and_a_missing_item_never_approves(
    outcome: str, months: int, approve: bool | None, refusal: Refusal | None
) -> None:
    assert decision_refusal_for(outcome=outcome, months=months, approve=approve) is refusal


def test_the_first_month_is_never_before_the_month_after_the_decision() -> None:
    decided = date(2011, 3, 31)
    assert first_month_for(Month(2011, 2), decided) == Month(2011, 4)
    assert first_month_for(Month(2011, 6), decided) == Month(2011, 6)
    assert first_month_for(None, decided) == Month(2011, 4)
