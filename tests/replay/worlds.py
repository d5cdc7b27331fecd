"""Worlds for the tests, built without the database."""

from functools import cache
from pathlib import Path

from django.conf import settings

from piutempo.programmes.rules.reading import parse_toml, read_terms
from piutempo.programmes.rules.terms import Terms
from piutempo.replay.rules.scenario import Scenario
from piutempo.replay.rules.world import World, build_world
from piutempo.replay.services.places import list_places
from piutempo.replay.services.running import read_scenario

HISTORIC = "obiettivo-conciliazione-2010"
TIGHT = "fondo-limitato"


@cache
def terms_of(scenario: str) -> Terms:
    """Read the scenario's programme from its file."""
    path = Path(settings.PROGRAMMES_DIR) / f"{read_scenario(scenario).programme}.toml"
    data, lines = parse_toml(path.read_bytes(), path.name)
    return read_terms(data, file=path.name, lines=lines)


@cache
def scenario_of(code: str) -> Scenario:
    """Read a scenario once."""
    return read_scenario(code)


@cache
def places() -> tuple[object, ...]:
    """Return the municipalities of Lombardy once."""
    return tuple(list_places({province for province, _ in scenario_of(HISTORIC).provinces}))


@cache
def world_of(code: str, scale: float = 1.0, seed: int | None = None) -> World:
    """Build a world once."""
    return build_world(scenario_of(code), terms=terms_of(code), places=places(), seed=seed, scale=scale)
