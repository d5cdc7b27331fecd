"""Asking INPS: only after the protocol, the answer beside the criterion, nothing decided by it."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from piutempo.applications.adapters import LocalIsee
from piutempo.applications.messages import sentence_for
from piutempo.applications.models import SourceCheck
from piutempo.applications.rules import Refusal
from piutempo.applications.rules.isee import IseeAnswer, outcome_of
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.sources import check_isee
from piutempo.people.models import Role
from tests.applications.factories import DECIDED_AT, make_draft, make_programme, make_submitted, make_user

pytestmark = pytest.mark.django_db
LATER = date(2025, 12, 31)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def officer():
    return make_user((Role.CASE_OFFICER, "all", None))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (None, "not_found"),
        (IseeAnswer(10_000_00, LATER), "confirmed"),
        (IseeAnswer(10_000_01, LATER), "different"),
        (IseeAnswer(10_000_00, LATER, has_flaws=True), "flawed"),
        (IseeAnswer(10_000_00, date(2025, 3, 9)), "expired"),
        (IseeAnswer(10_000_00, date(2025, 3, 10)), "confirmed"),
    ],
)
def test_what_an_answer_says_of_the_declared_amount(answer, outcome):
    assert outcome_of(declared_cents=10_000_00, answer=answer, valid_on=date(2025, 3, 10)) == outcome
    application = make_submitted(make_programme())
    if answer:
        LocalIsee().record(fiscal_code=application.applicant.fiscal_code, answer=answer)
    check = check_isee(application=application, at=DECIDED_AT, by=officer())
    assert (check.outcome, check.code) == (outcome, "isee")


def test_a_draft_is_not_asked_about():
    with pytest.raises(ApplicationRefused) as error:
        check_isee(application=make_draft(make_programme()), at=DECIDED_AT, by=officer())
    assert error.value.code is Refusal.NOT_PROTOCOLLED
    assert "protocollata" in sentence_for(error.value)


def test_nothing_declared_is_nothing_to_check():
    with pytest.raises(ApplicationRefused) as error:
        check_isee(application=make_submitted(make_programme(), isee_cents=None), at=DECIDED_AT, by=officer())
    assert error.value.code is Refusal.NOT_DECLARED


def test_a_silent_service_stops_nothing(tmp_path):
    application = make_submitted(make_programme())
    (tmp_path / "isee").mkdir()
    (tmp_path / "isee" / "spento").touch()
    with pytest.raises(ApplicationRefused) as error:
        check_isee(application=application, at=DECIDED_AT, by=officer())
    assert error.value.code is Refusal.SOURCE_SILENT
    assert not SourceCheck.objects.exists()


def test_the_same_answer_twice_in_a_day_is_kept_once_and_cannot_be_rewritten(tmp_path):
    application, by = make_submitted(make_programme()), officer()
    first = check_isee(application=application, at=DECIDED_AT, by=by)
    assert check_isee(application=application, at=DECIDED_AT + timedelta(hours=1), by=by) == first
    assert check_isee(application=application, at=DECIDED_AT + timedelta(days=1), by=by) != first
    asked = (tmp_path / "isee" / "richieste.jsonl").read_text()
    assert '"tipo_indicatore": "Minorenni"' in asked
    assert '"stato_domanda": "Da erogare"' in asked
    assert "PIUTEMPO 2025/" in asked
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SourceCheck.objects.filter(pk=first.pk).update(outcome="confirmed")


def test_the_officer_asks_and_reads_the_answer_beside_the_criterion(client):
    application = make_submitted(make_programme())
    LocalIsee().record(fiscal_code=application.applicant.fiscal_code, answer=IseeAnswer(12_345_67, date(2099, 12, 31)))
    client.force_login(officer())
    root = f"/ufficio/domande/{application.pk}/"
    assert client.get(root + "isee/").status_code == 405
    assert "chiedi chiarimenti" in client.post(root + "isee/", follow=True).content.decode()
    text = client.get(root + "prove/").content.decode()
    assert "12.345,67" in text
    assert "è diverso" in text
    assert client.get(root + "ricevuta.pdf").content.startswith(b"%PDF")
    assert client.get(root + "domanda.pdf").content.startswith(b"%PDF")


def test_another_programmes_officer_finds_nothing(client):
    application = make_submitted(make_programme())
    client.force_login(make_user((Role.CASE_OFFICER, "programme", application.programme_id + 1)))
    for page in ("prove/", "ricevuta.pdf", "domanda.pdf", "file/1/"):
        assert client.get(f"/ufficio/domande/{application.pk}/{page}").status_code == 404
    assert client.post(f"/ufficio/domande/{application.pk}/isee/").status_code == 404
