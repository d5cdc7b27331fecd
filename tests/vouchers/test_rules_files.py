"""Reading rows: pure."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.kernel.codes import title_code
from piutempo.vouchers.rules.file_rows import (
    FileRow,
    RowError,
    UnreadRow,
    hash_rows,
    missing_columns,
    read_day,
    read_row,
    repeated_rows,
)
from piutempo.vouchers.rules.masks import full_mask, mask_of, range_mask, runs_in, titles_in

CODE = title_code(123_456, 3, "k")
CELLS = {"code": CODE, "service": "nido", "quantity": "2", "served_on": "14/03/2011"}


def test_a_row_is_read() -> None:
    assert read_row(CELLS, 2, "k") == FileRow(2, 123_456, 3, 1, 0, "nido", 2, date(2011, 3, 14))


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("code", "", RowError.CODE_EMPTY),
        ("code", "ABC", "CODE_MISTYPED"),
        ("code", title_code(123_456, 3, "other key"), "CODE_NOT_OURS"),
        ("service", " ", RowError.SERVICE_EMPTY),
        ("quantity", "due", RowError.QUANTITY_UNREADABLE),
        ("quantity", "0", RowError.QUANTITY_UNREADABLE),
        ("quantity", "²", RowError.QUANTITY_UNREADABLE),
        ("served_on", "2011", RowError.DATE_UNREADABLE),
        ("served_on", "31/02/2011", RowError.DATE_UNREADABLE),
        ("titles", "61", RowError.TITLES_UNREADABLE),
        ("amount", "10,005", RowError.AMOUNT_UNREADABLE),
        ("amount", "10.5", RowError.AMOUNT_UNREADABLE),
        ("amount", "0", RowError.AMOUNT_UNREADABLE),
    ],
)
def test_what_cannot_be_read_is_named(name: str, value: str, error: str) -> None:
    assert read_row({**CELLS, name: value}, 7, "k") == UnreadRow(7, error, value.strip())


@pytest.mark.parametrize("text", ["14/03/2011", "14-3-2011", "14.03.2011", "2011-03-14", "2011-03-14 00:00:00"])
def test_days_are_read_as_people_and_workbooks_write_them(text: str) -> None:
    assert read_day(text) == date(2011, 3, 14)


def test_headers_are_read_without_case_accents_or_blanks() -> None:
    assert missing_columns(["Codice", " SERVIZIO", "Quantità", "data", "altro"]) == []
    assert missing_columns(["codice", "data"]) == ["servizio", "quantita"]


def test_a_title_asked_twice_is_found() -> None:
    rows = [FileRow(n, 1, first, 3, 0, "s", 1, date(2011, 3, 1)) for n, first in ((2, 1), (3, 3), (4, 4))]
    assert repeated_rows(rows) == {3}


def test_the_hash_does_not_depend_on_the_order_of_rows() -> None:
    rows = [FileRow(n, 1, n, 1, 0, "s", 1, date(2011, 3, 1)) for n in (2, 3)]
    assert hash_rows(rows, []) == hash_rows(rows[::-1], [])
    assert hash_rows(rows, []) != hash_rows(rows[:1], [])


def test_a_row_survives_being_stored() -> None:
    row = FileRow(2, 1, 2, 3, 0, "s", 1, date(2011, 3, 1), "A", "B")
    assert FileRow.from_json(row.to_json()) == row


@given(st.sets(st.integers(1, 62)))
def test_masks_and_titles_are_one(titles: set[int]) -> None:
    mask = mask_of(titles)
    assert titles_in(mask) == sorted(titles)
    assert sum(range_mask(first, last) for first, last in runs_in(mask)) == mask
    assert mask & full_mask(62) == mask
