"""Events and documents: append-only and frozen by the database."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction

from piutempo.records.models import Document, Event
from piutempo.records.services import freeze_document, hash_json, record_event

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def freeze(**data):
    return freeze_document(
        kind="carnet", template="x.typ", subject="vouchers.voucher", subject_id=1, title="Carnet", data=data, at=AT
    )


def test_events_cannot_be_edited():
    event = record_event(name="a.happened", subject="a.thing", subject_id=1, at=AT)
    assert event.recorded_at is not None or Event.objects.get().recorded_at
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Event.objects.update(name="b.happened")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Event.objects.all()._raw_delete("default")


def test_a_document_says_the_same_for_ever():
    first = freeze(holder="A")
    assert freeze(holder="B").pk == first.pk
    assert Document.objects.get().data == {"holder": "A"}
    assert first.sha256 == hash_json({"holder": "A"})
    with pytest.raises(DatabaseError, match=r"frozen|append-only"), transaction.atomic():
        Document.objects.update(data={})


def test_a_documents_pdf_is_stored_once():
    freeze(holder="A")
    Document.objects.update(content=b"%PDF", content_sha256="x")
    with pytest.raises(DatabaseError, match=r"frozen|append-only"), transaction.atomic():
        Document.objects.update(content=b"other")
