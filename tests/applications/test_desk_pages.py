"""The desk's pages: recognise, keep the mandate, apply on behalf; own cases only, none without a mandate."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from piutempo.applications.models import Application, Attachment, Channel, Identification, Mandate, Status
from piutempo.applications.services import start_application, submit_application
from piutempo.network.models import Agreement
from piutempo.network.services import end_agreement
from piutempo.people.models import Person, Role
from tests.applications.factories import (
    OPEN_AT,
    PAPER,
    fiscal_code,
    give_mandate,
    make_facts,
    make_household,
    make_person,
    make_programme,
    make_user,
)
from tests.applications.test_citizen_pages import LUCA, MEMBER, set_clock, text_of
from tests.network.factories import make_desk, make_municipality

pytestmark = pytest.mark.django_db
TODAY = OPEN_AT.date()
CARD = {
    "request_key": "k",
    "document_kind": "carta d'identità",
    "document_number": "ca 12345ab",
    "expires_on": "31/12/2030",
}


@pytest.fixture
def desk(client, monkeypatch):
    """A desk with its operator signed in."""
    set_clock(monkeypatch, OPEN_AT)
    desk = make_desk(make_programme(), valid_from=date(2025, 1, 1))
    client.force_login(make_user((Role.DESK_OPERATOR, "desk", desk.pk)))
    return desk


def submit_at(desk, count=1, *, has_mandate=True):
    done = []
    for _n in range(count):
        household, person = make_household()
        if has_mandate:
            give_mandate(person, desk)
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


def search(client, text):
    return client.post("/sportello/famiglie/", {"who": text}, follow=True)


def scan(name="delega.pdf", content=PAPER):
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def recognise(client, person, **changes):
    return client.post(f"/sportello/persona/{person.pk}/riconoscimento/", CARD | changes, follow=True)


def delegate(client, person, **changes):
    data = {"request_key": "k", "file": scan(), "signed_on": "10/03/2025"} | changes
    return client.post(f"/sportello/persona/{person.pk}/delega/", data, follow=True)


def test_a_mistyped_code_is_said_to_be_mistyped(client, desk):
    code = fiscal_code(9_000_002)
    for wrong in (code[:-1] + ("A" if code[-1] != "A" else "B"), code[:-2]):
        answer = search(client, wrong)
        assert answer.status_code == 422 and "Il codice fiscale non è valido" in text_of(answer)
        assert "persone trovate" not in text_of(answer)
    assert search(client, "Verdi Lucia").status_code == 200


def test_from_an_unknown_card_to_a_submitted_application(client, desk):
    make_municipality()
    code = fiscal_code(9_000_001)
    assert "non è registrato" in text_of(search(client, code.lower()))
    data = {"request_key": "k", "fiscal_code": code, "given_name": "Lucia", "family_name": "Verdi"}
    answer = client.post("/sportello/famiglie/nuova/", data | {"municipality": "rho (mi)"}, follow=True)
    assert "Riconosci la persona" in text_of(answer)
    person = Person.objects.get(fiscal_code=code)
    for _click in range(2):
        answer = recognise(client, person)
    assert "Manca la delega" in text_of(answer)
    assert Identification.objects.get().document_number == "CA12345AB"
    form = client.get(f"/sportello/persona/{person.pk}/delega/modulo/")
    assert form.content.startswith(b"%PDF")
    for _click in range(2):
        answer = delegate(client, person)
    assert "la delega è in vigore" in text_of(answer)
    assert Mandate.objects.count() == 1
    for _click in range(2):
        answer = client.post(f"/sportello/persona/{person.pk}/domanda/{desk.programme.code}/")
    draft = Application.objects.get()
    assert (draft.desk, draft.channel) == (desk, Channel.DESK)
    assert draft.created_by.username == answer.wsgi_request.user.username
    client.post(f"/sportello/domanda/{draft.pk}/nucleo/", MEMBER)
    client.post(f"/sportello/domanda/{draft.pk}/situazione/", {"isee_cents": "12.000"})
    answer = client.post(
        f"/sportello/domanda/{draft.pk}/riepilogo/", {"request_key": "k", "confirms": "on"}, follow=True
    )
    draft.refresh_from_db()
    assert draft.status == Status.SUBMITTED, text_of(answer)[-4000:]
    assert draft.household.desk_id == desk.pk
    assert LUCA in text_of(client.get(f"/sportello/domanda/{draft.pk}/"))


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


def test_before_the_mandate_nothing_of_a_person_is_shown(client, desk):
    stranger = make_person(given_name="Ofelia", family_name="Segreta", address="Via Nascosta 3")
    for path in ("", "riconoscimento/", "delega/", "delega/modulo/"):
        assert client.get(f"/sportello/persona/{stranger.pk}/{path}").status_code == 404
    text = text_of(search(client, "Segreta"))
    assert "0 persone trovate" in text
    text = text_of(search(client, stranger.fiscal_code))
    assert "Riconosci la persona" in text
    assert "Ofelia" not in text and "Nascosta" not in text
    give_mandate(stranger, desk)
    assert "Via Nascosta" not in text_of(search(client, "segreta"))  # found by name now, contacts on the person's page
    assert client.get(f"/sportello/persona/{stranger.pk}/").status_code == 200


def test_no_codice_fiscale_ever_stands_in_an_address(client, desk):
    person = make_person()
    answer = search(client, person.fiscal_code)
    assert all(person.fiscal_code not in url for url, _status in answer.redirect_chain)
    page = text_of(client.get("/sportello/"))
    assert 'method="post" action="/sportello/famiglie/"' in page
    assert "?cf=" not in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"expires_on": "09/03/2025"}, "Il documento è scaduto"),
        ({"document_kind": "tessera del tram"}, "Scegli un’opzione valida"),
        ({"document_number": ""}, "obbligatorio"),
        ({"document_number": "   "}, "obbligatorio"),
        ({"expires_on": "mai"}, "Scrivi la data come giorno/mese/anno"),
    ],
)
def test_a_document_that_does_not_identify_is_refused(client, desk, change, sentence):
    person = make_person()
    search(client, person.fiscal_code)
    answer = recognise(client, person, **change)
    assert answer.status_code == 422
    assert sentence in text_of(answer) or "non è tra quelle" in text_of(answer)
    assert not Identification.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"signed_on": "11/03/2025"}, "La data della firma è nel futuro"),
        ({"valid_until": "09/03/2025"}, "La delega non è in vigore"),
        ({"file": ""}, "Scegli un file"),
        ({"file": scan("delega.exe")}, "Il file deve essere di tipo"),
        ({"file": scan(content=b"MZ not a paper")}, "Questo tipo di file non va bene"),
    ],
)
def test_a_mandate_that_does_not_count_is_refused(client, desk, change, sentence):
    person = make_person()
    search(client, person.fiscal_code)
    recognise(client, person)
    answer = delegate(client, person, **change)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Mandate.objects.exists()


def test_a_revoked_mandate_closes_the_case_to_the_desk_at_once(client, desk):
    (mine,) = submit_at(desk)
    assert mine.applicant.fiscal_code in text_of(client.get("/sportello/domande/"))
    mandate = Mandate.objects.get()
    assert client.get(f"/sportello/deleghe/{mandate.pk}/").content == PAPER
    for _click in range(2):
        client.post(f"/sportello/deleghe/{mandate.pk}/revoca/")
    text = text_of(client.get("/sportello/domande/"))
    assert mine.applicant.fiscal_code not in text and "manca una delega in vigore" in text
    for step in ("", "nucleo/", "riepilogo/", "ricevuta/"):
        assert client.get(f"/sportello/domanda/{mine.pk}/{step}").status_code == 302
    assert client.get(f"/sportello/persona/{mine.applicant_id}/").status_code == 404


def test_a_case_without_mandate_is_neither_seen_nor_submitted(client, desk):
    (mine,) = submit_at(desk, has_mandate=False)
    assert mine.applicant.fiscal_code not in text_of(client.get("/sportello/domande/"))
    answer = client.get(f"/sportello/domanda/{mine.pk}/", follow=True)
    assert "Prima riconosci la persona" in text_of(answer)
    assert mine.applicant.fiscal_code not in text_of(answer)


def test_a_desk_never_sees_the_cases_or_mandates_of_another(client, desk):
    other = make_desk(desk.programme, valid_from=date(2025, 1, 1))
    theirs, mine = submit_at(other)[0], submit_at(desk)[0]
    text = text_of(client.get("/sportello/domande/"))
    assert mine.applicant.fiscal_code in text
    assert theirs.applicant.fiscal_code not in text
    assert theirs.applicant.fiscal_code not in text_of(client.get("/sportello/domande/?export=csv"))
    for step in ("", "nucleo/", "situazione/", "riepilogo/", "carta/", "carta/1/"):
        assert client.get(f"/sportello/domanda/{theirs.pk}/{step}").status_code == 404
    assert client.get(f"/sportello/domanda/{mine.pk}/").status_code == 200
    theirs_mandate = Mandate.objects.get(desk=other)
    assert client.get(f"/sportello/deleghe/{theirs_mandate.pk}/").status_code == 404
    assert client.post(f"/sportello/deleghe/{theirs_mandate.pk}/revoca/").status_code == 404
    client.get(f"/sportello/?sportello={other.pk}")
    assert theirs.applicant.fiscal_code not in text_of(client.get("/sportello/domande/"))


def test_without_support_in_the_agreement_nothing_is_done_and_it_says_where_to_go(client, desk):
    near = make_desk(desk.programme, name="Sportello vicino", valid_from=date(2025, 1, 1))
    person = make_person()
    give_mandate(person, desk)
    support = Agreement.objects.get(desk=desk)
    end_agreement(agreement=support, on=TODAY, reason="Fine della convenzione", at=OPEN_AT, by=None)
    search(client, person.fiscal_code)
    answer = client.post(f"/sportello/persona/{person.pk}/domanda/{desk.programme.code}/", follow=True)
    text = text_of(answer)
    assert "non prevede l&#x27;aiuto per fare domanda" in text and near.name in text
    assert not Application.objects.exists()
    assert recognise(client, make_person()).status_code == 404


def test_a_paper_request_is_scanned_and_stands_beside_what_is_typed(client, desk):
    person = make_person()
    give_mandate(person, desk)
    answer = client.post(f"/sportello/persona/{person.pk}/domanda/{desk.programme.code}/", {"carta": "1"}, follow=True)
    assert "Domanda su carta" in text_of(answer)
    draft = Application.objects.get()
    for _click in range(2):
        client.post(f"/sportello/domanda/{draft.pk}/carta/", {"request_key": "k", "file": scan("domanda.pdf")})
    paper = Attachment.objects.get()
    draft.refresh_from_db()
    assert draft.channel == Channel.PAPER
    address = f"/sportello/domanda/{draft.pk}/carta/{paper.pk}/"
    for step in ("nucleo/", "situazione/", "riepilogo/"):
        assert f'<iframe src="{address}#' in text_of(client.get(f"/sportello/domanda/{draft.pk}/{step}"))
    served = client.get(address)
    assert served.content == PAPER and served["X-Frame-Options"] == "SAMEORIGIN"
    bad = client.post(f"/sportello/domanda/{draft.pk}/carta/", {"request_key": "k", "file": scan(content=b"")})
    assert bad.status_code == 422
    client.post(f"/sportello/domanda/{draft.pk}/nucleo/", MEMBER)
    client.post(f"/sportello/domanda/{draft.pk}/situazione/", {"isee_cents": "12.000"})
    client.post(f"/sportello/domanda/{draft.pk}/riepilogo/", {"request_key": "k", "confirms": "on"})
    client.force_login(make_user((Role.CASE_OFFICER, "programme", desk.programme_id)))
    text = text_of(client.get(f"/ufficio/domande/{draft.pk}/carta/"))
    assert f'<iframe src="/ufficio/domande/{draft.pk}/carta/{paper.pk}/#' in text and LUCA in text
    assert client.get(f"/ufficio/domande/{draft.pk}/carta/{paper.pk}/").content == PAPER
    client.force_login(make_user((Role.CASE_OFFICER, "programme", 999_999)))
    assert client.get(f"/ufficio/domande/{draft.pk}/carta/{paper.pk}/").status_code == 404


def test_a_scan_can_be_taken_away_from_a_draft(client, desk):
    person = make_person()
    give_mandate(person, desk)
    client.post(f"/sportello/persona/{person.pk}/domanda/{desk.programme.code}/", {"carta": "1"})
    draft = Application.objects.get()
    client.post(f"/sportello/domanda/{draft.pk}/carta/", {"request_key": "k", "file": scan("domanda.pdf")})
    paper = Attachment.objects.get()
    data = {"action": "remove", "scan": paper.pk}
    assert client.post(f"/sportello/domanda/{draft.pk}/carta/", data).status_code == 302
    assert client.post(f"/sportello/domanda/{draft.pk}/carta/", data).status_code == 404
    draft.refresh_from_db()
    assert draft.channel == Channel.DESK
    assert client.get(f"/sportello/domanda/{draft.pk}/carta/{paper.pk}/").status_code == 404


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


def test_the_desks_home_takes_few_queries(client, desk, django_assert_max_num_queries):
    submit_at(desk, 5)
    client.get("/sportello/")
    with django_assert_max_num_queries(12):
        assert client.get("/sportello/").status_code == 200


def test_many_found_by_name_take_few_queries(client, desk, django_assert_max_num_queries):
    for _n in range(5):
        give_mandate(make_person(family_name="Rossi"), desk)
    search(client, "rossi")
    with django_assert_max_num_queries(12):
        assert "5 persone trovate" in text_of(search(client, "rossi"))


def test_a_mandate_with_an_end_no_longer_counts_after_it(client, desk, monkeypatch):
    person = make_person()
    search(client, person.fiscal_code)
    recognise(client, person)
    assert "in vigore" in text_of(delegate(client, person, valid_until="12/03/2025"))
    set_clock(monkeypatch, OPEN_AT + timedelta(days=3))
    assert "La delega non è in vigore" in text_of(client.get(f"/sportello/persona/{person.pk}/", follow=True))


def test_a_citizen_takes_a_mandate_back_and_no_other(client, desk):
    user = make_user((Role.CITIZEN, "all", None))
    mine = give_mandate(make_person(user=user), desk)
    theirs = give_mandate(make_person(), desk)
    client.force_login(user)
    assert desk.name in text_of(client.get("/cittadino/deleghe/"))
    for _click in range(2):
        client.post("/cittadino/deleghe/", {"mandate": mine.pk})
    assert client.post("/cittadino/deleghe/", {"mandate": theirs.pk}).status_code == 404
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.revoked_at, theirs.revoked_at) == (OPEN_AT, None)
