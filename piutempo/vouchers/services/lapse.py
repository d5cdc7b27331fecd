"""Money that leaves vouchers unspent: issued -> lapsed -> available, and the waiting list is served again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.utils import timezone

from piutempo.awards.models import Award, AwardStatus
from piutempo.awards.services import serve_waiting_list
from piutempo.kernel.money import cumulative_shares, next_parts
from piutempo.ledger.models import Kind, Transfer
from piutempo.ledger.selectors import list_sources, lock_pot
from piutempo.ledger.services import Posting, post_all
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.records.services import record_event
from piutempo.vouchers.models import Form, Lapse, LapseCause, Voucher
from piutempo.vouchers.selectors.expiry import lapsable_vouchers
from piutempo.vouchers.services.redemption import source_state

#: Vouchers per chunk: one transaction each.
CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class LapseReport:
    """What lapsed: vouchers, cents, and how many waiting awards were served with it."""

    vouchers: int
    cents: int
    served: int


def lapse_expired(
    *,
    programme: Programme,
    on: date,
    at: datetime,
    by: User | None = None,
    progress: Callable[[int], None] | None = None,
) -> LapseReport:
    """
    Lapse what expired unspent: vouchers whose last day of recording is over on ``on`` (expiry plus ``record_days``).

    In chunks, one transaction each; calling again, or after a kill, lapses only what is left. The programme's waiting
    lists are then served, also with what a killed call left in the fund.
    """
    due = lapsable_vouchers(programme.pk, on)
    waiting = Award.objects.filter(programme=programme, status=AwardStatus.WAITING).values_list("pot_id", flat=True)
    return lapse_these(
        due,
        programme_id=programme.pk,
        cause=LapseCause.EXPIRED,
        on=on,
        at=at,
        by=by,
        progress=progress,
        pots=waiting.distinct(),
    )


def lapse_these(
    due: QuerySet[Voucher],
    *,
    programme_id: int,
    cause: LapseCause,
    on: date,
    at: datetime,
    by: User | None,
    progress: Callable[[int], None] | None = None,
    pots: Iterable[int] = (),
) -> LapseReport:
    """
    Lapse the vouchers of a set, in chunks of one transaction each, then serve the waiting lists of ``pots`` and theirs.
    """
    vouchers = cents = 0
    pots = set(pots)
    cursor = 0
    while True:
        with transaction.atomic():
            last, n, amount, touched = _lapse_chunk(due, cursor, cause, on)
        if last is None:
            break
        cursor = last
        vouchers, cents, pots = vouchers + n, cents + amount, pots | touched
        if progress:
            progress(n)
    return _serve(programme_id, vouchers, cents, pots, cause, at, by)


@transaction.atomic
def lapse_award_vouchers(*, award: Award, cause: LapseCause, at: datetime, by: User | None) -> LapseReport:
    """
    Lapse everything unspent of an award's vouchers (renunciation, withdrawal): none of their titles can be spent any
    more, and what had lapsed by expiry takes the new cause, so that no extension brings it back.
    """
    due = unspent_vouchers(Voucher.objects.filter(award=award))
    Lapse.objects.filter(voucher__award=award, cause=LapseCause.EXPIRED, undone_at__isnull=True).update(cause=cause)
    on = timezone.localdate(at)
    return lapse_these(due, programme_id=award.programme_id, cause=cause, on=on, at=at, by=by)


def _serve(
    programme_id: int, vouchers: int, cents: int, pots: set[int], cause: LapseCause, at: datetime, by: User | None
) -> LapseReport:
    served = sum(len(serve_waiting_list(pot_id=pot_id, at=at)) for pot_id in sorted(pots))
    if vouchers:
        record_event(
            name="vouchers.lapsed",
            subject="programmes.Programme",
            subject_id=programme_id,
            at=at,
            by_id=by.pk if by else None,
            data={"cause": cause.value, "vouchers": vouchers, "cents": cents, "served": served},
        )
    return LapseReport(vouchers, cents, served)


def unspent_vouchers(rows: QuerySet[Voucher]) -> QuerySet[Voucher]:
    """Return those that hold money that could lapse: not lapsed, not all spent or moved to a replacement."""
    return rows.filter(lapsed_cents=0, value_cents__gt=F("spent_cents") + F("void_cents"))


def _lapse_chunk(
    due: QuerySet[Voucher], cursor: int, cause: LapseCause, on: date
) -> tuple[int | None, int, int, set[int]]:
    """Lapse the next vouchers after ``cursor``, locked; return the last id (None: none left), how many, cents, pots."""
    rows = due.filter(id__gt=cursor).order_by("id").select_for_update(of=("self",))
    chosen = list(rows.values_list("id", "pot_id", "form")[:CHUNK])
    if not chosen:
        return None, 0, 0, set()
    for pot_id in sorted({pot for _, pot, _ in chosen}):
        lock_pot(pot_id)
    last = chosen[-1][0]
    span = due.filter(id__gt=cursor, id__lte=last)
    left = F("value_cents") - F("spent_cents") - F("void_cents")
    sql, params = span.order_by().annotate(unspent=left).values("id", "unspent").query.sql_with_params()
    with connection.cursor() as db:
        db.execute(
            f"""INSERT INTO vouchers_lapse (voucher_id, cause, amount_cents, "on")
            SELECT d.id, %s, d.unspent, %s FROM ({sql}) d""",  # noqa: S608 - Django's SQL
            [cause.value, on, *params],
        )
        for kind, giver, taker in ((Kind.LAPSE, "issued", "lapsed"), (Kind.RETURN, "lapsed", "available")):
            db.execute(
                """INSERT INTO ledger_transfer (kind, subject_id, sequence, pot_id, source_id, from_account, to_account,
                    amount_cents, booked_on, effective_on)
                SELECT %s, l.id, 0, v.pot_id, s.id, %s, %s,
                    CAST(l.amount_cents AS bigint) * s.share_bp / 10000, %s, %s
                FROM vouchers_lapse l
                JOIN vouchers_voucher v ON v.id = l.voucher_id
                JOIN ledger_source s ON s.pot_id = v.pot_id
                WHERE v.id > %s AND v.id <= %s AND v.form = 'titles' AND v.lapsed_cents = 0
                  AND l.undone_at IS NULL""",
                [kind.value, giver, taker, on, on, cursor, last],
            )
    fresh = Lapse.objects.filter(
        voucher_id__gt=cursor, voucher_id__lte=last, undone_at__isnull=True, voucher__lapsed_cents=0
    )
    if any(form == Form.BALANCE for _, _, form in chosen):
        _post_balances(fresh.filter(voucher__form=Form.BALANCE), on)
    totals = fresh.aggregate(n=Count("id"), cents=Sum("amount_cents"))
    Voucher.objects.filter(pk__in=fresh.values("voucher_id")).update(
        lapsed_cents=F("value_cents") - F("spent_cents") - F("void_cents")
    )
    return last, totals["n"], totals["cents"] or 0, {pot for _, pot, _ in chosen}


def _post_balances(lapses: QuerySet[Lapse], on: date) -> None:
    """A balance voucher's sources keep what each has left, which is not always its exact share."""
    postings = []
    for pk, voucher_id, pot_id, cents in lapses.values_list("id", "voucher_id", "voucher__pot_id", "amount_cents"):
        sources = list_sources(pot_id)
        taken, left = source_state(voucher_id, pot_id)
        rows = cumulative_shares([s.share_bp for s in sources])
        shares = next_parts(rows, [taken[s.source_id] for s in sources], [left[s.source_id] for s in sources], cents)
        parts = tuple((s.source_id, share) for s, share in zip(sources, shares, strict=True))
        postings.append(Posting(pk, pot_id, cents, on, parts=parts))
    post_all(Kind.LAPSE, postings)
    post_all(Kind.RETURN, postings)


