"""Statements: drawn up once, checked again, approved by a second person, booked as the redemptions were."""

from collections import Counter
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from piutempo.kernel.periods import Month
from piutempo.ledger.models import Account, Kind, Transfer
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.records.models import Event
from piutempo.settlements.models import Statement, StatementLine
from piutempo.settlements.services import (
    LedgerDisagrees,
    Refusal,
    SettlementRefused,
    approve_statements,
    prepare_statements,
)
from tests.settlements.factories import instant, make_user, make_world

MARCH, APRIL = Month(2011, 3), Month(2011, 4)
DAY = date(2011, 3, 10)
AFTER = instant(date(2011, 4, 5))
pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def anna():
    return make_user("anna")


@pytest.fixture
def bruno():
    return make_user("bruno")


def prepare(world, by, month=MARCH, at=AFTER):
    return prepare_statements(programme=world.programme, month=month, at=at, by=by)


def ids():
    return list(Statement.objects.values_list("pk", flat=True))


def test_one_statement_a_provider_with_what_its_sites_redeemed(world, anna):
    one = world.site()
    two = world.site(provider=one.provider)
    other = world.site()
    voucher = world.voucher()
    for site, cents in ((one, 2_000), (two, 3_000), (other, 1_000)):
        world.redeem(site, voucher, cents, DAY)
    done = prepare(world, anna)
    assert (done.statements, done.lines, done.amount_cents, done.excluded_cents) == (2, 3, 6_000, 0)
    amounts = {s.provider_id: (s.amount_cents, s.line_count) for s in Statement.objects.all()}
    assert amounts == {one.provider_id: (5_000, 2), other.provider_id: (1_000, 1)}


def test_preparing_again_adds_nothing_and_late_ones_fall_into_the_next_month(world, anna):
    site, voucher = world.site(), world.voucher()
    world.redeem(site, voucher, 1_000, DAY)
    prepare(world, anna)
    world.redeem(site, voucher, 2_000, date(2011, 3, 31))
    world.redeem(site, voucher, 3_000, date(2011, 4, 2))
    assert prepare(world, anna).statements == 0
    assert Statement.objects.get().amount_cents == 1_000
    done = prepare(world, anna, APRIL, instant(date(2011, 5, 4)))
    assert (done.lines, done.amount_cents) == (2, 5_000)


def test_the_month_ends_at_midnight_in_rome(world, anna):
    site, voucher = world.site(), world.voucher()
    world.redeem(site, voucher, 1_000, date(2011, 3, 31), redeemed_at=instant(date(2011, 3, 31), 23))
    world.redeem(site, voucher, 2_000, date(2011, 4, 1), redeemed_at=instant(date(2011, 4, 1), 0))
    assert prepare(world, anna).amount_cents == 1_000


def test_a_month_not_begun_is_refused(world, anna):
    with pytest.raises(SettlementRefused, match=Refusal.FUTURE_MONTH):
        prepare(world, anna, Month(2011, 5))


def test_lines_above_the_ceiling_or_without_accreditation_are_listed_and_not_paid(world, anna, bruno):
    site, voucher = world.site(), world.voucher()
    world.redeem(site, voucher, 2_000, DAY, quantity=1)
    world.redeem(site, voucher, 3_000, DAY, quantity=1)
    world.redeem(site, voucher, 1_000, DAY, service="mensa")
    world.redeem(site, voucher, 1_000, DAY, served_on=date(2009, 12, 31))
    done = prepare(world, anna)
    assert (done.amount_cents, done.excluded_cents, done.lines) == (2_000, 5_000, 4)
    reasons = Counter(StatementLine.objects.values_list("excluded_reason", flat=True))
    assert reasons == {"": 1, "above_ceiling": 1, "not_accredited": 2}
    approve_statements(ids=ids(), at=AFTER, by=bruno)
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.PAYABLE], totals[Account.OWED]) == (2_000, 5_000)


