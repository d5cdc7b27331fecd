"""A bare world at any size: one household, some sites, many awards and vouchers, written by SQL, in the real schema."""

import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from piutempo.kernel.periods import Month
from piutempo.network.models import Desk, Provider, Site
from piutempo.network.services import accredit_site, open_desk
from piutempo.people.models import Household, Member, Municipality, Person, Relation
from piutempo.programmes.models import Programme, ProgrammeVersion
from piutempo.programmes.selectors import get_fund_pot, get_terms
from piutempo.programmes.services import load_programme
from piutempo.vouchers.services.issuance import issue_month

#: The served program reads the real clock, so the world lives today.
AT = datetime.now(tz=UTC)
MONTH = Month.of(AT.date())
PRODUCT = "buono-servizi"


@dataclass
class World:
    """What the benchmarks act on."""

    programme: Programme
    version: ProgrammeVersion
    pot_id: int
    household: Household
    member: Member
    sites: list[Site]
    service: str


def build(*, budget: str = "9.000.000.000,00", sites: int = 200) -> World:
    """Migrate and write the fixed part of the world: the example programme with a fund that does not end too soon."""
    call_command("migrate", verbosity=0)
    text = (settings.PROGRAMMES_DIR / "piu-tempo-2026.toml").read_text(encoding="utf-8")
    text = re.sub(r'^budget = ".*"$', f'budget = "{budget}"', text, flags=re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "piu-tempo-2026.toml"
        path.write_text(text, encoding="utf-8")
        load_programme(path, at=AT)
    programme = Programme.objects.get()
    version = ProgrammeVersion.objects.get()
    terms = get_terms(version.pk)
    product = terms.product(PRODUCT)
    place = Municipality.objects.create(code="F205", name="Milano", province="MI")
    household = Household.objects.create(created_at=AT)
    person = Person.objects.create(
        fiscal_code="RSSMRA80A41F205B", given_name="Maria", family_name="Rossi", birth_date=date(1980, 1, 1),
        gender="F",
        municipality=place,
    )  # fmt: skip
    child = Person.objects.create(
        fiscal_code="RSSLCU24A01F205X", given_name="Luca", family_name="Rossi", birth_date=date(2024, 1, 1), gender="M",
    )  # fmt: skip
    Member.objects.create(household=household, person=person, relation=Relation.APPLICANT, valid_from=date(2024, 1, 1))
    member = Member.objects.create(
        household=household, person=child, relation=Relation.CHILD, valid_from=date(2024, 1, 1)
    )
    open_desk(
        programme=programme, code="D1", name="Sportello", body="Comune", municipality=place, delivers=True,
        at=datetime(2026, 1, 4, 9, tzinfo=UTC), valid_from=date(2026, 1, 1),
    )  # fmt: skip
    provider = Provider.objects.create(name="Cooperativa", vat_number="12345670017")
    service = next(s for s in terms.services if s.network == product.network and (s.max_age or 99) > 2)
    found = []
    for n in range(sites):
        site = Site.objects.create(provider=provider, code=f"S{n:04d}", name=f"Sede {n}", municipality=place)
        accredit_site(
            site=site, programme=programme, terms=terms, network=product.network, services=[(service.code, None)],
            valid_from=date(2026, 1, 1), at=AT, by=None,
        )  # fmt: skip
        found.append(site)
    return World(programme, version, get_fund_pot(programme, product.fund).pk, household, member, found, service.code)


def add_awards(world: World, count: int, months: int = 1) -> None:
    """Write ``count`` committed awards with their commitments in the ledger."""
    person = Person.objects.get(given_name="Maria")
    desk = Desk.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO awards_award (programme_id, version_id, pot_id, product, application_id, household_id,
                 beneficiary_id, desk_id, first_month, months, months_issued, months_released, month_cents, status,
                 waiting_key, waiting_rank, committed_at, end_reason)
               SELECT %s, %s, %s, %s, n, %s, %s, %s, %s, %s, 0, 0, 20000, 'committed', '[]', '', %s, ''
               FROM generate_series(1, %s) n""",
            [
                world.programme.pk,
                world.version.pk,
                world.pot_id,
                PRODUCT,
                world.household.pk,
                person.pk,
                desk.pk,
                MONTH.first,
                months,
                AT,
                count,
            ],
        )
        cursor.execute(
            """INSERT INTO ledger_transfer (kind, subject_id, sequence, pot_id, source_id, from_account, to_account,
                 amount_cents, booked_on, effective_on)
               SELECT 'commit', a.id, 0, a.pot_id, s.id, 'available', 'committed',
                      a.months * a.month_cents::bigint * s.share_bp / 10000, %s, %s
               FROM awards_award a JOIN ledger_source s ON s.pot_id = a.pot_id""",
            [MONTH.first, MONTH.first],
        )
        cursor.execute("ANALYZE")


def issue_all(world: World, *, handed: bool = True) -> None:
    """Issue the first month and put every title in the holder's hands."""
    issue_month(programme=world.programme, product_code=PRODUCT, month=MONTH, at=AT, by=None)
    if handed:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE vouchers_voucher SET handed = (1::bigint << title_count::int) - 1")
            cursor.execute("VACUUM ANALYZE vouchers_voucher")


def served_on() -> date:
    """A day on which everything is valid."""
    return MONTH.first
