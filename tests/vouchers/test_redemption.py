"""Redemption on the database: the guard and the rule are one truth, money moves once, a key answers once."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from piutempo.kernel.codes import title_code
from piutempo.ledger.models import Account, Kind, Transfer
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.network.models import Grant
from piutempo.people.models import Member
from piutempo.programmes.models import Programme, ProgrammeVersion
from piutempo.vouchers.models import Redemption, Voucher
from piutempo.vouchers.rules.redemption import Refusal, refusal_for
from piutempo.vouchers.selectors.facts import load_catalogue
from piutempo.vouchers.services import KeyReused, RedemptionRefused, SeveralVouchers, redeem, redeem_many, redemption
from piutempo.vouchers.services.redemption import Request, load_case, redeem_request
from piutempo.vouchers.sql import GUARD, REDEEM_RETURNING
from tests.vouchers.factories import (
    NOW,
    TODAY,
    Family,
    World,
    build_family,
    code_of,
    codes_of,
    grant,
    issued,
)

laws = importlib.import_module("piutempo.vouchers.migrations.0002_laws")
_keys = count(1)


def request_for(world: World, family: Family, voucher: Voucher, **changes: Any) -> Request:
    """The ordinary case: two titles for the baby's nursery, today."""
    ordinary = Request(
        site_id=world.site.pk,
        voucher_code=voucher.code,
        mask=0b11,
        amount_cents=0,
        service="nido",
        quantity=1,
        person_id=family.baby.pk,
        holder=family.holder.fiscal_code,
        served_on=TODAY,
        at=NOW,
        on=TODAY,
        by_id=None,
        key=f"k{next(_keys)}",
    )
    return replace(ordinary, **changes)


@dataclass
class Scenario:
    """
    What differs from the ordinary case: the voucher's row, the request, the surroundings, the guard's own parameters.
    """

    voucher: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    around: Callable[[World, Family], dict[str, Any]] | None = None
    params: dict[str, Any] = field(default_factory=dict)
    product: str = "titoli"


def _other_member(world: World, _family: Family) -> dict[str, Any]:
    return {"person_id": build_family(world).baby.pk}


def _member_left(_world: World, family: Family) -> dict[str, Any]:
    Member.objects.filter(pk=family.baby.pk).update(valid_until=TODAY)
    return {}


def _member_not_yet(_world: World, family: Family) -> dict[str, Any]:
    Member.objects.filter(pk=family.baby.pk).update(valid_from=TODAY + timedelta(days=1))
    return {}


def _grant_ended(world: World, _family: Family) -> dict[str, Any]:
    Grant.objects.filter(site=world.site, service="nido").update(valid_until=TODAY)
    return {}


def _grant_not_yet(world: World, _family: Family) -> dict[str, Any]:
    Grant.objects.filter(site=world.site, service="nido").update(valid_from=TODAY + timedelta(days=1))
    return {}


def _sport_too(world: World, _family: Family) -> dict[str, Any]:
    grant(world.programme, world.site, "servizi", "sport", 20_000)
    return {}


def _service_without_catalogue(world: World, _family: Family) -> dict[str, Any]:
    grant(world.programme, world.site, "servizi", "yoga", 20_000)
    return {}


def _grant_of_another_programme(world: World, _family: Family) -> dict[str, Any]:
    other = Programme.objects.create(code="altro", title="Altro")
    Grant.objects.filter(site=world.site).update(programme=other)
    return {}


