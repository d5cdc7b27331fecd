"""
What families mean to do with their carnets: when they collect them, how many titles they spend, where, on
what, for whom.

Intentions only: whether a title may be spent is the service's business; an intention without a voucher does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from piutempo.kernel.periods import Month, age_on
from piutempo.programmes.rules.terms import Product, Service
from piutempo.replay.rules.dealing import Dealer
from piutempo.replay.rules.families import Family
from piutempo.replay.rules.region import Site
from piutempo.replay.rules.scenario import ExtensionAct, Scenario


@dataclass(frozen=True, slots=True)
class Carnet:
    """What a family means to do with one month's carnet. ``collected_on`` None: never fetched."""

    family: int
    position: int
    month: Month
    titles: int
    collected_on: date | None


@dataclass(frozen=True, slots=True)
class Line:
    """Titles of one carnet for one service on one day. ``attempt`` is "" or the reason why it should be refused."""

    carnet: int
    titles: int
    service: str
    member: int | None
    served_on: date
    attempt: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """A family at a site in one month; ``is_one_by_one``: recorded at once at the counter, else in the month's file."""

    family: int
    site: int
    month: Month
    is_one_by_one: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Validity:
    """Until when a month's carnet may be spent, before and after the act that extends it."""

    product: Product
    extension: ExtensionAct | None

    def original_until(self, month: Month) -> date:
        """Return the printed expiry, exclusive."""
        end = (month + self.product.valid_months).first
        return min(end, self.product.valid_until_at_most or end)

    def until(self, month: Month) -> date:
        """Return the expiry after the act, exclusive."""
        original = self.original_until(month)
        act = self.extension
        if act and act.expiring_from <= original < act.expiring_until:
            return max(original, act.new_valid_until)
        return original

    def is_spendable_in(self, month: Month, visit: Month) -> bool:
        """Tell whether a carnet may be spent on every day of the month ``visit``, as known in that month."""
        known = (
            self.until(month) if self.extension and self.extension.made_on < visit.first else self.original_until(month)
        )
        return month <= visit and visit.end <= known


@dataclass(frozen=True, slots=True)
class _Plan:
    family: int
    month: Month
    carnets: tuple[int, ...]


def plan_carnets(
    scenario: Scenario,
    dealer: Dealer,
    families: Sequence[Family],
    collection_days: Callable[[int, Month], date],
) -> list[Carnet]:
    """
    Return the carnets of the families that would spend, month by month of their courses.

    The table of titles is dealt by rank: a family is thrifty or quick with all of its carnets, more or less.
    """
    rng = dealer.rng
    slots: list[tuple[float, int, int]] = []
    for number, family in enumerate(families):
        if scenario.families[family.row].spends:
            inclination = rng.random()
            slots.extend(
                (inclination + rng.gauss(0, 0.2), number, position)
                for position in range(min(len(family.course_months), scenario.spending.months_with_habit))
            )
    slots.sort()
    dealt = sorted(dealer.deal_to(scenario.spending.titles, len(slots)))
    carnets = []
    for (_, number, position), titles in zip(slots, dealt, strict=True):
        month = families[number].course_months[position]
        is_fetched = titles > 0 or rng.randrange(100) >= scenario.spending.never_collected
        collected_on = collection_days(families[number].collects_at, month) if is_fetched else None
        carnets.append(Carnet(number, position, month, titles, collected_on))
    return sorted(carnets, key=lambda carnet: (carnet.family, carnet.position))


def plan_visits(
    scenario: Scenario,
    dealer: Dealer,
    families: Sequence[Family],
    sites: Sequence[Site],
    carnets: Sequence[Carnet],
    validity: Validity,
    catalogue: Mapping[str, Service],
) -> list[Visit]:
    """Return who goes where, in the order of months."""
    plans = _plans(scenario, dealer, carnets, validity)
    finder = _Finder(scenario, dealer, families, sites, catalogue)
    chosen = finder.choose(plans)
    visits = []
    for plan, (site, service, member) in zip(plans, chosen, strict=True):
        latest = max([plan.month.first, *(day for i in plan.carnets if (day := carnets[i].collected_on))])
        day = latest + timedelta(days=dealer.rng.randrange(1, max(2, (plan.month.end - latest).days)))
        day = min(max(day, sites[site].opens_on), plan.month.end - timedelta(days=1))
        lines = tuple(Line(i, carnets[i].titles, service, member, day) for i in plan.carnets)
        is_single = dealer.rng.randrange(1000) < scenario.spending.one_by_one_per_mille
        visits.append(Visit(plan.family, site, plan.month, is_single, lines))
    return _with_attempts(scenario, dealer, carnets, visits, validity)


