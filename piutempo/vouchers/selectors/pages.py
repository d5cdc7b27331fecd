"""What pages show: a family's vouchers, a desk's stock and day, a site's day, a title at the counter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from piutempo.kernel.codes import TitleCode, read_title_code
from piutempo.network.models import Desk, Site
from piutempo.people.models import Member
from piutempo.vouchers.models import (
    CustodyKind,
    CustodyMove,
    Extension,
    Form,
    Redemption,
    RedemptionFile,
    Voucher,
)
from piutempo.vouchers.rules.masks import titles_in


@dataclass(frozen=True, slots=True)
class HeldVoucher:
    """
    A voucher as its family sees it. ``last_day`` is the last day of service it pays; ``titles_left`` can be spent
    now.
    """

    voucher: Voucher
    titles_left: int
    left_cents: int
    last_day: date
    is_expired: bool
    is_handed: bool
    titles: tuple[int, ...]


def list_holder_vouchers(person_id: int, *, on: date) -> list[HeldVoucher]:
    """Return a person's vouchers, newest month first, with what is left. One query."""
    rows = Voucher.objects.filter(holder_id=person_id).select_related("desk", "programme", "award")
    return [held_voucher(v, on=on) for v in rows.order_by("-month", "product", "-replacement")]


def list_award_vouchers(award_id: int, *, on: date) -> list[HeldVoucher]:
    """Return an award's vouchers by month. One query."""
    rows = Voucher.objects.filter(award_id=award_id).select_related("desk", "programme", "award")
    return [held_voucher(v, on=on) for v in rows.order_by("month", "replacement")]


def held_voucher(voucher: Voucher, *, on: date) -> HeldVoucher:
    """Return what is left of one voucher on a day."""
    usable = voucher.handed & ~(voucher.spent | voucher.void | voucher.blocked)
    is_expired = on >= voucher.valid_until
    left = voucher.value_cents - voucher.spent_cents - voucher.void_cents - voucher.lapsed_cents
    if voucher.lapsed_cents or (voucher.form == Form.BALANCE and not left):
        usable = 0
    if voucher.form == Form.TITLES:
        left = usable.bit_count() * voucher.face_cents
    elif not usable:
        left = 0
    return HeldVoucher(
        voucher=voucher,
        titles_left=usable.bit_count(),
        left_cents=left,
        last_day=voucher.valid_until - timedelta(days=1),
        is_expired=is_expired,
        is_handed=bool(voucher.handed),
        titles=tuple(titles_in(usable)),
    )


@dataclass(frozen=True, slots=True)
class CheckedTitle:
    """A title at the counter: its voucher with the holder, the state of this title, and who may be cared for."""

    title: TitleCode
    held: HeldVoucher
    state: str
    members: tuple[Member, ...]


def check_title(code: str, *, on: date) -> CheckedTitle:
    """
    Return what a counter needs before it redeems: the holder's name, the title's state, the household's members.
    Two queries.

    ``state`` is one of spendable, spent, void, blocked, not_handed, lapsed, expired, not_yet_valid.

    :raises piutempo.kernel.codes.WrongCode: mistyped or not ours
    :raises Voucher.DoesNotExist: nobody printed it
    """
    title = read_title_code(code, settings.CODE_KEY)
    voucher = Voucher.objects.select_related("holder", "award", "programme").get(code=title.voucher_code)
    held = held_voucher(voucher, on=on)
    members = Member.objects.filter(household_id=voucher.award.household_id, valid_from__lte=on).select_related(
        "person"
    )
    return CheckedTitle(
        title=title,
        held=held,
        state=_state(voucher, title.index, on),
        members=tuple(members.filter(Q(valid_until=None) | Q(valid_until__gt=on)).order_by("id")),
    )


def _state(v: Voucher, index: int, on: date) -> str:
    bit = 1 << (index - 1)
    states = (
        (v.void & bit, "void"),
        (v.blocked & bit, "blocked"),
        (v.spent & bit or (v.form == Form.BALANCE and v.spent_cents + v.lapsed_cents == v.value_cents), "spent"),
        (not v.handed & bit, "not_handed"),
        (v.lapsed_cents, "lapsed"),
        (on < v.valid_from, "not_yet_valid"),
        (on >= v.valid_until, "expired"),
    )
    return next((name for is_so, name in states if is_so), "spendable")


