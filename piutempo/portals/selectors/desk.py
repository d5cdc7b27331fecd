"""A desk's day as the one who closes it sees it: who came, requests helped, vouchers handed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Sum

from piutempo.applications.models import Application, Channel, Mandate
from piutempo.network.models import Desk
from piutempo.reception.models import Day
from piutempo.reception.selectors import Tally, find_day, get_tally, span_of
from piutempo.vouchers.models import CustodyKind, CustodyMove


@dataclass(frozen=True, slots=True)
class DeskDay:
    """What happened at a desk on a day; ``cents`` is the value of the titles handed over."""

    day: Day | None
    tally: Tally
    started: int
    submitted: int
    on_paper: int
    mandates: int
    vouchers: int
    titles: int
    cents: int


def get_desk_day(desk: Desk, on: date) -> DeskDay:
    """Return a desk's day in numbers. Eight queries."""
    start, end = span_of(on)
    cases = Application.objects.filter(desk=desk)
    submitted = cases.filter(submitted_at__gte=start, submitted_at__lt=end)
    titles = F("last_serial") - F("first_serial") + 1
    handed = CustodyMove.objects.filter(desk=desk, kind=CustodyKind.HANDED, at__gte=start, at__lt=end).aggregate(
        vouchers=Count("voucher", distinct=True), titles=Sum(titles), cents=Sum(titles * F("voucher__face_cents"))
    )
    return DeskDay(
        day=find_day(desk, on),
        tally=get_tally(desk, on),
        started=cases.filter(created_at__gte=start, created_at__lt=end).count(),
        submitted=submitted.count(),
        on_paper=submitted.filter(channel=Channel.PAPER).count(),
        mandates=Mandate.objects.filter(desk=desk, at__gte=start, at__lt=end).count(),
        vouchers=handed["vouchers"],
        titles=handed["titles"] or 0,
        cents=handed["cents"] or 0,
    )
