"""The pages of casework: what an officer sends from a case, who may, the list to sign."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from piutempo.applications.models import Application, Decision
from piutempo.applications.services import propose_decision
from piutempo.procedures.models import Step
from piutempo.programmes.models import Programme
from tests.applications.factories import DECIDED_AT, make_programme, make_submitted, make_user
from tests.applications.test_casework import two_signs

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def officer(client: Client, programme: Programme, role: str = "case_officer") -> Client:
    client.force_login(make_user((role, "programme", programme.pk)), backend=BACKEND)
    return client


def url(name: str, *args: object) -> str:
    return reverse(f"applications:{name}", args=args)


def test_a_request_is_prepared_from_what_the_rules_miss_and_sent_once(client: Client) -> None:
    programme = make_programme()
    application = make_submitted(programme, isee_cents=None)
    officer(client, programme)
    address = url("request_documents", application.pk)
    text = client.get(address).content.decode()
    assert "Attestazione ISEE in corso di validità." in text
    assert client.post(address, {"request_key": "k", "more": " ", "days": "10"}).status_code == 422
    assert client.post(address, {"request_key": "k", "more": "x", "days": "99"}).status_code == 422
    data = {
        "request_key": "k",
        "items": ["Attestazione ISEE in corso di validità."],
        "more": "- Calendario",
        "days": "9",
    }
    assert client.post(address, data).status_code == 302
    assert Step.objects.get().items == ["Attestazione ISEE in corso di validità.", "Calendario"]
    assert client.post(address, data).status_code == 422, "one thing at a time is asked of a family"
    assert Step.objects.count() == 1
    assert "la famiglia può rispondere fino al" in client.get(url("case", application.pk)).content.decode()


def test_a_refusal_without_notice_is_stopped_with_what_to_do(client: Client) -> None:
    programme = make_programme()
    application = make_submitted(programme, isee_cents=50_000_00)
    officer(client, programme)
    answer = client.post(url("decide", application.pk, "respingi"), {"note": ""})
    assert answer.status_code == 422
    assert "serve il preavviso" in answer.content.decode()
    page = client.get(url("notice", application.pk)).content.decode()
    assert "50.000,00" in page
    assert client.post(url("notice", application.pk), {"request_key": "k", "reasons": "Motivo"}).status_code == 302
    answer = client.post(url("decide", application.pk, "respingi"), {"note": ""})
    assert "ha ancora tempo" in answer.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize("name", ["request_documents", "notice", "reopen"])
def test_only_an_officer_of_the_programme_does_casework(client: Client, name: str) -> None:
    programme = make_programme()
    application = make_submitted(programme)
    officer(client, programme, "auditor")
    assert client.get(url(name, application.pk)).status_code == 403
    officer(client, make_programme("obiettivo-conciliazione-2010.toml"))
    assert client.get(url(name, application.pk)).status_code == 404
    assert client.get(url(name, 999_999)).status_code == 404


def test_unknown_conflicts_proposals_and_reviews_are_not_found(client: Client) -> None:
    programme = make_programme()
    application = make_submitted(programme)
    officer(client, programme)
    for name in ("settle", "send_back", "answer_review"):
        assert client.get(url(name, application.pk, 999_999)).status_code == 404
    assert client.post(url("sign", application.pk, 999_999)).status_code == 404


def test_a_list_is_signed_with_one_click_and_a_confirmation(
    client: Client,
    tmp_path,  # type: ignore[no-untyped-def]
    settings,
    django_assert_max_num_queries,
) -> None:
    programme = two_signs(tmp_path, settings)
    by = make_user(("case_officer", "programme", programme.pk))
    proposals = [
        propose_decision(application=make_submitted(programme), approve=True, note="", at=DECIDED_AT, by=by)
        for _ in range(20)
    ]
    client.force_login(by, backend=BACKEND)
    ids = [str(p.pk) for p in proposals]
    client.post(url("to_sign"), {"proposal": ids, "confirmed": "1"})
    assert not Decision.objects.exists(), "nobody signs what they proposed"
    officer(client, programme, "programme_manager")
    client.get(url("to_sign"))
    with django_assert_max_num_queries(12):
        assert client.get(url("to_sign")).status_code == 200
    asked = client.post(url("to_sign"), {"proposal": [*ids, "x", ""]})
    assert "Firma 20 decisioni" in asked.content.decode()
    assert not Decision.objects.exists()
    for _ in range(2):
        assert client.post(url("to_sign"), {"proposal": ids, "confirmed": "1"}).status_code == 302
    assert Decision.objects.count() == 20


def test_cases_are_assigned_in_bulk_and_the_next_is_taken(client: Client) -> None:
    programme = make_programme()
    cases = [make_submitted(programme) for _ in range(3)]
    officer(client, programme)
    other = make_user(("case_officer", "programme", programme.pk))
    client.post(url("assign_many"), {"case": [c.pk for c in cases[:2]], "to": other.pk, "back": "view=mine"})
    assert Application.objects.filter(assigned_to=other).count() == 2
    stranger = make_user()
    client.post(url("assign_many"), {"case": [cases[2].pk], "to": stranger.pk})
    assert not Application.objects.filter(assigned_to=stranger).exists()
    answer = client.post(url("take"))
    assert answer["Location"] == url("case", cases[2].pk)
