"""Vouchers by expiry: what lapses, what is unspent and when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Max, Q, QuerySet, Sum

from piutempo.vouchers.models import Voucher


def lapsable_vouchers(programme_id: int, on: date) -> QuerySet[Voucher]:
    """Return the vouchers with unspent money whose last day of recording is over on ``on``."""
    rows = Voucher.objects.filter(programme_id=programme_id, valid_until__lte=on)
    days = rows.order_by().values_list("record_days", flat=True).distinct()
    over = Q(pk__in=[])
    for record_days in sorted(set(days)):
        over |= Q(record_days=record_days, valid_until__lte=on - timedelta(days=record_days))
    return rows.filter(over, lapsed_cents=0, value_cents__gt=F("spent_cents") + F("void_cents"))


@dataclass(frozen=True, slots=True)
class ExpiryMonth:
    """What ends unspent in a month: ``last_day`` is the last day on which some of it may be spent."""

    month: date
    last_day: date
    vouchers: int
    unspent_cents: int


def list_unspent_by_expiry(programme_id: int, *, on: date, product: str = "") -> list[ExpiryMonth]:
    """
    Return what is unspent and not yet expired on ``on``, by the month in which it ends, the soonest first. One query.
    """
    rows = Voucher.objects.filter(
        programme_id=programme_id,
        valid_until__gt=on,
        lapsed_cents=0,
        value_cents__gt=F("spent_cents") + F("void_cents"),
    )
    if product:
        rows = rows.filter(product=product)
    found = (
        rows.values("valid_until")
        .annotate(
            n=Count("id"), cents=Sum(F("value_cents") - F("spent_cents") - F("void_cents")), end=Max("valid_until")
        )
        .order_by("valid_until")
    )
    months: dict[date, ExpiryMonth] = {}
    for row in found:
        last_day = row["end"] - timedelta(days=1)
        month = last_day.replace(day=1)
        before = months.get(month, ExpiryMonth(month, last_day, 0, 0))
        months[month] = ExpiryMonth(month, last_day, before.vouchers + row["n"], before.unspent_cents + row["cents"])
    return list(months.values())
