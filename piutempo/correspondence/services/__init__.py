"""
Writing to people: letters (frozen, numbered, typeset at first opening), the outbox, what people write to us.

Every service takes ``at`` (aware) and ``by``, refuses with ``LetterRefused`` (stable ``code``; ``messages`` says it in
Italian), and either does all it says or nothing.
"""

from piutempo.correspondence.services.batches import run_batch, run_batches, start_batch
from piutempo.correspondence.services.delivering import DeliveryReport, attachment_of, deliver_outbox
from piutempo.correspondence.services.handling import (
    mark_posted,
    notify_through_send,
    print_letter,
    record_signature,
    record_signatures,
    retry_letter,
    retry_message,
)
from piutempo.correspondence.services.inbox import answer_message, receive_message
from piutempo.correspondence.services.letters import LetterInput, UnknownFields, send_letter, send_letters
from piutempo.correspondence.services.notices import check_notice, write_to_many
from piutempo.correspondence.services.outbox import notify
from piutempo.correspondence.services.refused import LetterRefused
from piutempo.correspondence.services.templates import preview_words, save_template
from piutempo.correspondence.services.typesetting import (
    STANDARDS,
    TemplateMissing,
    letterhead,
    open_document,
    qr_svg,
    typeset,
)

__all__ = [
    "STANDARDS",
    "DeliveryReport",
    "LetterInput",
    "LetterRefused",
    "TemplateMissing",
    "UnknownFields",
    "answer_message",
    "attachment_of",
    "check_notice",
    "deliver_outbox",
    "letterhead",
    "mark_posted",
    "notify",
    "notify_through_send",
    "open_document",
    "preview_words",
    "print_letter",
    "qr_svg",
    "receive_message",
    "record_signature",
    "record_signatures",
    "retry_letter",
    "retry_message",
    "run_batch",
    "run_batches",
    "save_template",
    "send_letter",
    "send_letters",
    "start_batch",
    "typeset",
    "write_to_many",
]
