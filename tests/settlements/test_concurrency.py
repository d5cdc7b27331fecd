"""Real threads on PostgreSQL: whatever is clicked together, each redemption is billed and paid once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from piutempo.kernel.periods import Month
from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.settlements.models import Payment, PaymentBatch, Statement, StatementLine
from piutempo.settlements.services import (
    SettlementRefused,
    approve_statements,
    create_batch,
    pay_batch,
    prepare_statements,
)
from tests.settlements.factories import World, instant, make_world

DAY = date(2011, 3, 10)
AFTER = instant(date(2011, 4, 5))
pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world() -> World:
    world = make_world()
    for _ in range(8):
        world.redeem(world.site(), world.voucher(), 1_000, DAY)
    return world


def together(work: Callable[[], Any], times: int = 8) -> list[Any]:
    """Run ``work`` in threads at the same moment; a refusal is returned, anything else raised."""
    barrier = Barrier(times)

    def run() -> Any:
        barrier.wait()
        try:
            return work()
        except SettlementRefused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(times)]]


def test_settling_eight_times_at_once_pays_once(world):
    programme = world.programme
    prepared = together(lambda: prepare_statements(programme=programme, month=Month(2011, 3), at=AFTER, by=None))
    assert sorted(p.statements for p in prepared) == [0] * 7 + [8]
    assert StatementLine.objects.count() == 8

    chosen = list(Statement.objects.values_list("pk", flat=True))
    approved = together(lambda: approve_statements(ids=chosen, at=AFTER, by=None))
    assert [getattr(a, "amount_cents", None) for a in approved].count(8_000) == 1
    assert get_account_totals([world.pot.pk])[Account.PAYABLE] == 8_000

    batches = together(lambda: create_batch(programme=programme, at=AFTER, by=None))
    assert sum(isinstance(b, PaymentBatch) for b in batches) == 1
    assert Payment.objects.count() == 8

    together(lambda: pay_batch(batch=PaymentBatch.objects.get(), at=AFTER, by=None))
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.PAYABLE], totals[Account.PAID]) == (0, 8_000)
    assert not list_violations()
