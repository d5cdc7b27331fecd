"""What the family answers to a request, a notice or a decision: words and files, registered together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from piutempo.applications.models import Application, Attachment, AttachmentKind
from piutempo.applications.services.reviewing import ask_review
from piutempo.people.models import User
from piutempo.procedures.models import Answer, Step
from piutempo.procedures.services import answer_step
from piutempo.records.models import Direction, RegisterEntry
from piutempo.records.services import register_entry, store_file

SUBJECT = "applications.application"


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as it was handed in."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer; ``entry`` is None when the same one was already there."""

    answer: Answer
    entry: RegisterEntry | None


@transaction.atomic
def answer_request(
    *, application: Application, step: Step, text: str, files: Sequence[GivenFile], at: datetime, by: User | None
) -> Answered:
    """
    Answer a step of an application, with files; the answer is registered. The same answer again changes nothing.

    :raises ProcedureRefused: see ``procedures.services.answer_step``
    :raises FileRefused: a file's type or size will not do (nothing is kept)
    """
    Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    hashes = [hashlib.sha256(file.content).hexdigest() for file in files]
    if same := _find_same(application, step, text.strip(), hashes):
        return Answered(same, None)
    answer = answer_step(step=step, text=text, at=at, by=by, has_files=bool(files))
    for file in files:
        stored = store_file(name=file.name, content=file.content, at=at, by_id=by.pk if by else None)
        Attachment.objects.create(
            application=application, kind=AttachmentKind.ANSWER, ref_id=step.pk, file=stored, at=at, by=by
        )
    with translation.override("it"):
        title = _("Domanda n. %(number)s: risposta a «%(step)s»") % {
            "number": application.number,
            "step": step.get_kind_display(),
        }
    return Answered(answer, _register(application, title, [answer.text, *hashes], at, by))


@transaction.atomic
def request_review(
    *, application: Application, text: str, files: Sequence[GivenFile], at: datetime, by: User | None
) -> RegisterEntry:
    """
    Ask that a decision be looked at again, with reasons and files; the request is registered.

    :raises ApplicationRefused: see ``reviewing.ask_review``
    :raises FileRefused: a file's type or size will not do (nothing is kept)
    """
    by_id = by.pk if by else None
    stored = [store_file(name=file.name, content=file.content, at=at, by_id=by_id) for file in files]
    ask_review(application=application, text=text, files=stored, at=at, by=by)
    with translation.override("it"):
        title = _("Domanda n. %(number)s: richiesta di riesame") % {"number": application.number}
    return _register(application, title, [text.strip(), *(file.sha256 for file in stored)], at, by)


def _register(
    application: Application, title: str, parts: Sequence[str], at: datetime, by: User | None
) -> RegisterEntry:
    return register_entry(
        direction=Direction.IN,
        title=title,
        correspondent=str(application.applicant),
        subject=SUBJECT,
        subject_id=application.pk,
        sha256=hashlib.sha256("\n".join(parts).encode()).hexdigest(),
        at=at,
        by_id=by.pk if by else None,
    )


def _find_same(application: Application, step: Step, text: str, hashes: Sequence[str]) -> Answer | None:
    """Return the answer already given with these words and files: a second click, or the page sent again."""
    answers = [a for a in step.answers.order_by("id") if a.text == text]
    if not answers:
        return None
    kept = Attachment.objects.filter(application=application, kind=AttachmentKind.ANSWER, ref_id=step.pk)
    known = set(kept.values_list("file__sha256", flat=True))
    return answers[-1] if set(hashes) <= known else None
