"""
Rearranging the months of a benefit: suspended, resumed, shortened, extended.

Months are moved by giving them back and committing them again to a new run, in one transaction and under the pot's
lock: nobody else can take the money in between, and issuance reads awards as it always does. Which months have a
voucher is known above: the caller says how to read it, and it is read under the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from piutempo.awards.models import Award, AwardStatus, Suspension
from piutempo.awards.rules import (
    Placed,
    Rearrangement,
    Run,
    Span,
    State,
    end_of,
    last_month_for,
    move,
    shrink,
    taken_months,
)
from piutempo.awards.services.committing import (
    AwardRequest,
    commit_awards,
    day_of,
    event_of,
    posting_of,
    release,
    serve_waiting_list,
)
from piutempo.awards.services.refused import AwardRefused, Refusal
from piutempo.kernel.periods import Month
from piutempo.ledger.models import Kind
from piutempo.ledger.selectors import lock_pot
from piutempo.ledger.services import post_all
from piutempo.people.models import User
from piutempo.programmes.models import ProgrammeVersion
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_terms
from piutempo.records.services import record_events

#: Award ids -> the months that have a voucher, by award.
IssuedReader = Callable[[Sequence[int]], Mapping[int, frozenset[Month]]]
_STATES = {
    AwardStatus.COMMITTED: State.COMMITTED,
    AwardStatus.ENDED: State.COMMITTED,
    AwardStatus.SUSPENDED: State.SUSPENDED,
    AwardStatus.WAITING: State.WAITING,
}


@dataclass(frozen=True, slots=True)
class Benefit:
    """A request's awards of one product, and which of their months have a voucher."""

    product: str
    awards: tuple[Award, ...]
    issued: Mapping[int, frozenset[Month]]

    @property
    def runs(self) -> list[Run]:
        """The awards as the rules see them; an ended one has only what was issued."""
        found = []
        for award in self.awards:
            issued = self.issued.get(award.pk, frozenset())
            booked = len(issued) if award.status == AwardStatus.ENDED else award.months - award.months_released
            first = Month.of(award.first_month)
            found.append(Run(award.pk, first, booked, issued, _STATES[AwardStatus(award.status)]))
        return found

    @property
    def last(self) -> Month:
        """The first month that can no longer be issued, under the version of the latest run."""
        terms = get_terms(self.awards[-1].version_id)
        return last_month_for(
            ends_on=terms.ends_on, valid_until_at_most=terms.product(self.product).valid_until_at_most
        )


def benefits_of(awards: Iterable[Award], issued: Mapping[int, frozenset[Month]]) -> list[Benefit]:
    """Group a request's awards by product, each with its issued months; what left the waiting list is left out."""
    found: dict[str, list[Award]] = {}
    for award in awards:
        if award.status != AwardStatus.DROPPED:
            found.setdefault(award.product, []).append(award)
    return [Benefit(product, tuple(rows), issued) for product, rows in sorted(found.items())]


def lock_benefits(application_id: int, read_issued: IssuedReader) -> list[Benefit]:
    """
    Lock a request's pots, then its awards, and return its benefits. The caller is in a transaction.

    Issuance holds the pot's lock too: no voucher of these appears between this and the commit.
    """
    pots = Award.objects.filter(application_id=application_id).order_by("pot_id").values_list("pot_id", flat=True)
    for pot_id in sorted(set(pots)):
        lock_pot(pot_id)
    awards = list(
        Award.objects.select_for_update(of=("self",))
        .filter(application_id=application_id)
        .order_by("product", "sequence")
    )
    return benefits_of(awards, read_issued([a.pk for a in awards]))


