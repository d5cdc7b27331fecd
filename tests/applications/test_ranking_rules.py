"""The order of a ranking: total, from points, then the stated tie-breaks, then the number; stable under re-run."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.applications.rules.ranking import (
    Candidate,
    hash_rows,
    missing_points,
    points_for,
    rank,
    sort_key,
    span_of,
)
from piutempo.programmes.rules.facts import Range
from tests.programmes.factories import RANKED, file_text, read

TERMS = read(file_text(RANKED)).ranking
OPENED = datetime(2026, 1, 15, 8, tzinfo=UTC)


def candidate(number, *, isee=900_000, minors=1, dependent=0, parents=2, seconds=0, unmet=()):
    facts = {
        "isee_cents": isee,
        "minors_cohabiting": minors,
        "non_self_sufficient_cohabiting": dependent,
        "parents": parents,
    }
    return Candidate(number + 1000, number, OPENED + timedelta(seconds=seconds), facts, unmet)


def test_points_are_those_of_the_notice():
    lone = candidate(1, isee=1_000_000, minors=5, dependent=2, parents=1)
    assert points_for(TERMS, lone.facts) == [
        ("isee", 40),
        ("figli-minorenni", 20),
        ("non-autosufficienza", 25),
        ("un-solo-genitore", 15),
    ]
    assert points_for(TERMS, candidate(1, isee=1_000_001, minors=0).facts)[0] == ("isee", 25)
    assert points_for(TERMS, candidate(1, isee=2_000_001, minors=0).facts)[0] == ("isee", 10)


def test_equal_points_are_parted_in_the_stated_order():
    # 25 + 5 = 30 against 10 + 20 = 30, then the ISEE, then the instant, then the number.
    many = candidate(9, isee=2_500_000, minors=4, seconds=90)
    poor = candidate(8, isee=1_200_000, seconds=80)
    early = candidate(7, isee=1_500_000, seconds=10)
    low_number, high_number = (candidate(n, isee=1_500_000, seconds=20) for n in (5, 6))
    rows = rank(TERMS, [high_number, early, low_number, many, poor])
    assert [r.number for r in rows] == [9, 8, 7, 5, 6]
    assert {r.points for r in rows} == {30}
    assert rows[0].lines[4:] == (
        ("-minors_cohabiting", "4"),
        ("isee_cents", "2500000"),
        ("submitted_at", "2026-01-15T08:01:30+00:00"),
    )


def test_a_missing_datum_gives_no_points_and_goes_last_among_equals():
    unknown = candidate(1, minors=Range(0, 2))
    assert points_for(TERMS, unknown.facts)[1] == ("figli-minorenni", None)
    assert missing_points(TERMS, unknown.facts) == ["Figli minorenni: 5 punti ciascuno, al massimo 20"]
    childless = candidate(2, minors=0)
    assert [r.number for r in rank(TERMS, [unknown, childless])] == [2, 1]


def test_who_is_not_admissible_has_no_place_and_says_why():
    rows = rank(
        TERMS, [candidate(2, unmet=(("isee", "no"),)), candidate(3), candidate(1, unmet=(("isee", "missing"),))]
    )
    assert [(r.number, r.position, r.points) for r in rows] == [(3, 1, 40 + 5), (1, None, 0), (2, None, 0)]
    assert rows[1].lines == (("isee", "missing"),)


@pytest.mark.parametrize(("code", "order", "has_since"), [("prima", 1, False), ("seconda", 2, True)])
def test_a_cut_off_takes_what_came_after_the_one_before(code, order, has_since):
    span = span_of(TERMS, code)
    assert span.order == order
    assert span.before == span.cut_off.closes_at
    assert span.since == (TERMS.cut_offs[0].closes_at if has_since else None)
    assert span_of(TERMS, "terza") is None


candidates = st.lists(
    st.builds(
        candidate,
        st.integers(1, 40),
        isee=st.sampled_from([500_000, 1_500_000, 2_500_000]),
        minors=st.one_of(st.integers(0, 5), st.just(Range(0, 1))),
        dependent=st.integers(0, 1),
        parents=st.integers(1, 2),
        seconds=st.integers(0, 2),
        unmet=st.sampled_from([(), (), (("isee", "no"),)]),
    ),
    max_size=12,
    unique_by=lambda c: c.number,
)


@given(candidates, st.randoms(use_true_random=False))
def test_the_order_is_total_and_does_not_depend_on_the_input(found, random):
    rows = rank(TERMS, found)
    shuffled = list(found)
    random.shuffle(shuffled)
    assert rank(TERMS, shuffled) == rows
    assert hash_rows(rank(TERMS, shuffled)) == hash_rows(rows)
    places = [r.position for r in rows if r.position is not None]
    assert places == list(range(1, len(places) + 1)), "no gaps, nobody twice"
    assert sorted(r.number for r in rows) == sorted(c.number for c in found), "nobody lost"
    keys = {c.number: sort_key(TERMS, c) for c in found}
    assert len(set(keys.values())) == len(found), "antisymmetric: two requests are never equal"


@given(candidates)
def test_more_points_always_come_first_and_ties_follow_the_stated_order(found):
    rows = [r for r in rank(TERMS, found) if r.position is not None]
    by_number = {c.number: c for c in found}
    for before, after in itertools.pairwise(rows):
        one, two = by_number[before.number], by_number[after.number]
        assert before.points >= after.points
        minors = [c.facts["minors_cohabiting"] for c in (one, two)]
        if before.points == after.points and all(isinstance(m, int) for m in minors):
            stated = [
                (-c.facts["minors_cohabiting"], c.facts["isee_cents"], c.submitted_at, c.number) for c in (one, two)
            ]
            assert stated[0] < stated[1]


@given(candidates.filter(bool), st.data())
def test_taking_one_away_leaves_the_others_in_their_order(found, data):
    gone = data.draw(st.sampled_from(found))
    rest = [r.number for r in rank(TERMS, [c for c in found if c is not gone])]
    assert rest == [r.number for r in rank(TERMS, found) if r.number != gone.number]


def test_any_change_of_a_row_changes_the_hash():
    (row,) = rank(TERMS, [candidate(1)])
    assert hash_rows([row]) != hash_rows([replace(row, points=row.points + 1)])
    assert hash_rows([row]) != hash_rows([replace(row, lines=row.lines[1:])])
