"""The office opens desks, registers providers and sites, and writes how a provider is paid."""

from datetime import date

import pytest

from piutempo.network.models import Desk, Provider, Site, Task
from piutempo.people.models import Role
from piutempo.records.models import Event
from tests.applications.factories import OPEN_AT, make_programme, make_user
from tests.applications.test_citizen_pages import set_clock, text_of
from tests.network.factories import make_desk, make_municipality, make_provider, make_site, vat_number

pytestmark = pytest.mark.django_db

IBAN = "IT60X0542811101000000123456"
NEW_DESK, NEW_PROVIDER, NEW_SITE = (
    "/ufficio/rete/sportelli/nuovo/",
    "/ufficio/rete/enti/nuovo/",
    "/ufficio/rete/sedi/nuova/",
)


@pytest.fixture
def programme(monkeypatch):
    set_clock(monkeypatch, OPEN_AT)
    make_municipality()
    return make_programme()


@pytest.fixture
def officer(client, programme):
    """A case officer of the programme, signed in."""
    client.force_login(make_user((Role.CASE_OFFICER, "programme", programme.pk)))
    return client


def desk_data(programme, **fields):
    data = {"request_key": "k", "programme": programme.pk, "code": "MI-01", "name": "CISL Rho", "body": "CISL"}
    return data | {"municipality": "Rho (MI)", "supports": "on", "valid_from": "01/03/2025"} | fields


def provider_data(**fields):
    return {"request_key": "k", "name": "Nido Coop", "vat_number": vat_number(77), "iban": ""} | fields


def site_data(provider, **fields):
    data = {"request_key": "k", "vat_number": provider.vat_number, "code": "S-1", "name": "Nido Arcobaleno"}
    return data | {"unit_type": "cooperativa sociale", "municipality": "rho"} | fields


def events(name):
    return Event.objects.filter(name=name).count()


def test_the_lists_lead_to_the_forms(officer):
    provider = make_provider()
    assert NEW_DESK in text_of(officer.get("/ufficio/rete/"))
    assert NEW_SITE in text_of(officer.get("/ufficio/rete/sedi/"))
    text = text_of(officer.get("/ufficio/rete/enti/"))
    assert NEW_PROVIDER in text
    assert f"/ufficio/rete/enti/{provider.pk}/" in text
    assert f"{NEW_SITE}?ente={provider.vat_number}" in text_of(officer.get(f"/ufficio/rete/enti/{provider.pk}/"))
    assert provider.vat_number in text_of(officer.get(NEW_SITE, {"ente": provider.vat_number}))


def test_a_desk_is_opened_once_however_many_clicks(officer, programme):
    data = desk_data(programme, valid_until="31/12/2025")
    for _click in range(2):
        assert officer.post(NEW_DESK, data).status_code == 302
    desk = Desk.objects.get()
    assert (desk.programme, desk.code, desk.municipality.name) == (programme, "MI-01", "Rho")
    assert [a.task for a in desk.agreements.all()] == [Task.SUPPORT]
    assert (desk.valid_from, desk.valid_until) == (date(2025, 3, 1), date(2026, 1, 1))
    assert events("network.desk_opened") == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"code": "D-7"}, "Il codice sportello «D-7» è già usato"),
        ({"municipality": "Rhozzano"}, "Comune non trovato"),
        ({"valid_until": "01/02/2025"}, "La fine deve venire dopo l'inizio"),
        ({"name": ""}, "Nome dello sportello"),
    ],
)
def test_a_wrong_desk_is_refused_with_what_to_do(officer, programme, wrong, says):
    make_desk(programme, code="D-7")
    answer = officer.post(NEW_DESK, desk_data(programme) | wrong)
    assert answer.status_code == 422
    assert says in text_of(answer).replace("&#x27;", "'")
    assert Desk.objects.count() == 1


def test_a_desk_of_another_programme_is_not_opened(officer, programme):
    other = make_programme("piu-tempo-2026.toml")
    assert other.title not in text_of(officer.get(NEW_DESK))
    assert officer.post(NEW_DESK, desk_data(other)).status_code == 422
    assert not Desk.objects.exists()


