"""Batches: thousands of letters frozen and numbered at once, then typeset and queued in chunks."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from piutempo.correspondence.models import Letter, LetterBatch, LetterState
from piutempo.correspondence.services.letters import LetterInput, send_letters
from piutempo.correspondence.services.outbox import release
from piutempo.correspondence.services.typesetting import keep_content, typeset_document
from piutempo.people.models import User

CHUNK = 50


@transaction.atomic
def start_batch(
    *,
    title: str,
    kind: str,
    items: Sequence[LetterInput],
    at: datetime,
    by: User | None,
    programme_id: int | None = None,
    key: str | None = None,
) -> LetterBatch:
    """
    Freeze and number many letters of one kind; ``run_batch`` then typesets and queues them.

    Letters that had been sent before (same kind, subject, id and key) stay as they are and are not of this batch.
    Started twice with one ``key``, it is one batch.
    """
    if key and (found := LetterBatch.objects.filter(key=key).first()):
        return found
    batch = LetterBatch.objects.create(
        key=key, kind=kind, title=title[:200], programme_id=programme_id, created_at=at, created_by=by
    )
    send_letters(items, batch=batch)
    batch.total = Letter.objects.filter(batch=batch).count()
    if not batch.total:
        batch.finished_at = at
    batch.save(update_fields=["total", "finished_at"])
    return batch


def run_batch(
    *, batch: LetterBatch, at: datetime, limit: int | None = None, progress: Callable[[int], None] | None = None
) -> int:
    """
    Typeset and queue a batch's letters from where it stopped; returns how many it did.

    One short transaction a chunk: killed at any point, it goes on from the last chunk; two at once share the chunks.
    """
    done = 0
    while limit is None or done < limit:
        seen = LetterBatch.objects.get(pk=batch.pk)
        if seen.finished_at:
            return done
        count = _run_chunk(seen, at)
        done += count
        if progress and count:
            progress(count)
    return done


def _run_chunk(seen: LetterBatch, at: datetime) -> int:
    """Typeset outside the transaction, which then is short; 0: somebody else did this chunk meanwhile."""
    rows = Letter.objects.filter(batch_id=seen.pk, pk__gt=seen.cursor).order_by("pk")
    documents = [letter.document for letter in rows.select_related("document").only("document")[:CHUNK]]
    contents = [typeset_document(document) for document in documents]
    with transaction.atomic():
        batch = LetterBatch.objects.select_for_update().get(pk=seen.pk)
        if batch.cursor != seen.cursor or batch.finished_at:
            return 0
        for document, content in zip(documents, contents, strict=True):
            keep_content(document, content)
        letters = list(rows.select_related("person")[:CHUNK])
        release([letter for letter in letters if letter.state == LetterState.QUEUED], at=at)
        if letters:
            batch.cursor = letters[-1].pk
            batch.done += len(letters)
        if not letters or batch.done >= batch.total:
            batch.finished_at = at
        batch.save(update_fields=["cursor", "done", "finished_at"])
    return len(letters)


def run_batches(*, at: datetime) -> int:
    """Go on with every unfinished batch; returns how many letters were done."""
    return sum(run_batch(batch=b, at=at) for b in LetterBatch.objects.filter(finished_at=None).order_by("pk"))
