"""A small settled world, written straight into the tables below; money is moved through the real ledger."""

from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from piutempo.awards.models import Award
from piutempo.kernel.money import cumulative_shares, shares_between
from piutempo.ledger.models import Kind, Pot
from piutempo.ledger.selectors import list_sources
from piutempo.ledger.services import allocate, open_pot, post
from piutempo.network.models import Grant, Provider, Site
from piutempo.people.models import Household, Municipality, Person, User
from piutempo.programmes.models import Fund, Programme, ProgrammeVersion
from piutempo.programmes.rules.reading import hash_data, parse_toml
from piutempo.vouchers.models import Redemption, Reversal, Voucher

ROME = ZoneInfo("Europe/Rome")
_numbers = count(1)


def instant(day: date, hour: int = 10) -> datetime:
    """An instant of a day in Rome."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=ROME)


def make_user(name: str) -> User:
    """An account without roles."""
    return User.objects.create_user(name, full_name=name.title(), created_at=instant(date(2010, 1, 1)))


@dataclass
class World:
    """A programme with one fund, and what it takes to spend vouchers."""

    programme: Programme
    version: ProgrammeVersion
    pot: Pot
    household: Household
    person: Person
    sites: list[Site] = field(default_factory=list)
    _posted: int = 0

    def site(self, *, iban: str = "IT60X0542811101000000123456", provider: Provider | None = None) -> Site:
        """An accredited site (of a new provider unless one is given); one hour of ``nido`` is worth at most 20 euro."""
        n = next(_numbers)
        provider = provider or Provider.objects.create(name=f"Operatore {n}", vat_number=f"{n:011d}", iban=iban)
        site = Site.objects.create(
            provider=provider, code=f"S{n}", name=f"Sede {n}", municipality=self.person.municipality
        )
        Grant.objects.create(
            programme=self.programme,
            site=site,
            network="servizi",
            service="nido",
            unit="hour",
            unit_ceiling_cents=2_000,
            valid_from=date(2010, 1, 1),
        )
        self.sites.append(site)
        return site

    def voucher(self, *, form: str = "titles", month: date = date(2011, 1, 1)) -> Voucher:
        """A voucher of 250 euro, committed, issued and handed over."""
        n = next(_numbers)
        award = Award.objects.create(
            programme=self.programme,
            version=self.version,
            pot=self.pot,
            product=data_product(self.version),
            application_id=n,
            household=self.household,
            beneficiary=self.person,
            first_month=month,
            months=1,
            months_issued=1,
            month_cents=25_000,
            status="committed",
            committed_at=instant(month),
        )
        titles = 25 if form == "titles" else 1
        voucher = Voucher.objects.create(
            award=award,
            programme=self.programme,
            pot=self.pot,
            product=data_product(self.version),
            network="servizi",
            holder=self.person,
            month=month,
            code=10_000_000 + n,
            first_serial=1_000 * n,
            form=form,
            face_cents=25_000 // titles,
            title_count=titles,
            value_cents=25_000,
            issued_on=month,
            valid_from=month,
            original_valid_until=date(2012, 1, 1),
            valid_until=date(2012, 1, 1),
            record_days=60,
            reversal_days=30,
            handed=(1 << titles) - 1,
        )
        post(kind=Kind.COMMIT, subject_id=award.pk, pot_id=self.pot.pk, amount_cents=25_000, booked_on=month)
        post(kind=Kind.ISSUE, subject_id=voucher.pk, pot_id=self.pot.pk, amount_cents=25_000, booked_on=month)
        return voucher

    def redeem(self, site: Site, voucher: Voucher, cents: int, on: date, **fields: Any) -> Redemption:
        """Spend an amount of a voucher at a site, as the vouchers' service books it."""
        mask = 0
        if voucher.form == "titles":
            for bit in range(voucher.title_count):
                if mask.bit_count() < cents // voucher.face_cents and not voucher.spent & (1 << bit):
                    mask |= 1 << bit
        before = voucher.spent_cents
        voucher.spent, voucher.spent_cents = voucher.spent | mask, before + cents
        voucher.save(update_fields=["spent", "spent_cents"])
        redemption = Redemption.objects.create(
            voucher=voucher,
            site=site,
            service=fields.pop("service", "nido"),
            quantity=fields.pop("quantity", max(1, -(-cents // 2_000))),
            mask=mask,
            amount_cents=cents,
            served_on=fields.pop("served_on", on),
            redeemed_at=fields.pop("redeemed_at", instant(on)),
            key=f"k{next(_numbers)}",
            key_hash="x",
        )
        sources = list_sources(self.pot.pk)
        shares = shares_between(cumulative_shares([s.share_bp for s in sources]), before, before + cents)
        parts = tuple((s.source_id, c) for s, c in zip(sources, shares, strict=True))
        post(
            kind=Kind.SPEND,
            subject_id=redemption.pk,
            pot_id=self.pot.pk,
            amount_cents=cents,
            booked_on=on,
            parts=parts,
        )
        return redemption

    def reverse(self, redemption: Redemption, on: date) -> None:
        """Undo a redemption by counter-entry."""
        Reversal.objects.create(redemption=redemption, reason="errore", at=instant(on))
        post(
            kind=Kind.UNSPEND,
            subject_id=redemption.pk,
            pot_id=self.pot.pk,
            amount_cents=redemption.amount_cents,
            booked_on=on,
            parts=tuple((t.source_id, t.amount_cents) for t in spend_legs(redemption)),
        )


def data_product(version: ProgrammeVersion) -> str:
    """The code of the first product of a version."""
    code: str = version.data["products"][0]["code"]
    return code


def spend_legs(redemption: Redemption) -> list[Any]:
    """The ledger's rows of a redemption."""
    from piutempo.ledger.models import Transfer

    return list(Transfer.objects.filter(kind=Kind.SPEND, subject_id=redemption.pk).order_by("source_id"))


def make_world(code: str = "prova") -> World:
    """A programme with the terms of the historic one and a fund of a million euro in three sources (40/42/18)."""
    file = settings.PROGRAMMES_DIR / "obiettivo-conciliazione-2010.toml"
    data = {**parse_toml(file.read_bytes(), file.name)[0], "code": code, "title": f"Programma {code}"}
    programme = Programme.objects.create(code=code, title=f"Programma {code}")
    version = ProgrammeVersion.objects.create(
        programme=programme,
        number=1,
        status="published",
        valid_from=date(2010, 1, 1),
        data=data,
        data_hash=hash_data(data),
        created_at=instant(date(2010, 1, 1)),
        published_at=instant(date(2010, 1, 1)),
    )
    pot = open_pot(
        code=f"{code}/fondo",
        title="Fondo",
        overcommit_bp=0,
        sources=[("UE", "Unione europea", 4_000), ("IT", "Stato", 4_200), ("RL", "Regione", 1_800)],
    )
    allocate(pot=pot, act="DGR 1", amount_cents=100_000_000, on=date(2010, 1, 1))
    Fund.objects.create(programme=programme, code="fondo", pot=pot)
    place, _ = Municipality.objects.get_or_create(code="F205", defaults={"name": "Milano", "province": "MI"})
    n = next(_numbers)
    person = Person.objects.create(
        fiscal_code=f"RSSMRA80A41F{n:03d}X",
        given_name="Maria",
        family_name="Rossi",
        birth_date=date(1980, 1, 1),
        gender="F",
        municipality=place,
        address="Via Garibaldi 12",
    )
    household = Household.objects.create(created_at=instant(date(2010, 1, 1)))
    return World(programme, version, pot, household, person)
