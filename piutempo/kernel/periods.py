"""Months and periods: plain values, the end exclusive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month, such as ``Month(2011, 3)``."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 12:
            raise ValueError(f"no such month: {self.year}-{self.number}")

    @classmethod
    def of(cls, day: date) -> Month:
        """Return the month in which ``day`` falls."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """
        Read ``"2011-03"``.

        :raises ValueError: anything else
        """
        found = _MONTH.fullmatch(text)
        if not found:
            raise ValueError(f"a month is written as 2011-03, got {text!r}")
        return cls(int(found[1]), int(found[2]))

    @property
    def first(self) -> date:
        """The first day."""
        return date(self.year, self.number, 1)

    @property
    def end(self) -> date:
        """The first day of the next month (exclusive end)."""
        return (self + 1).first

    def __add__(self, months: int) -> Month:
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def __sub__(self, other: Month) -> int:
        return (self.year - other.year) * 12 + self.number - other.number

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """Days from ``start`` to ``end``, the end exclusive; ``None`` has no end."""

    start: date
    end: date | None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"a period must end after it starts: {self.start} – {self.end}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def overlaps(self, other: Period) -> bool:
        """Tell whether some day lies in both."""
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)


def months_touched(periods: Iterator[Period] | list[Period]) -> list[Month]:
    """Return, in order and once each, the calendar months in which at least one day of a closed period falls."""
    found: set[Month] = set()
    for period in periods:
        if period.end is None:
            raise ValueError(f"a period without end touches endless months: from {period.start}")
        month = Month.of(period.start)
        while month.first < period.end:
            found.add(month)
            month += 1
    return sorted(found)


def age_on(birth: date, day: date) -> int:
    """Return the completed years on ``day``; someone born on 29 February turns a year older on 1 March."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