def lapse_more(*, voucher: Voucher, amount_cents: int, parts: tuple[tuple[int, int], ...], on: date) -> None:
    """
    Send money that came back to a lapsed voucher after it: the standing lapse grows, by a posting of its own.

    The caller holds the voucher's row and the pot.
    """
    lapse = Lapse.objects.get(voucher=voucher, undone_at__isnull=True)
    posted = Transfer.objects.filter(kind=Kind.LAPSE, subject_id=lapse.pk).aggregate(last=Max("sequence"))["last"]
    posting = Posting(lapse.pk, voucher.pot_id, amount_cents, on, sequence=(posted or 0) + 1, parts=parts)
    post_all(Kind.LAPSE, [posting])
    post_all(Kind.RETURN, [posting])
    Lapse.objects.filter(pk=lapse.pk).update(amount_cents=F("amount_cents") + amount_cents)
    Voucher.objects.filter(pk=voucher.pk).update(lapsed_cents=F("lapsed_cents") + amount_cents)


def undo_lapses(lapses: QuerySet[Lapse], *, on: date, at: datetime) -> int:
    """
    Bring lapsed money back, exactly opposite to what was posted; return the cents. The caller holds pots and vouchers.

    The holdings' CHECK refuses when the fund no longer has the money.
    """
    ids = list(lapses.order_by("id").values_list("id", flat=True))
    total = 0
    for start in range(0, len(ids), CHUNK):
        part = Lapse.objects.filter(pk__in=ids[start : start + CHUNK])
        sql, params = part.order_by().values("id").query.sql_with_params()
        with connection.cursor() as db:
            for kind, undone, giver, taker in (
                (Kind.UNRETURN, Kind.RETURN, "available", "lapsed"),
                (Kind.UNLAPSE, Kind.LAPSE, "lapsed", "issued"),
            ):
                db.execute(
                    f"""INSERT INTO ledger_transfer (kind, subject_id, sequence, pot_id, source_id, from_account,
                        to_account, amount_cents, booked_on, effective_on)
                    SELECT %s, t.subject_id, t.sequence, t.pot_id, t.source_id, %s, %s, t.amount_cents, %s, %s
                    FROM ledger_transfer t WHERE t.kind = %s AND t.subject_id IN ({sql})""",  # noqa: S608 - Django's SQL
                    [kind.value, giver, taker, on, on, undone.value, *params],
                )
        total += part.aggregate(cents=Sum("amount_cents"))["cents"] or 0
        Voucher.objects.filter(pk__in=part.values("voucher_id")).update(lapsed_cents=0)
        part.update(undone_at=at)
    return total


def standing_lapses(vouchers: QuerySet[Voucher]) -> QuerySet[Lapse]:
    """Return the lapses by expiry still standing of these vouchers."""
    return Lapse.objects.filter(
        Q(undone_at__isnull=True), cause=LapseCause.EXPIRED, voucher_id__in=vouchers.order_by().values("id")
    )
