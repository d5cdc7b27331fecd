"""The pages of a changing benefit: a family says what changed, an officer sees it month by month and decides."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest
from codicefiscale import codicefiscale
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from piutempo.applications.models import Application, Attachment, AttachmentKind, Change
from piutempo.applications.selectors import get_declared
from piutempo.applications.services import decide_application, submit_application
from piutempo.applications.services.changing import declare_change
from piutempo.applications.services.declaring import declare_members, open_draft, save_facts
from piutempo.awards.models import Suspension
from piutempo.people.models import Member, Role
from piutempo.people.services import MemberInput
from piutempo.settlements.models import Forfeiture
from tests.applications.factories import DECIDED_AT, OPEN_AT, ROME, load_text, make_person, make_user
from tests.vouchers.test_changing import programme_text

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 6, 10, 10, tzinfo=ROME)
LUCA = str(codicefiscale.encode("Rossi", "Luca", "M", "02/02/2019", "F205"))
ANNA = str(codicefiscale.encode("Rossi", "Anna", "F", "02/06/2025", "F205"))
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF"


@pytest.fixture
def clock(monkeypatch):
    def set_clock(at):
        monkeypatch.setattr(
            "piutempo.people.middleware.timezone", SimpleNamespace(now=lambda: at, localdate=timezone.localdate)
        )

    set_clock(NOW)
    return set_clock


@pytest.fixture
def family(tmp_path, clock):
    programme = load_text(tmp_path, programme_text())
    user = make_user((Role.CITIZEN, "all", None))
    person = make_person(user=user)
    application = open_draft(programme=programme, applicant=person, desk=None, at=OPEN_AT, by=user)
    declare_members(
        application=application,
        members=[MemberInput(LUCA, "Luca", "Rossi", "child", True, False)],
        at=OPEN_AT,
        by=user,
    )
    facts = get_declared(Application.objects.get(pk=application.pk)) | {"isee_cents": 10_000_00}
    for member in facts["members"]:
        member["non_self_sufficient"] = False
    save_facts(application=application, facts=facts, at=OPEN_AT, by=user)
    submit_application(application=application, at=OPEN_AT, by=user)
    decide_application(application=application, approve=True, note="", at=DECIDED_AT, by=None)
    return SimpleNamespace(user=user, person=person, application=Application.objects.get(pk=application.pk))


@pytest.fixture
def officer():
    return make_user((Role.CASE_OFFICER, "all", None))


def birth(**more):
    return {
        "request_key": "k", "kind": "birth", "happened_on": "02/06/2025", "isee_cents": "10.000,00",
        "fiscal_code": ANNA, "given_name": "Anna", "family_name": "Rossi", "relation": "child", "needs_care": "no",
    } | more  # fmt: skip


def test_a_family_says_a_child_was_born_and_an_officer_applies_it(client, family, officer):
    client.force_login(family.user)
    url = f"/cittadino/domanda/{family.application.pk}/cambiamento/"
    assert "È cambiato qualcosa?" in client.get(url).content.decode()
    paper = SimpleUploadedFile("nascita.pdf", PDF, content_type="application/pdf")
    answer = client.post(url, birth(papers=paper, **needs(family)), follow=True)
    assert answer.status_code == 200, answer.content.decode()
    change = Change.objects.get()
    assert Attachment.objects.get(kind=AttachmentKind.CHANGE).ref_id == change.pk
    assert "sta esaminando" in answer.content.decode()
    client.post(url, birth(**needs(family)))  # a second click
    assert Change.objects.count() == 1

    client.force_login(officer)
    text = client.get("/ufficio/cambiamenti/").content.decode()
    assert f"/ufficio/cambiamenti/{change.pk}/" in text
    text = client.get(f"/ufficio/cambiamenti/{change.pk}/").content.decode()
    assert "in più" in text
    assert "settembre 2025" in text or "agosto 2025" in text
    answer = client.post(f"/ufficio/cambiamenti/{change.pk}/", {"action": "apply"}, follow=True)
    assert "Cambiamento applicato" in answer.content.decode()
    client.post(f"/ufficio/cambiamenti/{change.pk}/", {"action": "apply"})
    assert Member.objects.filter(household=family.application.household, valid_until=None).count() == 3
    client.force_login(family.user)
    assert "luglio 2025" in client.get(f"/cittadino/domanda/{family.application.pk}/beneficio/").content.decode()


def needs(family) -> dict[str, str]:
    members = Member.objects.filter(household=family.application.household, valid_until=None)
    return {f"member_{m.person_id}_non_self_sufficient": "no" for m in members}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": ""},
        {"kind": "party"},
        {"happened_on": "02/06/2031"},
        {"happened_on": "ieri"},
        {"fiscal_code": "X" * 500},
        {"given_name": ""},
        {"relation": "applicant"},
        {"gone": "999999"},
        {"happened_on": "02/06/1825"},
    ],
)
def test_wrong_answers_are_told_and_nothing_is_kept(client, family, wrong):
    client.force_login(family.user)
    answer = client.post(f"/cittadino/domanda/{family.application.pk}/cambiamento/", birth(**needs(family)) | wrong)
    assert answer.status_code == 422
    assert not Change.objects.exists()


def test_other_peoples_pages_are_not_there(client, family, clock):
    stranger = make_user((Role.CITIZEN, "all", None))
    make_person(user=stranger)
    client.force_login(stranger)
    for page in ("cambiamento", "beneficio"):
        assert client.get(f"/cittadino/domanda/{family.application.pk}/{page}/").status_code == 404
    for page in (
        "/ufficio/cambiamenti/",
        f"/ufficio/domande/{family.application.pk}/beneficio/",
        "/contabilita/crediti/",
    ):
        assert client.get(page).status_code == 403
    client.force_login(make_user((Role.CASE_OFFICER, "programme", 999_999)))
    assert client.get(f"/ufficio/domande/{family.application.pk}/beneficio/").status_code == 404
    client.force_login(make_user((Role.AUDITOR, "all", None)))
    url = f"/ufficio/domande/{family.application.pk}/beneficio/"
    assert client.get(url).status_code == 200
    assert client.post(url, {"action": "suspend"}).status_code == 404


def test_the_office_suspends_resumes_and_takes_away_and_the_family_answers(client, family, officer, clock):
    url = f"/ufficio/domande/{family.application.pk}/beneficio/"
    client.force_login(officer)
    suspend = {
        "action": "suspend", "s-request_key": "k", "s-since": "2025-05", "s-until": "", "s-reason": "hospital",
        "s-text": "Ricovero", "s-blocks": "no",
    }  # fmt: skip
    assert client.post(url, suspend | {"s-text": ""}).status_code == 422
    answer = client.post(url, suspend, follow=True)
    assert "sospes" in answer.content.decode()
    assert client.post(url, suspend).status_code == 422  # a second click: already suspended
    assert Suspension.objects.count() == 1
    resume = {"action": "resume", "r-request_key": "k", "r-first": "2025-07", "r-text": "Torna a casa"}
    assert "Beneficio ripreso" in client.post(url, resume, follow=True).content.decode()
    notice = {"action": "notice", "n-request_key": "k", "n-since": "01/05/2025", "n-reasons": "ISEE oltre il limite"}
    assert "Preavviso mandato" in client.post(url, notice, follow=True).content.decode()
    decide = {"d-request_key": "k", "d-text": "ISEE oltre il limite", "action": "decide"}
    answer = client.post(url, decide)
    assert answer.status_code == 422
    assert "ha ancora tempo" in answer.content.decode()

    client.force_login(family.user)
    own = f"/cittadino/domanda/{family.application.pk}/beneficio/"
    assert "vuole sentirti" in client.get(own).content.decode()
    assert client.post(own, {"request_key": "k", "text": ""}).status_code == 422
    client.post(own, {"request_key": "k", "text": "L'ISEE è giusto"}, follow=True)
    client.force_login(officer)
    assert "ISEE è giusto" in client.get(url).content.decode().replace("&#x27;", "'")
    clock(NOW + timedelta(days=11))
    assert "Decadenza decisa" in client.post(url, decide, follow=True).content.decode()
    assert client.post(url, {"action": "boh"}).status_code == 404
    assert Forfeiture.objects.get().status == "decided"
    client.force_login(family.user)
    assert "Il beneficio è finito" in client.get(own).content.decode()


def test_lists_take_few_queries_whatever_their_rows(client, family, officer):
    client.force_login(officer)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/ufficio/cambiamenti/?stato=").status_code == 200
        return len(queries)

    client.get("/ufficio/cambiamenti/")
    empty = count()
    declare_change(
        application=family.application, kind="other", happened_on=date(2025, 5, 1),
        facts=get_declared(family.application) | {"isee_cents": 1}, note="x", files=[], at=NOW, by=None,
    )  # fmt: skip
    Change.objects.bulk_create(
        Change(application=family.application, kind="other", happened_on=date(2025, 5, 1), facts="{}", status="refused",
               declared_at=NOW)
        for _ in range(30)
    )  # fmt: skip
    assert count() <= max(empty, 12)


def test_claims_are_recorded_once_and_wrong_ones_are_told(client, family):
    client.force_login(make_user((Role.ACCOUNTING_OFFICER, "all", None)))
    assert "Nessuna somma" in client.get("/contabilita/crediti/").content.decode()
    assert client.get("/contabilita/crediti/1/").status_code == 404
