"""The file that a site sends: one row for each title spent in the month."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date

Row = tuple[list[str], str, int, int | None, date]


def month_file(rows: Iterable[Row]) -> bytes:
    """Return a CSV of (codes, service, quantity, member, day of service)."""
    return repr(list(rows)).encode()
