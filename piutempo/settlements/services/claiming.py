"""
Claims on families: booked when the provider has been paid, collected whole or in instalments.

Collected money enters the ledger as far as its claim is booked; the rest follows when the provider is paid. So no
account is ever negative, and nobody has to wait to give money back.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from piutempo.awards.services import serve_waiting_list
from piutempo.ledger.models import Kind, Transfer
from piutempo.ledger.selectors import lock_pot
from piutempo.ledger.services import Posting, post_all
from piutempo.people.models import User
from piutempo.records.services import record_event
from piutempo.settlements.models import Claim, ClaimLine, Collection, Payment, PaymentBatch, Recovery, StatementLine
from piutempo.settlements.rules import recovered_shares
from piutempo.settlements.services.refusals import Refusal, SettlementRefused
from piutempo.vouchers.models import Reversal


def standing_lines(lines: QuerySet[ClaimLine]) -> QuerySet[ClaimLine]:
    """Return the lines that still cost public money: not reversed, not excluded from their statement."""
    redemption = OuterRef("redemption_id")
    return lines.filter(
        ~Exists(Reversal.objects.filter(redemption_id=redemption)),
        ~Exists(StatementLine.objects.filter(~Q(excluded_reason=""), redemption_id=redemption)),
    )


def get_due_cents(claim: Claim) -> int:
    """Return what a family still has to give back of a claim, in cents."""
    if claim.cancelled_at is not None:
        return 0
    owed = standing_lines(ClaimLine.objects.filter(claim=claim)).aggregate(n=Sum("amount_cents"))["n"] or 0
    paid = claim.collections.aggregate(n=Sum("amount_cents"))["n"] or 0
    return max(0, owed - paid)


@transaction.atomic
def book_claims(*, batch: PaymentBatch | None = None, claim: Claim | None = None, at: datetime) -> int:
    """
    Book the claimed redemptions whose providers have been paid: paid -> claimed. Return how many.

    A line whose payment was given back meanwhile by the provider stays out: the money is in the fund already.
    """
    paid = StatementLine.objects.filter(excluded_reason="", statement__payment__batch__paid_at__isnull=False)
    lines = ClaimLine.objects.filter(booked_at__isnull=True, claim__cancelled_at__isnull=True)
    if claim is not None:
        lines = lines.filter(claim=claim)
    if batch is not None:
        paid = paid.filter(statement__payment__batch=batch)
    found = list(
        lines.filter(redemption_id__in=paid.values("redemption_id")).select_related("claim").order_by("claim_id", "id")
    )
    if not found:
        return 0
    for pot_id in sorted({line.claim.pot_id for line in found}):
        lock_pot(pot_id)
    found = list(
        ClaimLine.objects.select_for_update(of=("self",))
        .filter(pk__in=[line.pk for line in found], booked_at__isnull=True)
        .select_related("claim")
        .order_by("id")
    )
    found = _within_payments(found)
    spent: dict[int, list[tuple[int, int]]] = defaultdict(list)
    rows = Transfer.objects.filter(kind=Kind.SPEND, subject_id__in=[line.redemption_id for line in found])
    for subject_id, source_id, cents in rows.order_by("source_id").values_list(
        "subject_id", "source_id", "amount_cents"
    ):
        spent[subject_id].append((source_id, cents))
    on = timezone.localdate(at)
    post_all(
        Kind.CLAIM,
        [
            Posting(line.pk, line.claim.pot_id, line.amount_cents, on, parts=tuple(spent[line.redemption_id]))
            for line in found
        ],
    )
    ClaimLine.objects.filter(pk__in=[line.pk for line in found]).update(booked_at=at)
    for booked in {line.claim_id: line.claim for line in found}.values():
        _post_collected(booked, on, at)
    return len(found)


def _within_payments(lines: list[ClaimLine]) -> list[ClaimLine]:
    """Leave out what a provider has already given back of the same payment."""
    rows = StatementLine.objects.filter(redemption_id__in=[line.redemption_id for line in lines])
    payments = dict(rows.values_list("redemption_id", "statement__payment"))
    left = {pk: payment_room(pk) for pk in set(payments.values())}
    chosen = []
    for line in lines:
        payment_id = payments[line.redemption_id]
        if line.amount_cents <= left[payment_id]:
            left[payment_id] -= line.amount_cents
            chosen.append(line)
    return chosen


def payment_room(payment_id: int) -> int:
    """Return what of a payment was neither given back by the provider nor claimed from families, in cents."""
    payment = Payment.objects.get(pk=payment_id)
    back = Recovery.objects.filter(payment_id=payment_id).aggregate(n=Sum("amount_cents"))["n"] or 0
    claimed = ClaimLine.objects.filter(
        booked_at__isnull=False,
        claim__cancelled_at__isnull=True,
        redemption_id__in=StatementLine.objects.filter(statement=payment.statement_id).values("redemption_id"),
    )
    return payment.amount_cents - back - (claimed.aggregate(n=Sum("amount_cents"))["n"] or 0)


@transaction.atomic
def collect(
    *, claim: Claim, amount_cents: int, on: date, reference: str, key: str, at: datetime, by: User | None
) -> Collection:
    """
    Record money that a family gave back: claimed -> recovered -> available, then the waiting list is served.

    Any part of what is due may come: instalments are recorded as they come. The same ``key`` again answers the first.

    :raises SettlementRefused: CLAIM_CANCELLED, NO_REASON (no reference), WRONG_DAY (in the future), ABOVE_CLAIM,
        KEY_REUSED (the key came before with another amount or day)
    """
    lock_pot(claim.pot_id)
    held = Claim.objects.select_for_update(of=("self",)).get(pk=claim.pk)
    if held.cancelled_at is not None:
        raise SettlementRefused(Refusal.CLAIM_CANCELLED)
    if done := held.collections.filter(key=key).first():
        if (done.amount_cents, done.on) != (amount_cents, on):
            raise SettlementRefused(Refusal.KEY_REUSED)
        return done
    if not reference.strip():
        raise SettlementRefused(Refusal.NO_REASON)
    if on > timezone.localdate(at):
        raise SettlementRefused(Refusal.WRONG_DAY)
    if not 0 < amount_cents <= get_due_cents(held):
        raise SettlementRefused(Refusal.ABOVE_CLAIM)
    collection = Collection.objects.create(
        claim=held, amount_cents=amount_cents, on=on, reference=reference.strip(), at=at, by=by, key=key
    )
    record_event(
        name="settlements.collected",
        subject="settlements.Claim",
        subject_id=held.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"amount_cents": amount_cents, "collection": collection.pk},
    )
    _post_collected(held, timezone.localdate(at), at)
    return collection


def _post_collected(claim: Claim, on: date, at: datetime) -> None:
    """Post what was collected as far as the claim is booked, by source as booked; the caller holds the pot."""
    booked: dict[int, int] = defaultdict(int)
    lines = ClaimLine.objects.filter(claim=claim, booked_at__isnull=False).values("id")
    for source_id, cents in (
        Transfer.objects.filter(kind=Kind.CLAIM, subject_id__in=lines)
        .order_by("source_id")
        .values_list("source_id", "amount_cents")
    ):
        booked[source_id] += cents
    collected = claim.collections.aggregate(n=Sum("amount_cents"))["n"] or 0
    posted: dict[int, int] = defaultdict(int)
    sequence = 0
    for source_id, number, cents in Transfer.objects.filter(kind=Kind.COLLECT, subject_id=claim.pk).values_list(
        "source_id", "sequence", "amount_cents"
    ):
        posted[source_id] += cents
        sequence = max(sequence, number + 1)
    wanted = min(collected, sum(booked.values()))
    if wanted <= sum(posted.values()):
        return
    sources = sorted(booked)
    shares = dict(zip(sources, recovered_shares([booked[s] for s in sources], wanted), strict=True))
    parts = tuple((s, shares[s] - posted[s]) for s in sources)
    if any(cents < 0 for _source, cents in parts):
        # More was booked since with other shares: what was posted stays, the rest fills what is left of each source.
        parts = _fill(booked, posted, wanted - sum(posted.values()))
    amount = sum(cents for _source, cents in parts)
    posting = Posting(claim.pk, claim.pot_id, amount, on, sequence=sequence, parts=parts)
    post_all(Kind.COLLECT, [posting])
    post_all(Kind.REASSIGN, [posting])
    serve_waiting_list(pot_id=claim.pot_id, at=at)


def _fill(booked: dict[int, int], posted: dict[int, int], cents: int) -> tuple[tuple[int, int], ...]:
    sources = sorted(booked)
    left = [booked[s] - posted[s] for s in sources]
    return tuple(zip(sources, recovered_shares(left, cents), strict=True))


@transaction.atomic
def cancel_claim(*, claim: Claim, reason: str, at: datetime, by: User | None) -> Claim:
    """
    Cancel a claim of which nothing was collected (an appeal, an error): claimed -> paid. Twice changes nothing.

    :raises SettlementRefused: NO_REASON, ALREADY_COLLECTED
    """
    if not reason.strip():
        raise SettlementRefused(Refusal.NO_REASON)
    lock_pot(claim.pot_id)
    held = Claim.objects.select_for_update(of=("self",)).get(pk=claim.pk)
    if held.cancelled_at is not None:
        return held
    if held.collections.exists():
        raise SettlementRefused(Refusal.ALREADY_COLLECTED)
    on = timezone.localdate(at)
    lines = held.lines.filter(booked_at__isnull=False)
    legs: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for subject_id, source_id, cents in Transfer.objects.filter(
        kind=Kind.CLAIM, subject_id__in=lines.values("id")
    ).values_list("subject_id", "source_id", "amount_cents"):
        legs[subject_id].append((source_id, cents))
    post_all(
        Kind.UNCLAIM,
        [Posting(pk, held.pot_id, sum(c for _s, c in parts), on, parts=tuple(parts)) for pk, parts in legs.items()],
    )
    held.cancelled_at, held.cancelled_by, held.cancel_reason = at, by, reason.strip()[:300]
    held.save(update_fields=["cancelled_at", "cancelled_by", "cancel_reason"])
    record_event(
        name="settlements.claim_cancelled",
        subject="settlements.Claim",
        subject_id=held.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"amount_cents": held.amount_cents},
    )
    return held
