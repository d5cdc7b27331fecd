"""Pages of checks: who may do what, what is asked, what opens to whom."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from piutempo.controls.models import Check, CheckState, Sample
from piutempo.controls.services import conclude_check
from piutempo.people.models import Person, Role, Scope
from piutempo.records.models import Event
from tests.applications.factories import give_mandate, make_submitted, make_user
from tests.controls.factories import (
    CHECKED_AT,
    go_through,
    make_approved,
    make_check,
    make_checked_programme,
    make_found,
    make_officers,
    make_sample,
)

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj"


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: CHECKED_AT)


@pytest.fixture
def programme(tmp_path):
    return make_checked_programme(tmp_path)


@pytest.fixture
def officers(programme):
    return make_officers(programme)


def enter(client, user):
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def queries_of(client, url):
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_a_sample_from_seed_to_recount(client, programme, officers):
    for _ in range(4):
        make_submitted(programme)
    enter(client, officers[2])
    asked = {
        "programme": programme.pk,
        "period_from": "2025-03-01",
        "period_last": "31/03/2025",
        "seed_way": "public",
        "seed": "48-7-22",
        "seed_source": "",
    }
    answer = client.post(reverse("controls:new_sample"), asked)
    assert answer.status_code == 422 and "dove si può controllare" in text_of(answer)
    answer = client.post(reverse("controls:new_sample"), asked | {"seed_source": "Lotto del 27/03/2025"}, follow=True)
    sample = Sample.objects.get()
    assert "da estrarre" in text_of(answer) and "a periodo finito" in text_of(answer)
    page = text_of(client.post(reverse("controls:draw", args=[sample.pk]), follow=True))
    assert "Estratte 1 domande su 4" in page and "Quote per classe di rischio" in page and "data:image/svg" in page
    client.post(reverse("controls:draw", args=[sample.pk]))
    assert Check.objects.count() == 1
    auditor = make_user(("auditor", "all", None))
    enter(client, auditor)
    assert "Identico" in text_of(client.post(reverse("controls:recount", args=[sample.pk]), follow=True))
    assert Event.objects.filter(name="controls.sample_recounted", actor_id=auditor.pk).exists()
    lines = client.get(reverse("controls:population", args=[sample.pk])).content.decode()
    assert lines.count(";ordinario\n") == 4
    assert client.post(reverse("controls:draw", args=[sample.pk])).status_code == 403
    assert client.get(reverse("controls:new_sample")).status_code == 403


def test_an_officer_goes_through_a_check(client, programme, officers):
    decider, checker, _manager = officers
    application = make_approved(programme, decider)
    enter(client, decider)
    answer = client.post(reverse("controls:new_check", args=[application.pk]), {"reason": "Non torna"}, follow=True)
    check = Check.objects.get()
    assert "Prendi in carico" in text_of(answer)
    page = text_of(client.post(reverse("controls:carry", args=[check.pk]), {"to": "me"}, follow=True))
    assert "Hai deciso tu questa domanda" in page
    enter(client, checker)
    page = text_of(client.post(reverse("controls:carry", args=[check.pk]), {"to": "me"}, follow=True))
    assert "Apri i dati dichiarati" in page and "10.000,00" not in page
    page = text_of(client.post(reverse("controls:facts", args=[check.pk]), follow=True))
    assert "10.000,00" in page
    item = reverse("controls:item", args=[check.pk, 0])
    assert client.post(item, {"v0-outcome": "not_ok", "v0-note": ""}).status_code == 422
    wrong = {"v0-outcome": "ok", "v0-file": SimpleUploadedFile("x.pdf", b"<html>")}
    assert client.post(item, wrong).status_code == 422
    client.post(item, {"v0-outcome": "ok", "v0-note": "Bene", "v0-file": SimpleUploadedFile("atto.pdf", PDF)})
    client.post(reverse("controls:item", args=[check.pk, 1]), {"v1-outcome": "not_ok", "v1-note": "ISEE diverso"})
    page = text_of(client.get(reverse("controls:check", args=[check.pk])))
    assert "atto.pdf" in page and "Scrivi il rilievo" in page
    stored = check.answers.exclude(file=None).get().file_id
    assert client.get(reverse("controls:file", args=[check.pk, stored])).content == PDF
    assert client.get(reverse("controls:file", args=[check.pk, 99_999])).status_code == 404
    assert "ISEE diverso" in text_of(client.get(reverse("controls:finding", args=[check.pk])))
    client.post(reverse("controls:finding", args=[check.pk]), {"text": "L'ISEE non torna"})
    answer = client.post(reverse("controls:outcome", args=[check.pk]), {"outcome": "false", "reasons": "Falso"})
    assert answer.status_code == 422 and "giorni della famiglia" in text_of(answer)
    enter(client, make_user(("auditor", "all", None)))
    page = text_of(client.get(reverse("controls:check", args=[check.pk])))
    assert "ISEE diverso" not in page and "L&#x27;ISEE non torna" not in page and "10.000,00" not in page
    assert client.get(reverse("controls:file", args=[check.pk, stored])).status_code == 403
    assert client.post(reverse("controls:facts", args=[check.pk])).status_code == 403
    assert client.post(item, {"v0-outcome": "ok"}).status_code == 403


def test_another_person_signs_or_sends_back(client, tmp_path, monkeypatch):
    programme = make_checked_programme(tmp_path, signature=True)
    decider, checker, manager = make_officers(programme)
    check = make_found(make_approved(programme, decider), decider, checker)
    late = CHECKED_AT + timedelta(days=16)
    conclude_check(check=check, outcome="false", reasons="ISEE inventato", at=late, by=checker)
    monkeypatch.setattr(timezone, "now", lambda: late)
    enter(client, checker)
    page = text_of(client.post(reverse("controls:sign", args=[check.pk]), follow=True))
    assert "serve un&#x27;altra persona" in page
    enter(client, manager)
    assert "ISEE inventato" in text_of(client.get(reverse("controls:check", args=[check.pk])))
    assert client.post(reverse("controls:send_back", args=[check.pk]), {"reason": ""}).status_code == 422
    page = text_of(client.post(reverse("controls:sign", args=[check.pk]), follow=True))
    assert "Esito firmato" in page and "Segnalazione" in page
    form = {"v2-outcome": "ok", "v2-note": "Inviata il 20/04"}
    page = text_of(client.post(reverse("controls:item", args=[check.pk, 2]), form, follow=True))
    assert "Inviata il 20/04" in page


def citizen_of(application):
    user = make_user(("citizen", "all", None))
    Person.objects.filter(pk=application.applicant_id).update(user=user)
    return user


def test_a_family_sees_what_is_asked_and_answers(client, programme, officers):
    decider, checker, _manager = officers
    application = make_approved(programme, decider)
    other = make_check(make_approved(programme, decider), decider, checker)
    check = make_found(application, decider, checker)
    enter(client, citizen_of(application))
    page = text_of(client.get(reverse("controls:own_checks")))
    assert "Rispondi entro il 17/04/2025" in page
    panel = text_of(client.get(reverse("controls:own_panel")))
    assert "rispondi entro il 17/04/2025" in panel and "<html" not in panel
    url = reverse("controls:own_check", args=[check.pk])
    page = text_of(client.get(url))
    assert "dichiarato non risulta" in page and "indirizzo" not in page, "the officer's doubt is not shown"
    assert client.get(reverse("controls:own_check", args=[other.pk])).status_code == 404
    assert client.post(url, {"text": " ", "request_key": "a"}).status_code == 422
    bad = {"text": "Ecco", "request_key": "b", "file": SimpleUploadedFile("x.exe", b"MZ")}
    assert client.post(url, bad).status_code == 422
    good = {"text": "<b>Ecco</b>", "request_key": "c", "file": SimpleUploadedFile("isee.pdf", PDF)}
    page = text_of(client.post(url, good, follow=True))
    assert "Risposta ricevuta" in page and "&lt;b&gt;Ecco" in page and "isee.pdf" in page
    client.post(url, {"text": "<b>Ecco</b>", "request_key": "c"})
    assert check.family_answers.count() == 1
    check.refresh_from_db()
    assert check.state == CheckState.ANSWERED


def test_a_desk_answers_only_for_its_own_families(client, programme, officers):
    from tests.network.factories import make_desk

    decider, checker, _manager = officers
    desk, elsewhere = make_desk(programme), make_desk(programme)
    application = make_approved(programme, decider)
    check = make_found(application, decider, checker)
    type(application).objects.filter(pk=application.pk).update(desk=desk)
    url = reverse("controls:desk_check", args=[check.pk])
    enter(client, make_user(("desk_operator", "desk", desk.pk)))
    assert client.get(url).status_code == 404, "no mandate, no acting for the family"
    for one in (desk, elsewhere):
        give_mandate(application.applicant, one)
    enter(client, make_user(("desk_operator", "desk", elsewhere.pk)))
    assert client.get(url).status_code == 404
    enter(client, make_user(("desk_operator", "desk", desk.pk)))
    assert str(application.applicant) in text_of(client.get(reverse("controls:desk_checks")))
    assert "Risposta ricevuta" in text_of(client.post(url, {"text": "Ecco", "request_key": "k"}, follow=True))


def test_another_programmes_checks_do_not_exist(client, programme, officers):
    decider, checker, _manager = officers
    check = make_check(make_approved(programme, decider), decider, checker)
    make_submitted(programme)
    sample = make_sample(programme)
    enter(client, make_user((Role.CASE_OFFICER, Scope.PROGRAMME, programme.pk + 1)))
    for name, number in (("check", check.pk), ("sample", sample.pk), ("finding", check.pk), ("outcome", check.pk)):
        assert client.get(reverse(f"controls:{name}", args=[number])).status_code == 404
    assert client.post(reverse("controls:recount", args=[sample.pk])).status_code == 404


def test_lists_take_few_queries_whatever_the_rows(client, programme, officers):
    decider, checker, manager = officers
    enter(client, manager)
    for _ in range(3):
        make_submitted(programme)
    sample = make_sample(programme)
    pages = [
        reverse("controls:checks"),
        reverse("controls:samples"),
        reverse("controls:sample", args=[sample.pk]),
    ]
    few = [queries_of(client, page) for page in pages]
    for _ in range(4):
        go_through(make_check(make_approved(programme, decider), decider, checker), checker, "ok")
    many = [queries_of(client, page) for page in pages]
    assert many == few
    assert max(many) <= 12
    check = Check.objects.filter(officer=checker).first()
    assert queries_of(client, reverse("controls:check", args=[check.pk])) <= 12