def test_a_provider_is_registered_once_however_many_clicks(officer):
    data = provider_data(vat_number=f"IT {vat_number(77)}", iban="it60 x054 2811 1010 0000 0123 456")
    for _click in range(2):
        answer = officer.post(NEW_PROVIDER, data, follow=True)
        assert "Ente registrato" in text_of(answer)
    provider = Provider.objects.get()
    assert (provider.vat_number, provider.iban) == (vat_number(77), IBAN)
    assert answer.redirect_chain == [(f"/ufficio/rete/enti/{provider.pk}/", 302)]
    assert events("network.provider_registered") == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"vat_number": "12345678901"}, "La partita IVA «12345678901» non è valida"),
        ({"iban": "IT00 1234"}, "IBAN «IT00 1234» non è valido"),
        ({"email": "non-va"}, "Posta elettronica"),
    ],
)
def test_a_wrong_provider_is_refused_with_what_to_do(officer, wrong, says):
    answer = officer.post(NEW_PROVIDER, provider_data(**wrong))
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert not Provider.objects.exists()


def test_a_known_partita_iva_leads_to_the_provider_there_is_and_changes_nothing(officer):
    known = make_provider(iban=IBAN)
    answer = officer.post(NEW_PROVIDER, provider_data(vat_number=known.vat_number, name="Altro nome"), follow=True)
    assert "c'era già" in text_of(answer).replace("&#x27;", "'")
    assert known.name in text_of(answer)
    assert Provider.objects.get().iban == IBAN


def test_the_iban_is_written_once_and_the_event_says_what_changed_not_the_account(officer):
    provider = make_provider(phone="02 1")
    path = f"/ufficio/rete/enti/{provider.pk}/"
    data = {"request_key": "k", "iban": IBAN, "email": "nido@example.org", "phone": "02 1"}
    for _click in range(2):
        assert officer.post(path, data).status_code == 302
    provider.refresh_from_db()
    assert (provider.iban, provider.email, provider.phone) == (IBAN, "nido@example.org", "02 1")
    event = Event.objects.get(name="network.provider_updated")
    assert event.data == {"changed": ["iban", "email"]}
    assert (event.actor_id, event.subject_id) == (int(officer.session["_auth_user_id"]), provider.pk)
    refused = officer.post(path, data | {"iban": IBAN[:-1] + "7"})
    assert refused.status_code == 422
    assert "non è valido" in text_of(refused)
    provider.refresh_from_db()
    assert provider.iban == IBAN
    assert officer.get("/ufficio/rete/enti/999999/").status_code == 404


def test_a_site_is_registered_once_however_many_clicks(officer):
    provider = make_provider()
    for _click in range(2):
        answer = officer.post(NEW_SITE, site_data(provider))
        assert answer.status_code == 302
    site = Site.objects.get()
    assert answer["Location"] == f"/ufficio/rete/sedi/{site.pk}/"
    assert (site.provider, site.unit_type, site.municipality.name) == (provider, "cooperativa sociale", "Rho")
    assert events("network.site_registered") == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"code": "S-9"}, "Il codice sede «S-9» è già usato"),
        ({"vat_number": vat_number(4321)}, "Nessun ente ha questa partita IVA"),
        ({"vat_number": "1"}, "Nessun ente ha questa partita IVA"),
        ({"municipality": "Rhozzano"}, "Comune non trovato"),
        ({"unit_type": "bar"}, "Tipo di unità"),
        ({"unit_type": ""}, "Tipo di unità"),
    ],
)
def test_a_wrong_site_is_refused_with_what_to_do(officer, wrong, says):
    known = make_site(code="S-9")
    answer = officer.post(NEW_SITE, site_data(known.provider) | wrong)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert Site.objects.count() == 1


@pytest.mark.parametrize("path", [NEW_DESK, NEW_PROVIDER, NEW_SITE, "/ufficio/rete/enti/{}/"])
def test_who_may_not_is_turned_away_and_sees_no_link(client, programme, path):
    provider = make_provider()
    path = path.format(provider.pk)
    assert client.get(path).status_code == 302
    for role in (Role.AUDITOR, Role.ACCOUNTING_OFFICER, Role.DESK_OPERATOR, Role.CITIZEN):
        client.force_login(make_user((role, "all", None)))
        assert client.get(path).status_code == 403
        assert client.post(path, {"request_key": "k"}).status_code == 403
    client.force_login(make_user((Role.AUDITOR, "all", None)))
    assert path not in "".join(text_of(client.get(f"/ufficio/rete/{n}")) for n in ("", "enti/", "sedi/"))
    client.force_login(make_user((Role.CASE_OFFICER, "programme", programme.pk + 1)))
    assert client.get(path).status_code == 404
    client.force_login(make_user((Role.PROGRAMME_MANAGER, "programme", programme.pk)))
    assert client.get(path).status_code == 200
