"""Real transactions on PostgreSQL: who holds a fund or a programme stops nobody who only refers to it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from django.db import connection, connections, transaction

from piutempo.awards.models import Award, AwardStatus
from piutempo.kernel.periods import Month
from piutempo.ledger.selectors import lock_pot
from piutempo.settlements.services import prepare_statements
from piutempo.vouchers.models import Redemption
from piutempo.vouchers.services import redeem
from tests.vouchers.factories import NOW, TODAY, World, build_family, build_world, code_of, issued

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return build_world()


@contextmanager
def held(lock: Callable[[], Any]) -> Iterator[None]:
    """Hold what ``lock`` locks, in another transaction, while the block runs."""
    taken, done = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                lock()
                taken.set()
                assert done.wait(30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        try:
            assert taken.wait(30)
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 0")
            done.set()
            holder.result()


def spend(world: World, **more: Any) -> Redemption:
    return redeem(
        site=world.site, service="pulizie", quantity=9, served_on=TODAY, at=NOW, by=None, key="k", **more
    )  # fmt: skip


@pytest.mark.parametrize(("product", "amount_cents"), [("titoli", 0), ("saldo", 500)])
def test_spending_does_not_wait_for_who_commits_issues_or_lapses(world: World, product: str, amount_cents: int) -> None:
    voucher = issued(world, build_family(world, product=product))
    with held(lambda: lock_pot(world.pot.pk)):
        spend(world, codes=[code_of(voucher)], amount_cents=amount_cents)


def test_statements_are_drawn_up_while_the_fund_is_held(world: World) -> None:
    """Settlements hold the programme and refer to the pot; commitments hold the pot and refer to the programme."""
    spend(world, codes=[code_of(issued(world, build_family(world)))])
    with held(lambda: lock_pot(world.pot.pk)):
        prepared = prepare_statements(programme=world.programme, month=Month(2011, 3), at=NOW, by=None)
    assert prepared.statements == 1


def test_awards_are_committed_while_statements_are_drawn_up(world: World) -> None:
    with held(lambda: prepare_statements(programme=world.programme, month=Month(2011, 3), at=NOW, by=None)):
        build_family(world)
    assert Award.objects.get().status == AwardStatus.COMMITTED
