"""Writing the ledger: pots, allocations, postings, the monthly summary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import F

from piutempo.kernel.money import cumulative_shares, shares_between
from piutempo.ledger.models import ROUTES, Allocation, Holding, Kind, Pot, Source, Watermark
from piutempo.ledger.selectors import SourceShare, list_sources, lock_pot


class AmountDoesNotDivide(ValueError):
    """An amount has no exact part for each source, and the caller did not say how to divide it."""


@dataclass(frozen=True, slots=True)
class Posting:
    """
    One business fact to book: ``amount_cents`` over all sources, or ``parts`` as (source id, cents).

    ``booked_on`` is the accounting date, ``effective_on`` the day the fact happened (default: the same).
    """

    subject_id: int
    pot_id: int
    amount_cents: int
    booked_on: date
    effective_on: date | None = None
    sequence: int = 0
    parts: tuple[tuple[int, int], ...] | None = None


@transaction.atomic
def open_pot(*, code: str, title: str, overcommit_bp: int, sources: Sequence[tuple[str, str, int]]) -> Pot:
    """
    Return the pot with this code, opened if there was none. ``sources`` are (code, title, basis points).

    :raises ValueError: the shares do not sum to 10000, or the pot exists with other sources (a new act is a new pot)
    """
    if sum(bp for _, _, bp in sources) != 10_000:
        raise ValueError(f"the sources of {code} must sum to 10000 basis points, got {sources}")
    pot, is_new = Pot.objects.get_or_create(code=code, defaults={"title": title, "overcommit_bp": overcommit_bp})
    if is_new:
        rows = [
            Source(pot=pot, code=source, title=name, share_bp=bp, position=i)
            for i, (source, name, bp) in enumerate(sources)
        ]
        Source.objects.bulk_create(rows)
        Holding.objects.bulk_create(Holding(pot=pot, source=source) for source in Source.objects.filter(pot=pot))
    elif [(s.code, s.share_bp) for s in list_sources(pot.pk)] != [(source, bp) for source, _, bp in sources]:
        raise ValueError(f"pot {code} exists with other sources: {list_sources(pot.pk)}")
    return pot


@transaction.atomic
def allocate(*, pot: Pot, act: str, amount_cents: int, on: date) -> Allocation:
    """
    Put money into a pot by an act; a second call with the same act changes nothing.

    :raises ValueError: the act already allocated another amount
    """
    lock_pot(pot.pk)
    done = Allocation.objects.filter(pot=pot, act=act).first()
    if done:
        if done.amount_cents != amount_cents:
            raise ValueError(f"act {act} already allocated {done.amount_cents} cents to {pot.code}")
        return done
    before = sum(Allocation.objects.filter(pot=pot).values_list("amount_cents", flat=True))
    allocation = Allocation.objects.create(pot=pot, act=act, amount_cents=amount_cents, on=on)
    sources = list_sources(pot.pk)
    shares = shares_between(cumulative_shares([s.share_bp for s in sources]), before, before + amount_cents)
    parts = tuple((s.source_id, cents) for s, cents in zip(sources, shares, strict=True))
    post(
        kind=Kind.ALLOCATE,
        subject_id=allocation.pk,
        pot_id=pot.pk,
        amount_cents=amount_cents,
        booked_on=on,
        parts=parts,
    )
    set_overcommit(pot=pot, overcommit_bp=pot.overcommit_bp)
    return allocation


@transaction.atomic
def set_overcommit(*, pot: Pot, overcommit_bp: int) -> None:
    """
    State how far commitments may go beyond what was allocated, in basis points of it.

    :raises django.db.IntegrityError: more is committed already than the new limit allows
    """
    lock_pot(pot.pk)
    allocated = sum(Allocation.objects.filter(pot=pot).values_list("amount_cents", flat=True))
    for source in list_sources(pot.pk):
        limit = allocated * source.share_bp // 10_000 * overcommit_bp // 10_000
        Holding.objects.filter(source_id=source.source_id).update(overcommit_cents=limit)
    Pot.objects.filter(pk=pot.pk).update(overcommit_bp=overcommit_bp)


def exact_parts(sources: Sequence[SourceShare], amount_cents: int) -> tuple[tuple[int, int], ...]:
    """
    Divide an amount among sources exactly, as (source id, cents).

    :raises AmountDoesNotDivide: some source's part would not be whole cents
    """
    parts = []
    for source in sources:
        cents, rest = divmod(amount_cents * source.share_bp, 10_000)
        if rest:
            raise AmountDoesNotDivide(f"{amount_cents} cents have no exact {source.share_bp} bp part for {source.code}")
        parts.append((source.source_id, cents))
    return tuple(parts)


def post(
    *,
    kind: Kind,
    subject_id: int,
    pot_id: int,
    amount_cents: int,
    booked_on: date,
    effective_on: date | None = None,
    sequence: int = 0,
    parts: tuple[tuple[int, int], ...] | None = None,
) -> None:
    """
    Book one fact. See ``Posting`` for the arguments and ``post_all`` for the errors.
    """
    post_all(kind, [Posting(subject_id, pot_id, amount_cents, booked_on, effective_on, sequence, parts)])


def post_all(kind: Kind, postings: Iterable[Posting]) -> int:
    """
    Book many facts of one kind and return how many rows were written. The accounts follow from the kind.

    :raises AmountDoesNotDivide: no exact division and no ``parts``
    :raises ValueError: ``parts`` do not sum to the amount
    :raises django.db.IntegrityError: booked before (unique business key), or a pot would go under its floor
    """
    giver, taker = ROUTES[kind]
    sources: dict[int, tuple[SourceShare, ...]] = {}
    rows: list[tuple[int, int, int, int, int, date, date]] = []
    for posting in postings:
        if posting.parts is None:
            if posting.pot_id not in sources:
                sources[posting.pot_id] = list_sources(posting.pot_id)
            parts = exact_parts(sources[posting.pot_id], posting.amount_cents)
        else:
            parts = posting.parts
            if sum(cents for _, cents in parts) != posting.amount_cents:
                raise ValueError(
                    f"the parts of {kind} {posting.subject_id} do not sum to {posting.amount_cents}: {parts}"
                )
        effective_on = posting.effective_on or posting.booked_on
        rows += [
            (posting.subject_id, posting.sequence, posting.pot_id, source_id, cents, posting.booked_on, effective_on)
            for source_id, cents in parts
            if cents
        ]
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One statement, so that the trigger that keeps the holdings runs once.
            for start in range(0, len(rows), 20_000):
                columns = [list(column) for column in zip(*rows[start : start + 20_000], strict=True)]
                cursor.execute(_POST["postgresql"], [kind.value, giver.value, taker.value, *columns])
        else:
            adapt = connection.ops.adapt_datefield_value
            fixed = (kind.value, giver.value, taker.value)
            cursor.executemany(_POST["sqlite"], [(*fixed, *row[:5], adapt(row[5]), adapt(row[6])) for row in rows])
    return len(rows)


_COLUMNS = (
    "kind, from_account, to_account, subject_id, sequence, pot_id, source_id, amount_cents, booked_on, effective_on"
)
_POST = {
    "sqlite": f"INSERT INTO ledger_transfer ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",  # noqa: S608 - our own columns
    "postgresql": f"""
        INSERT INTO ledger_transfer ({_COLUMNS})
        SELECT %s, %s, %s, u.* FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[],
                                           %s::date[], %s::date[]) AS u""",  # noqa: S608 - our own columns
}


_SUM_NEW = {
    "sqlite": """
        INSERT INTO ledger_monthtotal (pot_id, source_id, kind, month, amount_cents, rows)
        SELECT pot_id, source_id, kind, strftime('%%Y-%%m-01', booked_on), sum(amount_cents), count(*)
        FROM ledger_transfer WHERE id > %s AND id <= %s GROUP BY 1, 2, 3, 4
        ON CONFLICT (pot_id, source_id, kind, month)
        DO UPDATE SET amount_cents = amount_cents + excluded.amount_cents, rows = rows + excluded.rows""",
    "postgresql": """
        INSERT INTO ledger_monthtotal (pot_id, source_id, kind, month, amount_cents, rows)
        SELECT pot_id, source_id, kind, date_trunc('month', booked_on)::date, sum(amount_cents), count(*)
        FROM ledger_transfer WHERE id > %s AND id <= %s GROUP BY 1, 2, 3, 4
        ON CONFLICT (pot_id, source_id, kind, month)
        DO UPDATE SET amount_cents = ledger_monthtotal.amount_cents + excluded.amount_cents,
                      rows = ledger_monthtotal.rows + excluded.rows""",
}


@transaction.atomic
def refresh_totals() -> int:
    """
    Add the transfers booked since the last call to the monthly summary; return how many.

    A transfer gets its id before it commits, so on PostgreSQL the table is locked for a moment against writers: none in
    flight can land under the watermark afterwards. SQLite has one writer anyway.
    """
    Watermark.objects.get_or_create(pk=1)
    mark = Watermark.objects.select_for_update().get(pk=1)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("LOCK TABLE ledger_transfer IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SELECT coalesce(max(id), 0) FROM ledger_transfer")
        newest = cursor.fetchone()[0]
        if newest <= mark.transfer_id:
            return 0
        cursor.execute(_SUM_NEW[connection.vendor], [mark.transfer_id, newest])
    added = newest - mark.transfer_id
    Watermark.objects.filter(pk=1).update(transfer_id=F("transfer_id") + added)
    return int(added)
