"""The programme of 2010 as shipped: its second product is issued and spent in its own network, from the same fund."""

from datetime import UTC, datetime

import pytest
from django.conf import settings

from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.network.models import Provider, Site
from piutempo.network.services import accredit_site, open_desk
from piutempo.people.models import Municipality
from piutempo.programmes.models import Programme, ProgrammeVersion
from piutempo.programmes.selectors import get_fund_pot, get_terms
from piutempo.programmes.services import load_programme
from piutempo.vouchers.services import RedemptionRefused, redeem
from tests.vouchers.factories import NOW, ROME, TODAY, World, build_family, codes_of, issued

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    load_programme(
        settings.PROGRAMMES_DIR / "obiettivo-conciliazione-2010.toml", at=datetime(2010, 1, 4, 9, tzinfo=ROME)
    )
    programme, version = Programme.objects.get(), ProgrammeVersion.objects.get()
    terms = get_terms(version.pk)
    rho = Municipality.objects.create(code="H264", name="Rho", province="MI")
    desk = open_desk(
        programme=programme, code="D1", name="Sportello", body="EnAIP", municipality=rho, delivers=True,
        at=datetime(2010, 1, 4, 9, tzinfo=UTC), valid_from=terms.starts_on,
    )  # fmt: skip
    provider = Provider.objects.create(name="Cooperativa", vat_number="12345678903")
    sites = {}
    for n, product in enumerate(terms.products):
        site = Site.objects.create(provider=provider, code=f"S{n}", name=product.title, municipality=rho)
        services = [(s.code, None) for s in terms.services if s.network == product.network and s.ceiling_on(TODAY)]
        accredit_site(
            site=site, programme=programme, terms=terms, network=product.network, services=services, valid_from=TODAY,
            at=NOW, by=None,
        )  # fmt: skip
        sites[product.code] = site
    first, second = (product.code for product in terms.products)
    pot = get_fund_pot(programme, terms.product(second).fund)
    return World(programme, version, pot, desk, sites[first], sites[second])


@pytest.fixture
def product(world):
    """The one that an approval does not grant by itself."""
    return next(p for p in get_terms(world.version.pk).products if not p.is_granted_on_approval)


def spend(world, voucher, site, *, service, key):
    return redeem(
        site=site,
        codes=codes_of(voucher, 1, 2),
        service=service,
        quantity=10,
        served_on=TODAY,
        at=NOW,
        by=None,
        key=key,
    )


def test_it_is_issued_from_the_same_fund_and_spent_only_in_its_own_network(world, product):
    family = build_family(world, product=product.code, months=2)
    voucher = issued(world, family)
    assert (voucher.value_cents, voucher.title_count) == (product.month_cents, product.title_count)
    goods = next(s.code for s in get_terms(world.version.pk).services if s.network == product.network)
    care = next(
        s.code
        for s in get_terms(world.version.pk).services
        if s.network != product.network and not s.needs_person and s.ceiling_on(TODAY)
    )
    with pytest.raises(RedemptionRefused) as refused:
        spend(world, voucher, world.site, service=care, key="wrong")
    assert refused.value.code == "WRONG_NETWORK"
    spent = spend(world, voucher, world.shop, service=goods, key="right")
    assert spent.amount_cents == 2 * product.face_cents
    totals = get_account_totals([world.pot.pk])
    assert totals[Account.OWED] == 2 * product.face_cents
    assert totals[Account.ISSUED] == product.month_cents - 2 * product.face_cents
    assert totals[Account.COMMITTED] == product.month_cents
    assert list_violations() == []


def test_both_products_live_side_by_side(world, product):
    other = next(p for p in get_terms(world.version.pk).products if p.is_granted_on_approval)
    families = [build_family(world, product=code) for code in (product.code, other.code)]
    vouchers = [issued(world, family) for family in families]
    assert {v.network for v in vouchers} == {product.network, other.network}
    assert get_account_totals([world.pot.pk])[Account.ISSUED] == product.month_cents + other.month_cents