def list_desk_stock(desk: Desk, *, on: date) -> QuerySet[Voucher]:
    """Return the vouchers that a desk holds and has not handed over, still to be collected, by holder. One query."""
    return (
        Voucher.objects.filter(desk=desk, handed=0, void=0, lapsed_cents=0, valid_until__gt=on)
        .select_related("holder", "award")
        .order_by("holder__family_name", "holder__given_name", "month", "id")
    )


def list_programme_vouchers(programme_id: int) -> QuerySet[Voucher]:
    """Return all vouchers of a programme for the office's list, newest first."""
    return Voucher.objects.filter(programme_id=programme_id).select_related("holder", "desk").order_by("-id")


@dataclass(frozen=True, slots=True)
class DeskTally:
    """
    A desk's end of day, in titles: what moved that day, and what is in stock now (vouchers and titles not handed).
    """

    day: date
    received: int
    handed: int
    returned: int
    lost: int
    blocked: int
    unblocked: int
    reissued: int
    handovers: int
    stock_vouchers: int
    stock_titles: int


def get_desk_tally(desk: Desk, *, day: date) -> DeskTally:
    """Return a desk's tally of one day. Two queries."""
    start = timezone.make_aware(datetime.combine(day, time.min))
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    rows = CustodyMove.objects.filter(desk=desk, at__gte=start, at__lt=end).values_list("kind")
    moved = {
        kind: (titles, vouchers)
        for kind, titles, vouchers in rows.annotate(
            titles=Sum(F("last_serial") - F("first_serial") + 1), vouchers=Count("voucher", distinct=True)
        ).order_by()
    }
    stock = Voucher.objects.filter(desk=desk, handed=0, void=0, lapsed_cents=0).aggregate(
        n=Count("id"), titles=Coalesce(Sum("title_count"), 0)
    )

    def titles(kind: CustodyKind) -> int:
        return int(moved.get(kind.value, (0, 0))[0])

    return DeskTally(
        day=day,
        received=titles(CustodyKind.RECEIVED),
        handed=titles(CustodyKind.HANDED),
        returned=titles(CustodyKind.RETURNED),
        lost=titles(CustodyKind.LOST),
        blocked=titles(CustodyKind.BLOCKED),
        unblocked=titles(CustodyKind.UNBLOCKED),
        reissued=titles(CustodyKind.REISSUED),
        handovers=moved.get(CustodyKind.HANDED.value, (0, 0))[1],
        stock_vouchers=stock["n"],
        stock_titles=stock["titles"],
    )


def list_desk_moves(desk: Desk) -> QuerySet[CustodyMove]:
    """Return a desk's custody book, the newest line first."""
    return CustodyMove.objects.filter(desk=desk).select_related("voucher", "recipient", "by").order_by("-id")


def list_voucher_moves(voucher: Voucher) -> QuerySet[CustodyMove]:
    """Return one voucher's lines of the custody book, the oldest first."""
    return CustodyMove.objects.filter(voucher=voucher).select_related("desk", "recipient", "by").order_by("id")


def list_site_redemptions(site: Site, *, day: date | None = None) -> QuerySet[Redemption]:
    """Return what a site redeemed (on one day of recording, if given), the newest first, with reversals."""
    rows = Redemption.objects.filter(site=site).select_related(
        "voucher__holder", "person_cared__person", "reversal", "file"
    )
    if day is not None:
        start = timezone.make_aware(datetime.combine(day, time.min))
        rows = rows.filter(redeemed_at__gte=start, redeemed_at__lt=start + timedelta(days=1))
    return rows.order_by("-redeemed_at", "-id")


def get_site_redemption(site: Site, redemption_id: int) -> Redemption:
    """
    Return one redemption of a site.

    :raises Redemption.DoesNotExist: not there, or another site's
    """
    rows = Redemption.objects.select_related("voucher__holder", "person_cared__person", "reversal")
    return rows.get(pk=redemption_id, site=site)


def list_site_files(site: Site) -> QuerySet[RedemptionFile]:
    """Return a site's uploaded files without their rows, the newest first."""
    return RedemptionFile.objects.filter(site=site).defer("rows").select_related("uploaded_by").order_by("-id")


def list_extensions(programme_id: int) -> QuerySet[Extension]:
    """Return the acts that moved expiries, the newest first."""
    return Extension.objects.filter(programme_id=programme_id).select_related("made_by", "undone_by").order_by("-id")
