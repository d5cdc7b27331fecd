"""A synthetic world, built from a scenario, a seed and a scale: what people do, before any rule has looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from piutempo.kernel.periods import Month
from piutempo.programmes.rules.terms import Terms
from piutempo.replay.rules.dealing import Dealer
from piutempo.replay.rules.families import Family, build_families
from piutempo.replay.rules.identities import Registry
from piutempo.replay.rules.region import Gazetteer, Place, Region, build_region
from piutempo.replay.rules.scenario import Scenario
from piutempo.replay.rules.spending import Carnet, Validity, Visit, plan_carnets, plan_visits


@dataclass(frozen=True, slots=True)
class World:
    """Everybody and what they mean to do. Positions in the tuples are the references between them."""

    scenario: Scenario
    seed: int
    scale: float
    region: Region
    families: tuple[Family, ...]
    carnets: tuple[Carnet, ...]
    visits: tuple[Visit, ...]
    renunciations: tuple[tuple[date, int], ...]


def collection_day(desk: int, month: Month) -> date:
    """Return the working day of ``month`` on which a desk hands out the month's carnets."""
    day = month.first + timedelta(days=3 + desk % 6)
    return day + timedelta(days=7 - day.weekday()) if day.weekday() > 4 else day


def build_world(
    scenario: Scenario, *, terms: Terms, places: Sequence[Place], seed: int | None = None, scale: float = 1.0
) -> World:
    """
    Return the world of ``scenario``, the same for the same seed and scale.

    The scenario's own seed deals its tables out as a census; any other draws from them. ``places``: municipalities.
    """
    seed = scenario.seed if seed is None else seed
    dealer = Dealer(Random(seed), is_census=seed == scenario.seed, scale=scale)
    wanted = {province for province, _ in scenario.provinces}
    gazetteer = Gazetteer([place for place in places if place.province in wanted])
    registry = Registry(dealer.rng)
    catalogue = {service.code: service for service in terms.services}
    region = build_region(scenario, dealer, gazetteer, registry, catalogue)
    families = build_families(scenario, dealer, gazetteer, registry, region.desks)
    carnets = plan_carnets(scenario, dealer, families, collection_day)
    validity = Validity(terms.product(scenario.product), scenario.extension)
    visits = plan_visits(scenario, dealer, families, region.sites, carnets, validity, catalogue)
    renunciations = _renunciations(scenario, dealer, families)
    return World(scenario, seed, scale, region, tuple(families), tuple(carnets), tuple(visits), renunciations)


def _renunciations(scenario: Scenario, dealer: Dealer, families: Sequence[Family]) -> tuple[tuple[date, int], ...]:
    """Which families give up, and when: some weeks after the decision."""
    if not scenario.renounces:
        return ()
    able = [n for n, family in enumerate(families) if scenario.families[family.row].spends and family.decided_on]
    dealer.rng.shuffle(able)
    chosen = able[: dealer.total(scenario.renounces)]
    return tuple(
        (decided + timedelta(days=dealer.rng.randrange(20, 90)), n)
        for n in chosen
        if (decided := families[n].decided_on)
    )