def test_approval_bills_by_source_what_the_redemptions_spent(world, anna, bruno):
    site = world.site()
    for cents in (333, 1_234, 7):
        world.redeem(site, world.voucher(form="balance"), cents, DAY)
    prepare(world, anna)
    done = approve_statements(ids=ids(), at=AFTER, by=bruno)
    assert (done.statements, done.amount_cents) == (1, 1_574)

    def by_source(kind):
        found = Counter()
        for source_id, cents in Transfer.objects.filter(kind=kind).values_list("source_id", "amount_cents"):
            found[source_id] += cents
        return found

    assert by_source(Kind.BILL) == by_source(Kind.SPEND)
    assert not list_violations()
    assert Event.objects.filter(name="settlements.statements_approved").count() == 1


def test_whoever_prepared_may_not_approve(world, anna):
    world.redeem(world.site(), world.voucher(), 1_000, DAY)
    prepare(world, anna)
    with pytest.raises(SettlementRefused, match=Refusal.SAME_PERSON):
        approve_statements(ids=ids(), at=AFTER, by=anna)
    with pytest.raises(IntegrityError), transaction.atomic():
        Statement.objects.update(approved_by=anna, approved_at=AFTER)
    assert get_account_totals([world.pot.pk])[Account.PAYABLE] == 0


def test_approving_twice_bills_once(world, anna, bruno):
    world.redeem(world.site(), world.voucher(), 1_000, DAY)
    prepare(world, anna)
    approve_statements(ids=ids(), at=AFTER, by=bruno)
    with pytest.raises(SettlementRefused, match=Refusal.NOTHING_SELECTED):
        approve_statements(ids=ids(), at=AFTER, by=bruno)
    assert get_account_totals([world.pot.pk])[Account.PAYABLE] == 1_000


def test_a_redemption_reversed_after_the_preparation_is_excluded_at_the_approval(world, anna, bruno):
    site, voucher = world.site(), world.voucher()
    kept = world.redeem(site, voucher, 1_000, DAY)
    undone = world.redeem(site, voucher, 2_000, DAY)
    prepare(world, anna)
    world.reverse(undone, date(2011, 4, 4))
    done = approve_statements(ids=ids(), at=AFTER, by=bruno)
    assert (done.amount_cents, done.reversed_lines) == (1_000, 1)
    statement = Statement.objects.get()
    assert (statement.amount_cents, statement.excluded_cents) == (1_000, 2_000)
    kept.refresh_from_db()
    undone.refresh_from_db()
    assert (kept.is_settled, undone.is_settled) == (True, False)
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.PAYABLE], totals[Account.OWED]) == (1_000, 0)


def test_a_statement_of_reversed_lines_only_is_approved_for_nothing(world, anna, bruno):
    redemption = world.redeem(world.site(), world.voucher(), 1_000, DAY)
    prepare(world, anna)
    world.reverse(redemption, date(2011, 4, 4))
    assert approve_statements(ids=ids(), at=AFTER, by=bruno).amount_cents == 0
    assert not Transfer.objects.filter(kind=Kind.BILL).exists()


def test_a_line_that_the_ledger_does_not_know_stops_the_approval(world, anna, bruno):
    world.redeem(world.site(), world.voucher(), 1_000, DAY)
    prepare(world, anna)
    StatementLine.objects.update(amount_cents=900)
    Statement.objects.update(amount_cents=900)
    with pytest.raises(LedgerDisagrees):
        approve_statements(ids=ids(), at=AFTER, by=bruno)
    assert Statement.objects.get().status == "prepared"


def test_another_programme_is_left_alone(world, anna):
    other = make_world("altra")
    world.redeem(world.site(), world.voucher(), 1_000, DAY)
    other.redeem(other.site(), other.voucher(), 2_000, DAY)
    prepare(world, anna)
    assert list(Statement.objects.values_list("programme__code", "amount_cents")) == [("prova", 1_000)]


def test_a_month_is_a_handful_of_queries_whatever_the_number_of_providers(
    world, anna, bruno, django_assert_max_num_queries
):
    for _ in range(12):
        world.redeem(world.site(), world.voucher(), 1_000, DAY)
    with django_assert_max_num_queries(10):
        prepare(world, anna)
    chosen = ids()
    with django_assert_max_num_queries(16):
        approve_statements(ids=chosen, at=AFTER, by=bruno)
