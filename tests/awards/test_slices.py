"""The rules of time slices: no month twice, none lost, none with a voucher touched."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from piutempo.awards.rules import Kept, Placed, Run, State, last_month_for, move, shrink, taken_months
from piutempo.kernel.periods import Month

MARCH = Month(2026, 3)
FAR = Month(2028, 7)


def run(
    months: int = 6, issued: int = 0, award_id: int = 1, first: Month = MARCH, state: State = State.COMMITTED
) -> Run:
    return Run(award_id, first, months, frozenset(first + i for i in range(issued)), state)


def test_a_suspension_with_an_end_moves_the_months_behind_it():
    # six months from March, two issued; away in June and July: May stays, three months move to August
    plan = move([run(6, 2)], since=Month(2026, 6), to=Month(2026, 8), last=FAR)
    assert plan.kept == (Kept(1, 3, is_closed=False),)
    assert plan.placed == (Placed(1, Month(2026, 8), 3),)
    assert plan.returned == 0


def test_an_open_suspension_has_no_date_and_is_resumed_later():
    plan = move([run(6, 2)], since=Month(2026, 5), to=None, last=FAR)
    assert plan.kept == (Kept(1, 2, is_closed=True),)
    assert plan.placed == (Placed(1, None, 4),)
    again = move(
        [run(2, 2), Run(2, Month(2026, 5), 4, frozenset(), State.SUSPENDED)],
        since=Month(2026, 9),
        to=Month(2026, 9),
        last=FAR,
    )
    assert again.kept == (Kept(2, 0, is_closed=True),)
    assert again.placed == (Placed(2, Month(2026, 9), 4),)


def test_months_that_no_longer_fit_go_back():
    plan = move([run(6, 2)], since=Month(2026, 5), to=Month(2026, 9), last=Month(2026, 11))
    assert plan.placed == (Placed(1, Month(2026, 9), 2),)
    assert plan.returned == 2


def test_a_month_issued_ahead_is_stepped_over_and_never_repeated():
    ahead = Run(1, MARCH, 6, frozenset({MARCH, MARCH + 3}))  # March and June have vouchers
    plan = move([ahead], since=MARCH + 2, to=MARCH + 3, last=FAR)
    assert plan.kept == (Kept(1, 2, is_closed=True),)
    assert plan.placed == (Placed(1, MARCH + 1, 1), Placed(1, MARCH + 4, 3))


def test_waiting_runs_are_planned_behind_everything():
    waiting = run(2, award_id=2, first=Month(2026, 9), state=State.WAITING)
    plan = move([run(6, 2), waiting], since=Month(2026, 5), to=Month(2026, 8), last=FAR)
    assert plan.waiting == ((2, Month(2026, 12)),)


def test_losing_the_right_gives_back_what_is_not_issued_from_the_month_on():
    plan = shrink([run(6, 2)], since=Month(2026, 6), keep=0)
    assert (plan.kept, plan.returned) == ((Kept(1, 3, is_closed=False),), 3)
    waiting = run(2, award_id=2, first=Month(2026, 9), state=State.WAITING)
    plan = shrink([run(6, 2), waiting], since=Month(2026, 6), keep=2)
    assert plan.kept == (Kept(2, 0, is_closed=True), Kept(1, 5, is_closed=False))


def test_the_last_month_is_the_earlier_of_the_two_ends():
    assert last_month_for(ends_on=date(2028, 7, 1), valid_until_at_most=None) == Month(2028, 7)
    assert last_month_for(ends_on=date(2028, 7, 15), valid_until_at_most=None) == Month(2028, 8)
    assert last_month_for(ends_on=date(2028, 7, 1), valid_until_at_most=date(2028, 2, 1)) == Month(2028, 2)


@st.composite
def benefits(draw: st.DrawFn) -> list[Run]:
    runs, first = [], MARCH
    for award_id in range(1, draw(st.integers(1, 3)) + 1):
        first += draw(st.integers(0, 2))
        booked = draw(st.integers(1, 6))
        months = [first + i for i in range(booked)]
        issued = frozenset(draw(st.sets(st.sampled_from(months))))
        runs.append(Run(award_id, first, booked, issued))
        first += booked
    return runs


@given(runs=benefits(), since=st.integers(0, 15), gap=st.none() | st.integers(0, 6), room=st.integers(0, 12))
def test_moving_repeats_no_month_and_loses_none(runs: list[Run], since: int, gap: int | None, room: int):
    start = MARCH + since
    plan = move(runs, since=start, to=None if gap is None else start + gap, last=start + room)
    _check(runs, plan.kept, plan.placed, plan.returned)
    if gap is not None:
        fresh = [p for p in plan.placed if p.first is not None and p.first >= start]
        assert all(p.first + p.months <= start + room for p in fresh if p.first >= start + gap)  # type: ignore[operator]


@given(runs=benefits(), since=st.integers(0, 15), keep=st.integers(0, 20))
def test_shrinking_keeps_exactly_what_it_says(runs: list[Run], since: int, keep: int):
    start = MARCH + since
    plan = shrink(runs, since=start, keep=keep)
    _check(runs, plan.kept, plan.placed, plan.returned)
    before = sum(month >= start for r in runs for month in r.due)
    assert before - plan.returned == min(before, keep)


def _check(runs: list[Run], kept: tuple[Kept, ...], placed: tuple[Placed, ...], returned: int) -> None:
    rest = {k.award_id: k for k in kept}
    left, months = 0, []
    for r in runs:
        k = rest.get(r.award_id)
        booked = k.booked if k else r.booked
        assert booked >= len(r.issued)
        if k and k.is_closed:
            assert booked == len(r.issued)
            months += sorted(r.issued)
            continue
        after = Run(r.award_id, r.first, booked, r.issued)
        assert r.issued <= {r.first + i for i in range(booked)}
        months += [*after.due, *sorted(r.issued)]
        left += after.left
    for p in placed:
        left += p.months
        if p.first is not None:
            months += [p.first + i for i in range(p.months)]
    assert len(months) == len(set(months))
    assert left + returned == sum(r.left for r in runs)
    assert taken_months(runs) >= {m for r in runs for m in r.issued}


def test_a_run_closed_after_a_later_month_was_issued_has_none_left() -> None:
    """Of April and May only May has its voucher: the run was closed with it, and April lives in another run."""
    closed = Run(1, Month(2025, 4), 1, frozenset({Month(2025, 5)}))
    assert (closed.due, closed.left) == ((), 0)
    again = move([closed], since=Month(2025, 4), to=Month(2025, 6), last=Month(2026, 1))
    assert (again.kept, again.placed, again.returned) == ((), (), 0)
