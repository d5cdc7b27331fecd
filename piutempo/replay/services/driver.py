"""
Walks through a programme's days and makes what the world means to do happen, only through the services that people use.

The events of a day are one transaction, in the order of the clock. What the rules refuse stays refused and is counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction

from piutempo.kernel.periods import Month
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.terms import Terms
from piutempo.replay.rules.families import ROME
from piutempo.replay.rules.world import World
from piutempo.replay.services.cast import engage_cast
from piutempo.replay.services.families import FamilyActs
from piutempo.replay.services.money import MoneyActs
from piutempo.replay.services.network import build_network, open_accreditations
from piutempo.replay.services.vouchers import VoucherActs
from piutempo.vouchers.selectors.facts import load_catalogue

Action = Callable[[datetime], None]
Progress = Callable[[Month, dict[str, int]], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: counts by Italian name, and the titles refused by reason."""

    tally: Counter[str]
    refused: Counter[str]


class Calendar:
    """What is to happen and when; actions may add later ones."""

    def __init__(self) -> None:
        self.days: dict[date, list[tuple[time, int, Action]]] = defaultdict(list)
        self.count = 0

    def add(self, day: date, hour: time, action: Action) -> None:
        """Put ``action`` on ``day``; those of the same instant happen in the order in which they were added."""
        self.days[day].append((hour, self.count, action))
        self.count += 1

    def run_day(self, day: date) -> None:
        """Do everything of ``day``, in the order of the clock, in one transaction; a day cannot add to itself."""
        actions = self.days.pop(day, None)
        if not actions:
            return
        with transaction.atomic():
            for hour, _, action in sorted(actions, key=lambda item: item[:2]):
                action(datetime.combine(day, hour, ROME))


def replay_world(
    world: World, *, programme: Programme, terms: Terms, until: date | None = None, progress: Progress | None = None
) -> Done:
    """
    Make ``world`` happen in this database, from the scenario's first day to its last, and return what was done.

    ``until`` stops before a day: the rest has not happened yet. ``progress`` is called after each month with what
    happened in it. The figures are not the tally: read them by query.
    """
    scenario = world.scenario
    calendar = Calendar()
    tally: Counter[str] = Counter()
    start = datetime.combine(scenario.first_day, time(8), ROME)
    load_catalogue(programme.pk)  # kept by the process when read outside a transaction
    with transaction.atomic():
        cast = engage_cast(programme, start)
        network = build_network(world, programme)
    families = FamilyActs(world, programme, network, cast, calendar, tally)
    vouchers = VoucherActs(world, programme, terms, network, cast, calendar, tally, families)
    money = MoneyActs(world, programme, cast, calendar, tally)
    open_accreditations(world, network, programme, terms, calendar)
    families.plan()
    vouchers.plan()
    money.plan()
    day, before = scenario.first_day, Counter[str]()
    last = scenario.last_day + timedelta(days=1)
    if until is not None:
        last = min(last, until - timedelta(days=1))
    while day <= last:
        calendar.run_day(day)
        day += timedelta(days=1)
        if progress and (day.day == 1 or day > last):
            progress(
                Month.of(day - timedelta(days=1)),
                {key: tally[key] - before[key] for key in tally if tally[key] != before[key]},
            )
            before = Counter(tally)
    return Done(tally, vouchers.refused)
