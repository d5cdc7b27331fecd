"""Replay a scenario through the real services."""

import gc
import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from piutempo.kernel.money import format_euro
from piutempo.kernel.periods import Month
from piutempo.replay.rules.scenario import ScenarioError
from piutempo.replay.services.running import (
    AlreadyReplayed,
    NotVerified,
    Outcome,
    list_scenarios,
    make_world,
    prepare,
    read_scenario,
    run_world,
)

#: What ``--json`` writes first; every other figure follows.
ASKED = (
    "applications_received", "applications_handled", "applications_approved", "months_booked", "months_issued",
    "months_issued_cents", "allocated_cents", "assigned_bp", "spent_cents", "active_sites", "active_desks", "women",
    "women_share_bp",
)  # fmt: skip


class Command(BaseCommand):
    """``manage.py replay SCENARIO [--seed N] [--scale X] [--json FILE] [--quiet]``; exit 0: every law holds."""

    help = "Replays a scenario, day by day, through the services that people use, and prints the figures it comes to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the scenario and how to play it."""
        parser.add_argument("scenario", help=f"one of: {', '.join(list_scenarios())}")
        parser.add_argument("--seed", type=int, help="default: the scenario's own, which deals its tables as a census")
        parser.add_argument("--scale", type=float, default=1.0, help="0.02 gives a small region in seconds")
        parser.add_argument("--json", type=Path, dest="json_file", help="write the figures to this file")
        parser.add_argument("--quiet", action="store_true", help="no progress, only the figures")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay, print, write."""
        code, scale = options["scenario"], options["scale"]
        if code not in list_scenarios():
            raise CommandError(f"no scenario {code!r}; there are: {', '.join(list_scenarios())}")
        if not 0 < scale <= 10:
            raise CommandError(f"--scale must be more than 0 and at most 10, got {scale}. Did you mean 0.02?")
        started = perf_counter()
        try:
            scenario = read_scenario(code)
            programme, terms = prepare(scenario, programmes_dir=Path(settings.PROGRAMMES_DIR), at=timezone.now())
        except ScenarioError as error:
            raise CommandError(f"{code}.toml: {error}") from None
        except AlreadyReplayed as error:
            raise CommandError(
                f"{error.run.scenario} was replayed in this database on {error.run.started_at:%d/%m/%Y} "
                f"(seed {error.run.seed}). Its reports are in the pages of the authority; for another replay use "
                "another database (PIUTEMPO_VAR=/a/new/directory, then migrate)."
            ) from None
        world = make_world(scenario, terms, seed=options["seed"], scale=scale)
        gc.freeze()  # the world stays to the end: the collector need not walk through it again and again
        is_quiet = options["quiet"]
        months = 12 * (scenario.last_day.year - scenario.first_day.year) + scenario.last_day.month
        months -= scenario.first_day.month - 1
        with tqdm(total=months, unit="mese", desc=scenario.title, disable=is_quiet, file=sys.stderr) as bar:

            def progress(month: Month, done: dict[str, int]) -> None:
                bar.update(1) if bar.n < bar.total else None
                if not is_quiet and done:
                    bar.write(f"{month}: " + story_of(done), file=sys.stderr)

            try:
                outcome = run_world(world, programme=programme, terms=terms, at=timezone.now(), progress=progress)
            except NotVerified as error:
                raise CommandError(f"the replay broke a law: {error.args[0][:5]}", returncode=1) from None
        seconds = round(perf_counter() - started, 1)
        figures: dict[str, Any] = {key: outcome.figures[key] for key in ASKED} | outcome.figures | {"seconds": seconds}
        if options["json_file"]:
            options["json_file"].write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        self._print(outcome, figures, is_quiet=is_quiet)

    def _print(self, outcome: Outcome, figures: dict[str, Any], *, is_quiet: bool) -> None:
        for key in ASKED:
            self.stdout.write(f"{key:24} {shown(key, figures[key])}")
        if figures["awards_queued"]:
            self.stdout.write(
                f"il fondo non bastava: {figures['awards_queued']} assegnazioni in lista d'attesa, "
                f"{figures['awards_served_from_the_list']} servite con il denaro rientrato, "
                f"{figures['awards_waiting']} ancora in attesa"
            )
        if not is_quiet:
            self.stdout.write("in tutto: " + story_of(outcome.tally))
        self.stdout.write(self.style.SUCCESS(f"every law holds; {figures['seconds']} s"))


def story_of(done: dict[str, int]) -> str:
    """Return the tally as one Italian line."""
    return ", ".join(f"{format_euro(n) if key == 'pagati' else n} {key}" for key, n in done.items())


def shown(key: str, value: int) -> str:
    """Return a figure as people read it."""
    if key.endswith("_cents"):
        return format_euro(value)
    return f"{value / 100:.2f} %".replace(".", ",") if key.endswith("_bp") else f"{value:,}".replace(",", ".")
