"""The ledger: postings, guards of the database, balances, summary."""

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piutempo.ledger.models import Account, Allocation, Holding, Kind, Pot, Transfer
from piutempo.ledger.selectors import (
    get_account_totals,
    get_available_cents,
    get_balances,
    get_headroom_cents,
    get_issuable_cents,
    list_violations,
)
from piutempo.ledger.services import AmountDoesNotDivide, Posting, allocate, open_pot, post, post_all, refresh_totals

DAY = date(2026, 3, 2)
SOURCES = [("UE", "Unione europea", 4_000), ("IT", "Stato", 4_200), ("RL", "Regione", 1_800)]
pytestmark = pytest.mark.django_db


@pytest.fixture
def pot() -> Pot:
    pot = open_pot(code="prova/fondo", title="Fondo di prova", overcommit_bp=500, sources=SOURCES)
    allocate(pot=pot, act="DGR 1", amount_cents=1_000_000, on=DAY)
    return pot


def move(pot: Pot, kind: Kind, subject: int, cents: int, on: date = DAY) -> None:
    post(kind=kind, subject_id=subject, pot_id=pot.pk, amount_cents=cents, booked_on=on)


def test_opening_and_allocating_twice_changes_nothing(pot):
    again = open_pot(code="prova/fondo", title="Fondo di prova", overcommit_bp=500, sources=SOURCES)
    allocate(pot=again, act="DGR 1", amount_cents=1_000_000, on=DAY)
    assert again == pot
    assert get_available_cents(pot.pk) == 1_000_000
    with pytest.raises(ValueError, match="already allocated"):
        allocate(pot=pot, act="DGR 1", amount_cents=1, on=DAY)
    with pytest.raises(ValueError, match="other sources"):
        open_pot(code="prova/fondo", title="x", overcommit_bp=0, sources=[("UE", "Unione europea", 10_000)])


def test_a_posting_divides_among_the_sources_and_the_accounts_follow(pot):
    move(pot, Kind.COMMIT, 1, 25_000)
    balances = get_balances([pot.pk])
    by_source = [c for (_, _, account), c in sorted(balances.items()) if account is Account.COMMITTED]
    assert by_source == [10_000, 10_500, 4_500]
    totals = get_account_totals([pot.pk])
    assert totals[Account.AVAILABLE] == 975_000
    assert totals[Account.WORLD] == -1_000_000
    assert sum(totals.values()) == 0


def test_an_amount_without_exact_parts_is_refused(pot):
    with pytest.raises(AmountDoesNotDivide):
        move(pot, Kind.COMMIT, 1, 33)


def test_parts_must_sum_to_the_amount(pot):
    source = pot.sources.get(code="UE").pk
    with pytest.raises(ValueError, match="do not sum"):
        post_all(Kind.COMMIT, [Posting(1, pot.pk, 33, DAY, parts=((source, 32),))])


def test_the_same_fact_is_booked_once(pot):
    move(pot, Kind.COMMIT, 1, 25_000)
    with pytest.raises(IntegrityError), transaction.atomic():
        move(pot, Kind.COMMIT, 1, 25_000)
    assert get_available_cents(pot.pk) == 975_000


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_edit_history(pot, change):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows = Transfer.objects.all()
        rows.update(amount_cents=1) if change == "update" else rows._raw_delete(rows.db)


def test_an_allocation_is_never_edited(pot):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Allocation.objects.update(amount_cents=1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Allocation.objects.all()._raw_delete("default")


def test_the_database_refuses_a_wrong_route(pot):
    source = pot.sources.get(code="UE")
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(
            kind=Kind.SPEND,
            subject_id=1,
            pot=pot,
            source=source,
            from_account="available",
            to_account="paid",
            amount_cents=1,
            booked_on=DAY,
            effective_on=DAY,
        )


def test_the_database_refuses_to_commit_beyond_the_stated_limit(pot):
    assert get_headroom_cents(pot.pk) == 1_050_000
    move(pot, Kind.COMMIT, 1, 1_050_000)
    with pytest.raises(IntegrityError), transaction.atomic():
        move(pot, Kind.COMMIT, 2, 50)
    assert get_available_cents(pot.pk) == -50_000


def test_the_database_refuses_to_issue_beyond_what_was_allocated(pot):
    move(pot, Kind.COMMIT, 1, 1_050_000)
    assert get_issuable_cents(pot.pk) == 1_000_000
    move(pot, Kind.ISSUE, 1, 1_000_000)
    with pytest.raises(IntegrityError), transaction.atomic():
        move(pot, Kind.ISSUE, 2, 50)


def test_the_summary_gives_what_the_ledger_gives(pot):
    april, may = date(2026, 4, 15), date(2026, 5, 1)
    move(pot, Kind.COMMIT, 1, 100_000)
    move(pot, Kind.ISSUE, 1, 25_000, on=april)
    before = get_balances([pot.pk], before=may)
    assert refresh_totals() > 0
    assert refresh_totals() == 0
    move(pot, Kind.ISSUE, 2, 25_000, on=april)
    after = get_balances([pot.pk], before=may)
    assert {k: after[k] - before.get(k, 0) for k in after if k.account is Account.ISSUED} == {
        k: v for k, v in zip(sorted(k for k in after if k.account is Account.ISSUED), [10_000, 10_500, 4_500])
    }
    assert get_account_totals([pot.pk], before=date(2026, 4, 1))[Account.ISSUED] == 0
    assert get_account_totals([pot.pk], before=april)[Account.ISSUED] == 0
    assert list_violations() == []


def test_verification_finds_a_holding_that_lies(pot):
    Holding.objects.filter(source__code="UE").update(available_cents=1)
    assert [v.law for v in list_violations()] == ["holding-follows-transfers"]


STEPS = [
    (Kind.COMMIT, Account.AVAILABLE), (Kind.RELEASE, Account.COMMITTED), (Kind.ISSUE, Account.COMMITTED),
    (Kind.SPEND, Account.ISSUED), (Kind.UNSPEND, Account.OWED), (Kind.LAPSE, Account.ISSUED),
    (Kind.RETURN, Account.LAPSED), (Kind.BILL, Account.OWED), (Kind.PAY, Account.PAYABLE),
    (Kind.RECOVER, Account.PAID), (Kind.RESTORE, Account.RECOVERED),
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 40)), max_size=25))
def test_whatever_happens_balances_tie_and_the_funds_guards_hold(steps):
    with transaction.atomic():
        pot = open_pot(code="caso", title="Caso", overcommit_bp=0, sources=SOURCES)
        allocate(pot=pot, act="A", amount_cents=100_000, on=DAY)
        for number, ((kind, giver), units) in enumerate(steps):
            if get_account_totals([pot.pk])[giver] >= units * 1_000:
                move(pot, kind, number, units * 1_000)
        totals = get_account_totals([pot.pk])
        assert sum(totals.values()) == 0
        assert all(cents >= 0 for account, cents in totals.items() if account is not Account.WORLD)
        assert list_violations() == []
        transaction.set_rollback(True)
