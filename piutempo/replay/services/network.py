"""Puts the region's desks, providers and sites into the network, and opens each accreditation in its month."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from typing import TYPE_CHECKING

from piutempo.kernel.periods import Month
from piutempo.network.models import Desk, Site
from piutempo.network.services import (
    Accreditation,
    DeskInput,
    ProviderInput,
    SiteInput,
    accredit_sites,
    open_desks,
    register_providers,
    register_sites,
)
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.terms import Terms
from piutempo.replay.rules.world import World

if TYPE_CHECKING:
    from piutempo.replay.services.driver import Calendar


@dataclass(frozen=True, slots=True)
class Network:
    """The rows of the region's places, in its order."""

    desks: tuple[Desk, ...]
    sites: tuple[Site, ...]


def build_network(world: World, programme: Programme) -> Network:
    """Register every desk, provider and site. Site codes start with the programme's number."""
    region, first_day = world.region, world.scenario.first_day
    desks = open_desks(
        [
            DeskInput(
                code=desk.code,
                name=desk.name,
                body=desk.body,
                municipality_id=desk.place.code,
                supports=desk.supports,
                delivers=desk.delivers,
                valid_from=first_day,
            )
            for desk in region.desks
        ],
        programme=programme,
    )
    providers = register_providers(
        [ProviderInput(name=p.name, vat_number=p.vat_number, iban=p.iban) for p in region.providers]
    )
    sites = register_sites(
        [
            SiteInput(
                provider_id=providers[site.provider].pk,
                code=f"P{programme.pk}-{site.code}",
                name=site.name,
                municipality_id=site.place.code,
                unit_type=site.unit_type,
                address=site.address,
            )
            for site in region.sites
        ]
    )
    return Network(tuple(desks), tuple(sites))


def open_accreditations(world: World, network: Network, programme: Programme, terms: Terms, calendar: Calendar) -> None:
    """Plan the accreditations, those of a month on its first day; each is valid from its own day."""
    of_network = terms.product(world.scenario.product).network
    by_month: dict[Month, list[Accreditation]] = defaultdict(list)
    for site, row in zip(world.region.sites, network.sites, strict=True):
        by_month[Month.of(site.opens_on)].append(
            Accreditation(row.pk, of_network, site.prices, valid_from=site.opens_on)
        )
    for month, items in by_month.items():
        calendar.add(max(month.first, world.scenario.first_day), time(6), partial(_accredit, programme, terms, items))


def _accredit(programme: Programme, terms: Terms, items: list[Accreditation], _at: datetime) -> None:
    accredit_sites(items, programme=programme, terms=terms)
