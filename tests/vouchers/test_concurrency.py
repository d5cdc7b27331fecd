"""Real threads on PostgreSQL: one title is spent once, one key answers once, one month is issued once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from piutempo.ledger.models import Account, Kind, Transfer
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.vouchers.models import Redemption, Voucher
from piutempo.vouchers.rules.file_rows import FileRow
from piutempo.vouchers.services import (
    RedemptionRefused,
    ReversalRefused,
    import_rows,
    issue_month,
    redeem,
    reverse_redemption,
)
from tests.vouchers.factories import MARCH, NOW, TODAY, World, build_family, build_world, code_of, issued

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return build_world()


def together(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run all at once, each on its own connection; return results or refusals."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return call()
        except (RedemptionRefused, ReversalRefused) as refused:
            return refused.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def spend(world: World, voucher: Voucher, title: int, key: str, **more: Any) -> Callable[[], Redemption]:
    return lambda: redeem(
        site=world.site,
        codes=[code_of(voucher, title)],
        service="pulizie",
        quantity=9,
        served_on=TODAY,
        at=NOW,
        by=None,
        key=key,
        **more,
    )


def test_one_title_wanted_by_sixteen_is_spent_once(world: World) -> None:
    voucher = issued(world, build_family(world))
    answers = together([spend(world, voucher, 1, f"k{n}") for n in range(16)])
    assert sorted(str(a) for a in answers if not isinstance(a, Redemption)) == ["ALREADY_SPENT"] * 15
    assert get_account_totals([world.pot.pk])[Account.OWED] == 1_000


def test_sixteen_titles_of_one_voucher_at_once_are_all_spent(world: World) -> None:
    voucher = issued(world, build_family(world))
    answers = together([spend(world, voucher, n + 1, f"k{n}") for n in range(16)])
    assert all(isinstance(a, Redemption) for a in answers)
    voucher.refresh_from_db()
    assert (voucher.spent, voucher.spent_cents) == ((1 << 16) - 1, 16_000)


def test_one_key_from_eight_threads_is_one_redemption_and_one_answer(world: World) -> None:
    voucher = issued(world, build_family(world))
    answers = together([spend(world, voucher, 1, "same") for _ in range(8)])
    assert len({a.pk for a in answers}) == 1
    assert Redemption.objects.count() == 1
    assert Transfer.objects.filter(kind=Kind.SPEND).count() == 3


def test_one_key_for_a_balance_voucher_from_eight_threads(world: World) -> None:
    voucher = issued(world, build_family(world, product="saldo"))
    answers = together([spend(world, voucher, 1, "same", amount_cents=500) for _ in range(8)])
    assert len({a.pk for a in answers}) == 1
    voucher.refresh_from_db()
    assert voucher.spent_cents == 500


def test_a_balance_is_never_overdrawn(world: World) -> None:
    voucher = issued(world, build_family(world, product="saldo"))
    answers = together([spend(world, voucher, 1, f"k{n}", amount_cents=1_501) for n in range(12)])
    assert sum(isinstance(a, Redemption) for a in answers) == 6
    voucher.refresh_from_db()
    assert voucher.spent_cents == 9_006
    assert list_violations() == []


def test_a_redemption_is_reversed_once_by_eight(world: World) -> None:
    done = spend(world, issued(world, build_family(world)), 1, "k")()
    answers = together([lambda: reverse_redemption(redemption=done, reason="x", at=NOW, by=None)] * 8)
    assert sum(a == "ALREADY_REVERSED" for a in answers) == 7
    assert get_account_totals([world.pot.pk])[Account.OWED] == 0


def test_one_month_issued_by_four_at_once_is_issued_once(world: World) -> None:
    for _ in range(20):
        build_family(world, months=1)
    reports = together(
        [lambda: issue_month(programme=world.programme, product_code="titoli", month=MARCH, at=NOW, by=None)] * 4
    )
    assert sum(r.issued for r in reports) == Voucher.objects.count() == 20
    assert get_account_totals([world.pot.pk])[Account.ISSUED] == 500_000
    assert list_violations() == []


def test_a_file_and_a_counter_never_spend_the_same_title(world: World) -> None:
    vouchers = [issued(world, build_family(world, months=1)) for _ in range(4)]
    rows = [
        FileRow(n, v.code, title, 1, 0, "pulizie", 1, TODAY)
        for n, (v, title) in enumerate((v, t) for v in vouchers for t in range(1, 26))
    ]
    calls: list[Callable[[], Any]] = [
        lambda: import_rows(site=world.site, programme=world.programme, name="x", rows=rows, at=NOW, by=None),
        lambda: import_rows(site=world.site, programme=world.programme, name="y", rows=rows[::2], at=NOW, by=None),
        *(spend(world, v, t, f"{v.pk}-{t}") for v in vouchers for t in (1, 13, 25)),
    ]
    together(calls)
    assert Redemption.objects.count() == 100
    assert get_account_totals([world.pot.pk])[Account.OWED] == 100_000
    assert list_violations() == []


def test_the_guard_runs_in_one_round_trip(world: World) -> None:
    voucher = issued(world, build_family(world))
    spend(world, voucher, 1, "warm")()
    with connection.execute_wrapper(_count := _Counter()):
        spend(world, voucher, 2, "k")()
    assert _count.statements == 1


class _Counter:
    """Counts statements."""

    def __init__(self) -> None:
        self.statements = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.statements += 1
        return execute(*arguments)
