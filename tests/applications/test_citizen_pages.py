"""The citizen's pages: step by step, saved at each step, own person only, a second click harmless."""

import re
from datetime import date, datetime
from types import SimpleNamespace

import pytest
from codicefiscale import codicefiscale
from django.utils import timezone

from piutempo.applications.forms.family import codes_asked, fields_asked
from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import get_declared
from piutempo.applications.services import decide_application
from piutempo.people.models import Member, Person, Role
from piutempo.people.services import MemberInput, register_household
from piutempo.programmes.selectors import get_current_terms
from tests.applications.factories import (
    DECIDED_AT,
    OPEN_AT,
    ROME,
    make_person,
    make_programme,
    make_submitted,
    make_user,
    notified,
)

pytestmark = pytest.mark.django_db
LUCA = str(codicefiscale.encode("Rossi", "Luca", "M", "02/02/2019", "F205"))
MEMBER = {
    "action": "add",
    "request_key": "k",
    "fiscal_code": LUCA.lower(),
    "given_name": "Luca",
    "family_name": "Rossi",
    "relation": "child",
    "cohabiting": "yes",
}


def set_clock(monkeypatch, at):
    """Let requests happen at ``at``: the clock is read in one place only."""
    monkeypatch.setattr(
        "piutempo.people.middleware.timezone", SimpleNamespace(now=lambda: at, localdate=timezone.localdate)
    )


@pytest.fixture
def citizen(client, monkeypatch):
    """A signed-in citizen with her person, on a day when applications are open."""
    set_clock(monkeypatch, OPEN_AT)
    user = make_user((Role.CITIZEN, "all", None))
    person = make_person(user=user)
    client.force_login(user)
    return SimpleNamespace(user=user, person=person, programme=make_programme(), client=client)


def start(citizen):
    answer = citizen.client.post(f"/cittadino/domanda/nuova/{citizen.programme.code}/")
    return Application.objects.get(pk=int(re.search(r"/(\d+)/\w+/$", answer.url)[1]))


def page(application, step=""):
    return f"/cittadino/domanda/{application.pk}/{step}"


def text_of(answer):
    return answer.content.decode()


def test_a_whole_application_from_home_to_submission(citizen):
    assert "Fai domanda" in text_of(citizen.client.get("/cittadino/"))
    draft = start(citizen)
    assert start(citizen).pk == draft.pk
    answer = citizen.client.post(page(draft, "nucleo/"), MEMBER, follow=True)
    assert "Luca Rossi è nel nucleo." in text_of(answer)
    answer = citizen.client.post(page(draft, "situazione/"), {"isee_cents": "18.500,00"}, follow=True)
    assert "Passo 4 di 6: Le prove" in text_of(answer)
    answer = citizen.client.get(page(draft, "riepilogo/"))
    assert "Con questi dati i requisiti ci sono: 4 mensilità." in text_of(answer)
    refused = citizen.client.post(page(draft, "riepilogo/"), {"request_key": "k"})
    assert refused.status_code == 422
    assert "spunta la dichiarazione" in text_of(refused)
    for _click in range(2):
        answer = citizen.client.post(page(draft, "riepilogo/"), {"request_key": "k", "confirms": "on"}, follow=True)
    assert "Domanda n. 1" in text_of(answer)
    done = Application.objects.get()
    assert (done.status, done.number, done.submitted_at) == (Status.SUBMITTED, 1, OPEN_AT)
    assert get_declared(done)["isee_cents"] == 18_500_00
    assert "l&#x27;ufficio la sta esaminando" in text_of(citizen.client.get("/cittadino/"))


def test_a_draft_is_saved_at_each_step_and_taken_up_again(citizen):
    draft = start(citizen)
    citizen.client.post(page(draft, "nucleo/"), MEMBER)
    luca = Person.objects.get(fiscal_code=LUCA)
    citizen.client.post(page(draft, "situazione/"), {f"member_{luca.pk}_non_self_sufficient": "yes"})
    assert "Riprendi la domanda" in text_of(citizen.client.get("/cittadino/"))
    draft.refresh_from_db()
    member = next(m for m in get_declared(draft)["members"] if m["person_id"] == luca.pk)
    assert (member["non_self_sufficient"], member["birth_date"]) == (True, "2019-02-02")
    answer = text_of(citizen.client.get(page(draft, "situazione/")))
    field = rf'<input type="radio" name="member_{luca.pk}_non_self_sufficient"[^>]*value="yes"[^>]*checked'
    assert re.search(field, answer)


