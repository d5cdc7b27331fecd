"""Reading an uploaded CSV or workbook into rows of text, without trusting it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from openpyxl import load_workbook

from piutempo.vouchers.rules.file_rows import (
    MAX_ROWS,
    FileError,
    FileRow,
    UnreadRow,
    column_names,
    missing_columns,
    read_row,
)

#: A workbook is a zip: what it may grow to.
_UNPACKED_AT_MOST = 20
#: Cells of a row beyond these are not read: a sheet may declare sixteen thousand for each row.
_COLUMNS_AT_MOST = 60


class FileRefused(Exception):
    """The file cannot be read at all; nothing was stored. ``code`` is stable; ``details`` fill the sentence."""

    def __init__(self, code: FileError, **details: Any) -> None:
        super().__init__(code.value)
        self.code = code
        self.details = details


def read_file(name: str, content: bytes) -> tuple[list[FileRow], list[UnreadRow]]:
    """
    Return the rows of a CSV (``;`` or ``,``; UTF-8 with or without mark, or Windows-1252) or XLSX file.

    :raises FileRefused: TOO_BIG, EMPTY, WRONG_ENCODING, NOT_A_TABLE, COLUMNS_MISSING, TOO_MANY_ROWS, BROKEN_WORKBOOK
    """
    if len(content) > settings.UPLOAD_MAX_BYTES:
        raise FileRefused(FileError.TOO_BIG, megabytes=settings.UPLOAD_MAX_BYTES // 1024**2)
    if not content.strip():
        raise FileRefused(FileError.EMPTY)
    is_workbook = content.startswith(b"PK\x03\x04")
    lines = _workbook_lines(content) if is_workbook else _csv_lines(_decode(content))
    header = next(lines, [])
    if missing := missing_columns(header):
        if len(header) < 2:
            raise FileRefused(FileError.NOT_A_TABLE)
        raise FileRefused(FileError.COLUMNS_MISSING, columns=missing)
    places = column_names(header)
    rows: list[FileRow] = []
    unread: list[UnreadRow] = []
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if number > MAX_ROWS + 1:
            raise FileRefused(FileError.TOO_MANY_ROWS, rows=MAX_ROWS)
        row = read_row({places[i]: cell for i, cell in enumerate(cells) if i in places}, number, settings.CODE_KEY)
        if isinstance(row, FileRow):
            rows.append(row)
        else:
            unread.append(row)
    if not rows and not unread:
        raise FileRefused(FileError.EMPTY)
    return rows, unread


def _decode(content: bytes) -> str:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in content:
        raise FileRefused(FileError.WRONG_ENCODING)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        raise FileRefused(FileError.WRONG_ENCODING) from None


def _csv_lines(text: str) -> Iterator[list[str]]:
    first = text.split("\n", 1)[0]
    separator = ";" if first.count(";") >= first.count(",") else ","
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error:
        raise FileRefused(FileError.NOT_A_TABLE) from None


def _workbook_lines(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > _UNPACKED_AT_MOST * settings.UPLOAD_MAX_BYTES:
                raise FileRefused(FileError.TOO_BIG, megabytes=settings.UPLOAD_MAX_BYTES // 1024**2)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for cells in book.worksheets[0].iter_rows(max_col=_COLUMNS_AT_MOST, values_only=True):
            yield ["" if cell is None else _text(cell) for cell in cells]
    except FileRefused:
        raise
    except Exception as wrong:  # somebody else's file in somebody else's parser: whatever it raises, it is broken
        raise FileRefused(FileError.BROKEN_WORKBOOK) from wrong


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.2f}".replace(".", ",").removesuffix(",00")
    return str(cell)
