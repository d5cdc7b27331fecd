"""Moves a scenario by whole months, so that a story written once ends today."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import date

from piutempo.kernel.periods import Month
from piutempo.replay.rules.scenario import Scenario


def moved(day: date, months: int) -> date:
    """Return ``day`` so many months later; a day that the month does not have becomes its last."""
    month = Month.of(day) + months
    return date(month.year, month.number, min(day.day, monthrange(month.year, month.number)[1]))


def _pair(days: tuple[date, date], months: int) -> tuple[date, date]:
    return moved(days[0], months), moved(days[1], months)


def shifted(scenario: Scenario, months: int) -> Scenario:
    """Return ``scenario`` with every date so many months later (negative: earlier)."""
    if not months:
        return scenario
    spending, act = scenario.spending, scenario.extension
    return replace(
        scenario,
        first_day=moved(scenario.first_day, months),
        last_day=moved(scenario.last_day, months),
        applications=tuple((month + months, count) for month, count in scenario.applications),
        last_training_month=scenario.last_training_month + months,
        measures={
            name: replace(
                dates, assigned=_pair(dates.assigned, months), ends=_pair(dates.ends, months) if dates.ends else None
            )
            for name, dates in scenario.measures.items()
        },
        sites=tuple(replace(row, opens=_pair(row.opens, months)) for row in scenario.sites),
        spending=replace(spending, last_month=spending.last_month + months),
        extension=act
        and replace(
            act,
            made_on=moved(act.made_on, months),
            expiring_from=moved(act.expiring_from, months),
            expiring_until=moved(act.expiring_until, months),
            new_valid_until=moved(act.new_valid_until, months),
        ),
        report_days=tuple(moved(day, months) for day in scenario.report_days),
    )
