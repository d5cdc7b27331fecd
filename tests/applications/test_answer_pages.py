"""What the office asked, seen and answered by the family: by when, with files, once, own cases only."""

import html
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from piutempo.applications.models import Attachment, AttachmentKind, Review
from piutempo.applications.services import decide_application, start_application, submit_application
from piutempo.applications.services.helping import revoke_mandate
from piutempo.people.models import Role
from piutempo.procedures.models import Answer
from piutempo.procedures.selectors import get_procedure
from piutempo.procedures.services import close_step, give_notice, request_documents
from piutempo.records.models import RegisterEntry
from tests.applications.factories import (
    OPEN_AT,
    give_mandate,
    make_facts,
    make_household,
    make_person,
    make_programme,
    make_submitted,
    make_user,
)
from tests.network.factories import make_desk

pytestmark = pytest.mark.django_db
SUBJECT = "applications.application"
PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"


@pytest.fixture
def family(client, monkeypatch):
    """A signed-in citizen with a submitted application, ten days after she sent it."""
    clock = SimpleNamespace(at=OPEN_AT + timedelta(days=10))
    monkeypatch.setattr(
        "piutempo.people.middleware.timezone", SimpleNamespace(now=lambda: clock.at, localdate=timezone.localdate)
    )
    application = make_submitted(make_programme())
    user = make_user((Role.CITIZEN, "all", None))
    application.applicant.user = user
    application.applicant.save()
    client.force_login(user)
    return SimpleNamespace(client=client, application=application, clock=clock, user=user)


def ask(family, days=10):
    return request_documents(
        procedure=get_procedure(SUBJECT, family.application.pk),
        items=["Il contratto di lavoro"],
        days=days,
        reminder_days=(),
        at=family.clock.at,
        by=None,
    )


def notify(family):
    procedure = get_procedure(SUBJECT, family.application.pk)
    return give_notice(procedure=procedure, reasons=["L'ISEE è oltre il limite."], at=family.clock.at, by=None)


def address(family, step):
    return f"/cittadino/domanda/{family.application.pk}/risposta/{step.pk}/"


def text_of(answer):
    return html.unescape(answer.content.decode())


def sent_pdf(name="contratto.pdf", content=PDF):
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def incoming(family):
    return RegisterEntry.objects.filter(subject=SUBJECT, subject_id=family.application.pk, direction="in").count()


def test_home_and_case_say_what_to_do_and_by_when(family):
    page = f"/cittadino/domanda/{family.application.pk}/"
    home = text_of(family.client.get("/cittadino/"))
    assert "L'ufficio decide entro il" in home and "Che cosa devi fare" not in home
    step = ask(family)
    due = f"{step.due_on:%d/%m/%Y}"
    for shown in (text_of(family.client.get("/cittadino/")), text_of(family.client.get(page))):
        assert "Il contratto di lavoro" in shown and f"Hai tempo fino al {due}" in shown
        assert address(family, step) in shown
    assert "Il conto dei giorni è fermo" in text_of(family.client.get(page))


def test_the_home_takes_the_same_queries_with_tasks(family, django_assert_max_num_queries):
    ask(family)
    with django_assert_max_num_queries(16):
        assert family.client.get("/cittadino/").status_code == 200


def test_an_answer_with_files_is_registered_once(family):
    step = ask(family)
    before = incoming(family)
    for _ in range(2):
        form = {"text": "Ecco il contratto.", "request_key": "k", "file_1": sent_pdf()}
        answer = family.client.post(address(family, step), form, follow=True)
        assert answer.status_code == 200
    assert "c'era già" in text_of(answer)
    assert Answer.objects.count() == 1 and incoming(family) == before + 1
    [attachment] = Attachment.objects.filter(kind=AttachmentKind.ANSWER)
    assert (attachment.ref_id, attachment.file.name) == (step.pk, "contratto.pdf")
    page = text_of(family.client.get(address(family, step)))
    assert "Ecco il contratto." in page and "contratto.pdf" in page
    family.client.post(address(family, step), {"text": "Dimenticavo la busta paga.", "request_key": "k2"})
    assert Answer.objects.count() == 2
    assert "Puoi aggiungere altro" in text_of(family.client.get(f"/cittadino/domanda/{family.application.pk}/"))


@pytest.mark.parametrize(
    "form",
    [
        {"text": "  "},
        {"text": "x" * 10_001},
        {"file_1": sent_pdf("virus.exe")},
        {"file_1": sent_pdf("finto.pdf", b"MZ\x90\x00 not a pdf")},
        {"file_1": sent_pdf("vuoto.pdf", b"")},
        {"text": "Ecco", "file_1": sent_pdf(), "file_2": sent_pdf("finto.pdf", b"<html>")},
    ],
)
def test_a_bad_answer_leaves_nothing(family, form):
    step = ask(family)
    answer = family.client.post(address(family, step), {"request_key": "k", **form})
    assert answer.status_code == 422
    assert not Answer.objects.exists() and not Attachment.objects.filter(kind=AttachmentKind.ANSWER).exists()