def _plans(scenario: Scenario, dealer: Dealer, carnets: Sequence[Carnet], validity: Validity) -> list[_Plan]:
    """Gather each family's carnets into months of visits, within the expiry that is known then."""
    spent = [i for i, carnet in enumerate(carnets) if carnet.titles and carnet.collected_on]
    delays = dict(zip(spent, dealer.deal_to(scenario.spending.delay, len(spent)), strict=True))
    people = sorted({carnets[i].family for i in spent})
    gathers = dict(zip(people, dealer.deal_to(scenario.spending.gathers, len(people)), strict=True))
    gathered: dict[tuple[int, Month], list[int]] = {}
    for i in spent:
        carnet = carnets[i]
        span = gathers[carnet.family]
        wanted = carnet.month + delays[i]
        offset = (wanted.year * 12 + wanted.number + carnet.family) % span
        wanted = min(wanted + (span - 1 - offset), scenario.spending.last_month)
        while wanted > carnet.month and not validity.is_spendable_in(carnet.month, wanted):
            wanted = wanted + -1
        gathered.setdefault((carnet.family, wanted), []).append(i)
    inside = sorted(gathered.items(), key=lambda item: (item[0][1], item[0][0]))
    return [_Plan(family, month, tuple(carnets_of)) for (family, month), carnets_of in inside]


