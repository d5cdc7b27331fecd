"""What people write to us: registered at arrival, answered by the office."""

import hashlib
from datetime import datetime

from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from piutempo.correspondence.letters import ANSWER
from piutempo.correspondence.models import Message, MessageKind
from piutempo.correspondence.rules import Refusal
from piutempo.correspondence.services.letters import send_letter
from piutempo.correspondence.services.refused import LetterRefused
from piutempo.people.models import Person, User
from piutempo.records.models import Direction
from piutempo.records.services import record_event, register_entry

MESSAGE = "correspondence.message"
_MAX_TEXT = 5_000


@transaction.atomic
def receive_message(
    *, kind: str, person: Person | None, name: str, email: str, text: str, page: str, at: datetime, by: User | None
) -> Message:
    """
    Take in what somebody writes and register it; the words are sealed.

    ``kind``: ``question``, ``correction`` or ``accessibility``. ``page``: where they were when they wrote.

    :raises LetterRefused: there are no words, or more than 5,000 characters
    """
    text = text.strip()
    if not text:
        raise LetterRefused(Refusal.EMPTY_TEXT)
    if len(text) > _MAX_TEXT:
        raise LetterRefused(Refusal.TOO_LONG)
    message = Message.objects.create(
        kind=MessageKind(kind),
        person=person,
        name=(name or (str(person) if person else ""))[:200],
        email=email or (person.email if person else ""),
        text=text,
        page=page[:300],
        received_at=at,
    )
    with translation.override("it"):
        title = _("Messaggio: %(kind)s") % {"kind": MessageKind(kind).label}
    message.entry = register_entry(
        direction=Direction.IN,
        title=title,
        correspondent=message.name,
        subject=MESSAGE,
        subject_id=message.pk,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        at=at,
        by_id=by.pk if by else None,
    )
    message.save(update_fields=["entry"])
    return message


@transaction.atomic
def answer_message(*, message: Message, answer: str, at: datetime, by: User) -> Message:
    """
    Answer a message: a registered letter to who wrote, by e-mail when they left an address.

    :raises LetterRefused: no words, too many, or somebody answered already
    """
    answer = answer.strip()
    if not answer:
        raise LetterRefused(Refusal.EMPTY_ANSWER)
    if len(answer) > _MAX_TEXT:
        raise LetterRefused(Refusal.TOO_LONG)
    message = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if message.answered_at:
        raise LetterRefused(Refusal.ALREADY_ANSWERED)
    message.answer, message.answered_at, message.answered_by = answer, at, by
    message.save(update_fields=["answer", "answered_at", "answered_by"])
    record_event(name="correspondence.message_answered", subject=MESSAGE, subject_id=message.pk, at=at, by_id=by.pk)
    with translation.override("it"):
        received = date_format(timezone.localtime(message.received_at), "j F Y").lower()
        nobody = _("Gentile utente")
    send_letter(
        kind=ANSWER.code,
        person=message.person,
        fields={"ricevuto": received, "protocollo": str(message.entry), "risposta": answer},
        subject=MESSAGE,
        subject_id=message.pk,
        at=at,
        by=by,
        to_name=message.name or nobody,
        to_email=message.email,
    )
    return message