@transaction.atomic
def suspend_benefits(
    *,
    application_id: int,
    benefits: Sequence[Benefit],
    since: Month,
    until: Month | None,
    reason: str,
    text: str,
    at: datetime,
    by: User | None,
) -> Suspension:
    """
    Issue no month from ``since`` to ``until`` (exclusive; None: until resumed): they are postponed, not lost.

    What would fall after the programme's or the vouchers' end goes back to the fund. ``benefits`` are locked.

    :raises AwardRefused: NO_REASON, WRONG_PERIOD, ALREADY_SUSPENDED, NOTHING_TO_SUSPEND
    """
    if not text.strip():
        raise AwardRefused(Refusal.NO_REASON)
    if until is not None and until <= since:
        raise AwardRefused(Refusal.WRONG_PERIOD)
    overlaps = Q(until__isnull=True) | Q(until__gt=since.first)
    if until is not None:
        overlaps &= Q(since__lt=until.first)
    if Suspension.objects.filter(overlaps, application_id=application_id, resumed_at__isnull=True).exists():
        raise AwardRefused(Refusal.ALREADY_SUSPENDED)
    if not any(_is_touched(run, since) for benefit in benefits for run in benefit.runs):
        raise AwardRefused(Refusal.NOTHING_TO_SUSPEND)
    closed = _list_closed(application_id)
    is_held = any(end is None for _start, end in closed)  # what an open suspension holds stays as it is
    effect = [
        _write(
            benefit,
            move(
                [run for run in benefit.runs if not is_held or run.state is not State.SUSPENDED],
                since=since,
                to=until,
                last=benefit.last,
                closed=closed,
            ),
            "awards.suspended",
            at,
            by,
        )
        for benefit in benefits
    ]
    suspension = Suspension.objects.create(
        application_id=application_id,
        since=since.first,
        until=until.first if until else None,
        reason=reason,
        text=text.strip(),
        effect=[line for line in effect if line["moved"] or line["returned"]],
        at=at,
        by=by,
    )
    _serve(benefits, effect, at, by)
    return suspension


def _list_closed(application_id: int, but: Suspension | None = None) -> list[Span]:
    """Return the suspensions that stand, in order, without the one being resumed."""
    standing = Suspension.objects.filter(application_id=application_id, resumed_at__isnull=True)
    return [
        (Month.of(s.since), Month.of(s.until) if s.until else None)
        for s in standing.order_by("since", "id")
        if but is None or s.pk != but.pk
    ]


def _is_touched(run: Run, since: Month) -> bool:
    return any(month >= since for month in (*run.due, *run.issued))


def find_standing_suspension(application_id: int, on: Month) -> Suspension | None:
    """Return the suspension that holds months back in a month or later, if there is one."""
    return (
        Suspension.objects.filter(
            Q(until__isnull=True) | Q(until__gt=on.first), application_id=application_id, resumed_at__isnull=True
        )
        .order_by("since", "id")
        .first()
    )


@transaction.atomic
def resume_benefits(
    *, application_id: int, benefits: Sequence[Benefit], first: Month, text: str, at: datetime, by: User | None
) -> Suspension:
    """
    End a suspension before its time: the months it held go on from ``first``, as far as the programme reaches.

    :raises AwardRefused: NO_REASON, NOT_SUSPENDED, WRONG_PERIOD (before this month, or not before its own end)
    """
    if not text.strip():
        raise AwardRefused(Refusal.NO_REASON)
    now = Month.of(day_of(at))
    suspension = find_standing_suspension(application_id, now)
    if suspension is None:
        raise AwardRefused(Refusal.NOT_SUSPENDED)
    until = Month.of(suspension.until) if suspension.until else None
    if first < now or (until is not None and first >= until):
        raise AwardRefused(Refusal.WRONG_PERIOD)
    start = max(first, Month.of(suspension.since))
    closed = _list_closed(application_id, but=suspension)
    effect = [
        _write(
            benefit,
            move(benefit.runs, since=until or start, to=start, last=benefit.last, closed=closed),
            "awards.resumed",
            at,
            by,
        )
        for benefit in benefits
    ]
    suspension.resumed_from, suspension.resumed_at, suspension.resumed_by = start.first, at, by
    suspension.resume_text = text.strip()
    suspension.save(update_fields=["resumed_from", "resumed_at", "resumed_by", "resume_text"])
    _serve(benefits, effect, at, by)
    return suspension


@transaction.atomic
def shrink_benefit(*, benefit: Benefit, since: Month, keep: int, at: datetime, by: User | None) -> dict[str, object]:
    """
    Leave ``keep`` months to issue from ``since`` on; the rest goes back and the waiting list is served.

    Returns the line of the effect: product, months moved and returned.
    """
    line = _write(benefit, shrink(benefit.runs, since=since, keep=keep), "awards.shortened", at, by)
    _serve([benefit], [line], at, by)
    return line


