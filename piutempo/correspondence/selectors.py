"""Reading letters, their templates, the outbox and what people write to us."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from piutempo.correspondence.kinds import get_kind
from piutempo.correspondence.models import Letter, LetterBatch, LetterTemplate, Message, OutboxMessage
from piutempo.people.models import Person


@dataclass(frozen=True, slots=True)
class Words:
    """A kind's words in force: version 0 is the one in the program."""

    version: int
    subject: str
    body: str


def get_current_words(kinds: Collection[str]) -> dict[str, Words]:
    """Return the words in force of some kinds. One query."""
    words = {code: Words(0, get_kind(code).subject, get_kind(code).body) for code in kinds}
    for row in LetterTemplate.objects.filter(kind__in=kinds).order_by("version"):
        words[row.kind] = Words(row.version, row.subject, row.body)
    return words


def list_templates(kind: str) -> QuerySet[LetterTemplate]:
    """Return the versions that the office wrote of a kind, the newest first."""
    return LetterTemplate.objects.filter(kind=kind).select_related("created_by").order_by("-version")


def list_letters(*, subject: str, subject_id: int) -> QuerySet[Letter]:
    """Return the letters about one thing, the newest first, with number and document (without its bytes)."""
    return _light(Letter.objects.filter(subject=subject, subject_id=subject_id))


def list_departures(
    *, kinds: Collection[str], subject: str, subject_ids: Collection[int]
) -> dict[tuple[int, str], datetime | None]:
    """Return when the letters of some kinds about some things left, by (subject id, key); None: not yet. One query."""
    rows = Letter.objects.filter(kind__in=kinds, subject=subject, subject_id__in=subject_ids).order_by()
    return {(pk, key): sent_at for pk, key, sent_at in rows.values_list("subject_id", "key", "sent_at")}


def list_letters_of(person: Person) -> QuerySet[Letter]:
    """Return the letters to one person, the newest first; those not yet signed have not left and are not there."""
    return _light(Letter.objects.filter(person=person).exclude(state="to_sign"))


def get_letter_of(*, person: Person, letter_id: int) -> Letter:
    """
    Return a letter to this person, already signed if it must be.

    :raises Letter.DoesNotExist: it does not exist, is not theirs or is not signed yet (views answer 404)
    """
    return list_letters_of(person).get(pk=letter_id)


def _light(rows: QuerySet[Letter]) -> QuerySet[Letter]:
    heavy = ("document__data", "document__sealed", "document__content", "document__sealed_content")
    return rows.select_related("document", "entry", "signature").defer(*heavy).order_by("-id")


def list_office_letters(programme_ids: Collection[int] | None) -> QuerySet[Letter]:
    """Return every letter an office of some programmes may see (None: of all), the newest first."""
    rows = _light(Letter.objects.all()).select_related("outbox")
    return rows if programme_ids is None else rows.filter(_of(programme_ids))


def list_batches(programme_ids: Collection[int] | None) -> QuerySet[LetterBatch]:
    """Return the batches that an office of some programmes may see (None: of all), the newest first."""
    rows = LetterBatch.objects.select_related("created_by").order_by("-id")
    return rows if programme_ids is None else rows.filter(_of(programme_ids))


def _of(programme_ids: Collection[int]) -> Q:
    """Letters of no programme in particular, such as an answer to a message, are the whole body's."""
    return Q(programme_id__in=programme_ids)


def list_messages() -> QuerySet[Message]:
    """Return what people wrote, the newest first."""
    return Message.objects.select_related("entry", "person", "answered_by").order_by("-id")


def count_waiting(programme_ids: Collection[int] | None) -> dict[str, int]:
    """Return how many letters wait for the office, by state: to sign, not delivered, to print. One query."""
    rows = Letter.objects.filter(state__in=["to_sign", "failed", "paper"])
    if programme_ids is not None:
        rows = rows.filter(_of(programme_ids))
    found = dict(rows.values_list("state").annotate(n=Count("pk")).order_by("state"))
    return {state: found.get(state, 0) for state in ("to_sign", "failed", "paper")}


def list_failed_notices() -> QuerySet[OutboxMessage]:
    """Return the plain notices that were not delivered, the newest first."""
    return OutboxMessage.objects.filter(state="failed", letter=None).order_by("-id")


def count_states(batch: LetterBatch) -> dict[str, int]:
    """Return how many letters of a batch are in each state. One query."""
    return dict(Letter.objects.filter(batch=batch).values_list("state").annotate(n=Count("pk")).order_by("state"))