class _Finder:
    """Finds a site for every plan: right age, service in the catalogue and site open in that month."""

    def __init__(
        self,
        scenario: Scenario,
        dealer: Dealer,
        families: Sequence[Family],
        sites: Sequence[Site],
        catalogue: Mapping[str, Service],
    ) -> None:
        self.scenario, self.dealer, self.families, self.sites, self.catalogue = (
            scenario,
            dealer,
            families,
            sites,
            catalogue,
        )
        self.usable = [i for i, site in enumerate(sites) if site.is_known or not dealer.is_census]
        self.by_row: dict[int, list[int]] = {}
        self.near: dict[tuple[int, str], list[int]] = {}
        for i in self.usable:
            self.by_row.setdefault(sites[i].row, []).append(i)
            self.near.setdefault((sites[i].row, sites[i].place.province), []).append(i)
        self.home: dict[int, int] = {}

    def needs(self, plan: _Plan) -> dict[int, tuple[tuple[str, int | None], ...]]:
        """Return, by row of sites, which (service, member) a family could use on every day of the plan's month."""
        family = self.families[plan.family]
        first, last = plan.month.first, plan.month.end - timedelta(days=1)
        cared = [
            (position, member)
            for position, member in enumerate(family.members)
            if member.is_cohabiting and (member.relation == "child" or member.is_dependant)
        ]
        found = {}
        for number, row in enumerate(self.scenario.sites):
            options: list[tuple[str, int | None]] = []
            for code, weight in row.services:
                service = self.catalogue[code]
                if first < service.valid_from or (service.valid_until and last >= service.valid_until):
                    continue
                if not service.needs_person:
                    options.extend([(code, None)] * weight)
                for position, member in cared if service.needs_person else ():
                    if row.for_dependants and not member.is_dependant:
                        continue
                    ages = age_on(member.person.born, first), age_on(member.person.born, last)
                    if (service.min_age is None or ages[0] >= service.min_age) and (
                        service.max_age is None or ages[1] < service.max_age
                    ):
                        options.extend([(code, position)] * weight)
            if options:
                found[number] = tuple(options)
        return found

    def choose(self, plans: Sequence[_Plan]) -> list[tuple[int, str, int | None]]:
        """Return (site, service, member) for each plan; as a census, every known site is somebody's."""
        needs = [self.needs(plan) for plan in plans]
        places: dict[int, int] = self._visit_every_site(plans, needs) if self.dealer.is_census else {}
        result = []
        for number, plan in enumerate(plans):
            site = places.get(number)
            if site is None:
                site = self._pick(plan, needs[number])
            self.home.setdefault(plan.family, site)
            service, member = self.dealer.rng.choice(needs[number][self.sites[site].row])
            result.append((site, service, member))
        return result

    def _is_open(self, site: int, month: Month) -> bool:
        return self.sites[site].opens_on <= month.first

    def _pick(self, plan: _Plan, needs: Mapping[int, object]) -> int:
        """The family's usual site where it still serves, else a popular one nearby, else anywhere."""
        home = self.home.get(plan.family)
        if home is not None and self.sites[home].row in needs and self._is_open(home, plan.month):
            return home
        province = self.families[plan.family].place.province
        near = [self.near.get((row, province), []) for row in needs]
        for pools in (near, [self.by_row.get(row, []) for row in needs]):
            fitting = [site for pool in pools for site in pool if self._is_open(site, plan.month)]
            if fitting:
                return self.dealer.rng.choices(fitting, weights=[self.sites[site].weight for site in fitting])[0]
        raise LookupError(f"no site is open in {plan.month} for family {plan.family}: open some earlier in [[sites]]")

    def _visit_every_site(self, plans: Sequence[_Plan], needs: Sequence[Mapping[int, object]]) -> dict[int, int]:
        """Give each known site one plan that fits it, the hardest to fit first."""
        pools: dict[tuple[int, str], list[int]] = {}
        everywhere: dict[int, list[int]] = {}
        order = list(range(len(plans)))
        self.dealer.rng.shuffle(order)
        for number in order:
            province = self.families[plans[number].family].place.province
            for row in needs[number]:
                pools.setdefault((row, province), []).append(number)
                everywhere.setdefault(row, []).append(number)
        taken: dict[int, int] = {}
        housed: set[int] = set()
        hardest = sorted(
            self.usable,
            key=lambda i: (len(everywhere.get(self.sites[i].row, ())), -self.sites[i].opens_on.toordinal(), i),
        )
        for site in hardest:
            row, province = self.sites[site].row, self.sites[site].place.province
            near, far = pools.get((row, province), []), everywhere.get(row, [])
            for pool, is_first in ((near, True), (far, True), (near, False), (far, False)):
                found = next(
                    (
                        number
                        for number in pool
                        if number not in taken
                        and self._is_open(site, plans[number].month)
                        and (not is_first or plans[number].family not in housed)
                    ),
                    None,
                )
                if found is not None:
                    taken[found] = site
                    housed.add(plans[found].family)
                    break
        return taken


def _with_attempts(
    scenario: Scenario, dealer: Dealer, carnets: Sequence[Carnet], visits: list[Visit], validity: Validity
) -> list[Visit]:
    """Add what families and providers get wrong: titles handed in twice, and carnets tried after their expiry."""
    result = list(visits)
    previous: dict[int, int] = {}
    doubles = []
    for number, visit in enumerate(visits):
        if visit.family in previous and not visit.is_one_by_one:
            doubles.append((number, previous[visit.family]))
        previous[visit.family] = number
    dealer.rng.shuffle(doubles)
    for number, earlier in doubles[: dealer.total(scenario.spending.attempts_already_spent)]:
        visit, today = visits[number], visits[number].lines[0]
        carnet = visits[earlier].lines[0].carnet
        again = Line(carnet, 1, today.service, today.member, today.served_on, "spent")
        result[number] = replace(visit, lines=(*visit.lines, again))
    last = {visit.family: visit for visit in visits}
    late = [
        (i, last[carnet.family])
        for i, carnet in enumerate(carnets)
        if carnet.collected_on and 0 < carnet.titles < 20 and carnet.family in last
    ]
    dealer.rng.shuffle(late)
    for i, visit in late[: dealer.total(scenario.spending.attempts_expired)]:
        month = Month.of(validity.until(carnets[i].month))
        if month.first <= scenario.last_day and visit.month < month:
            day = month.first + timedelta(days=dealer.rng.randrange(1, 25))
            line = Line(i, 1, visit.lines[0].service, visit.lines[0].member, day, "expired")
            result.append(Visit(visit.family, visit.site, month, False, (line,)))
    return result