def extend_benefit(
    *,
    benefit: Benefit,
    version: ProgrammeVersion,
    terms: Terms,
    months: int,
    since: Month,
    at: datetime,
    by: User | None,
) -> Award | None:
    """
    Add months after all the others of a benefit, never before ``since``: a new run under the version in force.

    Its money is committed, or the run waits in the list in the request's own place, by the same rule as a decision.
    Months beyond the programme's or the vouchers' end are not added; None: none was. ``benefit`` is locked.
    """
    rows = list(Award.objects.filter(application_id=benefit.awards[0].application_id, product=benefit.product))
    model = max(rows, key=lambda a: a.sequence)
    ends = [run.first + run.booked for run in benefit.runs if run.state is State.WAITING]
    first = max([end_of(taken_months(benefit.runs), since), *ends])
    limit = terms.product(benefit.product).valid_until_at_most
    months = min(months, last_month_for(ends_on=terms.ends_on, valid_until_at_most=limit) - first)
    if months < 1:
        return None
    request = AwardRequest(
        version=version,
        terms=terms,
        product_code=benefit.product,
        application_id=model.application_id,
        household=model.household,
        beneficiary=model.beneficiary,
        desk_id=model.desk_id,
        first_month=first,
        months=months,
        at=at,
        by=by,
        sequence=model.sequence + 1,
        place=(model.waiting_key, model.waiting_rank),
    )
    return commit_awards([request])[0]


def _write(benefit: Benefit, plan: Rearrangement, name: str, at: datetime, by: User | None) -> dict[str, object]:
    """Write a rearrangement of one benefit: give back first, then commit what moved; return its line of the effect."""
    held = {award.pk: award for award in benefit.awards}
    moved = sum(placed.months for placed in plan.placed)
    for kept in plan.kept:
        award = held[kept.award_id]
        if award.status == AwardStatus.WAITING:
            if kept.is_closed:
                award.status, award.ended_at = AwardStatus.DROPPED, at
            else:
                award.months = kept.booked
        else:
            gone = award.months - award.months_released - kept.booked
            if gone:
                release(award, gone, at)
            award.months_released += gone
            if kept.is_closed:
                award.status, award.ended_at = AwardStatus.ENDED, at
        award.save(update_fields=["status", "months", "months_released", "ended_at"])
    for award_id, first in plan.waiting:
        held[award_id].first_month = first.first
        held[award_id].save(update_fields=["first_month"])
    _place(benefit, plan.placed, held, at)
    line: dict[str, object] = {
        "product": benefit.product,
        "moved": moved,
        "returned": plan.returned,
        "returned_cents": plan.returned * benefit.awards[-1].month_cents,
    }
    if plan.kept:
        record_events([event_of(name, held[plan.kept[0].award_id], moved or plan.returned, at, by)])
    return line


def _place(benefit: Benefit, placed: Sequence[Placed], held: Mapping[int, Award], at: datetime) -> None:
    if not placed:
        return
    rows = Award.objects.filter(application_id=benefit.awards[0].application_id, product=benefit.product)
    last = max(rows.values_list("sequence", flat=True))
    fresh = []
    for number, run in enumerate(placed, start=last + 1):
        model = held[run.award_id]
        fresh.append(
            Award(
                programme_id=model.programme_id,
                version_id=model.version_id,
                pot_id=model.pot_id,
                product=model.product,
                application_id=model.application_id,
                sequence=number,
                household_id=model.household_id,
                beneficiary_id=model.beneficiary_id,
                desk_id=model.desk_id,
                first_month=run.first.first if run.first else model.first_month,
                months=run.months,
                month_cents=model.month_cents,
                status=AwardStatus.COMMITTED if run.first else AwardStatus.SUSPENDED,
                waiting_key=model.waiting_key,
                waiting_rank=model.waiting_rank,
                committed_at=at,
            )
        )
    for award in Award.objects.bulk_create(fresh):
        post_all(Kind.COMMIT, [posting_of(award, award.months, at)])


def _serve(benefits: Sequence[Benefit], effect: Sequence[dict[str, object]], at: datetime, by: User | None) -> None:
    pots = {b.awards[0].pot_id for b, line in zip(benefits, effect, strict=True) if line["returned"]}
    for pot_id in sorted(pots):
        serve_waiting_list(pot_id=pot_id, at=at, by=by)
