"""Recording what happened and freezing documents."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from piutempo.records.models import Document, Event


def record_event(
    *,
    name: str,
    subject: str,
    subject_id: int,
    at: datetime,
    by_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> Event:
    """Record one fact: ``context.past_participle`` about ``context.model``. ``data`` holds codes and amounts only."""
    return Event.objects.create(
        name=name, subject=subject, subject_id=subject_id, actor_id=by_id, happened_at=at, data=data or {}
    )


def record_events(events: Iterable[Event]) -> None:
    """Record many facts at once (rows not yet saved)."""
    Event.objects.bulk_create(events, batch_size=2_000)


def canonical_json(data: Any) -> str:
    """Return the canonical JSON of ``data``: sorted keys, no blanks, UTF-8."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_json(data: Any) -> str:
    """Return the SHA-256 of the canonical JSON (sorted keys, no blanks, UTF-8) of ``data``."""
    return hashlib.sha256(canonical_json(data).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class DocumentInput:
    """A document to freeze; ``is_sealed`` when it holds personal data, which the database then holds encrypted."""

    kind: str
    template: str
    subject: str
    subject_id: int
    title: str
    data: dict[str, Any]
    at: datetime
    by_id: int | None = None
    is_sealed: bool = False


def _frozen(item: DocumentInput) -> Document:
    text = canonical_json(item.data)
    document = Document(
        kind=item.kind,
        template=item.template,
        subject=item.subject,
        subject_id=item.subject_id,
        title=item.title,
        data={} if item.is_sealed else item.data,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        created_at=item.at,
        created_by_id=item.by_id,
    )
    if item.is_sealed:
        document.sealed = text
    return document


@transaction.atomic
def freeze_document(
    *,
    kind: str,
    template: str,
    subject: str,
    subject_id: int,
    title: str,
    data: dict[str, Any],
    at: datetime,
    by_id: int | None = None,
    is_sealed: bool = False,
) -> Document:
    """
    Return the document of this kind and subject, frozen now if there was none; what it says never changes again.

    ``is_sealed``: it holds personal data, so its words and its PDF are encrypted. Read them with ``Document.read()``.
    """
    kept = {"kind": kind, "subject": subject, "subject_id": subject_id}
    if document := Document.objects.filter(**kept).first():
        return document
    item = DocumentInput(
        template=template,
        title=title,
        data=data,
        at=at,
        by_id=by_id,
        is_sealed=is_sealed,
        **kept,  # type: ignore[arg-type]
    )
    Document.objects.bulk_create([_frozen(item)], ignore_conflicts=True)
    return Document.objects.get(**kept)


def freeze_documents(items: Sequence[DocumentInput]) -> list[Document]:
    """Freeze many new documents at once, in the given order. None of them may exist: the database refuses the lot."""
    return Document.objects.bulk_create([_frozen(item) for item in items], batch_size=500)