def test_adding_the_same_person_twice_leaves_one_and_taking_away_works(citizen):
    draft = start(citizen)
    for _click in range(2):
        citizen.client.post(page(draft, "nucleo/"), MEMBER)
    assert Member.objects.filter(household=draft.household).count() == 2
    citizen.client.post(page(draft, "nucleo/"), {"action": "remove", "fiscal_code": LUCA})
    assert Member.objects.filter(household=draft.household).count() == 1
    draft.refresh_from_db()
    assert len(get_declared(draft)["members"]) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"fiscal_code": "RSSLCU19B02F205A"}, "Il codice fiscale non è valido"),
        ({"birth_date": "31/12/2030"}, "La data di nascita è nel futuro"),
        ({"birth_date": "2019-13-45"}, "Scrivi la data come giorno/mese/anno"),
        ({"given_name": ""}, "obbligatorio"),
    ],
)
def test_a_wrong_member_is_explained_and_nothing_is_written(citizen, change, sentence):
    draft = start(citizen)
    answer = citizen.client.post(page(draft, "nucleo/"), MEMBER | change)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert Member.objects.count() == 1


def test_the_applicants_own_code_is_not_a_member(citizen):
    draft = start(citizen)
    answer = citizen.client.post(page(draft, "nucleo/"), MEMBER | {"fiscal_code": citizen.person.fiscal_code})
    assert "È il codice fiscale di chi fa domanda" in text_of(answer)


def test_a_mismatch_or_another_household_warns_and_does_not_block(citizen):
    register_household(applicant=make_person(), members=[MemberInput(LUCA, "Luca", "Rossi", "child")], at=OPEN_AT)
    draft = start(citizen)
    answer = citizen.client.post(page(draft, "nucleo/"), MEMBER | {"birth_date": "03/02/2019"}, follow=True)
    assert "La data di nascita non corrisponde al codice fiscale" in text_of(answer)
    assert "risulta già in un altro nucleo" in text_of(answer)
    assert draft.household.members.count() == 2


def test_somebody_elses_codice_fiscale_does_not_tell_whose_it_is(citizen):
    stranger = make_person(given_name="Ludovica", family_name="Sconosciuta")
    draft = start(citizen)
    answer = citizen.client.post(page(draft, "nucleo/"), MEMBER | {"fiscal_code": stranger.fiscal_code}, follow=True)
    assert answer.status_code == 422
    assert "di una persona con un altro nome" in text_of(answer)
    assert "Sconosciuta" not in text_of(answer)
    assert "altro nucleo" not in text_of(answer)
    assert not Member.objects.filter(person=stranger).exists()


def test_an_amount_that_could_be_read_in_two_ways_is_refused(citizen):
    draft = start(citizen)
    answer = citizen.client.post(page(draft, "situazione/"), {"isee_cents": "10,005"})
    assert answer.status_code == 422
    assert "al massimo due decimali" in text_of(answer)


def test_after_the_window_the_review_says_when_it_closed(citizen, monkeypatch):
    draft = start(citizen)
    set_clock(monkeypatch, datetime(2025, 11, 2, 9, tzinfo=ROME))
    answer = citizen.client.post(page(draft, "riepilogo/"), {"request_key": "k", "confirms": "on"})
    assert answer.status_code == 422
    assert "si è chiuso il 30/09/2025 18:00" in text_of(answer)
    draft.refresh_from_db()
    assert draft.status == Status.DRAFT


def test_somebody_elses_application_does_not_exist(citizen):
    other = make_submitted(citizen.programme)
    for step in ("", "nucleo/", "situazione/", "riepilogo/"):
        assert citizen.client.get(page(other, step)).status_code == 404


