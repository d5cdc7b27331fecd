"""
Delivering the outbox: each row is claimed before it is sent, so two workers send each message once.

A worker that dies after claiming leaves the row ``sending``; fifteen minutes later it is due again, under the same
Message-ID: a letter twice is better than a letter lost (RFC 5321, 4.5.4.1).
"""

from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from piutempo.correspondence.adapters import Notification, SendRefused, SendUnreachable, get_adapter
from piutempo.correspondence.models import Channel, Letter, LetterState, OutboxMessage, OutboxState
from piutempo.correspondence.rules import plain_text, wait_after
from piutempo.correspondence.services.typesetting import open_document
from piutempo.correspondence.transports import Refused, Transport, Unreachable, is_configured, open_transport

LEASE = timedelta(minutes=15)
_CHUNK = 20
Progress = Callable[[int], None]


@dataclass(slots=True)
class DeliveryReport:
    """What a run did: messages sent, to be tried again, failed for good; ``faults``: channels that do not answer."""

    sent: int = 0
    retried: int = 0
    failed: int = 0
    faults: dict[str, str] = field(default_factory=dict)


def deliver_outbox(*, at: datetime, limit: int | None = None, progress: Progress | None = None) -> DeliveryReport:
    """
    Send what is due, the oldest first, at most ``limit`` messages; ``progress`` is told how many were handled.

    Never call it inside a transaction: a claim counts only once committed.
    """
    report = DeliveryReport()
    stale = OutboxMessage.objects.filter(state=OutboxState.SENDING, claimed_at__lte=at - LEASE)
    stale.update(state=OutboxState.QUEUED, claim="", fault="interrupted while sending")
    if is_configured():
        _deliver_emails(at, limit, report, progress)
    _deliver_notifications(at, limit, report, progress)
    return report


def _deliver_emails(at: datetime, limit: int | None, report: DeliveryReport, progress: Progress | None) -> None:
    with ExitStack() as stack, closing(_claimed(Channel.EMAIL, at, limit)) as claimed:
        transport: Transport | None = None
        for message in claimed:
            try:
                mail = _compose(message, at)
            except Exception as fault:  # whatever is wrong with one message must not stop the others
                _refused(message, f"{type(fault).__name__}: {fault}", at, report, is_permanent=True)
                continue
            try:
                transport = transport or stack.enter_context(open_transport())
                reply = transport.send(mail, message.to_address)
            except Unreachable as fault:
                report.faults[Channel.EMAIL] = str(fault)
                _refused(message, str(fault), at, report, is_permanent=False)
                return
            except Refused as refused:
                _refused(message, str(refused), at, report, is_permanent=refused.is_permanent)
            else:
                _sent(message, reply, at)
                report.sent += 1
            if progress:
                progress(1)


def _deliver_notifications(at: datetime, limit: int | None, report: DeliveryReport, progress: Progress | None) -> None:
    adapter = get_adapter()
    if adapter is None:
        return
    with closing(_claimed(Channel.SEND, at, limit)) as claimed:
        for message in claimed:
            try:
                notification = _notification(message)
            except Exception as fault:  # as for e-mails
                _refused(message, f"{type(fault).__name__}: {fault}", at, report, is_permanent=True)
                continue
            try:
                iun = adapter.notify(notification, at=at)
            except SendUnreachable as fault:
                report.faults[Channel.SEND] = str(fault)
                _refused(message, str(fault), at, report, is_permanent=False)
                return
            except SendRefused as refused:
                _refused(message, str(refused), at, report, is_permanent=True)
            else:
                _sent(message, f"IUN {iun}", at)
                report.sent += 1
            if progress:
                progress(1)


def _claimed(channel: Channel, at: datetime, limit: int | None) -> Generator[OutboxMessage, None, None]:
    """Yield claimed messages, chunk by chunk; what the reader leaves of a chunk goes back into the queue."""
    left = limit
    while left is None or left > 0:
        claim = uuid4().hex
        due = OutboxMessage.objects.filter(channel=channel, state=OutboxState.QUEUED, due_at__lte=at)
        ids = list(due.order_by("due_at", "id").values_list("pk", flat=True)[: min(_CHUNK, left or _CHUNK)])
        if not ids:
            return
        with transaction.atomic(durable=True):
            OutboxMessage.objects.filter(pk__in=ids, state=OutboxState.QUEUED).update(
                state=OutboxState.SENDING, claim=claim, claimed_at=at, attempts=F("attempts") + 1
            )
        mine = OutboxMessage.objects.filter(claim=claim, state=OutboxState.SENDING)
        rows = list(
            mine.select_related(
                "letter__document", "letter__person__municipality", "letter__signature__file", "letter__entry"
            ).order_by("due_at", "id")
        )
        if left is not None:
            left -= len(rows)
        try:
            yield from rows
        finally:
            mine.update(state=OutboxState.QUEUED, claim="", attempts=F("attempts") - 1)


