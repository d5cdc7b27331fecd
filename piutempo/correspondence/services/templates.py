"""The words of letters: the office writes versions, none is ever lost, none can use a field that does not exist."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from piutempo.correspondence.kinds import LetterKind, get_kind
from piutempo.correspondence.models import LetterTemplate
from piutempo.correspondence.rules import MAX_BODY, MAX_SUBJECT, Refusal, TextFault, faults_in
from piutempo.correspondence.selectors import Words, get_current_words
from piutempo.correspondence.services.letters import TEMPLATE, LetterInput, compose
from piutempo.correspondence.services.refused import LetterRefused
from piutempo.correspondence.services.typesetting import letterhead, typeset
from piutempo.people.models import User
from piutempo.records.services import record_event


def check_words(kind: LetterKind, subject: str, body: str) -> None:
    """
    Refuse words that cannot be printed.

    :raises LetterRefused: empty, too long, or with an unknown field or a stray brace (``faults`` say which)
    """
    if not subject.strip() or not body.strip():
        raise LetterRefused(Refusal.EMPTY_TEXT)
    if len(subject) > MAX_SUBJECT or len(body) > MAX_BODY:
        raise LetterRefused(Refusal.TOO_LONG)
    faults: list[TextFault] = faults_in(f"{subject}\n{body}", kind.known)
    if faults:
        raise LetterRefused(faults[0].code, faults)


@transaction.atomic
def save_template(
    *, kind: str, subject: str, body: str, base_version: int, at: datetime, by: User, note: str = ""
) -> LetterTemplate:
    """
    Save a new version of a kind's words; letters sent from now on use it.

    ``base_version`` is the version that was edited: if somebody saved another one meanwhile, nothing is overwritten.

    :raises LetterRefused: see ``check_words``; or the words did not change, or changed meanwhile
    """
    found = get_kind(kind)
    subject, body = " ".join(subject.split()), body.replace("\r\n", "\n").strip()
    check_words(found, subject, body)
    current = get_current_words({kind})[kind]
    if (current.subject, current.body.strip()) == (subject, body):
        raise LetterRefused(Refusal.NO_CHANGE)
    if current.version != base_version:
        raise LetterRefused(Refusal.CHANGED_MEANWHILE)
    try:
        with transaction.atomic():
            row = LetterTemplate.objects.create(
                kind=kind,
                version=base_version + 1,
                subject=subject,
                body=body,
                note=note[:200],
                created_at=at,
                created_by=by,
            )
    except IntegrityError as clash:
        raise LetterRefused(Refusal.CHANGED_MEANWHILE) from clash
    record_event(
        name="correspondence.template_saved",
        subject="correspondence.lettertemplate",
        subject_id=row.pk,
        at=at,
        by_id=by.pk,
        data={"kind": kind, "version": row.version},
    )
    return row


def preview_words(*, kind: str, subject: str, body: str, at: datetime) -> bytes:
    """
    Return the PDF that some words would give, with the example of each field; nothing is stored.

    :raises LetterRefused: see ``check_words``
    """
    found = get_kind(kind)
    check_words(found, subject, body)
    return typeset(TEMPLATE, preview_data(found, Words(0, subject, body), at), at=at)


def preview_data(kind: LetterKind, words: Words, at: datetime) -> dict[str, Any]:
    """Return what an example letter says."""
    examples = kind.examples
    item = LetterInput(
        kind=kind.code,
        person=None,
        fields={name: examples[name] for name in kind.fields},
        subject="",
        subject_id=0,
        at=at,
        to_name=examples["nome"],
    )
    addressee = [examples["nome"], "via Roma 1", "Rho (MI)"]
    return compose(item, words, letterhead(at=at), protocol="PIUTEMPO 2026/0000123", addressee=addressee)
