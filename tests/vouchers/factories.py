"""A small world for vouchers: one programme, a desk, two sites, families with awards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from piutempo.awards.models import Award
from piutempo.awards.services import commit_award
from piutempo.kernel.codes import title_code
from piutempo.kernel.periods import Month
from piutempo.ledger.models import Pot
from piutempo.network.models import Desk, Grant, Provider, Site
from piutempo.network.services import open_desk
from piutempo.people.models import Household, Member, Municipality, Person
from piutempo.programmes.models import Programme, ProgrammeVersion
from piutempo.programmes.selectors import get_fund_pot, get_terms
from piutempo.programmes.services import load_programme
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.rules.masks import full_mask
from piutempo.vouchers.services.issuance import issue_month

ROME = ZoneInfo("Europe/Rome")
#: An ordinary instant of the tests: Monday 14 March 2011 at 10:30 in Rome.
NOW = datetime(2011, 3, 14, 10, 30, tzinfo=ROME)
TODAY = NOW.date()
MARCH = Month(2011, 3)
PROGRAMME = Path(__file__).with_name("prova.toml")
_letters = count(1)


@dataclass(slots=True)
class World:
    """Everything a voucher's life needs."""

    programme: Programme
    version: ProgrammeVersion
    pot: Pot
    desk: Desk
    site: Site
    shop: Site


@dataclass(slots=True)
class Family:
    """A household with an award."""

    household: Household
    holder: Person
    baby: Member
    teenager: Member
    award: Award


def build_world() -> World:
    """Load the test programme and open a desk, a site for services and a shop."""
    load_programme(PROGRAMME, at=datetime(2010, 1, 4, 9, tzinfo=ROME))
    programme = Programme.objects.get(code="prova")
    version = ProgrammeVersion.objects.get(programme=programme)
    place, _ = Municipality.objects.get_or_create(code="H264", defaults={"name": "Rho", "province": "MI"})
    desk = open_desk(
        programme=programme,
        code="D1",
        name="Sportello di Rho",
        body="Comuni",
        municipality=place,
        delivers=True,
        at=datetime(2010, 1, 4, 9, tzinfo=ROME),
        valid_from=date(2010, 1, 1),
    )
    provider = Provider.objects.create(name="Cooperativa Aurora", vat_number="12345678903")
    site = Site.objects.create(provider=provider, code="S1", name="Nido Aurora", municipality=place)
    shop = Site.objects.create(provider=provider, code="S2", name="Bottega Aurora", municipality=place)
    grant(programme, site, "servizi", "nido", 20_000)
    grant(programme, site, "servizi", "pulizie", 1_200)
    grant(programme, shop, "negozi", "beni", 10_000)
    return World(programme, version, get_fund_pot(programme, "fondo"), desk, site, shop)


def grant(
    programme: Programme,
    site: Site,
    network: str,
    service: str,
    ceiling: int,
    since: date = date(2010, 2, 1),
    until: date | None = None,
) -> Grant:
    """Accredit a site for one service."""
    return Grant.objects.create(
        programme=programme,
        site=site,
        network=network,
        service=service,
        unit="month",
        unit_ceiling_cents=ceiling,
        valid_from=since,
        valid_until=until,
    )


def person(given_name: str, birth: date, gender: str = "F") -> Person:
    """Somebody; the fiscal code is only unique, not valid."""
    n = next(_letters)
    return Person.objects.create(
        fiscal_code=f"TST{n:013d}",
        given_name=given_name,
        family_name="Rossi",
        birth_date=birth,
        gender=gender,
        municipality_id="H264",
    )


def build_family(
    world: World, *, product: str = "titoli", months: int = 3, first_month: Month = MARCH, number: int = 0
) -> Family:
    """A mother, a baby and a teenager, with a committed award."""
    mother = person("Maria", date(1980, 5, 1))
    household = Household.objects.create(created_at=NOW)
    Member.objects.create(household=household, person=mother, relation="applicant", valid_from=date(2000, 1, 1))
    baby, teenager = (
        Member.objects.create(household=household, person=p, relation="child", valid_from=p.birth_date)
        for p in (person("Luca", date(2009, 6, 1), "M"), person("Anna", date(1996, 6, 1)))
    )
    terms = get_terms(world.version.pk)
    award = commit_award(
        version=world.version,
        terms=terms,
        product_code=product,
        application_id=number or mother.pk,
        household=household,
        beneficiary=mother,
        desk_id=world.desk.pk,
        first_month=first_month,
        months=months,
        at=NOW,
        by=None,
        waiting_fields={"submitted_at": NOW, "number": number or mother.pk},
    )
    return Family(household, mother, baby, teenager, award)


def issued(world: World, family: Family, *, month: Month = MARCH, handed: bool = True, at: datetime = NOW) -> Voucher:
    """Issue the month and return the family's voucher, in its hands unless said otherwise."""
    issue_month(programme=world.programme, product_code=family.award.product, month=month, at=at, by=None)
    voucher = Voucher.objects.get(award=family.award, month=month.first)
    if handed:
        voucher.handed = full_mask(voucher.title_count)
        voucher.save(update_fields=["handed"])
    return voucher


def code_of(voucher: Voucher, index: int = 1) -> str:
    """Return a title's printed code."""
    return title_code(voucher.code, index, settings.CODE_KEY)


def codes_of(voucher: Voucher, *indexes: int) -> list[str]:
    """Return several titles' codes."""
    return [code_of(voucher, i) for i in indexes]
