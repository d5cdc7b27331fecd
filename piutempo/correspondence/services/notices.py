"""One notice to many persons."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from piutempo.correspondence.letters import NOTICE
from piutempo.correspondence.models import LetterBatch
from piutempo.correspondence.rules import Refusal, faults_in
from piutempo.correspondence.services.batches import start_batch
from piutempo.correspondence.services.letters import LetterInput
from piutempo.correspondence.services.refused import LetterRefused
from piutempo.people.models import Person, User

_CHUNK = 400


def check_notice(title: str, text: str, next_step: str) -> None:
    """
    Refuse words that cannot be printed.

    :raises LetterRefused: no words, or braces in them (the name and the contacts are already there)
    """
    if not all(part.strip() for part in (title, text, next_step)):
        raise LetterRefused(Refusal.EMPTY_TEXT)
    if faults := faults_in(f"{title}\n{text}\n{next_step}", ()):
        raise LetterRefused(faults[0].code, faults)


@transaction.atomic
def write_to_many(
    *,
    person_ids: Sequence[int],
    title: str,
    text: str,
    next_step: str,
    programme_id: int | None,
    key: str,
    at: datetime,
    by: User,
) -> LetterBatch:
    """
    Write one notice to many persons: a batch of letters, each with its number. The same ``key`` makes one batch.

    :raises LetterRefused: see ``check_notice``; or nobody to write to
    """
    check_notice(title, text, next_step)
    people: list[Person] = []
    ordered = sorted(set(person_ids))
    for start in range(0, len(ordered), _CHUNK):
        people += Person.objects.filter(pk__in=ordered[start : start + _CHUNK]).order_by("pk")
    if not people:
        raise LetterRefused(Refusal.NOBODY)
    title = " ".join(title.split())
    items = [
        LetterInput(
            kind=NOTICE.code,
            person=person,
            fields={"oggetto": title, "testo": text.strip(), "prossimo_passo": next_step.strip()},
            subject="people.person",
            subject_id=person.pk,
            key=key,
            at=at,
            by=by,
            programme_id=programme_id,
        )
        for person in people
    ]
    return start_batch(title=title, kind=NOTICE.code, items=items, at=at, by=by, programme_id=programme_id, key=key)
