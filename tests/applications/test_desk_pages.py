"""The desk's pages: find or register, apply on behalf, own cases only, no applying without an agreement for it."""

from datetime import date

import pytest

from piutempo.applications.models import Application, Status
from piutempo.applications.services import start_application, submit_application
from piutempo.people.models import Person, Role
from tests.applications.factories import (
    OPEN_AT,
    fiscal_code,
    make_facts,
    make_household,
    make_person,
    make_programme,
    make_user,
)
from tests.applications.test_citizen_pages import LUCA, MEMBER, set_clock, text_of
from tests.network.factories import make_desk, make_municipality

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, monkeypatch):
    """A desk with its operator signed in."""
    set_clock(monkeypatch, OPEN_AT)
    desk = make_desk(make_programme(), valid_from=date(2025, 1, 1))
    client.force_login(make_user((Role.DESK_OPERATOR, "desk", desk.pk)))
    return desk


def submit_at(desk, count=1):
    done = []
    for _n in range(count):
        household, person = make_household()
        draft = start_application(
            programme=desk.programme,
            household=household,
            applicant=person,
            facts=make_facts(),
            desk=desk,
            at=OPEN_AT,
            by=None,
        )
        done.append(submit_application(application=draft, at=OPEN_AT, by=None))
    return done


def test_a_desk_registers_a_person_and_applies_on_their_behalf(client, desk):
    make_municipality()
    code = fiscal_code(9_000_001)
    assert "Nessuno con questi dati" in text_of(client.get("/sportello/famiglie/", {"q": code}))
    data = {"request_key": "k", "fiscal_code": code, "given_name": "Lucia", "family_name": "Verdi"}
    answer = client.post("/sportello/famiglie/nuova/", data | {"municipality": "rho (mi)"}, follow=True)
    person = Person.objects.get(fiscal_code=code)
    assert person.municipality.name == "Rho"
    for _click in range(2):
        answer = client.post(f"/sportello/persona/{person.pk}/domanda/{desk.programme.code}/")
    draft = Application.objects.get()
    assert (draft.desk, draft.created_by.username) == (desk, answer.wsgi_request.user.username)
    client.post(f"/sportello/domanda/{draft.pk}/nucleo/", MEMBER)
    client.post(f"/sportello/domanda/{draft.pk}/situazione/", {"isee_cents": "12.000"})
    answer = client.post(
        f"/sportello/domanda/{draft.pk}/riepilogo/", {"request_key": "k", "confirms": "on"}, follow=True
    )
    assert "Domanda n. 1" in text_of(answer)
    draft.refresh_from_db()
    assert draft.status == Status.SUBMITTED
    assert draft.household.desk_id == desk.pk
    assert LUCA in text_of(answer)


def test_registering_a_known_codice_fiscale_opens_the_person_there_is(client, desk):
    known = make_person()
    data = {"request_key": "k", "fiscal_code": known.fiscal_code, "given_name": "Altra", "family_name": "Persona"}
    answer = client.post("/sportello/famiglie/nuova/", data, follow=True)
    assert "già registrato con un altro nome" in text_of(answer)
    assert Person.objects.count() == 1


def test_an_unknown_municipality_is_said_plainly(client, desk):
    data = {"request_key": "k", "fiscal_code": LUCA, "given_name": "Luca", "family_name": "Rossi"}
    answer = client.post("/sportello/famiglie/nuova/", data | {"municipality": "Atlantide"})
    assert answer.status_code == 422
    assert "Comune non trovato" in text_of(answer)


def test_a_person_opens_only_after_being_found_by_the_whole_code(client, desk):
    stranger = make_person()
    assert client.get(f"/sportello/persona/{stranger.pk}/").status_code == 404
    assert "0 persone trovate" in text_of(client.get("/sportello/famiglie/", {"q": stranger.family_name}))
    client.get("/sportello/famiglie/", {"q": stranger.fiscal_code})
    assert client.get(f"/sportello/persona/{stranger.pk}/").status_code == 200


def test_a_desk_never_sees_the_cases_of_another(client, desk):
    other = make_desk(desk.programme, valid_from=date(2025, 1, 1))
    theirs, mine = submit_at(other)[0], submit_at(desk)[0]
    text = text_of(client.get("/sportello/domande/"))
    assert mine.applicant.fiscal_code in text
    assert theirs.applicant.fiscal_code not in text
    assert theirs.applicant.fiscal_code not in text_of(client.get("/sportello/domande/?export=csv"))
    for step in ("", "nucleo/", "situazione/", "riepilogo/"):
        assert client.get(f"/sportello/domanda/{theirs.pk}/{step}").status_code == 404
    assert client.get(f"/sportello/domanda/{mine.pk}/").status_code == 200
    client.get(f"/sportello/?sportello={other.pk}")
    assert theirs.applicant.fiscal_code not in text_of(client.get("/sportello/domande/"))


def test_a_desk_without_support_cannot_apply(client, monkeypatch):
    set_clock(monkeypatch, OPEN_AT)
    desk = make_desk(make_programme(), supports=False, delivers=True, valid_from=date(2025, 1, 1))
    client.force_login(make_user((Role.DESK_OPERATOR, "desk", desk.pk)))
    person = make_person()
    client.get("/sportello/famiglie/", {"q": person.fiscal_code})
    answer = client.post(f"/sportello/persona/{person.pk}/domanda/{desk.programme.code}/", follow=True)
    assert "non prevede l&#x27;aiuto per fare domanda" in text_of(answer)
    assert not Application.objects.exists()


def test_without_the_role_or_an_open_desk_there_is_no_page(client, monkeypatch):
    set_clock(monkeypatch, OPEN_AT)
    assert client.get("/sportello/").status_code == 302
    client.force_login(make_user((Role.CITIZEN, "all", None)))
    assert client.get("/sportello/").status_code == 403
    client.force_login(make_user((Role.DESK_OPERATOR, "desk", 999)))
    assert client.get("/sportello/").status_code == 404


def test_the_list_of_cases_takes_the_same_few_queries_for_many_rows(client, desk, django_assert_max_num_queries):
    submit_at(desk, 12)
    client.get("/sportello/domande/")
    with django_assert_max_num_queries(12):
        client.get("/sportello/domande/")


@pytest.mark.parametrize("path", ["/sportello/", "/sportello/famiglie/?q=rossi"])
def test_the_desks_other_pages_take_few_queries(client, desk, path, django_assert_max_num_queries):
    submit_at(desk, 5)
    client.get(path)
    with django_assert_max_num_queries(12):
        assert client.get(path).status_code == 200
