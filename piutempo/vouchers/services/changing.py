"""A change of circumstances takes effect: its months and money are shown before, frozen after."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from piutempo.applications.models import Change, ChangeStatus
from piutempo.applications.rules.changing import ChangeRefusal, months_to_keep
from piutempo.applications.selectors.changes import ChangeAssessment, assess_change
from piutempo.applications.services.changing import (
    ChangeRefused,
    check_standing,
    close_applied,
    lock_change,
    refuse_change,
)
from piutempo.awards.models import AwardStatus
from piutempo.awards.rules import State, left_since
from piutempo.awards.services import Benefit, extend_benefit, lock_benefits, shrink_benefit
from piutempo.kernel.periods import Month
from piutempo.people.models import User
from piutempo.programmes.rules.eligibility import MISSING
from piutempo.programmes.rules.terms import Product, Terms
from piutempo.programmes.selectors import get_terms
from piutempo.vouchers.selectors.schedule import Schedule, get_benefits, read_issued, schedule_of
from piutempo.vouchers.services.letters import send_change_letter, send_refused_change_letter


@dataclass(frozen=True, slots=True)
class EffectLine:
    """
    What a change does to one product, counted from its first month on.

    ``months_before`` and ``months_after`` are to be issued (``waiting`` of them have no money yet); ``untouched`` have
    their voucher already. ``cents`` is the difference in money, negative when it goes back to the fund.
    """

    product: str
    title: str
    since: str
    months_before: int
    months_after: int
    waiting: int
    untouched: int
    cents: int


@dataclass(frozen=True, slots=True)
class Effect:
    """A change's whole effect, with the schedules before and after."""

    assessment: ChangeAssessment
    lines: tuple[EffectLine, ...]
    before: tuple[Schedule, ...]
    after: tuple[Schedule, ...]


def preview_change(*, change: Change, at: datetime) -> Effect:
    """
    Return what applying would do now: it is done, read and undone, so that the waiting list counts too.

    :raises ChangeRefused: as ``apply_change``
    """
    with transaction.atomic():
        held = lock_change(change)
        if held.status != ChangeStatus.DECLARED:
            raise ChangeRefused(ChangeRefusal.CHANGE_CLOSED)
        effect = _carry_out(held, at, None)
        transaction.set_rollback(True)
    return effect


@transaction.atomic
def apply_change(*, change: Change, at: datetime, by: User) -> list[dict[str, Any]]:
    """
    Apply a change: months after it are committed (or wait) or go back, and the family gets a letter with the reasons.

    Months with a voucher are never touched. Applied twice, it answers the first effect.

    :raises ChangeRefused: CHANGE_CLOSED (it was refused), CHANGE_NOT_APPROVED,
        CHANGE_BENEFIT_ENDED, CHANGE_MISSING (the rules cannot tell)
    """
    held = lock_change(change)
    if held.status == ChangeStatus.APPLIED:
        done: list[dict[str, Any]] = held.effect
        return done
    if held.status != ChangeStatus.DECLARED:
        raise ChangeRefused(ChangeRefusal.CHANGE_CLOSED)
    effect = _carry_out(held, at, by)
    frozen = [asdict(line) for line in effect.lines]
    close_applied(change=held, facts=effect.assessment.facts, effect=frozen, at=at, by=by)
    send_change_letter(change=held, assessment=effect.assessment, effect=frozen, at=at, by=by)
    return frozen


@transaction.atomic
def turn_down_change(*, change: Change, reason: str, at: datetime, by: User) -> Change:
    """
    Close a change without effect and write the family why.

    :raises ChangeRefused: as ``applications.services.changing.refuse_change``
    """
    held = refuse_change(change=change, reason=reason, at=at, by=by)
    send_refused_change_letter(change=held, at=at, by=by)
    return held


def _carry_out(change: Change, at: datetime, by: User | None) -> Effect:
    assessment = assess_change(change)
    if assessment.change.after.outcome == MISSING:
        raise ChangeRefused(ChangeRefusal.CHANGE_MISSING)
    check_standing(change.application)
    benefits = lock_benefits(change.application_id, read_issued)
    before = tuple(schedule_of(benefit) for benefit in benefits)
    wanted = [(benefit, _keep(benefit, assessment)) for benefit in benefits]
    held = {benefit.product: _held_cents(benefit) for benefit in benefits}  # read now: the awards change below
    since = assessment.since
    for benefit, (left, keep, _untouched) in wanted:
        if keep < left:
            shrink_benefit(benefit=benefit, since=since, keep=keep, at=at, by=by)
    floor = max(since, Month.of(timezone.localdate(at)) + 1)
    # What went back may have served this family's own place in the list: read again before adding.
    current = {benefit.product: benefit for benefit in lock_benefits(change.application_id, read_issued)}
    for benefit, (left, keep, _untouched) in wanted:
        if keep > left:
            version, terms, _product = _terms_of(benefit, assessment)
            extend_benefit(
                benefit=current[benefit.product],
                version=version,
                terms=terms,
                months=keep - left,
                since=floor,
                at=at,
                by=by,
            )
    fresh = {benefit.product: benefit for benefit in get_benefits(change.application_id)}
    lines = tuple(
        _line(benefit, fresh.get(benefit.product), assessment, left, untouched, held[benefit.product])
        for benefit, (left, _keep_n, untouched) in wanted
    )
    return Effect(assessment, lines, before, tuple(schedule_of(benefit) for benefit in fresh.values()))


def _keep(benefit: Benefit, assessment: ChangeAssessment) -> tuple[int, int, int]:
    """Return the months left from the effective one, how many of them to keep, and how many have a voucher."""
    runs = benefit.runs
    left = sum(left_since(run, assessment.since) for run in runs)
    change = assessment.change
    keep = months_to_keep(
        left=left,
        used=sum(run.booked for run in runs) - left,
        before=change.before.outcome,
        after=change.after.outcome,
        months_before=change.before.months,
        months_after=change.after.months,
        most=_terms_of(benefit, assessment)[2].max_months,
    )
    return left, keep, sum(month >= assessment.since for run in runs for month in run.issued)


def _terms_of(benefit: Benefit, assessment: ChangeAssessment) -> tuple[Any, Terms, Product]:
    """Return the version in force on the day of the change; of the latest run if that no longer has the product."""
    terms = assessment.terms
    found = next((p for p in terms.products if p.code == benefit.product), None)
    if found is not None:
        return assessment.version, terms, found
    model = benefit.awards[-1]
    terms = get_terms(model.version_id)
    return model.version, terms, terms.product(benefit.product)


def _line(
    benefit: Benefit,
    fresh: Benefit | None,
    assessment: ChangeAssessment,
    left: int,
    untouched: int,
    held_cents: int,
) -> EffectLine:
    runs = fresh.runs if fresh else []
    after = sum(left_since(run, assessment.since) for run in runs)
    return EffectLine(
        product=benefit.product,
        title=_terms_of(benefit, assessment)[2].title,
        since=str(assessment.since),
        months_before=left,
        months_after=after,
        waiting=sum(left_since(run, assessment.since) for run in runs if run.state is State.WAITING),
        untouched=untouched,
        cents=_held_cents(fresh) - held_cents,
    )


def _held_cents(benefit: Benefit | None) -> int:
    """Return the money of the months to issue: a run that waits has none."""
    held = {AwardStatus.COMMITTED, AwardStatus.SUSPENDED}
    if benefit is None:
        return 0
    pairs = zip(benefit.awards, benefit.runs, strict=True)
    return sum(run.left * award.month_cents for award, run in pairs if award.status in held)
