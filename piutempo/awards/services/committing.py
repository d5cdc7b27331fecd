"""
Writing awards: committing, serving the waiting list, ending.

Every service that moves money of a pot locks the pot first and reads its headroom under the lock, so that two
approvals at once never commit the same euro. The CHECK on ``ledger.Holding`` is the last guard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from piutempo.awards.models import Award, AwardStatus, Suspension
from piutempo.awards.rules import Place, first_month_for, is_served_at_once, months_to_release, rank_for, served_count
from piutempo.awards.services.refused import AwardRefused, Refusal
from piutempo.kernel.periods import Month
from piutempo.ledger.models import Kind, Transfer
from piutempo.ledger.selectors import get_headroom_cents, lock_pot
from piutempo.ledger.services import Posting, post_all
from piutempo.people.models import Household, Person, User
from piutempo.programmes.models import ProgrammeVersion
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_fund_pot
from piutempo.records.models import Event
from piutempo.records.services import record_events


@dataclass(frozen=True, slots=True)
class AwardRequest:
    """
    What an approval asks for: ``months`` of one product; the stated order reads ``waiting_fields``.

    ``sequence`` is above 1 for a later run of the same benefit, which keeps the request's ``place`` in the list: the
    key and the rank of its first award.
    """

    version: ProgrammeVersion
    terms: Terms
    product_code: str
    application_id: int
    household: Household
    beneficiary: Person
    desk_id: int | None
    first_month: Month
    months: int
    at: datetime
    by: User | None = None
    waiting_fields: Mapping[str, object] = field(default_factory=dict)
    sequence: int = 1
    place: tuple[list[list[str]], str] | None = None


def commit_award(
    *,
    version: ProgrammeVersion,
    terms: Terms,
    product_code: str,
    application_id: int,
    household: Household,
    beneficiary: Person,
    desk_id: int | None,
    first_month: Month,
    months: int,
    at: datetime,
    by: User | None,
    waiting_fields: Mapping[str, object],
) -> Award:
    """
    Commit months x amount of one product, or put the case in the waiting list when the fund has no headroom.

    Asked again for the same application and product, it answers the first award.

    :raises AwardRefused: TOO_MANY_MONTHS, beyond the product's most
    """
    request = AwardRequest(
        version, terms, product_code, application_id, household, beneficiary, desk_id, first_month, months, at, by,
        waiting_fields,
    )  # fmt: skip
    return commit_awards([request])[0]


@transaction.atomic
def commit_awards(requests: Sequence[AwardRequest]) -> list[Award]:
    """
    Commit many awards in the order given, by the same rule as one: few queries, one lock per pot.

    :raises AwardRefused: TOO_MANY_MONTHS (nothing is written)
    """
    known = _find_existing(requests)
    fresh = [r for r in requests if _key(r) not in known]
    pots = {}
    for r in fresh:
        product = r.terms.product(r.product_code)
        if not 0 < r.months <= product.max_months:
            raise AwardRefused(Refusal.TOO_MANY_MONTHS)
        place = (r.version.programme_id, product.fund)
        if place not in pots:
            pots[place] = get_fund_pot(r.version.programme, product.fund)
    by_pot: dict[int, list[AwardRequest]] = {}
    for r in fresh:
        by_pot.setdefault(pots[r.version.programme_id, r.terms.product(r.product_code).fund].pk, []).append(r)
    for pot_id in sorted(by_pot):
        for award in _commit_in_pot(pot_id, by_pot[pot_id]):
            known[award.application_id, award.product, award.sequence] = award
    return [known[_key(r)] for r in requests]


def _key(request: AwardRequest) -> tuple[int, str, int]:
    return request.application_id, request.product_code, request.sequence


def _find_existing(requests: Sequence[AwardRequest]) -> dict[tuple[int, str, int], Award]:
    ids = [r.application_id for r in requests]
    found: dict[tuple[int, str, int], Award] = {}
    for start in range(0, len(ids), 500):
        for award in Award.objects.filter(application_id__in=ids[start : start + 500]).order_by("id"):
            found[award.application_id, award.product, award.sequence] = award
    return found


def hold_back(awards: Sequence[Award]) -> None:
    """
    Give awards just committed the place that a suspension of their benefit leaves them (not saved here).

    While it is open they are suspended too; before its end none of their months falls in it.
    """
    if not awards:
        return
    ids = {a.application_id for a in awards}
    standing = Suspension.objects.filter(Q(resumed_at__isnull=True), application_id__in=ids).order_by("since", "id")
    for suspension in standing:
        for award in awards:
            if award.application_id != suspension.application_id:
                continue
            if suspension.until is None:
                award.status = AwardStatus.SUSPENDED
            elif (Month.of(award.first_month) + award.months).first > suspension.since:
                award.first_month = max(award.first_month, suspension.until)


def _follow(awards: Sequence[Award]) -> None:
    """Let each award just served start after the other runs of its benefit (not saved here): no month comes twice."""
    if not awards:
        return
    mine = {a.pk for a in awards}
    ends: dict[tuple[int, str], Month] = {}
    rows = Award.objects.filter(application_id__in={a.application_id for a in awards}).exclude(pk__in=mine)
    for other in rows.exclude(status__in=[AwardStatus.WAITING, AwardStatus.DROPPED, AwardStatus.SUSPENDED]):
        is_closed = other.status == AwardStatus.ENDED
        # Of a closed run with vouchers only their number is known here: its whole length is left free.
        booked = other.months if is_closed and other.months_issued else other.months - other.months_released
        key, end = (other.application_id, other.product), Month.of(other.first_month) + booked
        ends[key] = max(ends.get(key, end), end)
    for award in awards:
        key = (award.application_id, award.product)
        first = Month.of(award.first_month)
        first = max(first, ends.get(key, first))
        award.first_month, ends[key] = first.first, first + award.months


def _commit_in_pot(pot_id: int, requests: Sequence[AwardRequest]) -> list[Award]:
    lock_pot(pot_id)
    headroom = get_headroom_cents(pot_id)
    first_waiting = (
        Award.objects.filter(pot_id=pot_id, status=AwardStatus.WAITING)
        .order_by("waiting_rank", "id")
        .values_list("waiting_rank", flat=True)
        .first()
    )
    awards: list[Award] = []
    for r in requests:
        product = r.terms.product(r.product_code)
        key, rank = r.place or rank_for(r.terms.waiting_order, r.waiting_fields)
        amount = r.months * product.month_cents
        is_committed = is_served_at_once(
            rank=rank, amount_cents=amount, headroom_cents=headroom, first_waiting_rank=first_waiting
        )
        if is_committed:
            headroom -= amount
        else:
            first_waiting = rank if first_waiting is None else min(first_waiting, rank)
        awards.append(
            Award(
                programme_id=r.version.programme_id,
                version=r.version,
                pot_id=pot_id,
                product=r.product_code,
                application_id=r.application_id,
                sequence=r.sequence,
                household=r.household,
                beneficiary=r.beneficiary,
                desk_id=r.desk_id,
                first_month=r.first_month.first,
                months=r.months,
                month_cents=product.month_cents,
                status=AwardStatus.COMMITTED if is_committed else AwardStatus.WAITING,
                waiting_key=key,
                waiting_rank=rank,
                queued_at=None if is_committed else r.at,
                committed_at=r.at if is_committed else None,
            )
        )
    hold_back([a for a in awards if a.committed_at and a.sequence > 1])
    awards = Award.objects.bulk_create(awards, batch_size=500)
    post_all(
        Kind.COMMIT,
        [posting_of(a, a.months, r.at) for a, r in zip(awards, requests, strict=True) if a.committed_at],
    )
    record_events(
        event_of("awards.committed" if a.committed_at else "awards.queued", a, a.months, r.at, r.by)
        for a, r in zip(awards, requests, strict=True)
    )
    return awards


@transaction.atomic
def serve_waiting_list(*, pot_id: int, at: datetime, by: User | None = None) -> list[Award]:
    """
    Commit the waiting awards of a pot in the stated order, exactly as far as its money goes; nobody overtakes.

    An award served after its planned first month starts the month after. Returns the awards served.
    """
    if not Award.objects.filter(pot_id=pot_id, status=AwardStatus.WAITING).exists():
        return []
    lock_pot(pot_id)
    headroom = get_headroom_cents(pot_id)
    waiting: list[Award] = []
    left = headroom
    for award in (
        Award.objects.filter(pot_id=pot_id, status=AwardStatus.WAITING).order_by("waiting_rank", "id").iterator(200)
    ):
        waiting.append(award)
        left -= award.months * award.month_cents
        if left < 0:
            break
    places = [Place(a.waiting_rank, a.pk, a.months * a.month_cents) for a in waiting]
    served = waiting[: served_count(places, headroom)]
    for award in served:
        award.status = AwardStatus.COMMITTED
        award.committed_at = at
        award.first_month = first_month_for(Month.of(award.first_month), day_of(at)).first
    hold_back(served)
    _follow(served)
    if served:
        Award.objects.bulk_update(served, ["status", "committed_at", "first_month"], batch_size=200)
        post_all(Kind.COMMIT, [posting_of(a, a.months, at) for a in served])
        record_events(event_of("awards.served", a, a.months, at, by) for a in served)
    return served


@transaction.atomic
def end_award(*, award: Award, reason: str, at: datetime, by: User | None) -> Award:
    """
    End an award (renunciation, withdrawal, loss of the right): months not issued go back, and the list is served.

    A waiting award leaves the list. Ending twice changes nothing. Vouchers already issued are the voucher context's.

    :raises AwardRefused: NO_REASON
    """
    if not reason.strip():
        raise AwardRefused(Refusal.NO_REASON)
    lock_pot(award.pot_id)
    held = Award.objects.select_for_update(of=("self",)).get(pk=award.pk)
    if held.status == AwardStatus.WAITING:
        return drop_waiting(award=held, reason=reason, at=at, by=by)
    if held.status == AwardStatus.ENDED and not held.end_reason:  # a slice closed it: from now on for this reason
        held.end_reason = reason[:300]
        held.save(update_fields=["end_reason"])
    if held.status not in {AwardStatus.COMMITTED, AwardStatus.SUSPENDED}:
        return held
    released = months_to_release(
        months=held.months, months_issued=held.months_issued, months_released=held.months_released
    )
    held.status = AwardStatus.ENDED
    held.months_released += released
    held.ended_at = at
    held.end_reason = reason[:300]
    held.save(update_fields=["status", "months_released", "ended_at", "end_reason"])
    if released:
        release(held, released, at)
    record_events([event_of("awards.ended", held, released, at, by)])
    if released:
        serve_waiting_list(pot_id=held.pot_id, at=at, by=by)
    return held


@transaction.atomic
def drop_waiting(*, award: Award, reason: str, at: datetime, by: User | None) -> Award:
    """
    Take a waiting award out of the list; doing it twice changes nothing. The list is served: the next one may fit.

    :raises AwardRefused: NOT_WAITING (its money is committed: end it instead), NO_REASON
    """
    if not reason.strip():
        raise AwardRefused(Refusal.NO_REASON)
    lock_pot(award.pot_id)
    held = Award.objects.select_for_update(of=("self",)).get(pk=award.pk)
    if held.status == AwardStatus.DROPPED:
        return held
    if held.status != AwardStatus.WAITING:
        raise AwardRefused(Refusal.NOT_WAITING)
    held.status = AwardStatus.DROPPED
    held.ended_at = at
    held.end_reason = reason[:300]
    held.save(update_fields=["status", "ended_at", "end_reason"])
    record_events([event_of("awards.dropped", held, 0, at, by)])
    serve_waiting_list(pot_id=held.pot_id, at=at, by=by)
    return held


def release(award: Award, months: int, at: datetime) -> None:
    """Post months going back to the fund; an award may give some back more than once."""
    posted = Transfer.objects.filter(subject_id=award.pk, kind=Kind.RELEASE).aggregate(last=Max("sequence"))["last"]
    posting = posting_of(award, months, at)
    post_all(Kind.RELEASE, [replace(posting, sequence=0 if posted is None else posted + 1)])


def day_of(at: datetime) -> date:
    """Return the local day of an instant."""
    return timezone.localtime(at).date()


def posting_of(award: Award, months: int, at: datetime) -> Posting:
    """Return the posting of some months of an award."""
    return Posting(
        subject_id=award.pk, pot_id=award.pot_id, amount_cents=months * award.month_cents, booked_on=day_of(at)
    )


def event_of(name: str, award: Award, months: int, at: datetime, by: User | None) -> Event:
    """Return an unsaved event about an award."""
    return Event(
        name=name,
        subject="awards.award",
        subject_id=award.pk,
        happened_at=at,
        actor_id=by.pk if by else None,
        data={"application": award.application_id, "product": award.product, "months": months,
              "cents": months * award.month_cents},
    )  # fmt: skip
