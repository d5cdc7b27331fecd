"""The protocol register: no gap, no doubled number, append-only; forwarded to the body's own."""

import threading
from datetime import UTC, datetime

import pytest
from defusedxml.ElementTree import parse
from django.db import DatabaseError, connection, transaction

from piutempo.records.models import Document, RegisterCounter, RegisterEntry
from piutempo.records.selectors import list_entries, list_register_of
from piutempo.records.services import (
    EntryInput,
    forward_entries,
    freeze_document,
    hash_json,
    register_entries,
    register_entry,
)

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def register(number: int = 1, at: datetime = AT, **fields) -> RegisterEntry:
    values = {"direction": "in", "title": "Domanda", "correspondent": "Maria Rossi", "sha256": "a" * 64, **fields}
    return register_entry(subject="applications.application", subject_id=number, at=at, **values)


@pytest.mark.django_db
def test_numbers_run_without_gaps_in_romes_year():
    assert str(register()) == "PIUTEMPO 2026/0000001"
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        register()
        raise ZeroDivisionError
    assert register().number == 2
    new_year_in_rome = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert str(register(at=new_year_in_rome)) == "PIUTEMPO 2027/0000001"


@pytest.mark.django_db
def test_many_at_once_keep_their_order_and_take_few_queries(django_assert_max_num_queries):
    """SQLite binds 999 values a statement, so a thousand rows are some twenty statements there, one on PostgreSQL."""
    items = [EntryInput("out", f"Lettera {n}", "", "a.b", n, "b" * 64, AT) for n in range(2_000)]
    items.insert(1_000, EntryInput("out", "Anno prima", "", "a.b", 0, "b" * 64, datetime(2025, 5, 1, tzinfo=UTC)))
    with django_assert_max_num_queries(45):
        entries = register_entries(items)
    assert [entry.title for entry in entries] == [item.title for item in items]
    assert [e.number for e in entries if e.year == 2026] == list(range(1, 2_001))
    assert entries[1_000].number == 1
    assert register().number == 2_001


@pytest.mark.django_db
def test_the_register_is_append_only():
    entry = register()
    for change in ({"title": "altro"}, {"number": 9}, {"sha256": "c" * 64}):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            RegisterEntry.objects.update(**change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        RegisterCounter.objects.update(last=0)
    RegisterEntry.objects.update(external_number="X1", external_at=AT)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        RegisterEntry.objects.update(external_number="X2")


@pytest.mark.django_db
def test_it_is_searched_by_number_words_and_day():
    register(7, title="Domanda di buono")
    register(8, title="Richiesta", correspondent="Luca Bianchi")
    assert [e.subject_id for e in list_entries(text="2026/0000001")] == [7]
    assert [e.subject_id for e in list_entries(text="bianchi")] == [8]
    assert list_entries(day=AT.date()).count() == 2
    assert not list_entries(day=datetime(2026, 3, 3, tzinfo=UTC).date()).exists()
    assert list_register_of(subject="applications.application", subject_id=7).count() == 1


@pytest.mark.django_db
def test_the_bodys_own_register_numbers_each_entry_once(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    register(title="Domanda <di> Rossi & figli")
    assert forward_entries(AT).forwarded == 0
    assert RegisterEntry.objects.get().external_number == ""
    settings.PROTOCOL_ADAPTER = "piutempo.records.adapters.FolderProtocol"
    assert forward_entries(AT).forwarded == 1
    assert forward_entries(AT).forwarded == 0
    assert RegisterEntry.objects.get().external_number == "ENTE-2026-0000001"
    tree = parse(tmp_path / "protocollo" / "PIUTEMPO-2026-0000001.xml")
    space = "{http://www.agid.gov.it/protocollo/}"
    assert tree.find(f".//{space}Oggetto").text == "Domanda <di> Rossi & figli"
    assert tree.find(f".//{space}Impronta").text == "a" * 64


class Closed:
    def register(self, entry, *, at):
        from piutempo.records.adapters import ProtocolUnreachable

        raise ProtocolUnreachable("chiuso")


@pytest.mark.django_db
def test_a_register_that_does_not_answer_loses_nothing(settings):
    register()
    settings.PROTOCOL_ADAPTER = f"{__name__}.Closed" if "." in __name__ else "tests.records.test_register.Closed"
    assert forward_entries(AT).fault == "chiuso"
    assert RegisterEntry.objects.filter(external_number="").count() == 1


@pytest.mark.django_db
def test_a_sealed_document_hides_its_words_in_the_database():
    document = freeze_document(
        kind="k", template="t", subject="a.b", subject_id=1, title="T", data={"nome": "Maria"}, at=AT, is_sealed=True
    )
    assert document.read() == {"nome": "Maria"}
    assert document.data == {}
    assert document.sha256 == hash_json({"nome": "Maria"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM records_document")
        assert "Maria" not in cursor.fetchone()[0]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Document.objects.update(sealed="{}")
    Document.objects.update(sealed_content=b"%PDF", content_sha256="x")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Document.objects.update(sealed_content=b"other")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_eight_at_once_get_eight_numbers_in_a_row():
    def work():
        try:
            for _ in range(5):
                with transaction.atomic():
                    register()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(RegisterEntry.objects.values_list("number", flat=True)) == list(range(1, 41))
