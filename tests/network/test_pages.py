"""The network's pages: public search, desks, a provider's sites, the office's lists and accreditation."""

from datetime import date, datetime

import pytest

from piutempo.network.models import Grant
from piutempo.network.services import accredit_site
from piutempo.people.models import Role
from piutempo.programmes.selectors import get_current_terms
from tests.applications.factories import OPEN_AT, ROME, make_programme, make_user
from tests.applications.test_citizen_pages import set_clock, text_of
from tests.network.factories import make_desk, make_municipality, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme(monkeypatch):
    """A programme of ``programmes.d`` on a day when it runs."""
    set_clock(monkeypatch, OPEN_AT)
    return make_programme()


def accredit(site, programme, *services):
    accredit_site(
        site=site,
        programme=programme,
        terms=get_current_terms(programme, date(2025, 3, 1)),
        network="operatori",
        services=[(code, None) for code in services],
        valid_from=date(2025, 1, 1),
        at=OPEN_AT,
    )
    return site


def test_anybody_finds_where_to_spend(client, programme, django_assert_max_num_queries):
    milano = make_municipality("Milano", "MI", "F205")
    near = accredit(make_site(phone="02 1234"), programme, "nido", "baby-sitting")
    far = accredit(make_site(municipality=milano), programme, "baby-sitting")
    text = text_of(client.get("/dove-spendere/"))
    assert near.name in text
    assert far.name in text
    text = text_of(client.get("/dove-spendere/", {"comune": "rh", "servizio": "nido"}))
    assert near.name in text
    assert far.name not in text
    assert "fino a 450,00\u00a0€ per mese" in text
    assert "02 1234" in text
    assert "Buono Servizi" in text
    assert "Nessuna sede corrisponde" in text_of(client.get("/dove-spendere/", {"comune": "zzz"}))
    for _n in range(30):
        accredit(make_site(), programme, "nido")
    with django_assert_max_num_queries(12):
        text = text_of(client.get("/dove-spendere/"))
    assert "Pagina 1 di 2" in text


def test_after_the_programme_the_page_says_which_day_it_shows(client, programme, monkeypatch):
    accredit(make_site(), programme, "nido")
    set_clock(monkeypatch, datetime(2027, 5, 1, 9, tzinfo=ROME))
    assert "sono mostrate le sedi del 30/06/2026" in text_of(client.get("/dove-spendere/"))


def test_without_programmes_the_page_says_so(client):
    assert "Nessun programma è attivo" in text_of(client.get("/dove-spendere/"))


def test_anybody_sees_desks_and_what_each_does(client, programme, django_assert_max_num_queries):
    helps = make_desk(programme, valid_from=date(2025, 1, 1))
    gives = make_desk(programme, supports=False, delivers=True, valid_from=date(2025, 1, 1))
    closed = make_desk(programme, valid_from=date(2025, 1, 1), valid_until=date(2025, 2, 1))
    with django_assert_max_num_queries(12):
        text = text_of(client.get("/sportelli/"))
    assert (helps.name in text, gives.name in text, closed.name in text) == (True, True, False)
    text = text_of(client.get("/sportelli/", {"serve": "delivery"}))
    assert (helps.name in text, gives.name in text) == (False, True)


def test_a_provider_sees_its_own_sites_only(client, programme, django_assert_max_num_queries):
    mine, other = accredit(make_site(), programme, "nido"), accredit(make_site(), programme, "nido")
    client.force_login(make_user((Role.PROVIDER_OPERATOR, "body", mine.provider_id)))
    with django_assert_max_num_queries(12):
        text = text_of(client.get("/operatore/sedi/"))
    assert (mine.name in text, other.name in text) == (True, False)
    assert "450,00" in text
    client.force_login(make_user((Role.PROVIDER_OPERATOR, "site", other.pk)))
    assert mine.name not in text_of(client.get("/operatore/sedi/"))


@pytest.mark.parametrize("path", ["/ufficio/rete/", "/ufficio/rete/enti/", "/ufficio/rete/sedi/"])
def test_the_offices_lists_take_few_queries_and_export(client, programme, path, django_assert_max_num_queries):
    for _n in range(5):
        accredit(make_site(), programme, "nido")
        make_desk(programme, valid_from=date(2025, 1, 1))
    client.force_login(make_user((Role.PROGRAMME_MANAGER, "programme", programme.pk)))
    client.get(path)
    with django_assert_max_num_queries(12):
        assert client.get(path, {"sort": "-name"}).status_code == 200
    assert client.get(path, {"export": "csv"})["Content-Type"].startswith("text/csv")


def test_the_office_accredits_a_site_and_a_second_click_is_refused_clearly(client, programme):
    site = make_site()
    client.force_login(make_user((Role.CASE_OFFICER, "programme", programme.pk)))
    path = f"/ufficio/rete/sedi/{site.pk}/accredita/{programme.code}/operatori/"
    data = {"request_key": "k", "valid_from": "01/03/2025", "has_nido": "on", "price_nido": "400,00"}
    assert client.post(path, data | {"price_nido": "10,005"}).status_code == 422
    assert "Scegli almeno un servizio" in text_of(client.post(path, {"request_key": "k", "valid_from": "01/03/2025"}))
    assert client.post(path, data).status_code == 302
    grant = Grant.objects.get()
    assert (grant.valid_from, grant.unit_ceiling_cents) == (date(2025, 3, 1), 400_00)
    again = client.post(path, data)
    assert again.status_code == 422
    assert "già accreditata" in text_of(again)
    end = f"/ufficio/rete/sedi/{site.pk}/chiudi/{programme.code}/operatori/"
    assert client.post(end, {"request_key": "k", "on": "31/12/2025", "reason": "rinuncia"}).status_code == 302
    grant.refresh_from_db()
    assert grant.valid_until == date(2026, 1, 1)
    assert "31/12/2025" in text_of(client.get(f"/ufficio/rete/sedi/{site.pk}/"))


def test_another_programmes_officer_or_a_reader_does_not_accredit(client, programme):
    site = make_site()
    path = f"/ufficio/rete/sedi/{site.pk}/accredita/{programme.code}/operatori/"
    client.force_login(make_user((Role.CASE_OFFICER, "programme", programme.pk + 1)))
    assert client.get(path).status_code == 404
    client.force_login(make_user((Role.AUDITOR, "all", None)))
    assert client.get(path).status_code == 403
    assert client.get(f"/ufficio/rete/sedi/{site.pk}/").status_code == 200


def test_a_sites_page_takes_the_same_few_queries_for_many_periods(client, programme, django_assert_max_num_queries):
    site = accredit(make_site(), programme, "nido", "baby-sitting", "dopo-scuola", "assistenza-domiciliare")
    client.force_login(make_user((Role.PROGRAMME_MANAGER, "all", None)))
    path = f"/ufficio/rete/sedi/{site.pk}/"
    client.get(path)
    with django_assert_max_num_queries(12):
        assert client.get(path).status_code == 200