def _compose(message: OutboxMessage, at: datetime) -> EmailMessage:
    """Return the e-mail: the letter's own words, its PDF (or the signed file) attached."""
    letter = message.letter
    mail = EmailMessage()
    host = settings.CONTACT_EMAIL.rpartition("@")[2]
    mail["Message-ID"] = f"<piutempo-{message.pk}-{message.created_at:%Y%m%d%H%M%S}@{host}>"
    mail["Date"] = at.astimezone(UTC)
    mail["From"] = Address(settings.BODY_NAME, addr_spec=settings.CONTACT_EMAIL)
    mail["To"] = Address(letter.to_name if letter else "", addr_spec=message.to_address)
    mail["Subject"] = " ".join(message.title.split())
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = "it"
    with translation.override("it"):
        mail.set_content(_text_of(message))
    if letter:
        name, media_type, content = attachment_of(letter)
        main, _slash, sub = media_type.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail


def _text_of(message: OutboxMessage) -> str:
    contacts = _("Per informazioni chiama il numero %(phone)s oppure visita il sito %(site)s.") % {
        "phone": settings.CONTACT_PHONE,
        "site": settings.SITE_URL,
    }
    text = message.text
    if message.letter:
        text = plain_text(message.letter.document.read()["blocks"])
        if message.letter.entry:
            text += "\n\n" + _("La lettera è allegata. Protocollo %(number)s.") % {"number": message.letter.entry}
    return f"{text}\n\n{contacts}\n{settings.BODY_NAME}\n"


def attachment_of(letter: Letter) -> tuple[str, str, bytes]:
    """Return name, media type and bytes of what a letter's reader gets: the signed file if there is one, or the PDF."""
    signature = getattr(letter, "signature", None)
    if signature and signature.file:
        return signature.file.name, signature.file.media_type, bytes(signature.file.content)
    return f"lettera-{letter.pk}.pdf", "application/pdf", open_document(letter.document)


def _notification(message: OutboxMessage) -> Notification:
    letter = message.letter
    if letter is None or letter.person is None:
        raise SendRefused("only a letter to a person is notified through SEND")
    name, _media_type, pdf = attachment_of(letter)
    if not name.endswith(".pdf"):
        pdf = open_document(letter.document)
    town = letter.person.municipality
    return Notification(
        token=f"{message.pk}-{message.created_at.isoformat()}",
        fiscal_code=message.to_address,
        name=letter.to_name,
        address=", ".join(row for row in (letter.person.address, str(town) if town else "") if row),
        title=letter.title,
        protocol=str(letter.entry or ""),
        pdf=pdf,
    )


def _sent(message: OutboxMessage, reply: str, at: datetime) -> None:
    with transaction.atomic():
        OutboxMessage.objects.filter(pk=message.pk, claim=message.claim).update(
            state=OutboxState.SENT, sent_at=at, reply=reply[:300], fault=""
        )
        if message.letter_id:
            Letter.objects.filter(pk=message.letter_id).update(state=LetterState.SENT, sent_at=at)


def _refused(message: OutboxMessage, reply: str, at: datetime, report: DeliveryReport, *, is_permanent: bool) -> None:
    if is_permanent:
        _failed(message, reply)
        report.failed += 1
    elif _later(message, reply, at):
        report.retried += 1
    else:
        report.failed += 1


def _later(message: OutboxMessage, fault: str, at: datetime) -> bool:
    """Put a message back for later; False: it was the last attempt, the office must look."""
    wait = wait_after(message.attempts)
    if wait is None:
        _failed(message, fault)
        return False
    OutboxMessage.objects.filter(pk=message.pk, claim=message.claim).update(
        state=OutboxState.QUEUED, claim="", due_at=at + wait, fault=fault[:300]
    )
    return True


def _failed(message: OutboxMessage, fault: str) -> None:
    with transaction.atomic():
        OutboxMessage.objects.filter(pk=message.pk, claim=message.claim).update(
            state=OutboxState.FAILED, fault=fault[:300]
        )
        if message.letter_id:
            Letter.objects.filter(pk=message.letter_id).update(state=LetterState.FAILED)
