"""A provider's file of spent titles, once read into cells: columns, values, errors per row. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from piutempo.kernel.codes import ForeignCode, WrongCode, read_title_code
from piutempo.kernel.money import parse_euro

#: Column in the file -> what it is. The first four are needed.
COLUMNS = {
    "codice": "code",
    "servizio": "service",
    "quantita": "quantity",
    "data": "served_on",
    "titoli": "titles",
    "importo": "amount",
    "codice_fiscale_assistito": "cared_fiscal_code",
    "codice_fiscale_titolare": "holder_fiscal_code",
}
NEEDED = ("codice", "servizio", "quantita", "data")
MAX_ROWS = 200_000
_ITALIAN_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


class FileError(StrEnum):
    """Why a file cannot be read at all. Stable codes."""

    TOO_BIG = "TOO_BIG"
    EMPTY = "EMPTY"
    WRONG_ENCODING = "WRONG_ENCODING"
    NOT_A_TABLE = "NOT_A_TABLE"
    COLUMNS_MISSING = "COLUMNS_MISSING"
    TOO_MANY_ROWS = "TOO_MANY_ROWS"
    BROKEN_WORKBOOK = "BROKEN_WORKBOOK"


class RowError(StrEnum):
    """Why a row cannot be read; reasons to refuse a row that can be read are ``redemption.Refusal``."""

    CODE_EMPTY = "CODE_EMPTY"
    SERVICE_EMPTY = "SERVICE_EMPTY"
    QUANTITY_UNREADABLE = "QUANTITY_UNREADABLE"
    DATE_UNREADABLE = "DATE_UNREADABLE"
    TITLES_UNREADABLE = "TITLES_UNREADABLE"
    AMOUNT_UNREADABLE = "AMOUNT_UNREADABLE"
    REPEATED_IN_FILE = "REPEATED_IN_FILE"


@dataclass(frozen=True, slots=True)
class FileRow:
    """
    One row: ``titles`` consecutive titles from the one of ``code`` (1: only it), or ``amount_cents`` of a balance
    voucher.

    ``line`` counts from 1 with the header as the first line.
    """

    line: int
    voucher_code: int
    first_title: int
    titles: int
    amount_cents: int
    service: str
    quantity: int
    served_on: date
    cared_fiscal_code: str = ""
    holder_fiscal_code: str = ""

    @property
    def mask(self) -> int:
        """The titles as bits; 0 for an amount."""
        return 0 if self.amount_cents else ((1 << self.titles) - 1) << (self.first_title - 1)

    def to_json(self) -> dict[str, Any]:
        """Return the row as stored with the file."""
        return {**asdict(self), "served_on": self.served_on.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FileRow:
        """Read a stored row."""
        fields = {name: data[name] for name in cls.__slots__}
        return cls(**{**fields, "served_on": date.fromisoformat(data["served_on"])})


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row that cannot be read: what was wrong, and the value that was there."""

    line: int
    error: str
    value: str


def column_names(header: Sequence[str]) -> dict[int, str]:
    """Return the place of each column we know: names without case, accents, blanks."""
    plain = (h.strip().lower().replace("à", "a").replace(" ", "_") for h in header)
    return {i: COLUMNS[name] for i, name in enumerate(plain) if name in COLUMNS}


def missing_columns(header: Sequence[str]) -> list[str]:
    """Return the needed columns that the header lacks."""
    found = set(column_names(header).values())
    return [name for name in NEEDED if COLUMNS[name] not in found]


def read_row(cells: Mapping[str, str], line: int, key: str) -> FileRow | UnreadRow:
    """Return a row's values, or the first thing that cannot be read. ``key`` signs title codes."""
    code = cells.get("code", "").strip()
    if not code:
        return UnreadRow(line, RowError.CODE_EMPTY, "")
    try:
        title = read_title_code(code, key)
    except ForeignCode:
        return UnreadRow(line, "CODE_NOT_OURS", code)
    except WrongCode:
        return UnreadRow(line, "CODE_MISTYPED", code)
    service = cells.get("service", "").strip()
    if not service:
        return UnreadRow(line, RowError.SERVICE_EMPTY, "")
    numbers = {}
    for name, error in (("quantity", RowError.QUANTITY_UNREADABLE), ("titles", RowError.TITLES_UNREADABLE)):
        text = cells.get(name, "").strip() or "1"
        if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= 32_767:
            return UnreadRow(line, error, text)
        numbers[name] = int(text)
    if title.index + numbers["titles"] - 1 > 62:
        return UnreadRow(line, RowError.TITLES_UNREADABLE, str(numbers["titles"]))
    served_on = read_day(cells.get("served_on", ""))
    if served_on is None:
        return UnreadRow(line, RowError.DATE_UNREADABLE, cells.get("served_on", ""))
    amount_cents = 0
    if amount := cells.get("amount", "").strip():
        try:
            amount_cents = parse_euro(amount)
        except ValueError:
            return UnreadRow(line, RowError.AMOUNT_UNREADABLE, amount)
        if not 0 < amount_cents < 2**31:
            return UnreadRow(line, RowError.AMOUNT_UNREADABLE, amount)
    return FileRow(
        line,
        title.voucher_code,
        title.index,
        numbers["titles"],
        amount_cents,
        service,
        numbers["quantity"],
        served_on,
        "".join(cells.get("cared_fiscal_code", "").split()).upper(),
        "".join(cells.get("holder_fiscal_code", "").split()).upper(),
    )


def read_day(text: str) -> date | None:
    """Read ``31/12/2026`` or ``2026-12-31`` (also with a time after it, as workbooks write); None for anything else."""
    text = text.strip()
    try:
        if found := _ITALIAN_DAY.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def hash_rows(rows: Sequence[FileRow], unread: Sequence[UnreadRow]) -> str:
    """
    Return the SHA-256 of what a file says: order of columns, separators and encoding do not matter, order of rows
    does not.
    """
    said = sorted(
        (
            r.voucher_code,
            r.first_title,
            r.titles,
            r.amount_cents,
            r.service,
            r.quantity,
            r.served_on.isoformat(),
            r.cared_fiscal_code,
            r.holder_fiscal_code,
        )
        for r in rows
    )
    wrong = sorted((u.error, u.value) for u in unread)
    return hashlib.sha256(json.dumps([said, wrong]).encode()).hexdigest()


def repeated_rows(rows: Sequence[FileRow]) -> set[int]:
    """Return the lines that ask again for a title that an earlier line of the file asked for."""
    asked: dict[int, int] = {}
    repeated = set()
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        if row.amount_cents:
            same = (row.voucher_code, row.amount_cents, row.service, row.quantity, row.served_on, row.cared_fiscal_code)
            if same in seen:
                repeated.add(row.line)
            seen.add(same)
            continue
        before = asked.get(row.voucher_code, 0)
        if before & row.mask:
            repeated.add(row.line)
        else:
            asked[row.voucher_code] = before | row.mask
    return repeated
