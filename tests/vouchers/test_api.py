"""The JSON API of a site."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from piutempo.people import middleware
from piutempo.vouchers.models import Redemption
from piutempo.vouchers.services.keys import create_api_key, revoke_api_key
from tests.vouchers.factories import NOW, TODAY, World, build_family, code_of, codes_of, issued


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock stands at the tests' instant."""
    monkeypatch.setattr(middleware.timezone, "now", lambda: NOW)


@pytest.fixture
def client_of_site(world: World, clock: None) -> Client:
    _, secret = create_api_key(site=world.site, name="gestionale", at=NOW, by=None)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def post(client: Client, data: dict[str, Any], key: str = "k1") -> Any:
    return client.post("/api/v1/redemptions", data, content_type="application/json", headers={"Idempotency-Key": key})


def body(codes: list[str], **more: Any) -> dict[str, Any]:
    return {"codes": codes, "service": "pulizie", "quantity": 5, "served_on": TODAY.isoformat(), **more}


def test_status_needs_no_key(client: Client, db: None) -> None:
    assert client.get("/api/v1/status").json() == {"status": "ok"}


def test_a_retry_answers_the_same_redemption(world: World, client_of_site: Client) -> None:
    voucher = issued(world, build_family(world))
    first = post(client_of_site, body(codes_of(voucher, 1, 2)))
    again = post(client_of_site, body(codes_of(voucher, 1, 2)))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.json()["amount_cents"] == 2_000
    assert Redemption.objects.count() == 1


def test_a_reused_key_is_a_conflict(world: World, client_of_site: Client) -> None:
    voucher = issued(world, build_family(world))
    post(client_of_site, body(codes_of(voucher, 1)))
    answer = post(client_of_site, body(codes_of(voucher, 2)))
    assert (answer.status_code, answer.json()["code"]) == (409, "KEY_REUSED")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_refusal_is_a_problem_with_a_stable_code_and_a_sentence(world: World, client_of_site: Client) -> None:
    voucher = issued(world, build_family(world))
    post(client_of_site, body(codes_of(voucher, 1)), "a")
    answer = post(client_of_site, body(codes_of(voucher, 1)), "b")
    assert answer.status_code == 422
    assert answer.json()["code"] == "ALREADY_SPENT"
    assert "14/03/2011, in questa sede" in answer.json()["detail"]


@pytest.mark.parametrize("key", ["", "x" * 61])
def test_the_idempotency_key_is_needed(world: World, client_of_site: Client, key: str) -> None:
    voucher = issued(world, build_family(world))
    answer = post(client_of_site, body(codes_of(voucher, 1)), key)
    assert (answer.status_code, answer.json()["code"]) == (400, "KEY_MISSING")


def test_a_wrong_shape_is_a_problem(world: World, client_of_site: Client) -> None:
    answer = post(client_of_site, {"codes": []})
    assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED")


@pytest.mark.parametrize(
    "sent",
    [
        "{",
        "[" * 100_000,
        {"service": "\x00"},
        {"holder_fiscal_code": "RSS\x00"},
        {"person_cared_id": 2**70},
        {"quantity": 2**40},
        {"amount_cents": 2**40},
        {"served_on": "2011-02-31"},
    ],
    ids=lambda sent: str(sent)[:30],
)
def test_what_no_database_holds_is_a_wrong_shape(world: World, client_of_site: Client, sent: Any) -> None:
    voucher = issued(world, build_family(world))
    data = sent if isinstance(sent, str) else body(codes_of(voucher, 1), **sent)
    answer = post(client_of_site, data)
    assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED")
    assert answer["Content-Type"] == "application/problem+json"
    assert not Redemption.objects.exists()


def test_a_revoked_key_opens_nothing(world: World, clock: None) -> None:
    key, secret = create_api_key(site=world.site, name="x", at=NOW, by=None)
    revoke_api_key(key=key, at=NOW, by=None)
    answer = Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/redemptions/1")
    assert (answer.status_code, answer.json()["code"]) == (401, "NOT_AUTHENTICATED")
    assert key.sha256 != secret


def test_a_check_tells_the_holder_and_the_state(world: World, client_of_site: Client) -> None:
    family = build_family(world)
    voucher = issued(world, family)
    answer = client_of_site.get(f"/api/v1/vouchers/{code_of(voucher, 3)}").json()
    assert (answer["state"], answer["holder"], answer["titles_left"]) == ("spendable", "Maria Rossi", 25)
    assert answer["last_day"] == "2011-08-31"
    assert {m["id"] for m in answer["members"]} >= {family.baby.pk, family.teenager.pk}
    assert client_of_site.get("/api/v1/vouchers/ABC").json()["code"] == "CODE_MISTYPED"


def test_a_reversal_needs_the_site_and_its_window(world: World, client_of_site: Client, monkeypatch: Any) -> None:
    voucher = issued(world, build_family(world))
    redemption_id = post(client_of_site, body(codes_of(voucher, 1))).json()["redemptions"][0]["id"]
    url = f"/api/v1/redemptions/{redemption_id}/reversal"
    _, other = create_api_key(site=world.shop, name="altra", at=NOW, by=None)
    foreign = Client(headers={"Authorization": f"Bearer {other}"})
    assert foreign.post(url, {"reason": "x"}, content_type="application/json").status_code == 404
    monkeypatch.setattr(middleware.timezone, "now", lambda: NOW + timedelta(days=21))
    late = client_of_site.post(url, {"reason": "errore"}, content_type="application/json")
    assert (late.status_code, late.json()["code"]) == (422, "TOO_LATE")
    monkeypatch.setattr(middleware.timezone, "now", lambda: NOW + timedelta(days=20))
    assert client_of_site.post(url, {"reason": "errore"}, content_type="application/json").status_code == 201
    assert client_of_site.get(f"/api/v1/redemptions/{redemption_id}").json()["is_reversed"] is True
    again = client_of_site.post(url, {"reason": "errore"}, content_type="application/json")
    assert again.json()["code"] == "ALREADY_REVERSED"
