"""The families: who lives with whom, which labour measure and which courses when, when and where they apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from piutempo.kernel.periods import Month
from piutempo.replay.rules.dealing import Dealer
from piutempo.replay.rules.identities import Registry, fiscal_code
from piutempo.replay.rules.region import Desk, Gazetteer, Place
from piutempo.replay.rules.scenario import FamilyRow, Scenario, ScenarioError

ROME = ZoneInfo("Europe/Rome")


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person."""

    fiscal_code: str
    given_name: str
    family_name: str
    born: date
    gender: str


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody in a household; ``relation`` as people.Relation spells it."""

    person: Somebody
    relation: str
    is_cohabiting: bool = True
    is_dependant: bool = False
    is_on_short_time: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """A course of training, both days included."""

    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Measure:
    """The labour measure that the applicant holds: both days included."""

    assigned_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Family:
    """
    One family that applies. ``desk`` and ``collects_at`` are positions in the region's desks (``desk`` None: alone).

    ``course_months`` are the months in which some course day falls. ``members[0]`` is the applicant.
    """

    row: int
    place: Place
    address: str
    members: tuple[Relative, ...]
    measure: Measure | None
    courses: tuple[Course, ...]
    course_months: tuple[Month, ...]
    isee_cents: int
    applied_at: datetime
    decided_on: date | None
    desk: int | None
    collects_at: int

    @property
    def applicant(self) -> Somebody:
        """Who applies."""
        return self.members[0].person


def build_families(
    scenario: Scenario, dealer: Dealer, gazetteer: Gazetteer, registry: Registry, desks: Sequence[Desk]
) -> list[Family]:
    """Return the families of ``scenario`` in the order in which they apply."""
    table = [
        ((number, gender), count)
        for number, row in enumerate(scenario.families)
        for gender, count in (("F", row.women), ("M", row.men))
        if count
    ]
    kinds = dealer.deal(table)
    lengths = _course_lengths(scenario, dealer, [scenario.families[row] for row, _ in kinds])
    months = _application_months(scenario, dealer, lengths)
    provinces = dealer.deal_to(scenario.provinces, len(kinds))
    desks_of = _desks_for(scenario, dealer, desks, provinces)
    families = []
    for (number, gender), length, month, province, (desk, collects_at) in zip(
        kinds, lengths, months, provinces, desks_of, strict=True
    ):
        applied_at = _application_instant(dealer, month)
        decided_on = _decision_day(scenario, dealer, applied_at.date())
        row = scenario.families[number]
        courses = _courses(dealer, Month.of(decided_on) + 1, length)
        families.append(
            Family(
                row=number,
                place=gazetteer.pick(dealer, province),
                address=registry.address(),
                members=_members(row, gender, dealer, registry, gazetteer, province, applied_at.date()),
                measure=_measure(scenario, row, dealer, applied_at.date(), courses),
                courses=courses,
                course_months=tuple(Month.of(decided_on) + 1 + i for i in range(length)),
                isee_cents=dealer.rng.randrange(400_000, 2_800_000, 5_000),
                applied_at=applied_at,
                decided_on=decided_on if row.is_handled else None,
                desk=desk,
                collects_at=collects_at,
            )
        )
    return sorted(families, key=lambda family: (family.applied_at, family.applicant.fiscal_code))


def _course_lengths(scenario: Scenario, dealer: Dealer, rows: list[FamilyRow]) -> list[int]:
    """How many months each family's courses touch, dealt from the table that its row names (0: no courses)."""
    decks = {
        name: iter(dealer.deal_to(table, sum(1 for row in rows if row.measure != "none" and row.trainings == name)))
        for name, table in scenario.trainings.items()
    }
    return [next(decks[row.trainings]) if row.measure != "none" else 0 for row in rows]


def _application_months(scenario: Scenario, dealer: Dealer, lengths: list[int]) -> list[Month]:
    """When each family applies: the table's counts, the longest courses early enough to end in time."""
    left = {month: 0 for month, _ in scenario.applications}
    for month in dealer.deal_to(scenario.applications, len(lengths)):
        left[month] += 1
    chosen: list[Month | None] = [None] * len(lengths)
    order = list(range(len(lengths)))
    dealer.rng.shuffle(order)
    order.sort(key=lambda i: -lengths[i])
    for i in order:
        fitting = [m for m, count in left.items() if count and lengths[i] + 1 <= scenario.last_training_month - m]
        if not fitting and dealer.is_census and dealer.scale == 1:
            raise ScenarioError(f"[applications] has too few early months for the courses of {lengths[i]} months")
        month = (
            dealer.rng.choices(fitting, weights=[left[m] for m in fitting])[0]
            if fitting
            else scenario.applications[0][0]
        )
        if fitting:
            left[month] -= 1
        chosen[i] = month
    return [month for month in chosen if month is not None]


def _application_instant(dealer: Dealer, month: Month) -> datetime:
    day = month.first + timedelta(days=dealer.rng.randrange(2, 24))
    if day.weekday() > 4:
        day += timedelta(days=7 - day.weekday())
    return datetime.combine(
        day, time(9 + dealer.rng.randrange(8), dealer.rng.randrange(60), dealer.rng.randrange(60)), ROME
    )


def _decision_day(scenario: Scenario, dealer: Dealer, applied_on: date) -> date:
    """A Tuesday or a Friday after the days that officers take, within the month after."""
    soonest, latest = scenario.decision_days
    day = applied_on + timedelta(days=dealer.rng.randrange(soonest, latest + 1))
    day = min(day, (Month.of(applied_on) + 1).first + timedelta(days=23))
    while day.weekday() not in (1, 4):
        day += timedelta(days=1)
    return day


