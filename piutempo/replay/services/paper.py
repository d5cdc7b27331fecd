"""The CSV that a site saves from its spreadsheet: one row for each run of titles of a carnet spent on a day."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from django.conf import settings

from piutempo.kernel.codes import title_code
from piutempo.vouchers.rules.file_rows import FileRow

HEADER = ("codice", "titoli", "servizio", "quantita", "data", "codice_fiscale_assistito")


def month_file(rows: Iterable[FileRow]) -> bytes:
    """Return the rows as a CSV, with the code printed on the first title of each run."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEADER)
    for row in rows:
        code = title_code(row.voucher_code, row.first_title, settings.CODE_KEY)
        day = row.served_on.strftime("%d/%m/%Y")
        writer.writerow((code, row.titles, row.service, row.quantity, day, row.cared_fiscal_code))
    return out.getvalue().encode()
