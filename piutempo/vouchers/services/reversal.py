"""Undoing a redemption, once, within its window, with a reason: a row and counter-entries exactly opposite."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from piutempo.awards.services import serve_waiting_list
from piutempo.ledger.models import Kind, Transfer
from piutempo.ledger.selectors import lock_pot
from piutempo.people.models import User
from piutempo.vouchers.models import Redemption, Reversal, Voucher
from piutempo.vouchers.services.lapse import lapse_more


class ReversalRefusal(StrEnum):
    """Why a redemption cannot be undone. Stable codes."""

    REASON_MISSING = "REASON_MISSING"
    ALREADY_REVERSED = "ALREADY_REVERSED"
    ALREADY_SETTLED = "ALREADY_SETTLED"
    TOO_LATE = "TOO_LATE"


class ReversalRefused(Exception):
    """The redemption stands. ``code`` is stable; ``details`` fill the sentence."""

    def __init__(self, code: ReversalRefusal, **details: Any) -> None:
        super().__init__(code.value)
        self.code = code
        self.details = details


@transaction.atomic
def reverse_redemption(*, redemption: Redemption, reason: str, at: datetime, by: User | None) -> Reversal:
    """
    Give the titles, or the amount, back to the voucher, up to ``reversal_days`` after it was recorded.

    Money of a voucher that lapsed meanwhile lapses too: it returns to the fund, not to the family, and the waiting
    list is served.

    :raises ReversalRefused: see ``ReversalRefusal``
    """
    if not reason.strip():
        raise ReversalRefused(ReversalRefusal.REASON_MISSING)
    held = Redemption.objects.select_for_update(of=("self",)).get(pk=redemption.pk)
    voucher = Voucher.objects.select_for_update(of=("self",)).get(pk=held.voucher_id)
    if done := Reversal.objects.filter(redemption=held).first():
        raise ReversalRefused(ReversalRefusal.ALREADY_REVERSED, on=timezone.localdate(done.at))
    if held.is_settled:
        raise ReversalRefused(ReversalRefusal.ALREADY_SETTLED)
    on = timezone.localdate(at)
    if (on - timezone.localdate(held.redeemed_at)).days > voucher.reversal_days:
        raise ReversalRefused(ReversalRefusal.TOO_LATE, days=voucher.reversal_days)
    lock_pot(voucher.pot_id)
    reversal = Reversal.objects.create(redemption=held, reason=reason.strip()[:300], at=at, by=by)
    voucher.spent &= ~held.mask
    voucher.spent_cents -= held.amount_cents
    voucher.save(update_fields=["spent", "spent_cents"])
    with connection.cursor() as db:
        db.execute(
            """INSERT INTO ledger_transfer (kind, subject_id, sequence, pot_id, source_id, from_account, to_account,
                amount_cents, booked_on, effective_on)
            SELECT %s, t.subject_id, t.sequence, t.pot_id, t.source_id, t.to_account, t.from_account, t.amount_cents,
                %s, %s
            FROM ledger_transfer t WHERE t.kind = %s AND t.subject_id = %s""",
            [Kind.UNSPEND.value, on, on, Kind.SPEND.value, held.pk],
        )
    if voucher.lapsed_cents:
        legs = Transfer.objects.filter(kind=Kind.SPEND, subject_id=held.pk).values_list("source_id", "amount_cents")
        lapse_more(voucher=voucher, amount_cents=held.amount_cents, parts=tuple(legs), on=on)
        serve_waiting_list(pot_id=voucher.pot_id, at=at, by=by)
    return reversal
