"""What the office does with letters: signing, posting, trying again, another way out."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from piutempo.correspondence.adapters import get_adapter
from piutempo.correspondence.models import (
    Channel,
    Letter,
    LetterBatch,
    LetterState,
    OutboxMessage,
    OutboxState,
    Signature,
)
from piutempo.correspondence.rules import Refusal
from piutempo.correspondence.services.outbox import LETTER, release
from piutempo.correspondence.services.refused import LetterRefused
from piutempo.people.models import User
from piutempo.records.models import Event, StoredFile
from piutempo.records.services import record_events


def _lock(letters: Sequence[Letter]) -> list[Letter]:
    """Lock the letters, and before them their batches, so that none slips between a signature and a passing chunk."""
    ids = [letter.pk for letter in letters]
    batches = {letter.batch_id for letter in letters if letter.batch_id}
    list(LetterBatch.objects.select_for_update().filter(pk__in=batches).order_by("pk"))
    rows = Letter.objects.select_for_update(of=("self",)).select_related("person", "entry", "batch")
    return list(rows.filter(pk__in=ids).order_by("pk"))


def _record(name: str, letters: Sequence[Letter], at: datetime, by: User, **data: object) -> None:
    record_events(
        Event(
            name=f"correspondence.{name}",
            subject=LETTER,
            subject_id=letter.pk,
            actor_id=by.pk,
            happened_at=at,
            data=data,
        )
        for letter in letters
    )


def record_signature(
    *,
    letter: Letter,
    at: datetime,
    by: User,
    by_hand: bool,
    file: StoredFile | None = None,
    signer: str = "",
    signed_on: date | None = None,
) -> Signature:
    """
    Record who signed a letter, and let it go. A hand signature may come with the scan.

    ``signer`` and ``signed_on`` default to who records it and today.

    :raises LetterRefused: it needs no signature, has one, lacks the signed file, or was signed before it was written
    """
    return record_signatures(
        letters=[letter], at=at, by=by, by_hand=by_hand, file=file, signer=signer, signed_on=signed_on
    )[0]


@transaction.atomic
def record_signatures(
    *,
    letters: Sequence[Letter],
    at: datetime,
    by: User,
    by_hand: bool,
    file: StoredFile | None = None,
    signer: str = "",
    signed_on: date | None = None,
) -> list[Signature]:
    """Record the signature of some letters by one person on one day: all of them, or none."""
    day = signed_on or timezone.localtime(at).date()
    if not by_hand and file is None:
        raise LetterRefused(Refusal.NO_SIGNED_FILE)
    rows = _lock(letters)
    for letter in rows:
        if not letter.needs_signature:
            raise LetterRefused(Refusal.NOTHING_TO_SIGN)
        if letter.state != LetterState.TO_SIGN:
            raise LetterRefused(Refusal.ALREADY_SIGNED)
        if not timezone.localtime(letter.created_at).date() <= day <= timezone.localtime(at).date():
            raise LetterRefused(Refusal.SIGNED_TOO_EARLY)
    if not rows:
        raise LetterRefused(Refusal.NOTHING_TO_SIGN)
    signatures = Signature.objects.bulk_create(
        Signature(
            letter=letter,
            is_by_hand=by_hand,
            signer=(signer or str(by))[:200],
            signed_on=day,
            file=file,
            recorded_at=at,
            recorded_by=by,
        )
        for letter in rows
    )
    release([letter for letter in rows if letter.batch_id is None or _is_past(letter)], at=at)
    Letter.objects.filter(pk__in=[x.pk for x in rows], state=LetterState.TO_SIGN).update(state=LetterState.QUEUED)
    _record("letter_signed", rows, at, by, by_hand=by_hand)
    return signatures


def _is_past(letter: Letter) -> bool:
    """Tell whether the letter's batch went past it: then nobody else will let it go."""
    return letter.batch is not None and letter.batch.cursor >= letter.pk


@transaction.atomic
def mark_posted(*, letters: Sequence[Letter], at: datetime, by: User) -> int:
    """Record that printed letters were posted or handed over; returns how many. Those already posted are left alone."""
    rows = [letter for letter in _lock(letters) if letter.state == LetterState.PAPER]
    Letter.objects.filter(pk__in=[letter.pk for letter in rows]).update(state=LetterState.SENT, sent_at=at)
    _record("letter_posted", rows, at, by)
    return len(rows)


@transaction.atomic
def retry_letter(*, letter: Letter, at: datetime, by: User, to_email: str = "") -> Letter:
    """
    Try a failed letter again, at another address if ``to_email`` is given.

    :raises LetterRefused: it did not fail
    """
    row = _lock([letter])[0]
    if row.state != LetterState.FAILED:
        raise LetterRefused(Refusal.NOT_FAILED)
    if to_email:
        row.to_email, row.channel = to_email, Channel.EMAIL
    address = row.to_email if row.channel == Channel.EMAIL else (row.person.fiscal_code if row.person else "")
    _requeue(row, address, at)
    _record("letter_retried", [row], at, by, is_new_address=bool(to_email))
    return row


@transaction.atomic
def print_letter(*, letter: Letter, at: datetime, by: User) -> Letter:
    """
    Send a failed letter on paper instead.

    :raises LetterRefused: it did not fail
    """
    row = _lock([letter])[0]
    if row.state != LetterState.FAILED:
        raise LetterRefused(Refusal.NOT_FAILED)
    row.channel, row.state = Channel.PAPER, LetterState.PAPER
    row.save(update_fields=["channel", "state"])
    _record("letter_printed", [row], at, by)
    return row


@transaction.atomic
def notify_through_send(*, letter: Letter, at: datetime, by: User) -> Letter:
    """
    Notify a printed or failed letter through SEND, with legal value.

    :raises LetterRefused: SEND is not configured, the letter is not to a person, or it left already
    """
    row = _lock([letter])[0]
    if get_adapter() is None or row.person is None:
        raise LetterRefused(Refusal.NO_SEND)
    if row.state not in {LetterState.PAPER, LetterState.FAILED}:
        raise LetterRefused(Refusal.NOT_PAPER)
    row.channel = Channel.SEND
    _requeue(row, row.person.fiscal_code, at)
    _record("letter_notified", [row], at, by)
    return row


def _requeue(letter: Letter, address: str, at: datetime) -> None:
    letter.state = LetterState.QUEUED
    letter.save(update_fields=["state", "channel", "to_email"])
    waiting = OutboxMessage.objects.filter(letter=letter).exclude(state=OutboxState.SENT)
    if not waiting.update(
        state=OutboxState.QUEUED,
        channel=letter.channel,
        to_address=address,
        attempts=0,
        due_at=at,
        claim="",
        fault="",
    ):
        release([letter], at=at)


@transaction.atomic
def retry_message(*, message: OutboxMessage, at: datetime, by: User) -> OutboxMessage:
    """
    Try a failed notice again.

    :raises LetterRefused: it did not fail
    """
    row = OutboxMessage.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if row.state != OutboxState.FAILED:
        raise LetterRefused(Refusal.NOT_FAILED)
    row.state, row.attempts, row.due_at, row.claim, row.fault = OutboxState.QUEUED, 0, at, "", ""
    row.save(update_fields=["state", "attempts", "due_at", "claim", "fault"])
    record_events(
        [
            Event(
                name="correspondence.notice_retried",
                subject="correspondence.outboxmessage",
                subject_id=row.pk,
                actor_id=by.pk,
                happened_at=at,
                data={},
            )
        ]
    )
    return row
