"""Payment batches and recoveries."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone

from piutempo.awards.services import serve_waiting_list
from piutempo.ledger.models import Kind, Transfer
from piutempo.ledger.selectors import lock_pot
from piutempo.ledger.services import Posting, post, post_all
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.records.services import record_event
from piutempo.settlements.models import Payment, PaymentBatch, Recovery, Statement, StatementStatus
from piutempo.settlements.rules import recovered_shares
from piutempo.settlements.services.claiming import book_claims, payment_room
from piutempo.settlements.services.refusals import Refusal, SettlementRefused


@transaction.atomic
def create_batch(
    *, programme: Programme, at: datetime, by: User | None, ids: Collection[int] | None = None
) -> PaymentBatch:
    """
    Put approved statements (all of the programme, or those of ``ids``) into a new batch, with the IBANs of now.

    Left out: what is in a batch already, what comes to nothing, and providers without an IBAN.

    :raises SettlementRefused: NOTHING_TO_PAY
    """
    Programme.objects.select_for_update(of=("self",), no_key=True).get(pk=programme.pk)
    due = Statement.objects.filter(
        programme=programme, status=StatementStatus.APPROVED, payment__isnull=True, amount_cents__gt=0
    ).exclude(provider__iban="")
    if ids is not None:
        due = due.filter(pk__in=ids)
    rows = list(due.order_by("pk").values_list("pk", "amount_cents", "provider__iban"))
    if not rows:
        raise SettlementRefused(Refusal.NOTHING_TO_PAY)
    last = PaymentBatch.objects.filter(programme=programme).aggregate(last=Max("number"))["last"] or 0
    batch = PaymentBatch.objects.create(
        programme=programme, number=last + 1, created_at=at, created_by=by, amount_cents=sum(row[1] for row in rows)
    )
    Payment.objects.bulk_create(
        [Payment(batch=batch, statement_id=pk, amount_cents=cents, iban=iban) for pk, cents, iban in rows],
        batch_size=2_000,
    )
    _record("settlements.batch_created", batch, at, by)
    return batch


@transaction.atomic
def pay_batch(*, batch: PaymentBatch, at: datetime, by: User | None) -> PaymentBatch:
    """Mark a batch as paid: payments move payable -> paid, by source as billed. Paying twice changes nothing."""
    batch = PaymentBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.paid_at is not None:
        return batch
    payments = list(
        batch.payments.order_by("pk").values_list("pk", "statement_id", "amount_cents", "statement__pot_id")
    )
    billed: dict[int, list[tuple[int, int]]] = defaultdict(list)
    statement_ids = batch.payments.values("statement_id")
    for subject_id, source_id, cents in (
        Transfer.objects.filter(kind=Kind.BILL, subject_id__in=statement_ids)
        .order_by("subject_id", "source_id")
        .values_list("subject_id", "source_id", "amount_cents")
    ):
        billed[subject_id].append((source_id, cents))
    booked_on = timezone.localdate(at)
    post_all(
        Kind.PAY,
        [
            Posting(pk, pot_id, cents, booked_on, parts=tuple(billed[statement_id]))
            for pk, statement_id, cents, pot_id in payments
        ],
    )
    Statement.objects.filter(pk__in=statement_ids).update(status=StatementStatus.PAID)
    batch.paid_at, batch.paid_by = at, by
    batch.save(update_fields=["paid_at", "paid_by"])
    _record("settlements.batch_paid", batch, at, by)
    book_claims(batch=batch, at=at)
    return batch


@transaction.atomic
def record_recovery(
    *, payment: Payment, amount_cents: int, reason: str, on: date, at: datetime, by: User | None, key: str = ""
) -> Recovery:
    """
    Record money that a provider gave back ``on`` a day: paid -> recovered -> available, then serve the waiting list.

    ``key`` makes it repeatable: sent again with the same amount and day, it answers the first recovery.

    :raises SettlementRefused: NOT_PAID, NO_REASON, ABOVE_PAID (more than what is left of the payment, or nothing),
        KEY_REUSED (the key came before with another amount or day)
    """
    payment = Payment.objects.select_for_update(of=("self",)).select_related("batch", "statement").get(pk=payment.pk)
    pot_id = payment.statement.pot_id
    lock_pot(pot_id)
    if payment.batch.paid_at is None:
        raise SettlementRefused(Refusal.NOT_PAID)
    if not reason.strip():
        raise SettlementRefused(Refusal.NO_REASON)
    if key and (done := payment.recoveries.filter(key=key).first()):
        if (done.amount_cents, done.on) != (amount_cents, on):
            raise SettlementRefused(Refusal.KEY_REUSED)
        return done
    before = payment.recoveries.aggregate(total=Sum("amount_cents"))["total"] or 0
    if not 0 < amount_cents <= payment_room(payment.pk):
        raise SettlementRefused(Refusal.ABOVE_PAID)
    legs = list(
        Transfer.objects.filter(kind=Kind.PAY, subject_id=payment.pk)
        .order_by("source_id")
        .values_list("source_id", "amount_cents")
    )
    paid = [cents for _, cents in legs]
    shares = zip(recovered_shares(paid, before), recovered_shares(paid, before + amount_cents), strict=True)
    parts = tuple((source_id, new - old) for (source_id, _), (old, new) in zip(legs, shares, strict=True))
    recovery = Recovery.objects.create(
        payment=payment, amount_cents=amount_cents, reason=reason.strip(), on=on, by=by, key=key
    )
    for kind in (Kind.RECOVER, Kind.RESTORE):
        post(
            kind=kind,
            subject_id=recovery.pk,
            pot_id=pot_id,
            amount_cents=amount_cents,
            booked_on=timezone.localdate(at),
            effective_on=on,
            parts=parts,
        )
    record_event(
        name="settlements.recovered",
        subject="settlements.Payment",
        subject_id=payment.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"amount_cents": amount_cents},
    )
    serve_waiting_list(pot_id=pot_id, at=at)
    return recovery


def _record(name: str, batch: PaymentBatch, at: datetime, by: User | None) -> None:
    record_event(
        name=name,
        subject="settlements.PaymentBatch",
        subject_id=batch.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"number": batch.number, "amount_cents": batch.amount_cents},
    )
