"""The places of the region: desks, providers and their sites, in real municipalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from piutempo.programmes.rules.terms import Service
from piutempo.replay.rules.dealing import Dealer
from piutempo.replay.rules.identities import Registry
from piutempo.replay.rules.scenario import Scenario, SiteRow

FANCIES = (
    "Arcobaleno Girasole Aquilone Girotondo Primavera Stella Coccinella Mongolfiera Filastrocca Melograno "
    "Quadrifoglio Scoiattolo Farfalla Nuvola Bosco Ponte Solidarietà Insieme Aurora Speranza Cometa "
    "Veliero Albero Fiaba Tartaruga Delfino Mulino Cascina Fontana Ginestra Betulla Quercia Castello "
    "Lanterna Bussola Sorgente Margherita Papavero Rondine Gabbiano"
).split()


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality: cadastral code, name, province and how many people live there."""

    code: str
    name: str
    province: str
    population: int


@dataclass(frozen=True, slots=True)
class Desk:
    """A counter. ``is_working`` is whether families go there at all."""

    code: str
    name: str
    body: str
    place: Place
    supports: bool
    delivers: bool
    is_working: bool


@dataclass(frozen=True, slots=True)
class Provider:
    """An organisation."""

    name: str
    vat_number: str
    iban: str


@dataclass(frozen=True, slots=True)
class Site:
    """A place of a provider. ``prices``: (service, cents or None for the ceiling). ``is_known``: families use it."""

    code: str
    row: int
    provider: int
    name: str
    unit_type: str
    place: Place
    address: str
    prices: tuple[tuple[str, int | None], ...]
    opens_on: date
    is_known: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Region:
    """All the places."""

    desks: tuple[Desk, ...]
    providers: tuple[Provider, ...]
    sites: tuple[Site, ...]


class Gazetteer:
    """Picks municipalities of a province, the larger the likelier."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.by_province: dict[str, list[Place]] = {}
        for place in sorted(places, key=lambda p: p.code):
            self.by_province.setdefault(place.province, []).append(place)
        self.weights = {
            province: list(accumulate(p.population for p in inside)) for province, inside in self.by_province.items()
        }

    def pick(self, dealer: Dealer, province: str) -> Place:
        """Return a municipality of ``province``."""
        return dealer.rng.choices(self.by_province[province], cum_weights=self.weights[province])[0]


def build_region(
    scenario: Scenario, dealer: Dealer, gazetteer: Gazetteer, registry: Registry, catalogue: Mapping[str, Service]
) -> Region:
    """Return the desks, providers and sites of ``scenario``."""
    sites, providers = _sites(scenario, dealer, gazetteer, registry, catalogue)
    return Region(desks=tuple(_desks(scenario, dealer, gazetteer)), providers=tuple(providers), sites=tuple(sites))


def _desks(scenario: Scenario, dealer: Dealer, gazetteer: Gazetteer) -> list[Desk]:
    desks: list[Desk] = []
    for row in scenario.desks:
        for is_working, table in ((True, row.working), (False, row.idle)):
            for province in _provinces_of(table, dealer):
                place = gazetteer.pick(dealer, province)
                desks.append(
                    Desk(
                        code=f"SC{len(desks) + 1:03d}",
                        name=row.name.format(place=place.name),
                        body=row.body,
                        place=place,
                        supports=row.supports,
                        delivers=row.delivers,
                        is_working=is_working,
                    )
                )
    return desks


def _provinces_of(table: Mapping[str, int], dealer: Dealer) -> list[str]:
    """One province for each place that a row counts; a row never scales to nothing."""
    total = sum(table.values())
    if not total:
        return []
    count = total if dealer.is_census and dealer.scale == 1 else dealer.total(total)
    return dealer.deal_to(tuple(table.items()), count)


def _sites(
    scenario: Scenario, dealer: Dealer, gazetteer: Gazetteer, registry: Registry, catalogue: Mapping[str, Service]
) -> tuple[list[Site], list[Provider]]:
    rng = dealer.rng
    sites: list[Site] = []
    providers: list[Provider] = []
    for number, row in enumerate(scenario.sites):
        shares: list[int] = []
        for is_known, table in ((True, row.visited), (False, row.idle)):
            for province in _provinces_of(table, dealer):
                if not shares:
                    fancy = rng.choice(FANCIES)
                    shares = [0] * rng.choices(
                        [size for size, _ in scenario.sites_per_provider],
                        weights=[count for _, count in scenario.sites_per_provider],
                    )[0]
                    providers.append(
                        Provider(
                            name=f"{rng.choice(row.names)} {fancy} {registry.family_name()}",
                            vat_number=registry.vat_number(),
                            iban=registry.iban(),
                        )
                    )
                shares.pop()
                place = gazetteer.pick(dealer, province)
                opens, closes = row.opens
                sites.append(
                    Site(
                        code=f"SE{len(sites) + 1:05d}",
                        row=number,
                        provider=len(providers) - 1,
                        name=f"{row.unit_type} {rng.choice(FANCIES)} – {place.name}",
                        unit_type=row.unit_type,
                        place=place,
                        address=registry.address(),
                        prices=_prices(row, dealer, catalogue),
                        opens_on=opens + timedelta(days=int((closes - opens).days * rng.random() ** 1.5)),
                        is_known=is_known,
                        weight=1 / (1 + rng.randrange(60)),
                    )
                )
    return sites, providers


def _prices(row: SiteRow, dealer: Dealer, catalogue: Mapping[str, Service]) -> tuple[tuple[str, int | None], ...]:
    """Most sites ask the ceiling; the others up to a fifth less, in steps of half a euro."""
    prices: list[tuple[str, int | None]] = []
    for code, _ in row.services:
        lowest = min(ceiling.unit_cents for ceiling in catalogue[code].ceilings)
        price = max(50, int(lowest * dealer.rng.uniform(0.8, 1.0)) // 50 * 50)
        prices.append((code, None if dealer.rng.random() < 0.6 else price))
    return tuple(prices)
