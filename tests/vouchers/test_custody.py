"""Custody: who holds the titles, and what the book says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.network.services import open_desk
from piutempo.vouchers.models import CustodyMove, Voucher
from piutempo.vouchers.rules.custody import CustodyRefusal, HandoverCase, handover_refusal
from piutempo.vouchers.selectors.pages import check_title, get_desk_tally, list_desk_stock, list_holder_vouchers
from piutempo.vouchers.services import (
    CustodyRefused,
    HandoverItem,
    RedemptionRefused,
    block,
    hand_over,
    receive_stock,
    redeem,
    reissue,
    report_lost,
    return_stock,
    reverse_redemption,
    take_back,
    unblock,
)
from tests.vouchers.factories import NOW, TODAY, World, build_family, code_of, codes_of, issued

CASE = HandoverCase(
    desk_delivers=True,
    desk_from=date(2010, 1, 1),
    desk_until=None,
    desk_programme_id=1,
    desk_id=1,
    voucher_programme_id=1,
    voucher_desk_id=1,
    title_count=25,
    asked=0b11,
    handed=0,
    void=0,
    blocked=0,
    lapsed_cents=0,
    valid_until=date(2011, 9, 1),
    on=TODAY,
    is_holder=True,
    document_type="passaporto",
    document_number="AA1",
    documents=("passaporto",),
    proxy_allowed=True,
    proxy_name="",
    mandate_on=None,
)
R = CustodyRefusal


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"desk_delivers": False}, R.DESK_DOES_NOT_DELIVER),
        ({"desk_until": TODAY}, R.DESK_NOT_IN_FORCE),
        ({"desk_from": TODAY + timedelta(days=1)}, R.DESK_NOT_IN_FORCE),
        ({"voucher_programme_id": 2}, R.OTHER_PROGRAMME),
        ({"voucher_desk_id": None}, R.NOT_AT_THIS_DESK),
        ({"asked": 1 << 25}, R.NO_SUCH_TITLES),
        ({"asked": 0}, R.NO_SUCH_TITLES),
        ({"void": 0b10}, R.VOIDED),
        ({"blocked": 0b10}, R.BLOCKED),
        ({"handed": 0b10}, R.ALREADY_HANDED),
        ({"lapsed_cents": 1}, R.LAPSED),
        ({"valid_until": TODAY}, R.EXPIRED),
        ({"document_type": "tessera"}, R.DOCUMENT_NOT_ACCEPTED),
        ({"document_number": " "}, R.DOCUMENT_NUMBER_MISSING),
        ({"is_holder": False}, R.MANDATE_MISSING),
        ({"proxy_name": "Zio"}, R.MANDATE_MISSING),
        ({"proxy_name": "Zio", "mandate_on": TODAY}, None),
        ({"proxy_name": "Zio", "mandate_on": TODAY + timedelta(days=1)}, R.MANDATE_IN_FUTURE),
        ({"proxy_name": "Zio", "mandate_on": TODAY, "proxy_allowed": False}, R.PROXY_NOT_ALLOWED),
    ],
)
def test_a_handover_is_refused_for_one_reason_at_a_time(changes: dict[str, Any], reason: CustodyRefusal | None) -> None:
    assert handover_refusal(replace(CASE, **changes)) is reason


def item(voucher: Voucher, **more: Any) -> HandoverItem:
    return HandoverItem(voucher.pk, "passaporto", "AA1", **more)


def redeem_one(world: World, voucher: Voucher, *indexes: int, key: str = "k", **more: Any) -> Any:
    return redeem(
        site=world.site,
        codes=codes_of(voucher, *indexes),
        service="pulizie",
        quantity=30,
        served_on=TODAY,
        at=NOW,
        by=None,
        key=key,
        **more,
    )


def test_handing_over_makes_titles_spendable_and_writes_the_book(world: World) -> None:
    voucher = issued(world, build_family(world), handed=False)
    assert [v.pk for v in list_desk_stock(world.desk, on=TODAY)] == [voucher.pk]
    (move,) = hand_over(desk=world.desk, items=[item(voucher, last_title=10)], at=NOW, by=None)
    assert (move.kind, move.first_serial, move.last_serial, move.recipient_id) == ("handed", 1, 10, voucher.holder_id)
    redeem_one(world, voucher, 10)
    with pytest.raises(RedemptionRefused):
        redeem_one(world, voucher, 11, key="b")
    hand_over(desk=world.desk, items=[item(voucher, first_title=11)], at=NOW, by=None)
    redeem_one(world, voucher, 11, key="b")


def test_a_handover_is_all_or_none(world: World) -> None:
    one, two = (issued(world, build_family(world), handed=False) for _ in range(2))
    Voucher.objects.filter(pk=two.pk).update(blocked=1)
    with pytest.raises(CustodyRefused) as refused:
        hand_over(desk=world.desk, items=[item(one), item(two)], at=NOW, by=None)
    assert (refused.value.code, refused.value.voucher_id) == (R.BLOCKED, two.pk)
    assert not CustodyMove.objects.exists()
    assert Voucher.objects.get(pk=one.pk).handed == 0


def test_a_second_click_hands_nothing_twice(world: World) -> None:
    voucher = issued(world, build_family(world), handed=False)
    hand_over(desk=world.desk, items=[item(voucher)], at=NOW, by=None)
    with pytest.raises(CustodyRefused) as refused:
        hand_over(desk=world.desk, items=[item(voucher)], at=NOW, by=None)
    assert refused.value.code is R.ALREADY_HANDED
    with pytest.raises(CustodyRefused):
        hand_over(desk=world.desk, items=[item(voucher), item(voucher)], at=NOW, by=None)


def test_handing_over_many_costs_few_queries(world: World, django_assert_max_num_queries: Any) -> None:
    vouchers = [issued(world, build_family(world), handed=False) for _ in range(8)]
    with django_assert_max_num_queries(9):
        hand_over(desk=world.desk, items=[item(v) for v in vouchers], at=NOW, by=None)


def test_stock_goes_back_and_comes_to_another_desk(world: World) -> None:
    voucher = issued(world, build_family(world), handed=False)
    other = open_desk(
        programme=world.programme,
        code="D2",
        name="Lainate",
        body="Comuni",
        municipality=world.desk.municipality,
        delivers=True,
        at=datetime(2010, 1, 4, 9, tzinfo=UTC),
        valid_from=date(2010, 1, 1),
    )
    with pytest.raises(CustodyRefused):
        hand_over(desk=other, items=[item(voucher)], at=NOW, by=None)
    return_stock(desk=world.desk, voucher_ids=[voucher.pk], reason="famiglia trasferita", at=NOW, by=None)
    with pytest.raises(CustodyRefused):
        hand_over(desk=world.desk, items=[item(voucher)], at=NOW, by=None)
    receive_stock(desk=other, voucher_ids=[voucher.pk], at=NOW, by=None)
    hand_over(desk=other, items=[item(voucher)], at=NOW, by=None)
    assert list(CustodyMove.objects.order_by("id").values_list("kind", flat=True)) == ["returned", "received", "handed"]


def test_blocking_can_be_undone_and_loss_cannot(world: World) -> None:
    voucher = issued(world, build_family(world))
    block(voucher=voucher, first_title=1, last_title=2, reason="dubbio", at=NOW, by=None)
    with pytest.raises(RedemptionRefused):
        redeem_one(world, voucher, 2)
    unblock(voucher=voucher, first_title=1, last_title=2, reason="chiarito", at=NOW, by=None)
    redeem_one(world, voucher, 2)
    with pytest.raises(CustodyRefused) as refused:
        report_lost(voucher=voucher, reason="rubati", at=NOW, by=None)
    assert refused.value.code is R.SPENT
    report_lost(voucher=voucher, first_title=3, reason="rubati", at=NOW, by=None)
    assert check_title(code_of(voucher, 3), on=TODAY).state == "void"
    with pytest.raises(CustodyRefused):
        unblock(voucher=voucher, first_title=3, reason="ritrovati", at=NOW, by=None)


def test_a_reissue_moves_what_is_unspent_to_new_titles(world: World) -> None:
    family = build_family(world)
    voucher = issued(world, family)
    redeem_one(world, voucher, 1, 2)
    report_lost(voucher=voucher, first_title=3, reason="smarriti", at=NOW, by=None)
    new = reissue(voucher=voucher, desk=world.desk, reason="smarriti", at=NOW, by=None)
    assert (new.replacement, new.title_count, new.value_cents, new.first_serial, new.handed) == (1, 23, 23_000, 26, 0)
    with pytest.raises(RedemptionRefused) as refused:
        redeem_one(world, voucher, 3, key="b")
    assert refused.value.code == "VOIDED"
    hand_over(desk=world.desk, items=[item(new)], at=NOW, by=None)
    redeem_one(world, new, 23, key="b")
    with pytest.raises(CustodyRefused) as twice:
        reissue(voucher=voucher, desk=world.desk, reason="di nuovo", at=NOW, by=None)
    assert twice.value.code is R.NOTHING_LEFT
    assert sum(h.left_cents for h in list_holder_vouchers(family.holder.pk, on=TODAY)) == 22_000


@pytest.mark.parametrize("product", ["titoli", "saldo"])
def test_what_a_reversal_gives_back_to_a_replaced_voucher_is_replaced_too(world: World, product: str) -> None:
    voucher = issued(world, build_family(world, product=product))
    amount = {} if product == "titoli" else {"amount_cents": 1_001}
    first = redeem_one(world, voucher, 1, **amount)
    second = reissue(voucher=voucher, desk=world.desk, reason="smarrito", at=NOW, by=None)
    reverse_redemption(redemption=first, reason="errore", at=NOW, by=None)
    third = reissue(voucher=voucher, desk=world.desk, reason="smarrito", at=NOW, by=None)
    assert (second.replacement, third.replacement, third.replaces_id) == (1, 2, second.pk)
    assert third.value_cents == first.amount_cents
    hand_over(desk=world.desk, items=[item(second), item(third)], at=NOW, by=None)
    redeem_one(world, third, 1, key="b", **amount)
    rest = {} if product == "titoli" else {"amount_cents": second.value_cents}
    redeem_one(world, second, *range(1, second.title_count + 1), key="c", **rest)
    assert get_account_totals([world.pot.pk])[Account.ISSUED] == 0
    assert list_violations() == []


def test_the_family_may_give_titles_back(world: World) -> None:
    voucher = issued(world, build_family(world), handed=False)
    hand_over(desk=world.desk, items=[item(voucher)], at=NOW, by=None)
    take_back(desk=world.desk, voucher=voucher, first_title=20, reason="non servono", at=NOW, by=None)
    with pytest.raises(RedemptionRefused):
        redeem_one(world, voucher, 20)
    redeem_one(world, voucher, 19)


def test_the_end_of_day_tally_ties(world: World) -> None:
    one, two, three = (issued(world, build_family(world), handed=False) for _ in range(3))
    receive_stock(desk=world.desk, voucher_ids=[one.pk, two.pk, three.pk], at=NOW, by=None)
    hand_over(desk=world.desk, items=[item(one), item(two)], at=NOW, by=None)
    report_lost(voucher=two, first_title=25, reason="persi", at=NOW, by=None)
    tally = get_desk_tally(world.desk, day=TODAY)
    assert (tally.received, tally.handed, tally.handovers, tally.lost) == (75, 50, 2, 1)
    assert (tally.stock_vouchers, tally.stock_titles) == (1, 25)
    assert get_desk_tally(world.desk, day=TODAY - timedelta(days=1)).handed == 0


@pytest.mark.parametrize("service", [report_lost, block, unblock, reissue])
def test_a_reason_is_always_needed(world: World, service: Any) -> None:
    voucher = issued(world, build_family(world))
    with pytest.raises(CustodyRefused) as refused:
        service(voucher=voucher, desk=world.desk, reason="  ", at=NOW, by=None)
    assert refused.value.code is R.REASON_MISSING


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_custody_book_is_append_only(world: World, change: str) -> None:
    voucher = issued(world, build_family(world), handed=False)
    hand_over(desk=world.desk, items=[item(voucher)], at=NOW, by=None)
    with pytest.raises((IntegrityError, DatabaseError), match="append-only"), transaction.atomic():
        CustodyMove.objects.update(reason="x") if change == "update" else CustodyMove.objects.all()._raw_delete(
            "default"
        )
