"""Batches of letters: in chunks, killed and gone on with, signed in the middle."""

import threading

import pytest
from django.db import connection

from piutempo.correspondence.models import LetterBatch, LetterState, OutboxMessage
from piutempo.correspondence.rules import Refusal
from piutempo.correspondence.services import LetterRefused, record_signatures, run_batch, run_batches, start_batch
from piutempo.correspondence.services import batches as module
from piutempo.records.models import Document
from tests.correspondence.factories import AT, DECISION, REQUEST, make_input, make_person, make_user, send

pytestmark = pytest.mark.django_db


def start(count: int, kind: str = REQUEST.code) -> LetterBatch:
    items = [make_input(make_person(n, email="" if n == 0 else f"m{n}@example.org"), n, kind) for n in range(count)]
    return start_batch(title="Richieste", kind=kind, items=items, at=AT, by=make_user())


def states(batch: LetterBatch) -> list[str]:
    return sorted(batch.letters.values_list("state", flat=True))


def test_letters_are_numbered_at_once_typeset_and_queued_in_chunks(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    batch = start(5)
    assert batch.total == 5
    assert not OutboxMessage.objects.exists()
    assert not Document.objects.filter(sealed_content__isnull=False).exists()
    told = []
    assert run_batch(batch=batch, at=AT, progress=told.append) == 5
    assert told == [2, 2, 1]
    assert states(batch) == [LetterState.PAPER] + [LetterState.QUEUED] * 4
    assert OutboxMessage.objects.count() == 4
    assert Document.objects.filter(sealed_content__isnull=False).count() == 5
    batch.refresh_from_db()
    assert batch.finished_at == AT
    assert run_batch(batch=batch, at=AT) == 0


def test_killed_it_goes_on_from_the_last_chunk(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    batch, typeset, calls = start(5), module.typeset_document, []

    def dies(document):
        calls.append(document.pk)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return typeset(document)

    monkeypatch.setattr(module, "typeset_document", dies)
    with pytest.raises(KeyboardInterrupt):
        run_batches(at=AT)
    batch.refresh_from_db()
    assert batch.done == 2
    monkeypatch.setattr(module, "typeset_document", typeset)
    assert run_batches(at=AT) == 3
    assert OutboxMessage.objects.count() == 4


def test_letters_sent_before_are_not_sent_again():
    send(make_person(50), 0)
    batch = start(3)
    assert batch.total == 2
    assert start_batch(title="x", kind=REQUEST.code, items=[], at=AT, by=None).finished_at == AT


def test_a_batch_to_sign_leaves_once_signed_before_or_after_it_is_typeset(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    batch, user = start(4, DECISION.code), make_user("case_officer")
    first, second, third, fourth = batch.letters.order_by("pk")
    run_batch(batch=batch, at=AT, limit=2)
    record_signatures(letters=[second, third], at=AT, by=user, by_hand=True)
    assert OutboxMessage.objects.count() == 1
    run_batch(batch=batch, at=AT)
    assert OutboxMessage.objects.count() == 2
    record_signatures(letters=[first, fourth], at=AT, by=user, by_hand=True, signer="Anna Verdi")
    assert OutboxMessage.objects.count() == 3
    assert states(batch) == [LetterState.PAPER] + [LetterState.QUEUED] * 3
    with pytest.raises(LetterRefused) as refused:
        record_signatures(letters=[first], at=AT, by=user, by_hand=True)
    assert refused.value.code == Refusal.ALREADY_SIGNED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_share_a_batch(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 3)
    batch, done = start(20), []

    def work():
        try:
            done.append(run_batch(batch=batch, at=AT))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batch.refresh_from_db()
    assert (sum(done), batch.done, batch.finished_at) == (20, 20, AT)
    assert OutboxMessage.objects.count() == 19
