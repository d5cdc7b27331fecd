"""Issuance: once a month for each award, whatever happens half-way."""

from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from piutempo.awards.models import Award
from piutempo.awards.services import end_award
from piutempo.kernel.periods import Month
from piutempo.ledger.models import Account, Kind, Transfer
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.ledger.services import allocate, set_overcommit
from piutempo.vouchers.models import IssuanceRun, Voucher
from piutempo.vouchers.services import issuance, issue_month
from tests.vouchers.factories import MARCH, NOW, World, build_family


def issue(world: World, *, product: str = "titoli", month: Month = MARCH, **more: Any) -> issuance.IssuanceReport:
    return issue_month(programme=world.programme, product_code=product, month=month, at=NOW, by=None, **more)


def test_a_month_is_issued_once_for_each_award(world: World) -> None:
    families = [build_family(world) for _ in range(5)]
    report = issue(world)
    assert (report.due, report.issued, report.issued_cents, report.refused) == (5, 5, 125_000, 0)
    assert issue(world).due == 0
    vouchers = Voucher.objects.order_by("award_id")
    assert [v.award_id for v in vouchers] == sorted(f.award.pk for f in families)
    assert [v.first_serial for v in vouchers] == [1, 26, 51, 76, 101]
    assert len({v.code for v in vouchers}) == 5
    assert all(0 <= v.code < 2**50 for v in vouchers)
    first = vouchers[0]
    assert (first.valid_from, first.valid_until, first.original_valid_until) == (
        date(2011, 3, 1), date(2011, 9, 1), date(2011, 9, 1),
    )  # fmt: skip
    assert (first.record_days, first.reversal_days, first.desk_id) == (30, 20, world.desk.pk)
    assert set(Award.objects.values_list("months_issued", flat=True)) == {1}
    legs = Transfer.objects.filter(kind=Kind.ISSUE, subject_id=first.pk).order_by("source__position")
    assert [leg.amount_cents for leg in legs] == [10_000, 10_500, 4_500]
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.ISSUED], totals[Account.COMMITTED]) == (125_000, 250_000)
    assert list_violations() == []


def test_serials_go_on_across_months(world: World) -> None:
    build_family(world)
    issue(world)
    issue(world, month=MARCH + 1)
    assert list(Voucher.objects.order_by("month").values_list("first_serial", flat=True)) == [1, 26]


@pytest.mark.parametrize(("month", "due"), [(MARCH + -1, 0), (MARCH, 1), (MARCH + 2, 1), (MARCH + 3, 0)])
def test_only_booked_months_are_due(world: World, month: Month, due: int) -> None:
    build_family(world, months=3)
    assert issue(world, month=month).due == due


def test_an_ended_award_has_nothing_due(world: World) -> None:
    family = build_family(world)
    end_award(award=family.award, reason="rinuncia", at=NOW, by=None)
    assert issue(world).due == 0


def test_a_rehearsal_writes_nothing_and_says_the_same(world: World) -> None:
    for _ in range(3):
        build_family(world)
    rehearsed = issue(world, commit=False)
    assert not Voucher.objects.exists()
    assert not IssuanceRun.objects.exists()
    done = issue(world)
    assert (rehearsed.due, rehearsed.issued, rehearsed.issued_cents) == (done.due, done.issued, done.issued_cents)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_killed_between_chunks_and_run_again_misses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The progress callback is where the process dies: what was committed stays, the rest comes with the next call."""
    monkeypatch.setattr(issuance, "CHUNK", 2)
    for _ in range(7):
        build_family(world)
    calls = []

    def die(done: int, due: int) -> None:
        calls.append((done, due))
        if len(calls) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        issue(world, progress=die)
    assert Voucher.objects.count() == 2 * after
    assert IssuanceRun.objects.get().finished_at is None
    assert issue(world).issued == 7 - 2 * after
    assert Voucher.objects.values("award").distinct().count() == Voucher.objects.count() == 7
    run = IssuanceRun.objects.get()
    assert (run.issued, run.finished_at) == (7, NOW)
    assert set(Award.objects.values_list("months_issued", flat=True)) == {1}
    assert list_violations() == []


def test_an_error_inside_a_chunk_leaves_nothing_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuance, "CHUNK", 2)
    for _ in range(4):
        build_family(world)
    terms = issuance._valid_until
    count = iter(range(100))

    def fail_later(*args: Any) -> date:
        if next(count) == 2:
            raise RuntimeError("the machine goes away")
        return terms(*args)

    monkeypatch.setattr(issuance, "_valid_until", fail_later)
    with pytest.raises(RuntimeError):
        issue(world)
    assert Voucher.objects.count() == 2
    assert list_violations() == []
    monkeypatch.undo()
    assert issue(world).issued == 2


def test_where_the_fund_ends_the_first_in_order_are_issued_and_the_rest_later(world: World) -> None:
    """Over-commitment lets more be promised than allocated; issuance never goes beyond what was allocated."""
    set_overcommit(pot=world.pot, overcommit_bp=10_000)
    families = [build_family(world, months=10, first_month=MARCH) for _ in range(12)]  # 12 × 2.500 = 30.000 of 20.000
    for n in range(6):
        assert issue(world, month=MARCH + n).refused == 0  # 18.000
    rehearsed = issue(world, month=MARCH + 6, commit=False)
    report = issue(world, month=MARCH + 6)
    assert (report.issued, report.refused) == (rehearsed.issued, rehearsed.refused) == (8, 4)
    assert report.refused_award_ids == rehearsed.refused_award_ids == tuple(f.award.pk for f in families[8:])
    assert get_account_totals([world.pot.pk])[Account.ISSUED] == 2_000_000
    assert issue(world, month=MARCH + 6).issued == 0
    world.pot.refresh_from_db()
    allocate(pot=world.pot, act="integrazione", amount_cents=100_000, on=NOW.date())
    assert issue(world, month=MARCH + 6).issued == 4
    assert list_violations() == []


def test_a_balance_product_is_one_title_worth_the_month(world: World) -> None:
    build_family(world, product="saldo")
    issue(world, product="saldo")
    voucher = Voucher.objects.get()
    assert (voucher.form, voucher.title_count, voucher.face_cents, voucher.value_cents) == (
        "balance",
        1,
        10_000,
        10_000,
    )


def test_the_command_rehearses_unless_told(world: World) -> None:
    build_family(world)
    out = StringIO()
    arguments = ["issue_vouchers", "--programme", "prova", "--product", "titoli", "--month", "2011-03"]
    call_command(*arguments, stdout=out, skip_checks=True)
    assert "would issue 1 of 1" in out.getvalue()
    assert not Voucher.objects.exists()
    call_command(*arguments, "--commit", stdout=out, skip_checks=True)
    assert Voucher.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "value"), [("--month", "2011-13"), ("--programme", "nessuno"), ("--product", "nessuno")]
)
def test_the_command_names_what_is_wrong(world: World, name: str, value: str) -> None:
    build_family(world)
    arguments = {"--programme": "prova", "--product": "titoli", "--month": "2011-03"} | {name: value}
    with pytest.raises(CommandError, match=value):
        call_command("issue_vouchers", *(part for pair in arguments.items() for part in pair), skip_checks=True)


def test_the_number_of_queries_does_not_depend_on_the_awards(
    world: World,
) -> None:
    counts = []
    for month, families in ((MARCH, 2), (MARCH + 1, 10)):
        for _ in range(families):
            build_family(world, first_month=month)
        with CaptureQueriesContext(connection) as queries:
            issue(world, month=month)
        counts.append(len(queries))
    assert counts[1] <= counts[0]
