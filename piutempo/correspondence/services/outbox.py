"""The one outbox: everything that leaves is a row here first."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from piutempo.correspondence.models import Channel, Letter, LetterState, OutboxMessage

LETTER = "correspondence.letter"


def queue_letters(letters: Sequence[Letter], *, at: datetime | None = None) -> None:
    """
    Queue letters that leave by e-mail or through SEND (the others are printed). A letter queued twice leaves once.

    ``at``: from when (none: from the letter's own instant).
    """
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                channel=letter.channel,
                letter=letter,
                subject=LETTER,
                subject_id=letter.pk,
                to_address=_address_of(letter),
                title=letter.title,
                created_at=at or letter.created_at,
                due_at=at or letter.created_at,
            )
            for letter in letters
            if letter.channel != Channel.PAPER
        ],
        batch_size=500,
        ignore_conflicts=True,
    )


def _address_of(letter: Letter) -> str:
    if letter.channel == Channel.EMAIL:
        return letter.to_email
    return letter.person.fiscal_code if letter.person else ""


def release(letters: Iterable[Letter], *, at: datetime) -> None:
    """Let letters go: into the outbox, or to the printer."""
    queued: list[Letter] = []
    printed: list[Letter] = []
    for letter in letters:
        (printed if letter.channel == Channel.PAPER else queued).append(letter)
    queue_letters(queued, at=at)
    for rows, state in ((queued, LetterState.QUEUED), (printed, LetterState.PAPER)):
        Letter.objects.filter(pk__in=[letter.pk for letter in rows]).update(state=state)
        for letter in rows:
            letter.state = state


def notify(
    *, to_email: str, title: str, text: str, subject: str, subject_id: int, key: str, at: datetime
) -> OutboxMessage | None:
    """
    Queue a plain e-mail, once per subject, id and key; nothing without an address.

    For what has no legal weight (a reminder of an appointment, "there is news"): it is not registered.
    """
    if not to_email:
        return None
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                channel=Channel.EMAIL,
                subject=subject,
                subject_id=subject_id,
                key=key,
                to_address=to_email,
                title=title[:200],
                text=text,
                created_at=at,
                due_at=at,
            )
        ],
        ignore_conflicts=True,
    )
    return OutboxMessage.objects.get(subject=subject, subject_id=subject_id, key=key)
