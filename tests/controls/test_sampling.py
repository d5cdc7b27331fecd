"""The random sample: docs/rules/campione.md's worked example, and what must hold of every draw."""

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from piutempo.controls.rules.sampling import (
    NO_CLASS,
    Item,
    classify,
    count_drawn,
    draw,
    hash_population,
    read_population,
    ticket,
    write_population,
)
from piutempo.programmes.rules.terms import RiskClass

PAGE = Path(settings.BASE_DIR) / "docs/rules/campione.md"
CLASSES = ["alto", "medio", NO_CLASS]
populations = st.dictionaries(st.integers(1, 10**6), st.sampled_from(CLASSES), max_size=60).map(
    lambda found: [Item(number, code) for number, code in found.items()]
)
seeds = st.text(min_size=1, max_size=30)
shares = st.integers(0, 10_000)


def test_the_worked_example_of_the_manual():
    rows = re.findall(r"^\| (\d+) \| (\w+) \| `(\w{12})` \| (\d+) \|$", PAGE.read_text(), re.MULTILINE)
    assert len(rows) == 11
    seed = "48-7-22-61-90"
    population = [Item(int(number), code) for number, code, _hash, _place in rows] + [Item(9, NO_CLASS)]
    for number, _code, start, _place in rows:
        assert hashlib.sha256(f"{seed}:{number}".encode()).hexdigest().startswith(start)
    high, ordinary = draw(population, seed=seed, shares={"alto": 5_000, "ordinario": 1_000})
    assert (high.size, high.drawn) == (3, (7, 12))
    assert (ordinary.size, ordinary.drawn) == (8, (10,))
    assert hash_population(write_population(population)) in PAGE.read_text()


@given(population=populations, seed=seeds, share=shares, mixer=st.randoms(use_true_random=False))
def test_drawn_again_in_any_order_it_is_the_same(population, seed, share, mixer):
    mixed = list(population)
    mixer.shuffle(mixed)
    again = {"alto": share, "medio": 100}
    assert draw(population, seed=seed, shares=again) == draw(mixed, seed=seed, shares=again)
    assert write_population(population) == write_population(mixed)


@given(population=populations, seed=seeds, share=shares)
def test_the_size_is_exact_and_only_the_class_is_drawn(population, seed, share):
    (found,) = draw(population, seed=seed, shares={"alto": share})
    members = {number for number, code in population if code == "alto"}
    assert found.size == len(members)
    assert len(found.drawn) == count_drawn(len(members), share)
    assert set(found.drawn) <= members
    assert bool(found.drawn) == bool(members and share)


@given(population=populations, seed=seeds, smaller=shares, larger=shares)
def test_a_larger_share_contains_the_smaller_one(population, seed, smaller, larger):
    smaller, larger = sorted((smaller, larger))
    (few,) = draw(population, seed=seed, shares={"alto": smaller})
    (many,) = draw(population, seed=seed, shares={"alto": larger})
    assert set(few.drawn) <= set(many.drawn)


@given(population=populations, seed=seeds, share=shares)
def test_other_classes_change_nothing(population, seed, share):
    alone = [item for item in population if item.risk_class == "alto"]
    assert draw(population, seed=seed, shares={"alto": share}) == draw(alone, seed=seed, shares={"alto": share})


@given(population=populations)
def test_what_is_written_is_read_back(population):
    assert read_population(write_population(population)) == sorted(population)


def test_every_request_has_the_same_chance():
    drawn = [0] * 20
    for seed in range(600):
        (found,) = draw([Item(n, "a") for n in range(20)], seed=f"s{seed}", shares={"a": 1_000})
        for number in found.drawn:
            drawn[number] += 1
    assert sum(drawn) == 1_200
    assert all(30 <= count <= 95 for count in drawn), drawn  # 60 expected, four deviations are 30


@pytest.mark.parametrize(
    ("size", "share", "wanted"), [(0, 500, 0), (1, 1, 1), (8, 1_000, 1), (100, 500, 5), (101, 500, 6), (7, 10_000, 7)]
)
def test_shares_round_up(size, share, wanted):
    assert count_drawn(size, share) == wanted


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="seed"):
        draw([], seed="", shares={})
    with pytest.raises(ValueError, match="twice"):
        draw([Item(1, "a"), Item(1, "b")], seed="x", shares={"a": 1})
    for size, share in ((-1, 5), (1, -1), (1, 10_001)):
        with pytest.raises(ValueError, match="basis points"):
            count_drawn(size, share)
    assert ticket("à", 1) == hashlib.sha256("à:1".encode()).hexdigest()


def test_what_is_missing_puts_nobody_into_a_class():
    classes = (
        RiskClass("isee", "ISEE basso", "isee_cents < 600000", 5_000),
        RiskClass("numerosi", "Tre minori", "minors_cohabiting >= 3", 2_000),
    )
    assert classify({"isee_cents": 500_000, "minors_cohabiting": 3}, classes) == "isee"
    assert classify({"minors_cohabiting": 3}, classes) == "numerosi"
    assert classify({}, classes) == NO_CLASS