SCENARIOS: dict[str, tuple[Refusal, Scenario]] = {
    "unknown": (Refusal.CODE_UNKNOWN, Scenario(request={"voucher_code": 7})),
    "void": (Refusal.VOIDED, Scenario(voucher={"void": 0b10})),
    "blocked": (Refusal.BLOCKED, Scenario(voucher={"blocked": 0b01})),
    "spent": (Refusal.ALREADY_SPENT, Scenario(voucher={"spent": 0b10, "spent_cents": 1_000})),
    "not handed": (Refusal.NOT_HANDED_OVER, Scenario(voucher={"handed": 0b01})),
    "lapsed": (Refusal.LAPSED, Scenario(voucher={"lapsed_cents": 1_000})),
    "before": (
        Refusal.SERVED_BEFORE_VALIDITY,
        Scenario(voucher={"valid_from": TODAY + timedelta(days=0)}, request={"served_on": TODAY - timedelta(days=1)}),
    ),
    "expired": (Refusal.EXPIRED, Scenario(voucher={"valid_until": TODAY})),
    "future": (Refusal.SERVED_IN_FUTURE, Scenario(request={"served_on": TODAY + timedelta(days=1)})),
    "late": (
        Refusal.RECORDED_TOO_LATE,
        Scenario(voucher={"record_days": 0}, request={"served_on": TODAY - timedelta(days=1)}),
    ),
    "grant ended": (Refusal.SERVICE_NOT_ALLOWED, Scenario(around=_grant_ended)),
    "grant not yet": (Refusal.SERVICE_NOT_ALLOWED, Scenario(around=_grant_not_yet)),
    "grant elsewhere": (Refusal.SITE_NOT_ACCREDITED, Scenario(around=_grant_of_another_programme)),
    "site": (Refusal.SITE_NOT_ACCREDITED, Scenario(request={"site_id": 0})),
    "network": (Refusal.WRONG_NETWORK, Scenario(voucher={"network": "negozi"})),
    "catalogue": (
        Refusal.SERVICE_NOT_IN_CATALOGUE,
        Scenario(request={"service": "yoga"}, around=_service_without_catalogue),
    ),
    "service": (Refusal.SERVICE_NOT_ALLOWED, Scenario(request={"service": "sport", "person_id": 0})),
    "no person": (Refusal.PERSON_MISSING, Scenario(request={"person_id": 0})),
    "nobody": (Refusal.PERSON_NOT_IN_HOUSEHOLD, Scenario(request={"person_id": 10**9})),
    "other household": (Refusal.PERSON_NOT_IN_HOUSEHOLD, Scenario(around=_other_member)),
    "left": (Refusal.PERSON_NOT_IN_HOUSEHOLD, Scenario(around=_member_left)),
    "not yet a member": (Refusal.PERSON_NOT_IN_HOUSEHOLD, Scenario(around=_member_not_yet)),
    "too young": (Refusal.PERSON_NOT_OF_AGE, Scenario(request={"service": "sport"}, around=_sport_too)),
    "holder": (Refusal.WRONG_HOLDER, Scenario(request={"holder": "ALTRO"})),
    "quantity": (Refusal.WRONG_QUANTITY, Scenario(request={"quantity": 40_000})),
    "amount of titles": (Refusal.NOT_WHOLE_TITLES, Scenario(request={"mask": 0, "amount_cents": 1_500})),
    "no amount": (Refusal.WRONG_AMOUNT, Scenario(product="saldo", request={"mask": 0, "amount_cents": 0})),
    "left too little": (Refusal.NOT_ENOUGH_LEFT, Scenario(voucher={"void_cents": 24_000})),
    "ceiling": (Refusal.ABOVE_CEILING, Scenario(request={"mask": (1 << 21) - 1})),
}


def too_old(family: Family) -> dict[str, Any]:
    return {"person_id": family.teenager.pk}


def play(world: World, scenario: Scenario, *, is_handed: bool = True) -> Request:
    """Make the scenario true in the database and return the request."""
    family = build_family(world, product=scenario.product)
    voucher = issued(world, family, handed=is_handed)
    Voucher.objects.filter(pk=voucher.pk).update(**scenario.voucher)
    changes = {**scenario.request, **(scenario.around(world, family) if scenario.around else {})}
    return request_for(world, family, voucher, **changes)


def test_the_ordinary_case_is_accepted(world: World) -> None:
    done = redeem_request(play(world, Scenario()))
    assert done.amount_cents == 2_000
    stored = Redemption.objects.get(pk=done.pk)
    assert (stored.mask, stored.amount_cents, stored.redeemed_at, stored.is_settled) == (0b11, 2_000, NOW, False)
    legs = Transfer.objects.filter(kind=Kind.SPEND, subject_id=done.pk).order_by("source__position")
    assert [leg.amount_cents for leg in legs] == [800, 840, 360]


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_each_reason_occurs_alone_on_the_database(world: World, name: str) -> None:
    reason, scenario = SCENARIOS[name]
    request = play(world, scenario)
    before = Voucher.objects.values().get(holder__fiscal_code=request.holder) if request.holder != "ALTRO" else None
    with pytest.raises(RedemptionRefused) as refused:
        redeem_request(request)
    assert refused.value.code is reason
    assert not Redemption.objects.exists()
    if before:
        assert Voucher.objects.values().get(pk=before["id"]) == before


