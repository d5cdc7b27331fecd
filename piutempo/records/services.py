"""Recording what happened and freezing documents."""

import hashlib
import json
from collections.abc import Iterable
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


def hash_json(data: Any) -> str:
    """Return the SHA-256 of the canonical JSON (sorted keys, no blanks, UTF-8) of ``data``."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


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
) -> Document:
    """Return the document of this kind and subject, frozen now if there was none; what it says never changes again."""
    document, _ = Document.objects.get_or_create(
        kind=kind,
        subject=subject,
        subject_id=subject_id,
        defaults={
            "template": template,
            "title": title,
            "data": data,
            "sha256": hash_json(data),
            "created_at": at,
            "created_by_id": by_id,
        },
    )
    return document
