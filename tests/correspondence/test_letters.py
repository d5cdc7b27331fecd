"""Letters: sent once, frozen, numbered, sealed; few statements for many."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from piutempo.correspondence.models import Letter, LetterState, OutboxMessage
from piutempo.correspondence.selectors import get_letter_of, list_letters, list_letters_of
from piutempo.correspondence.services import UnknownFields, notify, open_document, send_letter, send_letters
from piutempo.records.models import Document, RegisterEntry
from tests.correspondence.factories import AT, DECISION, FIELDS, LEGAL, REQUEST, make_input, make_person, send
from tests.correspondence.test_documents import assert_accessible, read

pytestmark = pytest.mark.django_db


def test_a_letter_is_sent_once_and_takes_one_number():
    person = make_person()
    first = send(person, key="1")
    assert send(person, key="1").pk == first.pk
    assert send(person, key="2").pk != first.pk
    assert [str(e) for e in RegisterEntry.objects.all()] == ["PIUTEMPO 2026/0000001", "PIUTEMPO 2026/0000002"]
    assert first.entry.sha256 == first.document.sha256
    assert first.title == "Documenti per la domanda 2026/7"
    assert OutboxMessage.objects.count() == 2


def test_the_words_are_sealed_and_frozen():
    letter = send(make_person())
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed, data FROM records_document")
        assert "busta paga" not in str(cursor.fetchone())
    assert letter.document.read()["protocol"] == "PIUTEMPO 2026/0000001"
    for change in ({"title": "x"}, {"to_name": "x"}, {"key": "x"}):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Letter.objects.update(**change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Letter.objects.all()._raw_delete("default")


def test_the_pdf_is_accessible_and_says_what_to_do_and_whom_to_call(settings):
    letter = send(make_person(given_name="#panic(1)"))
    reader, text = read(open_document(letter.document))
    assert_accessible(reader, letter.title)
    for said in ("#panic(1) Rossi", "PIUTEMPO 2026/0000001", "ISEE", "Che cosa fare ora", "2 marzo 2026"):
        assert said in text
    assert text.count(settings.CONTACT_PHONE) >= 2
    kept = Document.objects.get()
    assert kept.content is None
    assert open_document(kept) == open_document(letter.document)
    assert b"%PDF" in bytes(kept.sealed_content)


def test_where_a_letter_waits():
    nobody = make_person(2, email="")
    assert send(make_person()).get_state() == LetterState.QUEUED
    assert send(nobody, 2).get_state() == LetterState.PAPER
    assert send(make_person(3), 3, DECISION.code).get_state() == LetterState.TO_SIGN
    assert send(nobody, 4, is_history=True).get_state() == LetterState.SENT
    assert send(nobody, 5, LEGAL.code).get_state() == LetterState.PAPER
    assert OutboxMessage.objects.count() == 1


def test_who_has_no_email_is_notified_through_send_where_it_has_legal_weight(settings):
    settings.SEND_ADAPTER = "piutempo.correspondence.adapters.FolderNotifications"
    nobody = make_person(email="")
    assert send(nobody, 1, LEGAL.code).channel == "send"
    assert send(nobody, 2).channel == "paper"
    assert OutboxMessage.objects.get().to_address == nobody.fiscal_code


def test_fields_must_be_those_of_the_kind():
    with pytest.raises(UnknownFields, match="missing"):
        send(make_person(), fields={"numero": "1"})
    with pytest.raises(UnknownFields, match="altro"):
        send(make_person(2), fields={**FIELDS, "altro": "1"})
    assert not Letter.objects.exists()


def test_many_letters_take_few_statements(django_assert_max_num_queries):
    """SQLite binds 999 values a statement: rows are what grows, never statements by letter."""
    people = [make_person(n) for n in range(300)]
    items = [make_input(person, n) for n, person in enumerate(people)]
    with django_assert_max_num_queries(60):
        letters = send_letters(items)
    assert [letter.subject_id for letter in letters] == list(range(300))
    assert [letter.entry.number for letter in letters] == list(range(1, 301))
    assert [letter.document.title for letter in letters] == [letter.title for letter in letters]
    with django_assert_max_num_queries(6):
        again = send_letters(items)
    assert [letter.pk for letter in again] == [letter.pk for letter in letters]


def test_the_same_letter_twice_in_one_call_is_one():
    person = make_person()
    first, second = send_letters([make_input(person), make_input(person)])
    assert first.pk == second.pk
    assert RegisterEntry.objects.count() == 1


def test_a_letter_without_a_number():
    letter = send(make_person(), register=False)
    assert letter.entry is None
    assert letter.document.read()["protocol"] == ""


def test_a_citizen_reads_only_their_own_signed_letters():
    maria, luca = make_person(1), make_person(2)
    mine, unsigned = send(maria), send(maria, 2, DECISION.code)
    assert [x.pk for x in list_letters_of(maria)] == [mine.pk]
    assert get_letter_of(person=maria, letter_id=mine.pk) == mine
    for person, letter in ((luca, mine), (maria, unsigned)):
        with pytest.raises(Letter.DoesNotExist):
            get_letter_of(person=person, letter_id=letter.pk)
    assert [x.pk for x in list_letters(subject="tests.thing", subject_id=2)] == [unsigned.pk]


def test_a_notice_is_queued_once():
    for _ in range(2):
        notify(to_email="a@example.org", title="Domani", text="Alle 10", subject="a.b", subject_id=1, key="k", at=AT)
    assert OutboxMessage.objects.get().title == "Domani"
    assert notify(to_email="", title="x", text="x", subject="a.b", subject_id=2, key="k", at=AT) is None


def test_one_letter_by_its_own_arguments():
    letter = send_letter(
        kind=REQUEST.code,
        person=None,
        fields=FIELDS,
        subject="a.b",
        subject_id=1,
        at=AT,
        by=None,
        to_name="Ente Alfa",
        to_email="alfa@example.org",
        programme_id=3,
    )
    assert (letter.to_name, letter.to_email, letter.programme_id) == ("Ente Alfa", "alfa@example.org", 3)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_send_the_same_letter_at_once_send_one():
    person, letters = make_person(), []
    barrier = threading.Barrier(4)

    def work():
        try:
            barrier.wait()
            letters.append(send(person, key="1").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(letters)) == 1
    assert [entry.number for entry in RegisterEntry.objects.all()] == [1]
    assert OutboxMessage.objects.count() == 1