def test_a_person_too_old_is_refused(world: World) -> None:
    family = build_family(world)
    with pytest.raises(RedemptionRefused) as refused:
        redeem_request(request_for(world, family, issued(world, family), **too_old(family)))
    assert refused.value.code is Refusal.PERSON_NOT_OF_AGE


def guards() -> list[str]:
    """The conditions of the guard, one by one."""
    return [part.strip() for part in GUARD.split("\n    AND ")]


@pytest.mark.parametrize("guard", guards(), ids=lambda g: g.split("\n")[0][:40])
def test_removing_any_guard_lets_something_wrong_through(
    world: World, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    """Every condition earns its place: without it some scenario passes, or only a CHECK still stops it."""
    weakened = (
        REDEEM_RETURNING.replace(f"AND {guard}", "")
        if guard != guards()[0]
        else REDEEM_RETURNING.replace(guard, "1 = 1")
    )
    assert weakened != REDEEM_RETURNING
    monkeypatch.setattr(redemption, "REDEEM_RETURNING", weakened)
    scenarios = [s for _, s in SCENARIOS.values()] + [
        Scenario(params={"versions_seen": 99}),
        Scenario(params={"programme": 10**9}),
        Scenario(product="titoli", around=lambda _w, f: too_old(f)),
    ]
    assert any(_slips_through(world, s) for s in scenarios), f"nothing needs: {guard}"


def _slips_through(world: World, scenario: Scenario) -> bool:
    try:
        with transaction.atomic():
            request = play(world, scenario)
            catalogue = load_catalogue(world.programme.pk, fresh=True)
            state = catalogue.state_on(request.service, request.served_on)
            params = request.params(world.programme.pk, state, len(catalogue.version_ids)) | scenario.params
            done = redemption._spend_here(request, params)
            transaction.set_rollback(True)
            return done is not None
    except (IntegrityError, DataError, RedemptionRefused):
        return True


CHOICES = st.fixed_dictionaries(
    {
        "mask": st.sampled_from([0, 0b1, 0b11, 0b110, (1 << 20) - 1, (1 << 21) - 1]),
        "amount_cents": st.sampled_from([0, 1, 1_500]),
        "service": st.sampled_from(["nido", "pulizie", "sport", "beni", "yoga"]),
        "quantity": st.sampled_from([0, 1, 2, 40_000]),
        "person": st.sampled_from(["baby", "teenager", "none", "stranger"]),
        "holder": st.sampled_from(["", "right", "ALTRO"]),
        "served": st.integers(-35, 2),
        "at_shop": st.booleans(),
    }
)
STATES = st.fixed_dictionaries(
    {
        "handed": st.sampled_from([0, 0b1, (1 << 25) - 1]),
        "void": st.sampled_from([0, 0, 0b100]),
        "blocked": st.sampled_from([0, 0, 0b10]),
        "valid_from": st.sampled_from([date(2011, 3, 1), date(2011, 2, 10), TODAY + timedelta(days=1)]),
        "valid_until": st.sampled_from([date(2011, 9, 1), TODAY + timedelta(days=2), TODAY + timedelta(days=3)]),
        "record_days": st.sampled_from([0, 30]),
        "lapsed_cents": st.sampled_from([0, 0, 0, 1_000]),
        "network": st.sampled_from(["servizi", "servizi", "negozi"]),
    }
)


@pytest.mark.parametrize("product", ["titoli", "saldo"])
def test_rule_and_database_agree(world: World, product: str) -> None:
    """One strategy drives both: accepted if and only if the rule has no reason."""
    family = build_family(world, product=product)
    voucher = issued(world, family)
    stranger = build_family(world).baby
    people = {"baby": family.baby.pk, "teenager": family.teenager.pk, "none": 0, "stranger": stranger.pk}
    accepted = []

    @hypothesis_settings(max_examples=150)
    @given(choice=CHOICES, state=STATES)
    def agree(choice: dict[str, Any], state: dict[str, Any]) -> None:
        if product == "saldo":
            state = state | {
                "handed": state["handed"] & 1,
                "void": state["void"] >> 2,
                "blocked": state["blocked"] >> 1,
            }
        with transaction.atomic():
            Voucher.objects.filter(pk=voucher.pk).update(**state)
            request = request_for(
                world,
                family,
                voucher,
                mask=choice["mask"] & (1 if product == "saldo" else -1),
                amount_cents=0 if choice["mask"] else choice["amount_cents"],
                service=choice["service"],
                quantity=choice["quantity"],
                person_id=people[choice["person"]],
                holder=family.holder.fiscal_code if choice["holder"] == "right" else choice["holder"],
                served_on=TODAY + timedelta(days=choice["served"]),
                site_id=world.shop.pk if choice["at_shop"] else world.site.pk,
            )
            case, _ = load_case(request)
            reason = refusal_for(case)
            try:
                redeem_request(request)
                was_accepted = True
                told = None
            except RedemptionRefused as refused:
                was_accepted, told = False, refused.code
            assert told is reason
            assert was_accepted is (reason is None)
            accepted.append(was_accepted)
            transaction.set_rollback(True)

    agree()
    # The ordinary case is among them, whatever was drawn.
    assert redeem_request(
        request_for(world, family, voucher)
        if product == "titoli"
        else request_for(world, family, voucher, mask=0, amount_cents=500)
    )


def test_the_same_key_answers_the_same_redemption(world: World) -> None:
    family = build_family(world)
    request = request_for(world, family, issued(world, family))
    first = redeem_request(request)
    assert redeem_request(request).pk == first.pk
    assert Redemption.objects.count() == 1
    with pytest.raises(KeyReused):
        redeem_request(replace(request, mask=0b1100))
    assert redeem_request(replace(request, mask=0b1100, key="another")).pk != first.pk


def test_codes_are_read_before_anything_else(world: World) -> None:
    voucher = issued(world, build_family(world))
    shared: dict[str, Any] = {
        "site": world.site,
        "service": "pulizie",
        "quantity": 9,
        "served_on": TODAY,
        "at": NOW,
        "by": None,
        "key": "k",
    }
    code = code_of(voucher)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    for text, reason in (
        (wrong, Refusal.CODE_MISTYPED),
        (title_code(voucher.code, 1, "another key"), Refusal.CODE_NOT_OURS),
        ("", Refusal.CODE_MISTYPED),
    ):
        with pytest.raises(RedemptionRefused) as refused:
            redeem(codes=[text], **shared)
        assert refused.value.code is reason
    assert redeem(codes=[f" {code.lower().replace('-', ' ')} "], **shared).amount_cents == 1_000


def test_titles_of_several_vouchers_go_all_or_none(world: World) -> None:
    one, two = (issued(world, build_family(world)) for _ in range(2))
    shared: dict[str, Any] = {
        "site": world.site,
        "service": "pulizie",
        "served_on": TODAY,
        "at": NOW,
        "by": None,
        "quantity": 9,
    }
    with pytest.raises(SeveralVouchers):
        redeem(codes=[code_of(one), code_of(two)], key="a", **shared)
    Voucher.objects.filter(pk=two.pk).update(blocked=1)
    with pytest.raises(RedemptionRefused):
        redeem_many(codes=[code_of(one), code_of(two)], key="a", **shared)
    assert not Redemption.objects.exists()
    Voucher.objects.filter(pk=two.pk).update(blocked=0)
    done = redeem_many(codes=[code_of(one), code_of(two)], key="a", **shared)
    assert {r.voucher_id for r in done} == {one.pk, two.pk}
    again = redeem_many(codes=[code_of(one), code_of(two)], key="a", **shared)
    assert [r.pk for r in again] == [r.pk for r in done]


@pytest.mark.parametrize("then", [("one", "two", "three"), ("one",), ("two",), ("one", "two", "two 2")])
def test_a_key_used_for_some_vouchers_is_refused_for_any_others(world: World, then: tuple[str, ...]) -> None:
    named = dict(zip(("one", "two", "three"), (issued(world, build_family(world)) for _ in range(3)), strict=True))
    titles = {name: code_of(v) for name, v in named.items()} | {"two 2": code_of(named["two"], 2)}
    shared: dict[str, Any] = {"site": world.site, "service": "pulizie", "served_on": TODAY, "at": NOW, "by": None}
    redeem_many(codes=[titles["one"], titles["two"]], key="a", quantity=9, **shared)
    with pytest.raises(KeyReused):
        redeem_many(codes=[titles[name] for name in then], key="a", quantity=9, **shared)
    with pytest.raises(KeyReused):
        redeem_many(codes=[titles["one"], titles["two"]], key="a", quantity=8, **shared)
    assert Redemption.objects.count() == 2


def test_an_amount_is_never_taken_from_each_of_several_vouchers(world: World) -> None:
    codes = [code_of(issued(world, build_family(world, product="saldo"))) for _ in range(2)]
    with pytest.raises(SeveralVouchers):
        redeem_many(
            codes=codes, amount_cents=1_000, key="a", site=world.site, service="pulizie", quantity=20, served_on=TODAY,
            at=NOW, by=None,
        )  # fmt: skip
    assert not Redemption.objects.exists()


def test_the_ceiling_holds_for_the_whole_service_over_several_vouchers(world: World) -> None:
    one, two = (issued(world, build_family(world)) for _ in range(2))
    with pytest.raises(RedemptionRefused) as refused:
        redeem_many(
            codes=[*codes_of(one, 1), *codes_of(two, 1)],
            key="a",
            site=world.site,
            service="pulizie",
            served_on=TODAY,
            at=NOW,
            by=None,
            quantity=1,
        )
    assert refused.value.code is Refusal.ABOVE_CEILING


def test_a_new_version_of_the_programme_is_noticed(world: World) -> None:
    """A process that keeps an old catalogue is corrected by the guard."""
    family = build_family(world)
    voucher = issued(world, family)
    redeem_request(request_for(world, family, voucher))
    data = {**world.version.data}
    data["services"] = [s for s in data["services"] if s["code"] != "nido"]
    ProgrammeVersion.objects.create(
        programme=world.programme,
        number=2,
        status="published",
        valid_from=TODAY,
        data=data,
        data_hash="x" * 64,
        based_on=world.version,
        created_at=NOW,
        published_at=NOW,
    )
    with pytest.raises(RedemptionRefused) as refused:
        redeem_request(request_for(world, family, voucher, mask=0b1100))
    assert refused.value.code is Refusal.SERVICE_NOT_IN_CATALOGUE


def test_a_second_product_is_spent_in_its_own_network(world: World) -> None:
    family = build_family(world, product="spesa")
    voucher = issued(world, family)
    shared: dict[str, Any] = {
        "codes": codes_of(voucher, 1),
        "quantity": 1,
        "served_on": TODAY,
        "at": NOW,
        "by": None,
        "key": "k",
    }
    with pytest.raises(RedemptionRefused) as refused:
        redeem(site=world.site, service="pulizie", **shared)
    assert refused.value.code is Refusal.WRONG_NETWORK
    assert redeem(site=world.shop, service="beni", **shared).amount_cents == 1_000


def test_a_balance_voucher_is_drawn_down_to_the_cent(world: World) -> None:
    family = build_family(world, product="saldo")
    voucher = issued(world, family)
    shared: dict[str, Any] = {
        "site": world.site,
        "codes": [code_of(voucher)],
        "service": "pulizie",
        "quantity": 9,
        "served_on": TODAY,
        "at": NOW,
        "by": None,
    }
    for n, cents in enumerate((1, 333, 4_999, 4_667)):
        redeem(amount_cents=cents, key=f"k{n}", **shared)
    with pytest.raises(RedemptionRefused) as refused:
        redeem(amount_cents=1, key="last", **shared)
    assert refused.value.code is Refusal.ALREADY_SPENT
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.OWED], totals[Account.ISSUED]) == (10_000, 0)
    spent = dict.fromkeys(world.pot.sources.values_list("id", flat=True), 0)
    for source_id, cents in Transfer.objects.filter(kind=Kind.SPEND).values_list("source_id", "amount_cents"):
        spent[source_id] += cents
    assert sorted(spent.values()) == [1_800, 4_000, 4_200]
    assert list_violations() == []


def test_the_database_refuses_a_title_spent_twice_whoever_writes(world: World) -> None:
    voucher = issued(world, build_family(world), handed=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        Voucher.objects.filter(pk=voucher.pk).update(spent=1, spent_cents=1_000)
    with pytest.raises(IntegrityError), transaction.atomic():
        Voucher.objects.filter(pk=voucher.pk).update(spent_cents=25_001)


@pytest.mark.postgres
def test_the_function_holds_the_text_of_today(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'vouchers_redeem'")
        stored = cursor.fetchone()[0]
    assert laws.with_names(laws.REDEEM, prefix="p_") in stored
