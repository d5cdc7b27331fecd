"""Runs a scenario once in a database: reads its file, builds the world, drives it, keeps the figures."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter

from piutempo.people.models import Municipality
from piutempo.people.services.municipalities import load_municipalities
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_terms, get_version_at
from piutempo.programmes.services import load_programme
from piutempo.replay.models import ReplayRun
from piutempo.replay.rules.scenario import Scenario, scenario_from
from piutempo.replay.rules.world import World, build_world
from piutempo.replay.selectors import get_replay_figures, get_replay_of
from piutempo.replay.services.driver import Progress, replay_world
from piutempo.replay.services.places import list_places
from piutempo.reporting.selectors.verification import list_all_violations

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"


class AlreadyReplayed(Exception):
    """This programme was replayed in this database already; ``run`` is that replay."""

    def __init__(self, run: ReplayRun) -> None:
        super().__init__(run.scenario)
        self.run = run


class NotVerified(Exception):
    """A law does not hold after the replay: ``args[0]`` are the rows that break it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay came to: the figures by query, the tally of what was done, and how long it took."""

    run: ReplayRun
    figures: dict[str, int]
    tally: Counter[str]
    refused: Counter[str]
    seconds: float


def list_scenarios() -> list[str]:
    """Return the codes of the scenarios that come with the program."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def read_scenario(code: str) -> Scenario:
    """
    Return a scenario by its code.

    :raises FileNotFoundError: there is none
    :raises ScenarioError: its file is wrong
    """
    with (SCENARIOS / f"{code}.toml").open("rb") as file:
        return scenario_from(tomllib.load(file))


def prepare(scenario: Scenario, *, programmes_dir: Path, at: datetime) -> tuple[Programme, Terms]:
    """Make sure that municipalities and the scenario's programme are there, and that nothing was replayed on it."""
    if not Municipality.objects.exists():
        load_municipalities()
    programme = load_programme(programmes_dir / f"{scenario.programme}.toml", at=at).programme
    if run := get_replay_of(programme):
        raise AlreadyReplayed(run)
    version = get_version_at(programme, scenario.first_day)
    return programme, get_terms(version.pk)


def make_world(scenario: Scenario, terms: Terms, *, seed: int | None = None, scale: float = 1.0) -> World:
    """Return the synthetic world of a scenario."""
    places = list_places({province for province, _ in scenario.provinces})
    return build_world(scenario, terms=terms, places=places, seed=seed, scale=scale)


def run_world(
    world: World, *, programme: Programme, terms: Terms, at: datetime, progress: Progress | None = None
) -> Outcome:
    """
    Replay ``world``, prove every law over all rows and keep the figures. ``at``: the machine's time, kept with the run.

    :raises NotVerified: some row breaks a law
    """
    started = perf_counter()
    scenario = world.scenario
    run = ReplayRun.objects.create(
        programme=programme,
        scenario=scenario.code,
        seed=world.seed,
        scale_bp=round(world.scale * 10_000),
        started_at=at,
    )
    done = replay_world(world, programme=programme, terms=terms, progress=progress)
    figures = get_replay_figures(programme, last_day=scenario.last_day)
    if violations := list_all_violations():
        raise NotVerified(violations)
    seconds = perf_counter() - started
    run.figures = {**figures, "seconds": round(seconds, 1)}
    run.finished_at = at
    run.save(update_fields=["figures", "finished_at"])
    return Outcome(run, figures, done.tally, done.refused, seconds)
