"""Tables filter, sort, page and export with a constant number of queries."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pytest
from django.template import Context, Template
from django.test import RequestFactory

from piutempo.people.models import User
from piutempo.ui.tables import Column, Filter, Table

AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


def make(n: int) -> None:
    User.objects.bulk_create(
        User(username=f"u{i:03d}", full_name=f"Persona {i:03d}", password="!", is_active=i % 2 == 0, created_at=AT)
        for i in range(n)
    )


def accounts(query: str = "", **options: Any) -> Table:
    settings: dict[str, Any] = {
        "caption": "Account",
        "empty": "Nessun account: creane uno.",
        "columns": [
            Column("full_name", "Nome", url=lambda u: f"/amministrazione/{u.pk}/"),
            Column("username", "Utente"),
            Column("created_at", "Creato", kind="moment"),
            Column("is_active", "Stato", value=lambda u: "attivo" if u.is_active else "chiuso", order="is_active"),
            Column("shout", "Urlato", value=lambda u: u.username.upper()),
        ],
        "filters": [
            Filter("q", "Cerca", ["full_name__icontains", "username__icontains"]),
            Filter("active", "Stato", "is_active", choices=[("True", "attivo"), ("False", "chiuso")]),
            Filter("from", "Dal", "created_at__date__gte", kind="date"),
        ],
        "order": "username",
        **options,
    }
    return Table(RequestFactory().get(f"/account/{query}"), User.objects.all(), **settings)


def html_of(table: Table) -> str:
    return Template("{% render_table table %}").render(Context({"table": table}))


def names(table: Table) -> list[str]:
    return [row.cells[1].text for row in table.body]


@pytest.mark.django_db
def test_two_queries_whatever_the_number_of_rows(django_assert_num_queries: Callable[..., Any]):
    for n in (3, 60):
        User.objects.all().delete()
        make(n)
        with django_assert_num_queries(2):
            html_of(accounts("?q=persona"))


@pytest.mark.django_db
def test_filters_narrow_and_a_page_without_matches_says_how_to_go_on():
    make(6)
    assert names(accounts("?q=persona+004")) == ["u004"]
    assert names(accounts("?active=False")) == ["u001", "u003", "u005"]
    assert names(accounts("?from=2027-01-01")) == []
    html = html_of(accounts("?q=nessuno"))
    assert "cambiane uno oppure toglili" in html and 'href="?"' in html


@pytest.mark.django_db
def test_a_filter_that_cannot_be_read_is_told_and_hides_nothing():
    make(2)
    table = accounts("?from=ieri&active=forse")
    assert names(table) == ["u000", "u001"]
    assert "per esempio 31/12/2026" in html_of(table)


@pytest.mark.django_db
def test_an_empty_table_says_what_to_do():
    assert "Nessun account: creane uno." in html_of(accounts())


@pytest.mark.django_db
def test_headings_sort_both_ways_and_tell_it():
    make(3)
    assert names(accounts("?sort=-username")) == ["u002", "u001", "u000"]
    html = html_of(accounts("?sort=-username&q=persona"))
    assert 'aria-sort="descending"' in html
    assert 'href="?sort=username&amp;q=persona"' in html
    assert [h.url != "" for h in accounts().headers] == [True, True, True, True, False]


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["?sort=password", "?sort=--", "?sort=shout", "?page=x", "?page=999", "?export=exe"])
def test_a_crooked_address_is_harmless(query: str):
    make(2)
    table = accounts(query)
    assert table.export() is None
    assert names(table) == ["u000", "u001"]


@pytest.mark.django_db
def test_pages_keep_the_filters():
    make(60)
    table = accounts("?q=persona&page=2")
    assert names(table)[0] == "u025"
    assert table.next_url == "?q=persona&page=3" and table.previous_url == "?q=persona&page=1"
    assert 'aria-current="page"' in html_of(table)


@pytest.mark.django_db
def test_two_tables_on_one_page_do_not_disturb_each_other():
    make(60)
    table = accounts("?page=2&b-page=3", prefix="b")
    assert names(table)[0] == "u050"
    assert table.previous_url == "?page=2&b-page=2"
    assert 'name="b-q"' in html_of(table)


@pytest.mark.django_db
def test_csv_holds_all_filtered_rows_as_italian_spreadsheets_read_them():
    make(60)
    file = accounts("?active=True&export=csv").export()
    assert file and 'filename="account.csv"' in file["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["Nome", "Utente", "Creato", "Stato", "Urlato"]
    assert len(rows) == 31
    assert rows[1] == ["Persona 000", "u000", "14/03/2026 10:30", "attivo", "U000"]


def plain(query: str, rows: list[dict[str, Any]], columns: list[Column]) -> Table:
    return Table(RequestFactory().get(f"/{query}"), rows, columns=columns, caption="Spesa è", empty="Nulla.")


def test_files_keep_numbers_as_numbers_and_never_run_a_formula():
    rows = [{"what": "=1+1", "cents": 123450, "share": 5288, "until": date(2011, 11, 1)}]
    columns = [
        Column("what", "Cosa"),
        Column("cents", "Importo", kind="euro"),
        Column("share", "Quota", kind="bp"),
        Column("until", "Ultimo giorno", kind="last_day"),
    ]
    file = plain("?export=csv", rows, columns).export()
    assert file and file.content.decode("utf-8-sig").splitlines()[1] == "'=1+1;1234,50;52,88;31/10/2011"
    book = plain("?export=xlsx", rows, columns).export()
    assert book
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    values = [cell.value for cell in sheet[2]]
    assert values == ["'=1+1", 1234.5, 52.88, datetime(2011, 10, 31)]
    cells = next(plain("", rows, columns).body).cells
    assert [c.text for c in cells] == ["=1+1", "1.234,50\u00a0€", "52,88\u00a0%", "31/10/2011"]


def test_plain_rows_sort_with_missing_values():
    rows = [{"n": 2}, {"n": None}, {"n": 1}]
    table = plain("?sort=n", rows, [Column("n", "N", kind="count")])
    assert [r.cells[0].text for r in table.body] == ["1", "2", ""]


def test_cells_are_escaped_and_labelled_for_the_phone():
    html = html_of(plain("", [{"what": "<b>x</b>"}], [Column("what", "Cosa")]))
    assert "<b>x</b>" not in html and 'data-label="Cosa"' in html and "<caption>Spesa è</caption>" in html