def _courses(dealer: Dealer, first: Month, length: int) -> tuple[Course, ...]:
    """Courses of one to three months, one after another, so that every one of ``length`` months is touched."""
    courses = []
    month, left = first, length
    while left:
        span = min(left, dealer.rng.randrange(1, 4))
        courses.append(
            Course(
                month.first + timedelta(days=dealer.rng.randrange(0, 9)),
                (month + (span - 1)).first + timedelta(days=dealer.rng.randrange(18, 27)),
            )
        )
        month, left = month + span, left - span
    return tuple(courses)


def _measure(
    scenario: Scenario, row: FamilyRow, dealer: Dealer, applied_on: date, courses: tuple[Course, ...]
) -> Measure | None:
    if row.measure == "none":
        return None
    dates = scenario.measures[row.measure]
    start, end = dates.assigned
    assigned_on = _day_in(dealer, start, max(start + timedelta(days=1), min(end, applied_on)))
    if dates.ends:
        return Measure(assigned_on, _day_in(dealer, *dates.ends))
    last = courses[-1].ends_on if courses else applied_on + timedelta(days=60)
    return Measure(assigned_on, last + timedelta(days=dealer.rng.randrange(1, 40)))


def _day_in(dealer: Dealer, start: date, end: date) -> date:
    return start + timedelta(days=dealer.rng.randrange((end - start).days))


def _desks_for(
    scenario: Scenario, dealer: Dealer, desks: Sequence[Desk], provinces: list[str]
) -> list[tuple[int | None, int]]:
    """
    Where each family applies (None: by itself) and where it collects.

    Every working desk is at least one family's; a desk that does not deliver sends its families to one that does.
    """
    working = [i for i, desk in enumerate(desks) if desk.is_working]
    delivering = [i for i in working if desks[i].delivers]
    supporting = [i for i in working if desks[i].supports]
    if not delivering or not supporting:
        raise ScenarioError("[[desks]] needs at least one working desk that supports and one that delivers")
    waiting: dict[str, list[int]] = {}
    for i in working:
        waiting.setdefault(desks[i].place.province, []).append(i)
    near: dict[str, tuple[list[int], list[int]]] = {}
    for province in sorted(set(provinces)):
        here = {i for i in working if desks[i].place.province == province}
        near[province] = (
            [i for i in supporting if i in here] or supporting,
            [i for i in delivering if i in here] or delivering,
        )
    first: dict[int, int] = {}
    for position, province in enumerate(provinces):
        if waiting.get(province):
            first[position] = waiting[province].pop()
    free = iter(position for position in range(len(provinces)) if position not in first)
    for i in (i for rest in waiting.values() for i in rest):
        if (position := next(free, -1)) >= 0:
            first[position] = i
    result: list[tuple[int | None, int]] = []
    for position, province in enumerate(provinces):
        support, deliver = near[province]
        is_online = position not in first and dealer.rng.randrange(1000) < scenario.online_per_mille
        desk = first.get(position, dealer.rng.choice(support))
        collects_at = desk if desks[desk].delivers else dealer.rng.choice(deliver)
        result.append((None if is_online or not desks[desk].supports else desk, collects_at))
    return result


def _members(
    row: FamilyRow, gender: str, dealer: Dealer, registry: Registry, gazetteer: Gazetteer, province: str, on: date
) -> tuple[Relative, ...]:
    rng = dealer.rng
    low, high = row.first_ages
    ages = [rng.randrange(low, high)]
    minors = rng.choice(row.minors)
    while len(ages) < max(minors, 1):
        ages.append(min(17, ages[-1] + rng.randrange(2, 5)))
    ages = ages[:minors]
    eldest = max([*ages, 0] + ([19] if row.grown_children else []))
    age = rng.randrange(max(24, eldest + 20), max(24, eldest + 20) + 15)

    def person(given_gender: str, years: int, family: str | None = None) -> Somebody:
        while True:
            born = on - timedelta(days=int(years * 365.2425) + rng.randrange(20, 345))
            given, surname = registry.given_name(given_gender), family or registry.family_name()
            place = gazetteer.pick(dealer, province).code
            code = fiscal_code(given=given, family=surname, born=born, gender=given_gender, place=place)
            if registry.take(code):
                return Somebody(code, given, surname, born, given_gender)

    other = "M" if gender == "F" else "F"
    applicant = person(gender, age)
    members = [Relative(applicant, "applicant", is_on_short_time=row.measure != "none")]
    name = applicant.family_name
    if row.partner != "none":
        partner = person(other, max(22, age + rng.randrange(-4, 6)))
        members.append(Relative(partner, "partner", is_on_short_time=row.partner == "short_time"))
        name = partner.family_name if other == "M" else name
    members.extend(Relative(person(rng.choice("FM"), years, name), "child") for years in ages)
    members.extend(
        Relative(person(rng.choice("FM"), rng.randrange(low, high), name), "child", is_cohabiting=False)
        for _ in range(row.minors_elsewhere)
    )
    members.extend(
        Relative(person(rng.choice("FM"), rng.randrange(18, 20), name), "child") for _ in range(row.grown_children)
    )
    for _ in range(row.dependants):
        elder = person(rng.choice("FM"), age + rng.randrange(24, 34), rng.choice([name, None]))
        members.append(Relative(elder, "parent", is_dependant=True))
    return tuple(members)
