"""Reading awards: the waiting list in its order, the state of a fund, the forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from piutempo.awards.models import Award, AwardStatus
from piutempo.awards.rules import Forecast, forecast_for, is_served_at_once
from piutempo.ledger.models import ROUTES, Account, Kind, Pot
from piutempo.ledger.selectors import get_available_cents, get_headroom_cents, get_movements


def list_waiting(pot_id: int) -> QuerySet[Award]:
    """Return the waiting awards of a pot in the stated order, each with ``position`` (from 1) and ``amount_cents``."""
    return (
        Award.objects.filter(pot_id=pot_id, status=AwardStatus.WAITING)
        .annotate(
            position=Window(RowNumber(), order_by=[F("waiting_rank").asc(), F("id").asc()]),
            amount_cents=F("months") * F("month_cents"),
        )
        .order_by("waiting_rank", "id")
    )


def get_position(award: Award) -> int:
    """Return the place of a waiting award in its list, from 1."""
    ahead = Q(waiting_rank__lt=award.waiting_rank) | Q(waiting_rank=award.waiting_rank, id__lt=award.pk)
    return Award.objects.filter(ahead, pot_id=award.pot_id, status=AwardStatus.WAITING).count() + 1


def list_awards_of(application_ids: list[int]) -> QuerySet[Award]:
    """Return the awards of some applications."""
    return Award.objects.filter(application_id__in=application_ids).order_by("application_id", "id")


@dataclass(frozen=True, slots=True)
class Preview:
    """What committing would do now: ``position`` is the place in the waiting list, None when the money is there."""

    pot_id: int
    pot_title: str
    amount_cents: int
    available_before_cents: int
    available_after_cents: int
    position: int | None


def preview_commit(*, pot: Pot, amount_cents: int, rank: str, after: Sequence[Preview] = ()) -> Preview:
    """
    Return what ``services.commit_award`` would do with this amount and rank; nothing is reserved.

    ``after``: what the same decision would commit first (the other products of the programme), whatever their pots.
    """
    before = [one for one in after if one.pot_id == pot.pk]
    taken = sum(one.amount_cents for one in before if one.position is None)
    queued = sum(one.position is not None for one in before)
    waiting = Award.objects.filter(pot_id=pot.pk, status=AwardStatus.WAITING)
    first = waiting.order_by("waiting_rank", "id").values_list("waiting_rank", flat=True).first()
    if queued:
        first = min(first, rank) if first is not None else rank
    headroom, available = get_headroom_cents(pot.pk) - taken, get_available_cents(pot.pk) - taken
    is_served = is_served_at_once(
        rank=rank, amount_cents=amount_cents, headroom_cents=headroom, first_waiting_rank=first
    )
    return Preview(
        pot_id=pot.pk,
        pot_title=pot.title,
        amount_cents=amount_cents,
        available_before_cents=available,
        available_after_cents=available - amount_cents if is_served else available,
        position=None if is_served else waiting.filter(waiting_rank__lte=rank).count() + queued + 1,
    )


@dataclass(frozen=True, slots=True)
class FundState:
    """One pot at an instant, in cents; the accounts are the ledger's, summed over its sources."""

    pot_id: int
    title: str
    allocated_cents: int
    available_cents: int
    committed_cents: int
    circulating_cents: int
    spent_cents: int
    lapsed_cents: int
    headroom_cents: int
    overcommit_bp: int
    waiting_count: int
    waiting_cents: int


def get_fund_state(*, pot_id: int, title: str, overcommit_bp: int) -> FundState:
    """Return what the ledger says of a pot, and how much its waiting list asks for."""
    totals = dict.fromkeys(Account, 0)
    lapsed = 0
    for key, cents in get_movements([pot_id]).items():
        giver, taker = ROUTES[key.kind]
        totals[giver] -= cents
        totals[taker] += cents
        lapsed += {Kind.LAPSE: cents, Kind.UNLAPSE: -cents}.get(key.kind, 0)
    asked = Award.objects.filter(pot_id=pot_id, status=AwardStatus.WAITING).aggregate(
        count=Count("id"), cents=Sum(F("months") * F("month_cents"), output_field=BigIntegerField())
    )
    return FundState(
        pot_id=pot_id,
        title=title,
        allocated_cents=-totals[Account.WORLD],
        available_cents=totals[Account.AVAILABLE],
        committed_cents=totals[Account.COMMITTED],
        circulating_cents=totals[Account.ISSUED],
        spent_cents=sum(totals[a] for a in (Account.OWED, Account.PAYABLE, Account.PAID)),
        headroom_cents=get_headroom_cents(pot_id),
        overcommit_bp=overcommit_bp,
        lapsed_cents=lapsed,
        waiting_count=asked["count"],
        waiting_cents=asked["cents"] or 0,
    )


def forecast_lapse(
    state: FundState,
    *,
    open_value_cents: int | None = None,
    near_value_cents: int = 0,
    near_unspent_cents: int = 0,
) -> Forecast:
    """
    Forecast what will lapse in a pot; who knows the vouchers (contexts above) also gives what is near expiry.

    ``open_value_cents``: face value of vouchers in circulation; without it, what of them is unspent stands for it.
    """
    return forecast_for(
        spent_cents=state.spent_cents,
        lapsed_cents=state.lapsed_cents,
        open_value_cents=state.circulating_cents if open_value_cents is None else open_value_cents,
        open_unspent_cents=state.circulating_cents,
        near_value_cents=near_value_cents,
        near_unspent_cents=near_unspent_cents,
        available_cents=state.available_cents,
        limit_cents=state.allocated_cents * state.overcommit_bp // 10_000,
    )