def test_a_late_answer_is_taken_and_said_to_be_late(family):
    step = ask(family)
    family.clock.at += timedelta(days=20)
    assert "Il tempo è finito" in text_of(family.client.get(address(family, step)))
    assert "manda lo stesso" in text_of(family.client.get(f"/cittadino/domanda/{family.application.pk}/"))
    assert family.client.post(address(family, step), {"text": "Scusate.", "request_key": "k"}).status_code == 302
    assert Answer.objects.count() == 1


def test_a_notice_shows_its_reasons_and_takes_observations(family):
    step = notify(family)
    page = text_of(family.client.get(address(family, step)))
    assert "L'ISEE è oltre il limite." in page and "non può dire di no" in page
    assert family.client.post(address(family, step), {"text": "No, è sotto.", "request_key": "k"}).status_code == 302


def test_a_request_closed_early_asks_nothing_more(family):
    step = ask(family)
    close_step(step=step, at=family.clock.at, by=None)
    assert "Che cosa devi fare" not in text_of(family.client.get("/cittadino/"))


def test_somebody_elses_case_does_not_exist(family, client):
    step = ask(family)
    other = make_submitted(make_programme())
    for wrong in (
        f"/cittadino/domanda/{other.pk}/risposta/{step.pk}/",
        f"/cittadino/domanda/{family.application.pk}/risposta/999999/",
        f"/cittadino/domanda/{other.pk}/riesame/",
        f"/cittadino/domanda/{family.application.pk}/riesame/",
    ):
        assert client.get(wrong).status_code == 404
        assert client.post(wrong, {"text": "Ciao", "request_key": "k"}).status_code == 404
    stranger = make_user((Role.CITIZEN, "all", None))
    make_person(user=stranger)
    client.force_login(stranger)
    assert client.get(address(family, step)).status_code == 404


def test_a_review_is_asked_once_within_its_days(family):
    decide_application(application=family.application, approve=None, note="", at=family.clock.at, by=None)
    page = f"/cittadino/domanda/{family.application.pk}/"
    assert "Chiedi un riesame" in text_of(family.client.get(page))
    before = incoming(family)
    form = {"text": "Mancano due mesi.", "request_key": "k"}
    for _ in range(2):
        assert family.client.post(f"{page}riesame/", {**form, "file_1": sent_pdf()}).status_code == 302
    review = Review.objects.get()
    assert review.text == "Mancano due mesi." and incoming(family) == before + 1
    assert Attachment.objects.get(kind=AttachmentKind.REVIEW).ref_id == review.pk
    assert "Hai chiesto un riesame" in text_of(family.client.get(f"{page}riesame/"))
    other = family.client.post(f"{page}riesame/", {"text": "E poi un'altra cosa.", "request_key": "k2"})
    assert other.status_code == 422 and Review.objects.count() == 1


def test_after_its_days_a_review_is_no_longer_offered(family):
    decide_application(application=family.application, approve=None, note="", at=family.clock.at, by=None)
    family.clock.at += timedelta(days=400)
    page = f"/cittadino/domanda/{family.application.pk}/"
    assert "Chiedi un riesame" not in text_of(family.client.get(page))
    assert "Il tempo per chiedere un riesame è finito" in text_of(family.client.get(f"{page}riesame/"))
    assert family.client.post(f"{page}riesame/", {"text": "Tardi", "request_key": "k"}).status_code == 422


def test_a_desk_answers_for_who_gave_it_a_mandate(family, client):
    """The page is the same; whether the desk may act is what every page of the desk asks."""
    desk = make_desk(family.application.programme, valid_from=date(2025, 1, 1))
    operator = make_user((Role.DESK_OPERATOR, "desk", desk.pk))
    client.force_login(operator)
    other = f"/sportello/domanda/{family.application.pk}/risposta/{ask(family).pk}/"
    assert client.get(other).status_code == client.post(other, {"text": "x"}).status_code == 404
    household, person = make_household()
    mandate = give_mandate(person, desk)
    draft = start_application(
        programme=desk.programme,
        household=household,
        applicant=person,
        facts=make_facts(),
        desk=desk,
        at=OPEN_AT,
        by=None,
    )
    family.application = submit_application(application=draft, at=OPEN_AT, by=None)
    page = f"/sportello/domanda/{family.application.pk}/risposta/{ask(family).pk}/"
    assert str(person) in text_of(client.get(page))
    assert page in text_of(client.get(f"/sportello/domanda/{family.application.pk}/"))
    assert client.post(page, {"text": "L'ha portato oggi.", "request_key": "k"}).status_code == 302
    assert Answer.objects.get().by == operator
    revoke_mandate(mandate=mandate, at=family.clock.at, by=operator)
    assert client.post(page, {"text": "E questo.", "request_key": "k"}, follow=True).redirect_chain
    assert Answer.objects.count() == 1
