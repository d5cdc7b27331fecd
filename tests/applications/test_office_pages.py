"""The office's pages: who may see what, what they do, how many queries they take."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from piutempo.applications.models import Application, Decision, Overrule, Status
from piutempo.applications.services import DecisionInput, decide_applications
from piutempo.awards.models import Award, AwardStatus
from piutempo.awards.services import end_award
from piutempo.programmes.models import Fund, Programme
from tests.applications.factories import DECIDED_AT, FITTING, make_draft, make_programme, make_submitted, make_user

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_in(client: Client, *roles: tuple[str, str, int | None]) -> Client:
    client.force_login(make_user(*roles), backend=BACKEND)
    return client


def officer(client: Client, programme: Programme) -> Client:
    return sign_in(client, ("case_officer", "programme", programme.pk))


def page(client: Client, name: str, *args: object, status: int = 200, **query: str) -> str:
    answer = client.get(reverse(f"applications:{name}", args=args), query)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def test_the_queue_shows_what_waits_and_leaves_drafts_out(client: Client) -> None:
    programme = make_programme()
    waiting, draft = make_submitted(programme), make_draft(programme)
    text = page(officer(client, programme), "queue")
    assert waiting.applicant.family_name in text
    assert draft.applicant.family_name not in text


def test_the_queue_filters_by_status_and_by_who_has_it_in_hand(client: Client) -> None:
    programme = make_programme()
    approved, mine = make_submitted(programme), make_submitted(programme)
    decide_applications([DecisionInput(approved, DECIDED_AT)])
    officer(client, programme)
    client.post(reverse("applications:assign", args=[mine.pk]), {"to": "me"})
    text = client.get(reverse("applications:queue"), {"status": "approved"}).content.decode()
    assert approved.applicant.family_name in text
    assert mine.applicant.family_name not in text
    text = client.get(reverse("applications:queue"), {"view": "mine"}).content.decode()
    assert mine.applicant.family_name in text
    assert approved.applicant.family_name not in text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_queue_exports(client: Client, kind: str) -> None:
    programme = make_programme()
    application = make_submitted(programme)
    answer = officer(client, programme).get(reverse("applications:queue"), {"export": kind})
    assert answer.status_code == 200
    if kind == "csv":
        assert application.applicant.fiscal_code in answer.content.decode("utf-8-sig")


def test_the_queue_takes_few_queries_whatever_its_rows(client: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    programme = make_programme()
    for _ in range(30):
        make_submitted(programme)
    officer(client, programme)
    page(client, "queue")
    with django_assert_max_num_queries(12):
        page(client, "queue")


def test_the_waiting_list_takes_few_queries_whatever_its_rows(client: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    programme = make_programme()
    decide_applications([DecisionInput(make_submitted(programme), DECIDED_AT) for _ in range(FITTING + 30)])
    officer(client, programme)
    page(client, "waiting")
    with django_assert_max_num_queries(12):
        page(client, "waiting")


@pytest.mark.parametrize("role", ["programme_manager", "auditor"])
def test_who_only_reads_sees_the_case_without_buttons_and_cannot_decide(client: Client, role: str) -> None:
    programme = make_programme()
    application = make_submitted(programme)
    sign_in(client, (role, "programme", programme.pk))
    text = page(client, "case", application.pk)
    assert "Approva…" not in text
    assert "Rivedi questo requisito" not in text
    answer = client.post(reverse("applications:decide", args=[application.pk, "approva"]), {"note": ""})
    assert answer.status_code == 403
    assert not Decision.objects.exists()


def test_somebody_elses_case_is_not_found(client: Client) -> None:
    programme, other = make_programme(), make_programme("obiettivo-conciliazione-2010.toml")
    application = make_submitted(programme)
    officer(client, other)
    page(client, "case", application.pk, status=404)
    fund = Fund.objects.get(programme=programme)
    page(client, "waiting_fund", fund.pk, status=404)
    assert client.post(reverse("applications:serve", args=[fund.pk])).status_code == 404
    assert application.applicant.family_name not in page(client, "queue")


def test_a_draft_has_no_page_at_the_office(client: Client) -> None:
    programme = make_programme()
    page(officer(client, programme), "case", make_draft(programme).pk, status=404)


def test_a_citizen_is_kept_out_and_a_stranger_signs_in(client: Client) -> None:
    make_programme()
    assert client.get(reverse("applications:queue")).status_code == 302
    sign_in(client, ("citizen", "all", None))
    page(client, "queue", status=403)


def test_the_case_explains_each_criterion_beside_its_evidence(client: Client) -> None:
    programme = make_programme()
    text = page(officer(client, programme), "case", make_submitted(programme, isee_cents=50_000_00).pk)
    for words in (
        "L&#x27;ISEE del nucleo supera 40.000 euro.",
        "Attestazione ISEE in corso di validità.",
        "Avviso, articolo 3",
        "decide l&#x27;esito",
        "Respingi…",
    ):
        assert words in text or words.replace("&#x27;", "'") in text, words


def test_the_officer_overrules_confirms_and_decides(client: Client) -> None:
    programme = make_programme()
    application = make_submitted(programme, isee_cents=50_000_00)
    officer(client, programme)
    address = reverse("applications:overrule", args=[application.pk, "isee"])
    answer = client.post(address, {"isee-outcome": "yes", "isee-reason": ""})
    assert answer.status_code == 422
    answer = client.post(address, {"isee-outcome": "yes", "isee-reason": "ISEE corrente di 30.000 euro"}, follow=True)
    assert "ISEE corrente di 30.000 euro" in answer.content.decode()
    assert Overrule.objects.count() == 1
    text = page(client, "decide", application.pk, "approva")
    assert "400,00" in text
    assert "15.600,00" in text  # what the fund has afterwards
    answer = client.post(
        reverse("applications:decide", args=[application.pk, "approva"]), {"note": "visto"}, follow=True
    )
    text = answer.content.decode()
    assert "le mensilità sono impegnate nel fondo" in text
    assert "le regole dicevano no" in text
    application.refresh_from_db()
    assert application.status == Status.APPROVED


def test_deciding_against_the_rules_says_what_to_do_and_decides_nothing(client: Client) -> None:
    programme = make_programme()
    application = make_submitted(programme, isee_cents=50_000_00)
    answer = officer(client, programme).post(
        reverse("applications:decide", args=[application.pk, "approva"]), {"note": ""}
    )
    assert answer.status_code == 422
    assert "rivedi prima, con un motivo" in answer.content.decode()
    assert not Decision.objects.exists()


def test_a_second_click_on_the_decision_is_harmless(client: Client) -> None:
    programme = make_programme()
    application = make_submitted(programme)
    officer(client, programme)
    for _ in range(2):
        answer = client.post(reverse("applications:decide", args=[application.pk, "approva"]), {"note": ""})
        assert answer.status_code == 302
    assert (Decision.objects.count(), Award.objects.count()) == (1, 1)


def test_the_confirmation_says_the_place_in_the_waiting_list(client: Client) -> None:
    programme = make_programme()
    applications = [make_submitted(programme) for _ in range(FITTING + 1)]
    last = make_submitted(programme)
    decide_applications([DecisionInput(a, DECIDED_AT) for a in applications])
    officer(client, programme)
    assert "al posto 2" in page(client, "decide", last.pk, "approva")
    answer = client.post(reverse("applications:decide", args=[last.pk, "approva"]), {"note": ""}, follow=True)
    assert "in lista d&#x27;attesa" in answer.content.decode()


def test_the_list_is_served_by_the_button_when_money_came_back(client: Client) -> None:
    programme = make_programme()
    applications = [make_submitted(programme) for _ in range(FITTING + 1)]
    decide_applications([DecisionInput(a, DECIDED_AT) for a in applications])
    officer(client, programme)
    fund = Fund.objects.get(programme=programme)
    text = page(client, "waiting")
    assert "Scorri la lista" in text
    assert applications[-1].applicant.family_name in text
    answer = client.post(reverse("applications:serve", args=[fund.pk]), follow=True)
    assert "nessuno lo scavalca" in answer.content.decode()
    end_award(award=Award.objects.order_by("id").first(), reason="rinuncia", at=DECIDED_AT, by=None)  # type: ignore[arg-type]
    assert not Award.objects.filter(status=AwardStatus.WAITING).exists()
    assert "Nessuno è in attesa" in page(client, "waiting")


def test_a_renunciation_is_written_down_and_a_request_is_withdrawn(client: Client) -> None:
    programme = make_programme()
    approved, waiting = make_submitted(programme), make_submitted(programme)
    decide_applications([DecisionInput(approved, DECIDED_AT)])
    officer(client, programme)
    address = reverse("vouchers:office_renounce", args=[approved.pk])
    assert client.post(address, {"reason": "", "sure": "on", "request_key": "k"}).status_code == 422
    client.post(address, {"reason": "rinuncia scritta", "sure": "on", "request_key": "k"})
    assert client.post(reverse("applications:leave", args=[waiting.pk]), {"reason": ""}).status_code == 422
    client.post(reverse("applications:leave", args=[waiting.pk]), {"reason": "ripensamento"})
    assert Award.objects.get().status == AwardStatus.ENDED
    assert Application.objects.get(pk=waiting.pk).status == Status.WITHDRAWN
    assert "rinuncia scritta" in page(client, "case", approved.pk)


def test_pages_only_read(client: Client, refuse_writes) -> None:  # type: ignore[no-untyped-def]
    programme = make_programme()
    application = make_submitted(programme)
    officer(client, programme)
    with refuse_writes():
        page(client, "queue")
        page(client, "case", application.pk)
        page(client, "decide", application.pk, "approva")
        page(client, "waiting")