def test_a_known_codice_fiscale_is_never_taken_over(client, monkeypatch):
    set_clock(monkeypatch, OPEN_AT)
    known = make_person()
    client.force_login(make_user((Role.CITIZEN, "all", None)))
    assert client.get("/cittadino/").url == "/cittadino/dati/"
    data = {"request_key": "k", "fiscal_code": known.fiscal_code, "given_name": known.given_name}
    answer = client.post("/cittadino/dati/", data | {"family_name": known.family_name})
    assert answer.status_code == 422
    assert "risulta già registrato" in text_of(answer)
    known.refresh_from_db()
    assert known.user is None
    answer = client.post("/cittadino/dati/", data | {"fiscal_code": LUCA, "family_name": "Rossi"}, follow=True)
    assert "ora puoi fare domanda" in text_of(answer)


def test_a_refusal_is_explained_criterion_by_criterion(citizen):
    draft = start(citizen)
    citizen.client.post(page(draft, "situazione/"), {"isee_cents": "50.000"})
    citizen.client.post(page(draft, "riepilogo/"), {"request_key": "k", "confirms": "on"})
    draft.refresh_from_db()
    officer = make_user((Role.CASE_OFFICER, "all", None))
    decide_application(application=notified(draft), approve=False, note="", at=DECIDED_AT, by=officer)
    text = text_of(citizen.client.get(page(draft)))
    assert "La domanda è stata respinta." in text
    assert "L&#x27;ISEE del nucleo supera 40.000 euro." in text
    assert "Avviso, articolo 3" in text


def test_a_submitted_application_can_be_withdrawn_with_a_reason(citizen):
    draft = start(citizen)
    citizen.client.post(page(draft, "riepilogo/"), {"request_key": "k", "confirms": "on"})
    assert citizen.client.post(page(draft), {"request_key": "k", "reason": ""}).status_code == 422
    citizen.client.post(page(draft), {"request_key": "k", "reason": "ho trovato altro"})
    draft.refresh_from_db()
    assert draft.status == Status.WITHDRAWN


def test_a_form_asks_only_what_the_rules_read():
    programme = make_programme("obiettivo-conciliazione-2010.toml")
    terms = get_current_terms(programme, date(2010, 3, 1))
    asked = fields_asked(terms)
    assert "measures.code" in asked
    assert "trainings.until" in asked
    assert "members.short_time_work" in asked
    assert "isee_cents" not in asked
    assert [code for code, _name in codes_asked(terms)] == ["dote-lavoro-ammortizzatori-sociali"]


def test_lists_are_asked_row_by_row_with_the_last_day_included(citizen, monkeypatch):
    set_clock(monkeypatch, datetime(2010, 6, 1, 9, tzinfo=ROME))
    citizen.user.grants.update(valid_from=date(2010, 1, 1))
    citizen.programme = make_programme("obiettivo-conciliazione-2010.toml")
    draft = start(citizen)
    row = {
        "measure_0_code": "dote-lavoro-ammortizzatori-sociali",
        "measure_0_assigned_on": "15/02/2010",
        "training_0_title": "Contabilità",
        "training_0_from": "01/09/2010",
        "training_0_until": "31/12/2010",
    }
    late = citizen.client.post(page(draft, "situazione/"), row | {"measure_0_assigned_on": "15/02/2012"})
    assert "La data è nel futuro" in text_of(late)
    half = citizen.client.post(page(draft, "situazione/"), row | {"training_0_until": ""})
    assert "completa la riga oppure svuotala" in text_of(half)
    turned = citizen.client.post(page(draft, "situazione/"), row | {"training_0_until": "31/08/2010"})
    assert "viene prima del primo" in text_of(turned)
    answer = citizen.client.post(page(draft, "situazione/"), row | {"action": "row"})
    assert answer.url.endswith("?riga=1")
    draft.refresh_from_db()
    declared = get_declared(draft)
    assert declared["trainings"] == [{"title": "Contabilità", "from": "2010-09-01", "until": "2011-01-01"}]
    assert declared["measures"][0]["assigned_on"] == "2010-02-15"
    text = text_of(citizen.client.get(answer.url))
    assert 'name="training_2_from"' in text
    assert 'value="2010-12-31"' in text


def test_the_home_takes_few_queries_whatever_the_number_of_applications(citizen, django_assert_max_num_queries):
    draft = start(citizen)
    citizen.client.post(page(draft, "riepilogo/"), {"request_key": "k", "confirms": "on"})
    with django_assert_max_num_queries(12):
        citizen.client.get("/cittadino/")
