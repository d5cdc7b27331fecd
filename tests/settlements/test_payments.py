"""Batches pay once; recoveries give back by source; random histories tie."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.kernel.periods import Month
from piutempo.ledger.models import Account, Kind, Transfer
from piutempo.ledger.selectors import get_account_totals, get_balances, list_violations
from piutempo.settlements.models import Payment, PaymentBatch, Statement
from piutempo.settlements.services import (
    Refusal,
    SettlementRefused,
    approve_statements,
    create_batch,
    pay_batch,
    prepare_statements,
    record_recovery,
)
from tests.settlements.factories import instant, make_user, make_world

MARCH = Month(2011, 3)
DAY = date(2011, 3, 10)
AFTER = instant(date(2011, 4, 5))
pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def settle(world, month=MARCH, at=AFTER):
    """Prepare and approve a month, without persons."""
    prepare_statements(programme=world.programme, month=month, at=at, by=None)
    waiting = list(Statement.objects.filter(programme=world.programme, status="prepared").values_list("pk", flat=True))
    if waiting:
        approve_statements(ids=waiting, at=at, by=None)


def test_a_batch_pays_what_was_approved_once(world):
    carla = make_user("carla")
    for cents in (1_000, 3_000):
        world.redeem(world.site(), world.voucher(), cents, DAY)
    settle(world)
    batch = create_batch(programme=world.programme, at=AFTER, by=carla)
    assert (batch.number, batch.amount_cents, batch.payments.count()) == (1, 4_000, 2)
    assert get_account_totals([world.pot.pk])[Account.PAYABLE] == 4_000
    pay_batch(batch=batch, at=AFTER, by=carla)
    again = pay_batch(batch=batch, at=AFTER + timedelta(days=1), by=carla)
    assert again.paid_at == AFTER
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.PAYABLE], totals[Account.PAID]) == (0, 4_000)
    assert set(Statement.objects.values_list("status", flat=True)) == {"paid"}
    with pytest.raises(SettlementRefused, match=Refusal.NOTHING_TO_PAY):
        create_batch(programme=world.programme, at=AFTER, by=carla)
    assert not list_violations()


def test_a_provider_without_iban_waits(world):
    world.redeem(world.site(iban=""), world.voucher(), 1_000, DAY)
    settle(world)
    with pytest.raises(SettlementRefused, match=Refusal.NOTHING_TO_PAY):
        create_batch(programme=world.programme, at=AFTER, by=None)


def test_only_chosen_statements_enter_a_batch(world):
    for _ in range(3):
        world.redeem(world.site(), world.voucher(), 1_000, DAY)
    settle(world)
    chosen = Statement.objects.order_by("pk").first()
    assert create_batch(programme=world.programme, at=AFTER, by=None, ids=[chosen.pk]).payments.count() == 1
    assert create_batch(programme=world.programme, at=AFTER, by=None).payments.count() == 2
    assert list(PaymentBatch.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_a_crash_while_paying_leaves_nothing_half_done(world, monkeypatch):
    world.redeem(world.site(), world.voucher(), 1_000, DAY)
    settle(world)
    batch = create_batch(programme=world.programme, at=AFTER, by=None)

    def crash(**_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("piutempo.settlements.services.paying.record_event", crash)
        with pytest.raises(KeyboardInterrupt):
            pay_batch(batch=batch, at=AFTER, by=None)
    batch.refresh_from_db()
    assert batch.paid_at is None
    assert not Transfer.objects.filter(kind=Kind.PAY).exists()
    pay_batch(batch=batch, at=AFTER, by=None)
    assert get_account_totals([world.pot.pk])[Account.PAID] == 1_000


def test_a_recovery_returns_to_the_fund_and_never_exceeds_the_payment(world):
    world.redeem(world.site(), world.voucher(form="balance"), 1_237, DAY)
    settle(world)
    batch = create_batch(programme=world.programme, at=AFTER, by=None)
    payment = Payment.objects.get()

    def recover(cents, reason="doppia rendicontazione"):
        return record_recovery(payment=payment, amount_cents=cents, reason=reason, on=AFTER.date(), at=AFTER, by=None)

    with pytest.raises(SettlementRefused, match=Refusal.NOT_PAID):
        recover(1)
    pay_batch(batch=batch, at=AFTER, by=None)
    before = get_account_totals([world.pot.pk])[Account.AVAILABLE]
    with pytest.raises(SettlementRefused, match=Refusal.NO_REASON):
        recover(1, " ")
    recover(237)
    recover(1_000)
    for wrong in (1, 0, -5):
        with pytest.raises(SettlementRefused, match=Refusal.ABOVE_PAID):
            recover(wrong)
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.PAID], totals[Account.RECOVERED]) == (0, 0)
    assert totals[Account.AVAILABLE] == before + 1_237
    assert all(cents == 0 for key, cents in get_balances([world.pot.pk]).items() if key.account is Account.PAID)
    assert not list_violations()


def test_a_recovery_sent_twice_is_recorded_once(world):
    world.redeem(world.site(), world.voucher(form="balance"), 1_000, DAY)
    settle(world)
    pay_batch(batch=create_batch(programme=world.programme, at=AFTER, by=None), at=AFTER, by=None)
    shared = {"payment": Payment.objects.get(), "reason": "errore", "on": AFTER.date(), "at": AFTER, "by": None}
    first = record_recovery(amount_cents=300, key="a", **shared)
    assert record_recovery(amount_cents=300, key="a", **shared) == first
    with pytest.raises(SettlementRefused, match=Refusal.KEY_REUSED):
        record_recovery(amount_cents=301, key="a", **shared)
    record_recovery(amount_cents=300, key="b", **shared)
    assert get_account_totals([world.pot.pk])[Account.PAID] == 400


step = st.one_of(
    st.tuples(st.just("redeem"), st.integers(0, 2), st.integers(1, 3_000)),
    st.tuples(st.just("reverse"), st.integers(0, 20), st.just(0)),
    st.tuples(st.sampled_from(["prepare", "approve", "batch", "pay", "next"]), st.just(0), st.just(0)),
    st.tuples(st.just("recover"), st.integers(0, 5), st.integers(1, 2_000)),
)


@given(steps=st.lists(step, min_size=5, max_size=30))
def test_any_history_ties(steps):
    """Owed never negative, statements = what moved to payable, paid = payments, each redemption billed at most once."""
    from django.db import transaction

    with transaction.atomic():
        _play(steps)
        transaction.set_rollback(True)


def _play(steps):
    world = make_world()
    sites = [world.site() for _ in range(3)]
    vouchers = [world.voucher(form="balance") for _ in range(3)]
    day, redemptions = DAY, []
    for name, which, cents in steps:
        at = instant(day)
        try:
            if name == "redeem" and vouchers[which].spent_cents + cents <= 25_000:
                redemptions.append(world.redeem(sites[which], vouchers[which], cents, day, quantity=1 + cents // 1_500))
            elif name == "reverse" and which < len(redemptions):
                redemption = redemptions[which]
                redemption.refresh_from_db()
                if not redemption.is_settled and not hasattr(redemption, "reversal"):
                    world.reverse(redemption, day)
            elif name == "prepare":
                prepare_statements(programme=world.programme, month=Month.of(day), at=at, by=None)
            elif name == "approve":
                approve_statements(ids=list(Statement.objects.values_list("pk", flat=True)), at=at, by=None)
            elif name == "batch":
                create_batch(programme=world.programme, at=at, by=None)
            elif name == "pay":
                for batch in PaymentBatch.objects.all():
                    pay_batch(batch=batch, at=at, by=None)
            elif name == "recover" and (payment := Payment.objects.order_by("pk")[which : which + 1].first()):
                record_recovery(payment=payment, amount_cents=cents, reason="x", on=day, at=at, by=None)
            elif name == "next":
                day = Month.of(day).end + timedelta(days=9)
        except SettlementRefused:
            pass
        totals = get_account_totals([world.pot.pk])
        statements = Statement.objects.exclude(status="prepared")
        billed = sum(statements.values_list("amount_cents", flat=True))
        assert all(cents >= 0 for account, cents in totals.items() if account is not Account.WORLD)
        moved = Transfer.objects.filter(kind=Kind.BILL).values_list("amount_cents", flat=True)
        assert billed == sum(moved)
        assert totals[Account.PAYABLE] == sum(
            statements.filter(status="approved").values_list("amount_cents", flat=True)
        )
    assert not list_violations()
