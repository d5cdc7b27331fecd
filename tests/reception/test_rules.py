"""When a desk receives and how many: whole slots, no overlaps, the fullest instant counts."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.reception.rules import Refusal, Slot, Stretch, first_seat, seats_left, slots_of, stretch_refusal_for

MONDAY = date(2025, 3, 10)


def stretch(opens="09:00", closes="12:00", minutes=30, capacity=1, weekday=0, since=date(2025, 1, 1), until=None):
    return Stretch(weekday, time.fromisoformat(opens), time.fromisoformat(closes), minutes, capacity, since, until)


def test_a_stretch_is_cut_in_whole_slots():
    slots = slots_of([stretch(closes="10:50")], MONDAY)
    assert [f"{s.starts:%H:%M}" for s in slots] == ["09:00", "09:30", "10:00"]
    assert slots_of([stretch()], MONDAY + timedelta(days=1)) == []
    assert slots_of([stretch(until=MONDAY)], MONDAY) == []


@pytest.mark.parametrize(
    ("one", "refusal"),
    [
        (stretch(closes="09:00"), Refusal.HOURS_ORDER),
        (stretch(closes="09:10"), Refusal.HOURS_SLOT),
        (stretch(minutes=3), Refusal.HOURS_SLOT),
        (stretch(capacity=0), Refusal.HOURS_SLOT),
        (stretch(until=date(2024, 1, 1)), Refusal.PERIOD),
        (stretch("11:30", "13:00"), Refusal.HOURS_OVERLAP),
        (stretch("12:00", "13:00"), None),
        (stretch(weekday=1), None),
        (stretch(since=date(2024, 1, 1), until=date(2025, 1, 1)), None),
    ],
)
def test_hours_that_make_no_sense_or_overlap_are_refused(one, refusal):
    assert stretch_refusal_for(one, [stretch()]) is refusal


def test_an_appointment_taken_under_other_hours_still_counts():
    nine = datetime(2025, 3, 10, 9)
    slot = Slot(nine, nine + timedelta(minutes=30), 2)
    across = (nine + timedelta(minutes=15), nine + timedelta(minutes=60))
    before = (nine - timedelta(minutes=15), nine + timedelta(minutes=10))
    assert seats_left(slot, [across, before]) == 1  # never both at once
    assert seats_left(slot, [across, before, (nine, slot.ends)]) == 0
    assert seats_left(slot, [(slot.ends, slot.ends + timedelta(minutes=5))]) == 2


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40)), max_size=12), st.integers(1, 4))
def test_whoever_is_let_in_never_makes_more_than_the_capacity(spans, capacity):
    start = datetime(2025, 3, 10, 9)
    taken: list[tuple[datetime, datetime]] = []
    for begin, length in spans:
        slot = Slot(start + timedelta(minutes=begin), start + timedelta(minutes=begin + length), capacity)
        if seats_left(slot, taken):
            taken.append((slot.starts, slot.ends))
    instants = {s for s, _e in taken}
    assert all(sum(s <= at < e for s, e in taken) <= capacity for at in instants)


def test_the_lowest_free_seat_is_given():
    assert first_seat([1, 3], 3) == 2
    assert first_seat([1, 2], 2) is None
