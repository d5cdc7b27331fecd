"""The numbers of the home pages come from the rows, within the reader's scope, in few queries."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from piutempo.applications.models import Application, Status
from piutempo.people.models import Role, Scope, User
from piutempo.people.services.accounts import create_user, grant_role
from piutempo.portals.selectors import home as selectors
from piutempo.vouchers.models import Redemption
from tests.settlements.factories import World, make_world

NOW = timezone.now()
TODAY = date(2011, 2, 10)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.mark.django_db
def test_unspent_money_is_shown_soonest_to_expire_first_and_within_the_programmes_one_may_see(world: World):
    other = make_world("altro")
    first, second = world.voucher(), world.voucher(month=date(2011, 2, 1))
    other.voucher()
    second.valid_until = date(2011, 3, 1)
    second.save(update_fields=["valid_until"])
    world.redeem(world.site(), first, 10_000, TODAY)
    rows = selectors.list_unspent_by_expiry({world.programme.pk}, TODAY)
    assert [(r["valid_until"], r["vouchers"], r["left_cents"]) for r in rows] == [
        (date(2011, 3, 1), 1, 25_000),
        (date(2012, 1, 1), 1, 15_000),
    ]
    assert sum(r["vouchers"] for r in selectors.list_unspent_by_expiry(None, TODAY)) == 3
    assert selectors.list_unspent_by_expiry(set(), TODAY) == []
    office = selectors.get_office_home({world.programme.pk}, TODAY)
    assert (office.expiring_vouchers, office.expiring_cents) == (1, 25_000)


@pytest.mark.django_db
def test_what_is_spent_or_expired_is_not_left(world: World):
    spent, expired = world.voucher(), world.voucher(month=date(2011, 2, 1))
    world.redeem(world.site(), spent, 25_000, TODAY)
    expired.valid_until = TODAY
    expired.valid_from = TODAY - timedelta(days=1)
    expired.save(update_fields=["valid_until", "valid_from"])
    assert selectors.list_unspent_by_expiry(None, TODAY) == []


@pytest.mark.django_db
def test_a_citizen_sees_only_their_own(world: World, at: Any):
    other = make_world("altro")
    maria = create_user(username="maria", full_name="Maria Rossi", at=at)
    assert not selectors.get_citizen_home(maria, TODAY).has_person
    world.person.user = maria
    world.person.save()
    voucher = world.voucher()
    other.voucher()
    world.redeem(world.site(), voucher, 5_000, TODAY)
    for w in (world, other):
        Application.objects.create(
            programme=w.programme,
            household=w.household,
            applicant=w.person,
            status=Status.DRAFT,
            facts="{}",
            facts_hash="x",
            created_at=at,
        )
    mine = selectors.get_citizen_home(maria, TODAY)
    assert [a.programme_id for a in mine.applications] == [world.programme.pk]
    assert (mine.unspent_cents, mine.voucher_count, mine.first_expiry) == (20_000, 1, date(2012, 1, 1))


@pytest.mark.django_db
def test_a_provider_sees_its_sites_of_this_month_without_what_was_reversed(world: World):
    mine, theirs = world.site(), world.site()
    voucher = world.voucher()
    world.redeem(mine, voucher, 3_000, TODAY)
    world.redeem(theirs, voucher, 4_000, TODAY)
    world.redeem(mine, voucher, 5_000, date(2011, 1, 20))
    undone = world.redeem(mine, voucher, 2_000, TODAY)
    world.reverse(undone, TODAY)
    assert Redemption.objects.count() == 4
    assert selectors.get_provider_home({mine.pk}, set(), TODAY).month_cents == 3_000
    assert selectors.get_provider_home(set(), {theirs.provider_id}, TODAY).month_cents == 4_000
    assert selectors.get_provider_home(set(), set(), TODAY).month_cents == 0


@pytest.mark.django_db
def test_the_public_home_shows_figures_and_says_when_nothing_is_open(
    world: World, client: Client, django_assert_max_num_queries: Callable[..., Any]
):
    cache.clear()
    voucher = world.voucher()
    world.redeem(world.site(), voucher, 10_000, TODAY)
    with django_assert_max_num_queries(8):
        html = client.get("/").content.decode()
    assert "250,00\u00a0€" in html and "100,00\u00a0€" in html
    assert "In questo momento nessun programma è attivo" in html


@pytest.mark.django_db
def test_the_managers_panel_shows_and_exports_what_expires(
    world: World, client: Client, django_assert_max_num_queries: Callable[..., Any]
):
    user = create_user(username="paola", full_name="Paola Verdi", at=NOW)
    grant_role(user=user, role=Role.PROGRAMME_MANAGER, scope=Scope.PROGRAMME, scope_id=world.programme.pk, at=NOW)
    client.force_login(user)
    for _ in range(3):
        voucher = world.voucher()
        voucher.valid_until = timezone.localdate() + timedelta(days=30)
        voucher.save(update_fields=["valid_until"])
    with django_assert_max_num_queries(12):
        html = client.get("/area/").content.decode()
    assert "750,00\u00a0€" in html and "in 3 buoni che scadono entro 60 giorni" in html
    file = client.get("/area/?scadenze-export=csv")
    assert file["Content-Type"].startswith("text/csv") and ";3;750,00" in file.content.decode("utf-8-sig")


@pytest.mark.django_db
def test_a_role_is_given_for_a_site_by_its_code_and_for_a_provider_by_its_vat_number(world: World, client: Client):
    admin = create_user(username="ada", full_name="Ada Neri", at=NOW)
    grant_role(user=admin, role=Role.ADMINISTRATOR, at=NOW)
    client.force_login(admin)
    site = world.site()
    other = User.objects.create(username="o", full_name="O", created_at=NOW)
    for scope, code in [("site", site.code.lower()), ("body", f" {site.provider.vat_number} ")]:
        fields = {"role": "provider_operator", "scope": scope, "code": code, "request_key": "k"}
        assert client.post(f"/amministrazione/{other.pk}/", fields).status_code == 302
    assert set(other.grants.values_list("scope", "scope_id")) == {("site", site.pk), ("body", site.provider_id)}
    assert site.name in client.get(f"/amministrazione/{other.pk}/").content.decode()
