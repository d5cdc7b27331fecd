"""
A scenario file: composition tables of who lives with whom, which training when, who spends what where. Inputs only.

Tables are ``{value = how many}``. See docs/rules/replay.md for the meaning of each key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from piutempo.kernel.periods import Month

Table = tuple[tuple[int, int], ...]
PARTNERS = ("none", "working", "short_time")


class ScenarioError(ValueError):
    """The scenario file cannot be read: which key, what is wrong, what would be right."""


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """
    Families that live the same way.

    ``measure`` names one of [measures], or none. ``minors``: how many children under age live at home (one of the
    values); ``first_ages`` the youngest child's age range, the end exclusive; ``minors_elsewhere`` children
    who live with the other parent; ``grown_children`` children of age at home; ``dependants`` cohabiting
    relatives who are not self-sufficient. ``trainings`` names the table of training lengths; ``spends`` says
    that they would spend vouchers; ``is_handled`` that an officer takes the request in hand.
    """

    title: str
    women: int
    men: int
    partner: str
    measure: str
    trainings: str
    minors: tuple[int, ...] = (0,)
    first_ages: tuple[int, int] = (0, 17)
    minors_elsewhere: int = 0
    grown_children: int = 0
    dependants: int = 0
    spends: bool = True
    is_handled: bool = True


@dataclass(frozen=True, slots=True)
class MeasureDates:
    """When the labour measure was assigned, [from, until); ``ends``: when it ended, else after the last course."""

    assigned: tuple[date, date]
    ends: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class DeskRow:
    """Desks of one body: how many that work, and that never do, by province."""

    body: str
    name: str
    supports: bool
    delivers: bool
    working: Mapping[str, int]
    idle: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SiteRow:
    """
    Sites of one unit type, by province: those that families know and use (``visited``), those that never see
    one (``idle``).

    ``services`` with the weight of each in what is asked of them; ``opens`` when their accreditation starts, [from,
    until); ``for_dependants``: they care only for who is not self-sufficient.
    """

    unit_type: str
    names: tuple[str, ...]
    services: tuple[tuple[str, int], ...]
    opens: tuple[date, date]
    visited: Mapping[str, int]
    idle: Mapping[str, int]
    for_dependants: bool = False


@dataclass(frozen=True, slots=True)
class Spending:
    """
    How families spend.

    ``titles``: how many titles of a carnet they mean to spend (of carnets), dealt over the first ``months_with_habit``
    months of training. ``delay``: after how many months a carnet is spent (of carnets); ``gathers``: over how
    many months a family gathers its carnets before a visit (of families). ``never_collected``: of a hundred
    carnets that nobody means to spend. ``last_month``: nobody spends after it. ``one_by_one_per_mille``:
    visits recorded at the counter rather than in the month's file.
    """

    titles: Table
    delay: Table
    gathers: Table
    months_with_habit: int
    never_collected: int
    last_month: Month
    one_by_one_per_mille: int
    attempts_already_spent: int
    attempts_expired: int


@dataclass(frozen=True, slots=True)
class ExtensionAct:
    """The postponement of the expiry: ``new_valid_until`` is exclusive."""

    made_on: date
    decree: str
    reason: str
    expiring_from: date
    expiring_until: date
    new_valid_until: date


@dataclass(frozen=True, slots=True)
class Scenario:
    """One whole scenario."""

    code: str
    title: str
    programme: str
    product: str
    measure_code: str
    seed: int
    first_day: date
    last_day: date
    provinces: tuple[tuple[str, int], ...]
    applications: tuple[tuple[Month, int], ...]
    online_per_mille: int
    decision_days: tuple[int, int]
    last_training_month: Month
    trainings: Mapping[str, Table]
    measures: Mapping[str, MeasureDates]
    families: tuple[FamilyRow, ...]
    desks: tuple[DeskRow, ...]
    sites: tuple[SiteRow, ...]
    sites_per_provider: Table
    spending: Spending
    report_days: tuple[date, ...]
    statement_day: int
    payment_day: int
    extension: ExtensionAct | None = None
    renounces: int = 0


def scenario_from(data: Mapping[str, Any]) -> Scenario:
    """
    Read a parsed TOML file.

    :raises ScenarioError: an unknown or missing key, or a value out of its list
    """
    root = dict(data)
    try:
        scenario = Scenario(
            provinces=tuple(root.pop("provinces").items()),
            applications=tuple((Month.parse(month), count) for month, count in root.pop("applications").items()),
            decision_days=_pair(root.pop("decision_days")),
            last_training_month=Month.parse(root.pop("last_training_month")),
            trainings={name: _table(table) for name, table in root.pop("trainings").items()},
            measures={name: _measure(name, value) for name, value in root.pop("measures").items()},
            families=tuple(_family(row) for row in root.pop("families")),
            desks=tuple(_only(DeskRow, row) for row in root.pop("desks")),
            sites=tuple(_site(row) for row in root.pop("sites")),
            sites_per_provider=_table(root.pop("sites_per_provider")),
            spending=_spending(root.pop("spending")),
            extension=_only(ExtensionAct, row) if (row := root.pop("extension", None)) else None,
            report_days=tuple(root.pop("report_days")),
            **root,
        )
    except KeyError as error:
        raise ScenarioError(f"the scenario lacks {error.args[0]!r}. See docs/rules/replay.md") from error
    except TypeError as error:
        raise ScenarioError(f"{error}. See docs/rules/replay.md for the keys of a scenario") from error
    _check(scenario)
    return scenario


def _check(scenario: Scenario) -> None:
    provinces = {code for code, _ in scenario.provinces}
    for row in scenario.families:
        if row.partner not in PARTNERS:
            raise ScenarioError(f"families, {row.title!r}: partner is one of {PARTNERS}, got {row.partner!r}")
        if row.measure != "none" and (row.trainings not in scenario.trainings or row.measure not in scenario.measures):
            raise ScenarioError(
                f"families, {row.title!r}: no [trainings.{row.trainings}] or no [measures.{row.measure}]"
            )
    tables = [table for desk in scenario.desks for table in (desk.working, desk.idle)]
    tables += [table for site in scenario.sites for table in (site.visited, site.idle)]
    if unknown := {province for table in tables for province in table} - provinces:
        raise ScenarioError(f"unknown provinces {sorted(unknown)}: [provinces] lists {sorted(provinces)}")


def _only(kind: type, row: Mapping[str, Any]) -> Any:
    if unknown := set(row) - {field.name for field in fields(kind)}:
        raise TypeError(f"unknown keys {sorted(unknown)} for {kind.__name__}")
    return kind(**row)


def _pair(values: Sequence[Any]) -> tuple[Any, Any]:
    first, second = values
    return first, second


def _table(table: Mapping[str, int]) -> Table:
    return tuple((int(value), count) for value, count in table.items())


def _measure(name: str, row: Mapping[str, Any]) -> MeasureDates:
    return MeasureDates(assigned=_pair(row["assigned"]), ends=_pair(row["ends"]) if "ends" in row else None)


def _family(row: Mapping[str, Any]) -> FamilyRow:
    changed = dict(row)
    changed["minors"] = tuple(row.get("minors", (0,)))
    changed["first_ages"] = _pair(row.get("first_ages", (0, 17)))
    family: FamilyRow = _only(FamilyRow, changed)
    return family


def _site(row: Mapping[str, Any]) -> SiteRow:
    site: SiteRow = _only(
        SiteRow,
        {**row, "services": tuple(row["services"].items()), "names": tuple(row["names"]), "opens": _pair(row["opens"])},
    )
    return site


def _spending(row: Mapping[str, Any]) -> Spending:
    changed = dict(row)
    for key in ("titles", "delay", "gathers"):
        changed[key] = _table(row[key])
    changed["last_month"] = Month.parse(row["last_month"])
    spending: Spending = _only(Spending, changed)
    return spending
