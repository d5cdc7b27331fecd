"""The worked examples of docs/rules/cambiamenti.md, and what no change may do."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from piutempo.applications.rules.changing import effective_month_for, is_late, months_to_keep

DOC = (Path(settings.BASE_DIR) / "docs/rules/cambiamenti.md").read_text(encoding="utf-8")
MONTHS = re.findall(r"^\| (\d{4}-\d\d-\d\d) \| → (\d{4}-\d\d) \|$", DOC, re.MULTILINE)
KEPT = re.findall(r"^\| (\d+) \| (\d+) \| (\w+) \| (\w+) \| (\d+) \| (\d+) \| (\d+) \| → (\d+) \|$", DOC, re.MULTILINE)


def test_the_examples_are_there():
    assert len(MONTHS) >= 3
    assert len(KEPT) >= 9


@pytest.mark.parametrize(("day", "month"), MONTHS)
def test_a_change_counts_from_the_month_after(day, month):
    assert str(effective_month_for(date.fromisoformat(day))) == month


@pytest.mark.parametrize(("left", "used", "before", "after", "old", "new", "most", "kept"), KEPT)
def test_the_months_of_the_examples(left, used, before, after, old, new, most, kept):
    found = months_to_keep(
        left=int(left), used=int(used), before=before, after=after, months_before=int(old), months_after=int(new),
        most=int(most),
    )  # fmt: skip
    assert found == int(kept)


numbers = st.integers(0, 12)


@given(
    left=numbers, used=numbers, old=numbers, new=numbers, most=st.integers(1, 12), before=st.sampled_from(["yes", "no"])
)
def test_never_beyond_the_most_nor_below_what_the_family_has_by_the_most_alone(left, used, old, new, most, before):
    kept = months_to_keep(
        left=left, used=used, before=before, after="yes", months_before=old, months_after=new, most=most
    )
    assert kept <= max(left, most - used)
    assert kept >= 0
    if before == "yes" and min(new, most) >= min(old, most):
        assert kept >= left


@given(days=st.integers(1, 60), late=st.integers(-60, 60))
def test_a_change_is_late_from_the_day_after_the_last(days, late):
    day = date(2026, 3, 1)
    assert is_late(happened_on=day, declared_on=day + timedelta(days=days + late), days=days) == (late > 0)
