"""The law of the procedure as dated data: which text is in force on a day, which days are holidays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

SUNDAY = 6


class NoticeEffect(StrEnum):
    """What the notice before refusal does to the office's term."""

    INTERRUPTS = "interrupts"
    SUSPENDS = "suspends"


@dataclass(frozen=True, slots=True)
class Law:
    """
    The text in force from a day. Days are calendar days.

    ``notice_rest_days``: how long after the family's observations the term runs again.
    """

    valid_from: date
    default_term_days: int
    integration_days_at_most: int
    notice_days: int
    notice_effect: NoticeEffect
    notice_rest_days: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday: a day of the year, a day counted from Easter, or a single date."""

    name: str
    month_day: tuple[int, int] | None = None
    after_easter: int | None = None
    only: date | None = None
    valid_from: date = date.min

    def falls_on(self, day: date) -> bool:
        """Tell whether ``day`` is this holiday."""
        if day < self.valid_from:
            return False
        if self.only is not None:
            return day == self.only
        if self.after_easter is not None:
            return day == easter_of(day.year) + timedelta(days=self.after_easter)
        return (day.month, day.day) == self.month_day


@dataclass(frozen=True, slots=True)
class Laws:
    """All texts, from the oldest, and the national holidays."""

    texts: tuple[Law, ...]
    holidays: tuple[Holiday, ...]

    def on(self, day: date) -> Law:
        """
        Return the text in force on ``day``.

        :raises LookupError: no text is that old
        """
        found = [law for law in self.texts if law.valid_from <= day]
        if not found:
            raise LookupError(f"laws.toml has no text in force on {day}: the oldest is from {self.texts[0].valid_from}")
        return found[-1]

    def is_holiday(self, day: date) -> bool:
        """Tell whether ``day`` is a Sunday or a national holiday. Saturday is a working day (art. 2963 c.c.)."""
        return day.weekday() == SUNDAY or any(holiday.falls_on(day) for holiday in self.holidays)

    def family_due_on(self, from_day: date, days: int) -> date:
        """
        Return a family's last day: ``from_day`` does not count, a holiday moves it to the next working day.

        Source: art. 2963 c.c.
        """
        day = from_day + timedelta(days=days)
        while self.is_holiday(day):
            day += timedelta(days=1)
        return day


def easter_of(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def read_laws(data: Mapping[str, Any]) -> Laws:
    """
    Read the content of ``laws.toml``.

    :raises KeyError: a field is missing
    :raises ValueError: an effect that the law does not know
    """
    texts = tuple(
        Law(
            valid_from=row["from"],
            default_term_days=row["default_term_days"],
            integration_days_at_most=row["integration_days_at_most"],
            notice_days=row["notice_days"],
            notice_effect=NoticeEffect(row["notice_effect"]),
            notice_rest_days=row["notice_rest_days"],
            sources=tuple(row["sources"]),
        )
        for row in data["law"]
    )
    return Laws(tuple(sorted(texts, key=lambda law: law.valid_from)), tuple(map(_read_holiday, data["holiday"])))


def _read_holiday(row: Mapping[str, Any]) -> Holiday:
    month_day = None
    if "day" in row:
        month, _, day = row["day"].partition("-")
        month_day = (int(month), int(day))
    return Holiday(
        row["name"], month_day, row.get("after_easter"), row.get("only"), valid_from=row.get("from", date.min)
    )
