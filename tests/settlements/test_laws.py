"""What was paid cannot be rewritten: the database refuses, whoever asks."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import DatabaseError, transaction

from piutempo.kernel.periods import Month
from piutempo.settlements.models import Payment, Recovery, Statement, StatementLine
from piutempo.settlements.services import (
    approve_statements,
    create_batch,
    pay_batch,
    prepare_statements,
    record_recovery,
)
from tests.settlements.factories import instant, make_world

pytestmark = pytest.mark.django_db
AFTER = instant(date(2011, 4, 5))


@pytest.fixture
def payment(db: None) -> Payment:
    """A statement of ten euro, paid, of which one came back."""
    world = make_world()
    world.redeem(world.site(), world.voucher(), 1_000, date(2011, 3, 10))
    prepare_statements(programme=world.programme, month=Month(2011, 3), at=AFTER, by=None)
    approve_statements(ids=[Statement.objects.get().pk], at=AFTER, by=None)
    pay_batch(batch=create_batch(programme=world.programme, at=AFTER, by=None), at=AFTER, by=None)
    payment = Payment.objects.get()
    record_recovery(payment=payment, amount_cents=100, reason="errore", on=AFTER.date(), at=AFTER, by=None)
    return payment


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda: Payment.objects.update(amount_cents=1),
        lambda: Payment.objects.update(iban="IT00"),
        lambda: Recovery.objects.update(amount_cents=1),
        lambda: Recovery.objects.all().delete(),
        lambda: StatementLine.objects.update(amount_cents=1),
        lambda: StatementLine.objects.update(excluded_reason="above_ceiling"),
        lambda: StatementLine.objects.all().delete(),
        lambda: Statement.objects.update(amount_cents=1),
        lambda: Statement.objects.update(status="prepared"),
    ],
)
def test_what_was_approved_and_paid_never_changes(payment: Payment, rewrite: Callable[[], object]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        rewrite()
