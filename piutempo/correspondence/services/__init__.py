"""
Writing to people: letters (frozen, numbered, typeset at first opening), the outbox, what people write to us.

Every service takes ``at`` (aware) and ``by``, refuses with ``LetterRefused`` (stable ``code``; ``messages`` says it in
Italian), and either does all it says or nothing.
"""

from piutempo.correspondence.services.inbox import answer_message, receive_message
from piutempo.correspondence.services.letters import LetterInput, UnknownFields, send_letter, send_letters
from piutempo.correspondence.services.outbox import notify
from piutempo.correspondence.services.refused import LetterRefused
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
    "LetterInput",
    "LetterRefused",
    "TemplateMissing",
    "UnknownFields",
    "answer_message",
    "letterhead",
    "notify",
    "open_document",
    "qr_svg",
    "receive_message",
    "send_letter",
    "send_letters",
    "typeset",
]
