"""The file that a site sends: one row for each run of titles of a carnet spent on a day."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

HEADER = ("codice", "titoli", "servizio", "quantita", "data", "codice_fiscale_assistito")


@dataclass(frozen=True, slots=True)
class Spent:
    """Some consecutive titles from the one of ``code``, as a site writes them down."""

    code: str
    titles: int
    service: str
    quantity: int
    served_on: date
    cared_fiscal_code: str


def month_file(rows: Iterable[Spent]) -> bytes:
    """Return the CSV that a site's secretary would save from a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow(
            (row.code, row.titles, row.service, row.quantity, row.served_on.strftime("%d/%m/%Y"), row.cared_fiscal_code)
        )
    return out.getvalue().encode()
