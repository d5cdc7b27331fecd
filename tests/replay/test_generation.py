"""The synthetic region: plausible, deterministic, inputs only."""

import tomllib
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.kernel.identifiers import birth_of, normal_fiscal_code, normal_iban, normal_vat_number
from piutempo.kernel.periods import age_on
from piutempo.programmes.rules.eligibility import evaluate
from piutempo.programmes.rules.facts import build_facts, validate_declared
from piutempo.replay.rules.dealing import Dealer, scaled
from piutempo.replay.rules.declaring import declared_facts
from piutempo.replay.rules.scenario import ScenarioError, scenario_from
from piutempo.replay.rules.world import World, build_world
from piutempo.replay.services.running import SCENARIOS
from tests.replay.worlds import HISTORIC, TIGHT, places, scenario_of, terms_of, world_of

SMALL = 0.02


def test_the_same_seed_gives_the_same_world() -> None:
    again = build_world(scenario_of(HISTORIC), terms=terms_of(HISTORIC), places=places(), scale=SMALL)
    assert again == world_of(HISTORIC, SMALL)


def test_another_seed_gives_other_people_and_other_totals() -> None:
    world, other = world_of(HISTORIC, SMALL), world_of(HISTORIC, SMALL, 7)
    assert {f.applicant.fiscal_code for f in world.families}.isdisjoint(f.applicant.fiscal_code for f in other.families)
    assert (len(world.families), len(world.carnets)) != (len(other.families), len(other.carnets))


@pytest.mark.parametrize(("code", "scale"), [(HISTORIC, SMALL), (TIGHT, 1.0)])
def test_every_person_is_well_formed_and_only_once(code: str, scale: float) -> None:
    world = world_of(code, scale)
    people = [member.person for family in world.families for member in family.members]
    assert len({person.fiscal_code for person in people}) == len(people)
    for person in people:
        assert normal_fiscal_code(person.fiscal_code) == person.fiscal_code
        born, gender = birth_of(person.fiscal_code)
        assert gender == person.gender
        assert (born.month, born.day, born.year % 100) == (person.born.month, person.born.day, person.born.year % 100)


def test_every_provider_can_be_invoiced_and_paid() -> None:
    providers = world_of(HISTORIC, SMALL).region.providers
    assert len({p.vat_number for p in providers}) == len(providers)
    for provider in providers:
        assert normal_vat_number(provider.vat_number) == provider.vat_number
        assert normal_iban(provider.iban) == provider.iban


def test_places_are_real_municipalities_of_their_province() -> None:
    known = {place.code: place.province for place in places()}
    world = world_of(HISTORIC, SMALL)
    for place in [f.place for f in world.families] + [s.place for s in world.region.sites]:
        assert known[place.code] == place.province


def test_every_kind_of_family_desk_and_site_is_there_even_in_a_small_region() -> None:
    world, scenario = world_of(HISTORIC, SMALL), scenario_of(HISTORIC)
    assert {family.row for family in world.families} == set(range(len(scenario.families)))
    assert {site.row for site in world.region.sites} == set(range(len(scenario.sites)))
    assert {desk.body for desk in world.region.desks} == {row.body for row in scenario.desks}


def _judged(world: World) -> Counter[str]:
    """What the programme's rules alone say of every family."""
    terms, scenario = terms_of(world.scenario.code), world.scenario
    found: Counter[str] = Counter()
    for family in world.families:
        declared = declared_facts(family, measure_code=scenario.measure_code)
        on = family.applied_at.date()
        assert not validate_declared(declared, on)
        verdict = evaluate(terms.eligibility, build_facts(declared, on))
        found[verdict.outcome] += 1
        if verdict.outcome == "yes" and family.decided_on:
            found["months"] += verdict.months
            found["women"] += family.applicant.gender == "F"
            found["approved"] += 1
    return found


def test_refusals_come_out_of_the_rules_and_never_for_want_of_a_datum() -> None:
    found = _judged(world_of(HISTORIC, SMALL))
    assert found["no"] > 0
    assert found["missing"] == 0


@pytest.mark.slow  # builds 5,415 families and judges each by the rules
def test_the_census_is_the_inputs_of_the_published_programme() -> None:
    world = world_of(HISTORIC)
    found = _judged(world)
    assert len(world.families) == 5_415
    assert (found["approved"], found["women"], found["months"]) == (4_784, 2_530, 18_010)
    assert len({visit.site for visit in world.visits}) == 1_241
    assert sum(site.is_known for site in world.region.sites) < len(world.region.sites)


def test_nobody_spends_before_collecting_nor_on_a_service_not_for_them() -> None:
    world = world_of(HISTORIC, SMALL)
    catalogue = {service.code: service for service in terms_of(HISTORIC).services}
    for visit in world.visits:
        family, site = world.families[visit.family], world.region.sites[visit.site]
        for line in visit.lines:
            carnet = world.carnets[line.carnet]
            assert carnet.collected_on is not None
            assert carnet.collected_on <= line.served_on
            assert site.opens_on <= line.served_on
            service = catalogue[line.service]
            assert line.service in dict(site.prices)
            assert service.needs_person == (line.member is not None)
            if line.member is not None:
                member = family.members[line.member]
                age = age_on(member.person.born, line.served_on)
                assert member.is_cohabiting
                assert service.min_age is None or age >= service.min_age
                assert service.max_age is None or age < service.max_age


def test_a_changed_row_of_the_scenario_changes_the_world() -> None:
    scenario = scenario_of(HISTORIC)
    rows = list(scenario.families)
    rows[0] = replace(rows[0], women=rows[0].women + 50)
    world = build_world(replace(scenario, families=tuple(rows)), terms=terms_of(HISTORIC), places=places(), scale=SMALL)
    assert len(world.families) > len(world_of(HISTORIC, SMALL).families)


@given(counts=st.lists(st.integers(0, 500), min_size=1, max_size=12), scale=st.floats(0.01, 3))
def test_scaling_starves_no_kind_and_keeps_the_sum_as_near_as_can_be(counts: list[int], scale: float) -> None:
    result = scaled(counts, scale)
    assert all((part > 0) == (count > 0) for part, count in zip(result, counts, strict=True))
    assert round(sum(counts) * scale) <= sum(result) <= round(sum(counts) * scale) + len(counts)


@given(counts=st.lists(st.integers(1, 40), min_size=1, max_size=8), seed=st.integers(0, 999))
def test_a_census_deals_every_value_exactly_as_often_as_the_table_says(counts: list[int], seed: int) -> None:
    table = list(enumerate(counts))
    dealt = Dealer(Random(seed), is_census=True).deal(table)
    assert Counter(dealt) == dict(table)
    assert Counter(Dealer(Random(seed), is_census=True).deal_to(table, sum(counts))) == dict(table)


def test_a_wrong_scenario_says_which_key_and_what_would_be_right() -> None:
    data = tomllib.loads((SCENARIOS / f"{HISTORIC}.toml").read_text())
    with pytest.raises(ScenarioError, match="lacks 'spending'"):
        scenario_from({k: v for k, v in data.items() if k != "spending"})
    with pytest.raises(ScenarioError, match="womens"):
        scenario_from(data | {"families": [data["families"][0] | {"womens": 3}]})
    with pytest.raises(ScenarioError, match="partner is one of"):
        scenario_from(data | {"families": [data["families"][0] | {"partner": "away"}]})
