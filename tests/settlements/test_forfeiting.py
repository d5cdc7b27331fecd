"""A benefit taken away: heard first, decided by a person, what was spent claimed and collected; balances tie."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import Error, transaction

from piutempo.applications.models import Application, Decision, Status
from piutempo.applications.selectors import get_rules
from piutempo.awards.models import Award
from piutempo.correspondence.models import Letter
from piutempo.kernel.periods import Month
from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals
from piutempo.network.models import Provider
from piutempo.procedures.rules.refusals import Refusal as ProcedureRefusal
from piutempo.procedures.services import ProcedureRefused
from piutempo.records.models import Event
from piutempo.reporting.selectors.verification import list_all_violations
from piutempo.settlements.models import Claim, ClaimLine, Collection, Forfeiture, ForfeitureStatus, Payment, Statement
from piutempo.settlements.services import (
    Refusal,
    SettlementRefused,
    approve_statements,
    cancel_claim,
    collect,
    create_batch,
    decide_forfeiture,
    drop_forfeiture,
    get_due_cents,
    open_forfeiture,
    pay_batch,
    prepare_statements,
    record_recovery,
)
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.services import redeem
from tests.applications.factories import make_user, posted
from tests.vouchers.factories import NOW, ROME, TODAY, build_family, build_world, codes_of, issued

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=12)


@pytest.fixture
def world():
    world = build_world()
    Provider.objects.update(iban="IT60X0542811101000000123456")
    return world


@pytest.fixture
def family(world):
    family = build_family(world)
    application = Application.objects.create(
        programme=world.programme, number=1, household=family.household, applicant=family.holder, facts="{}",
        facts_hash="", status=Status.APPROVED, created_at=NOW, submitted_at=NOW - timedelta(days=30), closed_at=NOW,
    )  # fmt: skip
    Decision.objects.create(
        application=application, version=world.version, is_approved=True, proposed="yes", decided_at=NOW
    )
    Award.objects.filter(pk=family.award.pk).update(application_id=application.pk)
    return family


@pytest.fixture
def application(family):
    return Application.objects.get()


@pytest.fixture
def officer():
    return make_user(("case_officer", "all", None))


@pytest.fixture
def spent(world, family):
    """Two titles served the day before ``TODAY``, three on it."""
    voucher = issued(world, family)
    for key, titles, on in (("a", (1, 2), TODAY - timedelta(days=1)), ("b", (3, 4, 5), TODAY)):
        redeem(
            site=world.site, codes=codes_of(voucher, *titles), service="nido", quantity=10, served_on=on, at=NOW,
            by=None, key=key, person_cared_id=family.baby.pk,
        )  # fmt: skip
    return voucher


def pay(world) -> None:
    after = datetime(2011, 4, 5, 9, tzinfo=ROME)
    prepare_statements(programme=world.programme, month=Month(2011, 3), at=after, by=None)
    approve_statements(ids=list(Statement.objects.values_list("pk", flat=True)), at=after, by=make_user())
    pay_batch(batch=create_batch(programme=world.programme, at=after, by=None), at=after, by=None)


def decide(application, officer, since: date = TODAY) -> Forfeiture:
    forfeiture = open_forfeiture(application=application, since=since, reasons=["ISEE oltre"], at=NOW, by=officer)
    posted(application, NOW)
    return decide_forfeiture(forfeiture=forfeiture, text="ISEE oltre il limite.", at=LATER, by=officer)


def test_nothing_is_decided_while_the_notice_has_not_left(application, officer, spent):
    forfeiture = open_forfeiture(application=application, since=TODAY, reasons=["ISEE oltre"], at=NOW, by=officer)
    with pytest.raises(SettlementRefused) as refused:
        decide_forfeiture(forfeiture=forfeiture, text="Sì", at=LATER, by=officer)
    assert refused.value.code is Refusal.LETTER_NOT_SENT
    posted(application, LATER)
    with pytest.raises(ProcedureRefused) as running:
        decide_forfeiture(forfeiture=forfeiture, text="Sì", at=LATER + timedelta(days=1), by=officer)
    assert running.value.code is ProcedureRefusal.NOTICE_RUNNING
    assert Claim.objects.count() == 0
    decide_forfeiture(forfeiture=forfeiture, text="Sì", at=LATER + timedelta(days=13), by=officer)


def test_the_familys_days_run_before_anybody_decides(application, officer, spent):
    forfeiture = open_forfeiture(application=application, since=TODAY, reasons=["ISEE oltre"], at=NOW, by=officer)
    assert open_forfeiture(application=application, since=TODAY, reasons=["x"], at=NOW, by=officer).pk == forfeiture.pk
    posted(application, NOW)
    for days in range(11):
        with pytest.raises(ProcedureRefused) as refused:
            decide_forfeiture(forfeiture=forfeiture, text="Sì", at=NOW + timedelta(days=days), by=officer)
        assert refused.value.code is ProcedureRefusal.NOTICE_RUNNING
    assert Claim.objects.count() == 0
    assert Voucher.objects.get().lapsed_cents == 0
    decide_forfeiture(forfeiture=forfeiture, text="Sì", at=NOW + timedelta(days=11), by=officer)
    assert set(Letter.objects.values_list("kind", flat=True)) == {
        "applications.forfeit_notice", "applications.forfeiture",
    }  # fmt: skip


def test_what_was_spent_from_the_day_on_is_claimed_once_the_provider_is_paid(world, application, officer, spent):
    decided = decide(application, officer)
    claim = Claim.objects.get()
    assert (claim.amount_cents, get_due_cents(claim)) == (3_000, 3_000)  # three titles of ten euro
    assert get_account_totals([world.pot.pk])[Account.CLAIMED] == 0  # the provider is still to be paid
    assert decide_forfeiture(forfeiture=decided, text="Sì", at=LATER, by=officer).pk == decided.pk
    assert Claim.objects.count() == 1
    collect(claim=claim, amount_cents=1_000, on=LATER.date(), reference="CRO 1", key="k", at=LATER, by=None)
    assert get_account_totals([world.pot.pk])[Account.RECOVERED] == 0
    assert list_all_violations() == []
    pay(world)
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.PAID], totals[Account.CLAIMED]) == (2_000, 2_000)
    assert totals[Account.AVAILABLE] == -totals[Account.WORLD] - 4_000
    collect(claim=claim, amount_cents=2_000, on=LATER.date(), reference="CRO 2", key="l", at=LATER, by=None)
    collect(claim=claim, amount_cents=2_000, on=LATER.date(), reference="CRO 2", key="l", at=LATER, by=None)
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.CLAIMED], totals[Account.RECOVERED], totals[Account.COMMITTED]) == (0, 0, 0)
    assert totals[Account.AVAILABLE] == -totals[Account.WORLD] - 2_000
    assert list_all_violations() == []
    with pytest.raises(SettlementRefused) as refused:
        collect(claim=claim, amount_cents=1, on=LATER.date(), reference="CRO 3", key="m", at=LATER, by=None)
    assert refused.value.code is Refusal.ABOVE_CLAIM
    with pytest.raises(SettlementRefused) as refused:
        collect(claim=claim, amount_cents=1, on=LATER.date(), reference="CRO 3", key="l", at=LATER, by=None)
    assert refused.value.code is Refusal.KEY_REUSED


def test_paid_before_the_decision_is_booked_at_once_and_can_be_cancelled(world, application, officer, spent):
    pay(world)
    decide(application, officer)
    claim = Claim.objects.get()
    assert get_account_totals([world.pot.pk])[Account.CLAIMED] == 3_000
    cancel_claim(claim=claim, reason="Ricorso accolto", at=LATER, by=officer)
    cancel_claim(claim=claim, reason="Ricorso accolto", at=LATER, by=officer)
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.CLAIMED], totals[Account.PAID]) == (0, 5_000)
    with pytest.raises(SettlementRefused) as refused:
        collect(claim=claim, amount_cents=1, on=LATER.date(), reference="CRO", key="m", at=LATER, by=None)
    assert refused.value.code is Refusal.CLAIM_CANCELLED
    assert list_all_violations() == []


def test_what_a_family_owes_is_not_recovered_from_the_provider_too(world, application, officer, spent):
    pay(world)
    decide(application, officer)
    payment = Payment.objects.get()
    with pytest.raises(SettlementRefused):
        record_recovery(payment=payment, amount_cents=5_000, reason="x", on=LATER.date(), at=LATER, by=None)
    record_recovery(payment=payment, amount_cents=2_000, reason="x", on=LATER.date(), at=LATER, by=None)
    assert list_all_violations() == []


def test_where_two_persons_decide_who_opened_it_does_not(monkeypatch, world, application, officer, spent):
    forfeiture = open_forfeiture(application=application, since=TODAY, reasons=["ISEE oltre"], at=NOW, by=officer)
    posted(application, NOW)
    programme, terms = get_rules(application.programme, TODAY)
    two = replace(terms, procedure=replace(terms.procedure, needs_second_signature=True))
    monkeypatch.setattr("piutempo.settlements.services.forfeiting.get_rules", lambda *_: (programme, two))
    with pytest.raises(SettlementRefused) as refused:
        decide_forfeiture(forfeiture=forfeiture, text="Sì", at=LATER, by=officer)
    assert refused.value.code is Refusal.SIGNED_BY_OPENER
    decide_forfeiture(forfeiture=forfeiture, text="Sì", at=LATER, by=make_user())
    assert Forfeiture.objects.get().status == ForfeitureStatus.DECIDED


def test_the_sealed_reasons_are_nowhere_in_clear(world, application, officer, spent):
    forfeiture = open_forfeiture(application=application, since=TODAY, reasons=["Zebra segreta"], at=NOW, by=officer)
    posted(application, NOW)
    decide_forfeiture(forfeiture=forfeiture, text="Zebra segreta.", at=LATER, by=officer)
    assert not Award.objects.filter(end_reason__icontains="zebra").exists()
    assert not any("zebra" in str(event.data).lower() for event in Event.objects.all())
    assert Award.objects.get().end_reason == "Decadenza dal 14 marzo 2011"


def test_dropped_in_the_familys_favour_nothing_changes(world, application, officer, spent):
    forfeiture = open_forfeiture(application=application, since=TODAY, reasons=["ISEE"], at=NOW, by=officer)
    before = get_account_totals([world.pot.pk])
    drop_forfeiture(forfeiture=forfeiture, text="Tutto in regola", at=NOW, by=officer)
    drop_forfeiture(forfeiture=forfeiture, text="Tutto in regola", at=NOW, by=officer)
    assert get_account_totals([world.pot.pk]) == before
    with pytest.raises(SettlementRefused) as refused:
        decide_forfeiture(forfeiture=forfeiture, text="No", at=LATER, by=officer)
    assert refused.value.code is Refusal.FORFEITURE_CLOSED
    open_forfeiture(application=application, since=TODAY, reasons=["Altro"], at=LATER, by=officer)
    assert Forfeiture.objects.filter(status=ForfeitureStatus.NOTIFIED).count() == 1


@pytest.mark.parametrize("since", [TODAY + timedelta(days=1), TODAY - timedelta(days=60)])
def test_a_day_that_cannot_be_is_refused(application, officer, since):
    with pytest.raises(SettlementRefused) as refused:
        open_forfeiture(application=application, since=since, reasons=["ISEE"], at=NOW, by=officer)
    assert refused.value.code is Refusal.WRONG_DAY


def test_the_database_keeps_claims_as_they_were(application, officer, spent):
    decide(application, officer)
    claim = Claim.objects.get()
    collect(claim=claim, amount_cents=500, on=LATER.date(), reference="CRO", key="k", at=LATER, by=None)
    for write in (
        lambda: Collection.objects.update(amount_cents=1),
        lambda: Claim.objects.update(amount_cents=1),
        lambda: ClaimLine.objects.all().delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            write()
