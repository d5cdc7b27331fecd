"""Papers of the replay: a site's CSV (a row for each run of titles spent on a day), the mandates' form."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from piutempo.applications.services.helping import MANDATE, mandate_data
from piutempo.correspondence.services import typeset
from piutempo.kernel.codes import title_code
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.records.models import StoredFile
from piutempo.records.services import store_file
from piutempo.vouchers.rules.file_rows import FileRow

HEADER = ("codice", "titoli", "servizio", "quantita", "data", "codice_fiscale_assistito")


def file_mandate(*, programme: Programme, at: datetime, by: User) -> StoredFile:
    """Store the one sheet that stands for every mandate signed in a replay; it says so itself."""
    note = "Modulo di una simulazione: sta al posto delle deleghe firmate su carta."
    data = mandate_data(person=None, desk=None, programme=programme, at=at, note=note)
    return store_file(name="delega-simulata.pdf", content=typeset(MANDATE, data, at=at), at=at, by_id=by.pk)


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
