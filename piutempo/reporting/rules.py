"""
What a report is: figures and tables, each traceable to rows. Pure.

A report's ``data`` (what is frozen, hashed and exported) is ``Report.as_data()``. Labels are not frozen: they are
words of the
page, in the reader's language, kept in ``messages.py`` under the same codes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a report: ``since`` <= day < ``until``; ``since`` None means from the beginning."""

    since: date | None
    until: date


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One number in a period and from the beginning.

    ``unit`` is ``count``, ``cents`` or ``bp``. ``period`` is None where only the total makes sense.
    """

    code: str
    unit: str
    period: int | None
    total: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a stable key, its label as data (a name or a code), values in the order of the columns."""

    key: str
    label: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A breakdown. ``columns`` are codes with their unit, e.g. ``(("count", "count"), ("value", "cents"))``."""

    code: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A programme's figures of one period as of a day, with what they were computed from."""

    programme: str
    title: str
    kind: str
    period_from: date
    period_until: date
    as_of: date
    watermark: int
    versions: tuple[tuple[int, str], ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]

    def as_data(self) -> dict[str, Any]:
        """Return plain JSON values: dates as ISO text, tuples as lists."""
        data = asdict(self)
        for name in ("period_from", "period_until", "as_of"):
            data[name] = getattr(self, name).isoformat()
        data["versions"] = [list(version) for version in self.versions]
        data["figures"] = [asdict(figure) for figure in self.figures]
        data["tables"] = [
            {
                "code": table.code,
                "columns": [list(column) for column in table.columns],
                "rows": [{"key": row.key, "label": row.label, "values": list(row.values)} for row in table.rows],
            }
            for table in self.tables
        ]
        return data


def share_bp(part: int, whole: int) -> int:
    """Return ``part`` of ``whole`` in basis points, half up; 0 of nothing is 0."""
    return (part * 20_000 + whole) // (2 * whole) if whole else 0


def quarter_of(day: date) -> tuple[date, date]:
    """Return the first day of the quarter of ``day`` and of the next one."""
    first = 3 * ((day.month - 1) // 3) + 1
    start = date(day.year, first, 1)
    return start, date(day.year + first // 10, (first + 2) % 12 + 1, 1)
