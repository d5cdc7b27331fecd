"""Monthly issuance: set-based, rehearsed, restartable (docs/rules/issuance.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, Max, Sum
from django.utils import timezone

from piutempo.kernel.periods import Month
from piutempo.ledger.selectors import get_issuable_cents, lock_pot
from piutempo.people.models import User
from piutempo.programmes.models import Programme, ProgrammeVersion, VersionStatus
from piutempo.programmes.rules.terms import Product
from piutempo.programmes.selectors import get_terms
from piutempo.records.services import record_event
from piutempo.vouchers.models import IssuanceRun, SerialBook
from piutempo.vouchers.selectors.issuance import due_awards

#: Awards per chunk: one transaction each.
CHUNK = 10_000
Progress = Callable[[int, int], None]


class NothingWouldBeValid(ValueError):
    """The month's vouchers would expire before they begin: the product's last day is over."""

    code = "NOTHING_WOULD_BE_VALID"


class UnknownProduct(LookupError):
    """No version of the programme has this product."""

    code = "UNKNOWN_PRODUCT"


@dataclass(frozen=True, slots=True)
class IssuanceReport:
    """
    What a run did, or a rehearsal would do. ``refused`` are due awards for which the fund has no money, in award order.

    ``run_id`` is None for a rehearsal. ``refused_award_ids`` holds the first thousand.
    """

    month: Month
    product: str
    due: int
    issued: int
    issued_cents: int
    refused: int
    refused_cents: int
    refused_award_ids: tuple[int, ...]
    run_id: int | None


@dataclass(slots=True)
class _Tally:
    """Running counts of one call."""

    issued: int = 0
    issued_cents: int = 0
    refused: int = 0
    refused_cents: int = 0
    ended_pots: set[int] = field(default_factory=set)


def issue_month(
    *,
    programme: Programme,
    product_code: str,
    month: Month,
    at: datetime,
    by: User | None,
    commit: bool = True,
    progress: Progress | None = None,
) -> IssuanceReport:
    """
    Issue one voucher for every award of the product that has this month booked and not yet issued.

    In chunks of awards by id, one transaction each: a killed run is continued by calling again, no month comes
    twice (by
    constraint) and none is missing (what is due is what has no voucher). Where the fund ends, the awards first in
    order get
    theirs and the rest are refused; a later call issues them if money came back. ``progress(done, due)`` is
    called per chunk.

    :raises NothingWouldBeValid: see there
    :raises UnknownProduct: no version of the programme has it
    """
    waiting = due_awards(programme.pk, product_code, month).aggregate(n=Count("id"))["n"]
    if not waiting:
        _check_product(programme, product_code)
    if not commit:
        return _rehearse(programme, product_code, month)
    run, _is_new = IssuanceRun.objects.get_or_create(
        programme=programme, product=product_code, month=month.first, defaults={"started_at": at, "started_by": by}
    )
    IssuanceRun.objects.filter(pk=run.pk).update(cursor=0, refused=0, finished_at=None)
    tally = _Tally()
    cursor = 0
    while True:
        last = _try_chunk(run, month, cursor, at, tally)
        if last is None:
            break
        cursor = last
        if progress:
            progress(tally.issued + tally.refused, waiting)
    refused_ids: tuple[int, ...] = ()
    if tally.refused:
        left = due_awards(programme.pk, product_code, month).order_by("id").values_list("id", flat=True)
        refused_ids = tuple(left[:1000])
    _finish(run, tally, at, by)
    return IssuanceReport(
        month,
        product_code,
        tally.issued + tally.refused,
        tally.issued,
        tally.issued_cents,
        tally.refused,
        tally.refused_cents,
        refused_ids,
        run.pk,
    )


def _check_product(programme: Programme, product_code: str) -> None:
    versions = ProgrammeVersion.objects.filter(programme=programme, status=VersionStatus.PUBLISHED).order_by("-id")
    known = {p.code for pk in versions.values_list("id", flat=True) for p in get_terms(pk).products}
    if product_code not in known:
        raise UnknownProduct(f"no product {product_code!r} in {programme.code}; there are: {', '.join(sorted(known))}")


@transaction.atomic
def _finish(run: IssuanceRun, tally: _Tally, at: datetime, by: User | None) -> None:
    IssuanceRun.objects.filter(pk=run.pk).update(refused=tally.refused, finished_at=at)
    record_event(
        name="vouchers.issued",
        subject="vouchers.IssuanceRun",
        subject_id=run.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"issued": tally.issued, "issued_cents": tally.issued_cents, "refused": tally.refused},
    )


def _rehearse(programme: Programme, product_code: str, month: Month) -> IssuanceReport:
    tally = _Tally()
    refused_ids: list[int] = []
    due = due_awards(programme.pk, product_code, month)
    for version_id in due.order_by().values_list("version_id", flat=True).distinct():
        _valid_until(get_terms(version_id).product(product_code), month)
    pots = due.order_by("pot_id").values_list("pot_id").annotate(n=Count("id"), cents=Sum("month_cents"))
    for pot_id, n, cents in pots:
        left = get_issuable_cents(pot_id)
        if cents <= left:
            tally.issued += n
            tally.issued_cents += cents
            continue
        for pk, month_cents in due.filter(pot_id=pot_id).order_by("id").values_list("id", "month_cents").iterator():
            if month_cents <= left and pot_id not in tally.ended_pots:
                left -= month_cents
                tally.issued += 1
                tally.issued_cents += month_cents
            else:
                tally.ended_pots.add(pot_id)
                tally.refused += 1
                tally.refused_cents += month_cents
                if len(refused_ids) < 1000:
                    refused_ids.append(pk)
    return IssuanceReport(
        month,
        product_code,
        tally.issued + tally.refused,
        tally.issued,
        tally.issued_cents,
        tally.refused,
        tally.refused_cents,
        tuple(refused_ids),
        None,
    )


def _try_chunk(run: IssuanceRun, month: Month, cursor: int, at: datetime, tally: _Tally) -> int | None:
    """Issue one chunk; a random code that exists already (one in a billion) costs another try."""
    for attempt in range(3):
        try:
            return _issue_chunk(run, month, cursor, at, tally)
        except IntegrityError as error:
            if attempt == 2 or "code" not in str(error):
                raise
    return None


@transaction.atomic
def _issue_chunk(run: IssuanceRun, month: Month, cursor: int, at: datetime, tally: _Tally) -> int | None:
    SerialBook.objects.get_or_create(programme_id=run.programme_id, product=run.product)
    book = SerialBook.objects.select_for_update(of=("self",)).get(programme_id=run.programme_id, product=run.product)
    due = due_awards(run.programme_id, run.product, month, after=cursor)
    ids = due.order_by("id").values_list("id", flat=True)
    # The chunk's end by position; past the last whole chunk, the last due award.
    last = ids[CHUNK - 1 : CHUNK].first() or due.order_by().aggregate(last=Max("id"))["last"]
    if last is None:
        return None
    due = due_awards(run.programme_id, run.product, month, after=cursor, until=last)
    limits, version_ids, refused, refused_cents = _fund_limits(due, tally.ended_pots)
    terms = {version_id: get_terms(version_id).product(run.product) for version_id in version_ids}
    first_serial = book.next_serial
    next_serial, issued, cents = _insert(run, month, due, limits, terms, first_serial, timezone.localdate(at))
    SerialBook.objects.filter(pk=book.pk).update(next_serial=next_serial)
    IssuanceRun.objects.filter(pk=run.pk).update(
        cursor=last, issued=F("issued") + issued, refused=F("refused") + refused
    )
    tally.issued += issued
    tally.issued_cents += cents
    tally.refused += refused
    tally.refused_cents += refused_cents
    return int(last)


def _fund_limits(due: Any, ended_pots: set[int]) -> tuple[dict[int, int], set[int], int, int]:
    """
    Return, for each pot, the last award id of this chunk that its money covers; the versions of the chunk's awards; how
    many are refused, and their cents.
    """
    limits: dict[int, int] = {}
    refused = refused_cents = 0
    # One pass over the chunk's awards: what is due of each pot, under which versions.
    sums = due.order_by().values_list("pot_id", "version_id").annotate(cents=Sum("month_cents"), last=Max("id"))
    rows = list(sums)
    for pot_id in sorted({row[0] for row in rows}):
        lock_pot(pot_id)
        cents = sum(row[2] for row in rows if row[0] == pot_id)
        last = max(row[3] for row in rows if row[0] == pot_id)
        left = get_issuable_cents(pot_id)
        limits[pot_id] = last
        if cents <= left and pot_id not in ended_pots:
            continue
        # The fund ends inside this chunk: only here a running sum is needed.
        limits[pot_id] = 0
        has_ended = pot_id in ended_pots
        for pk, month_cents in due.filter(pot_id=pot_id).order_by("id").values_list("id", "month_cents"):
            has_ended = has_ended or month_cents > left
            if has_ended:
                refused += 1
                refused_cents += month_cents
            else:
                left -= month_cents
                limits[pot_id] = pk
        ended_pots.add(pot_id)
    return limits, {row[1] for row in rows}, refused, refused_cents


def _valid_until(product: Product, month: Month) -> date:
    end = (month + product.valid_months).first
    if product.valid_until_at_most is not None:
        end = min(end, product.valid_until_at_most)
    if end <= month.first:
        raise NothingWouldBeValid(f"{product.code} of {month} would expire on {end}, before it begins")
    return end


_RANDOM_CODE = {
    # 50 random bits, from the database's own strong source.
    "sqlite": "(random() & 1125899906842623)",
    "postgresql": ("(('x' || substr(u.u, 1, 12) || substr(u.u, 20, 1))::bit(52)::bigint & 1125899906842623)"),
}


def _insert(
    run: IssuanceRun,
    month: Month,
    due: Any,
    limits: dict[int, int],
    terms: dict[int, Product],
    first_serial: int,
    on: date,
) -> tuple[int, int, int]:
    """Write vouchers, ledger and counters of one chunk; return the next serial, how many vouchers, and their cents."""
    vendor = connection.vendor
    next_serial, issued, total = first_serial, 0, 0
    for version_id, product in sorted(terms.items()):
        for pot_id, last in limits.items():
            chosen = due.filter(version_id=version_id, pot_id=pot_id, id__lte=last)
            sql, params = (
                chosen.order_by()
                .values("id", "beneficiary_id", "desk_id", "month_cents", "household_id")
                .query.sql_with_params()
            )
            titles = product.title_count if product.form == "titles" else 1
            face = product.face_cents if product.form == "titles" else product.month_cents
            code = _RANDOM_CODE[vendor]
            if vendor == "postgresql":
                source = f"(SELECT d.*, replace(gen_random_uuid()::text, '-', '') AS u FROM ({sql}) d) u"  # noqa: S608 - Django's SQL
            else:
                source = f"({sql}) u"
            with connection.cursor() as cursor:
                cursor.execute(
                    f"""
                    INSERT INTO vouchers_voucher (award_id, programme_id, pot_id, run_id, product, network, holder_id,
                        month, replacement, replaces_id, code, first_serial, form, face_cents, title_count, value_cents,
                        issued_on, valid_from, original_valid_until, valid_until, record_days, reversal_days, desk_id,
                        handed, blocked, spent, void, spent_cents, void_cents, lapsed_cents)
                    SELECT u.id, {run.programme_id:d}, {pot_id:d}, {run.pk:d}, %s, %s, u.beneficiary_id, %s,
                        0, NULL, {code}, {next_serial:d} + (row_number() OVER (ORDER BY u.id) - 1) * {titles:d}, %s,
                        {face:d}, {titles:d}, u.month_cents, %s,
                        %s, %s, %s, {product.record_days:d}, {product.reversal_days:d}, u.desk_id,
                        0, 0, 0, 0, 0, 0, 0
                    FROM {source}
                    """,  # noqa: S608 - integers and Django's own SQL
                    [
                        run.product,
                        product.network,
                        month.first,
                        product.form,
                        on,
                        month.first,
                        _valid_until(product, month),
                        _valid_until(product, month),
                        *params,
                    ],
                )
                written = cursor.rowcount
                if not written:
                    continue
                end = next_serial + written * titles
                mine = f"""v.programme_id = {run.programme_id:d} AND v.product = %s
                    AND v.first_serial >= {next_serial:d} AND v.first_serial < {end:d}"""
                cursor.execute(
                    f"""
                    INSERT INTO ledger_transfer (kind, subject_id, sequence, pot_id, source_id, from_account,
                        to_account, amount_cents, booked_on, effective_on)
                    SELECT 'issue', v.id, 0, v.pot_id, s.id, 'committed', 'issued',
                        CAST(v.value_cents AS bigint) * s.share_bp / 10000,
                        %s, %s
                    FROM vouchers_voucher v JOIN ledger_source s ON s.pot_id = v.pot_id
                    WHERE {mine}
                    """,  # noqa: S608 - integers only
                    [on, on, run.product],
                )
                cursor.execute(
                    f"""
                    UPDATE awards_award SET months_issued = months_issued + 1
                    WHERE id IN (SELECT v.award_id FROM vouchers_voucher v WHERE {mine})
                    """,  # noqa: S608 - integers only
                    [run.product],
                )
            next_serial = end
            issued += written
            total += written * titles * face
    return next_serial, issued, total
