"""Saying how a draft's criteria are proved: files, self-declarations, documents that a public office already holds."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from piutempo.applications.models import Application, Attachment, AttachmentKind, Evidence, EvidenceWay, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.selectors.assessment import get_rules
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.people.models import User
from piutempo.records.services import record_events, store_file

#: Files that one draft may have: more is a mistake, or a way to fill our disks.
MAX_FILES = 30


@transaction.atomic
def attach_file(
    *, application: Application, code: str, name: str, content: bytes, at: datetime, by: User | None
) -> Attachment:
    """
    Add a file (PDF, JPEG or PNG, at most 5 MB) that proves a criterion of a draft. The same file again changes nothing.

    :raises ApplicationRefused: NOT_DRAFT, UNKNOWN_CRITERION, TOO_MANY_FILES
    :raises records.services.FileRefused: what it is, or its size, will not do
    """
    held = _lock(application, code, at)
    kept = list(
        Attachment.objects.filter(application=held, kind=AttachmentKind.EVIDENCE, removed_at=None)
        .select_related("file")
        .defer("file__content")
    )
    sha256 = hashlib.sha256(content).hexdigest()
    if same := next((a for a in kept if a.code == code and a.file.sha256 == sha256), None):
        return same
    if len(kept) >= MAX_FILES:
        raise ApplicationRefused(Refusal.TOO_MANY_FILES)
    stored = store_file(name=name, content=content, at=at, by_id=by.pk if by else None)
    attachment = Attachment.objects.create(
        application=held, kind=AttachmentKind.EVIDENCE, code=code, file=stored, at=at, by=by
    )
    _say(held, code, EvidenceWay.UPLOAD, "", at, by)
    return attachment


@transaction.atomic
def remove_file(*, application: Application, attachment: Attachment, at: datetime, by: User | None) -> None:
    """
    Take a file away from a draft. Taking it away twice changes nothing.

    :raises ApplicationRefused: NOT_DRAFT
    """
    held = _lock(application, attachment.code, at)
    rows = Attachment.objects.filter(pk=attachment.pk, application=held, kind=AttachmentKind.EVIDENCE, removed_at=None)
    if rows.update(removed_at=at):
        record_events([event_of("applications.file_removed", held, at, by, {"criterion": attachment.code})])
        left = Attachment.objects.filter(
            application=held, kind=AttachmentKind.EVIDENCE, code=attachment.code, removed_at=None
        )
        if not left.exists():
            Evidence.objects.filter(application=held, code=attachment.code, way=EvidenceWay.UPLOAD).delete()


@transaction.atomic
def declare_criterion(*, application: Application, code: str, text: str, at: datetime, by: User | None) -> Evidence:
    """
    Keep the self-declaration (DPR 445/2000, art. 46 and 47) of one criterion: ``text`` as it was shown and confirmed.

    :raises ApplicationRefused: NOT_DRAFT, UNKNOWN_CRITERION
    """
    return _say(_lock(application, code, at), code, EvidenceWay.DECLARATION, text, at, by)


@transaction.atomic
def name_holder(*, application: Application, code: str, text: str, at: datetime, by: User | None) -> Evidence:
    """
    Keep which public office already holds the proof of one criterion (L. 241/1990, article 18), in words.

    :raises ApplicationRefused: NOT_DRAFT, UNKNOWN_CRITERION
    """
    return _say(_lock(application, code, at), code, EvidenceWay.HELD, text, at, by)


@transaction.atomic
def take_back(*, application: Application, code: str, at: datetime, by: User | None) -> None:
    """
    Take back a declaration, or the office that holds a document; files stay. Taking back twice changes nothing.

    :raises ApplicationRefused: NOT_DRAFT, UNKNOWN_CRITERION
    """
    held = _lock(application, code, at)
    Evidence.objects.filter(application=held, code=code).exclude(way=EvidenceWay.UPLOAD).delete()
    files = Attachment.objects.filter(application=held, kind=AttachmentKind.EVIDENCE, code=code, removed_at=None)
    if files.exists():
        _say(held, code, EvidenceWay.UPLOAD, "", at, by)


def _lock(application: Application, code: str, at: datetime) -> Application:
    held = Application.objects.select_for_update(of=("self",)).select_related("programme").get(pk=application.pk)
    if held.status != Status.DRAFT:
        raise ApplicationRefused(Refusal.NOT_DRAFT)
    terms = get_rules(held.programme, timezone.localdate(at))[1]
    if all(c.code != code for c in terms.eligibility.criteria):
        raise ApplicationRefused(Refusal.UNKNOWN_CRITERION)
    return held


def _say(held: Application, code: str, way: str, text: str, at: datetime, by: User | None) -> Evidence:
    known = Evidence.objects.filter(application=held, code=code).first()
    if known is not None and (known.way, known.note) == (way, text):
        return known
    evidence, _is_new = Evidence.objects.update_or_create(
        application=held, code=code, defaults={"way": way, "note": text, "at": at, "by": by}
    )
    record_events([event_of("applications.evidence_given", held, at, by, {"criterion": code, "way": way})])
    return evidence
