"""What lets a desk act for somebody without digital identity: recognising them, and their signed mandate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from piutempo.applications.models import (
    Application,
    Attachment,
    AttachmentKind,
    Channel,
    Identification,
    Mandate,
    Status,
)
from piutempo.applications.rules import Refusal
from piutempo.applications.rules.helping import document_refusal_for, mandate_refusal_for
from piutempo.applications.selectors.helping import get_standing, list_help_refusals, span_of
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.correspondence.services import letterhead, typeset
from piutempo.network.models import Desk, Task
from piutempo.network.selectors import list_tasks, may
from piutempo.people.models import Person, User
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_current_terms
from piutempo.records.models import StoredFile
from piutempo.records.services import record_event, record_events, store_file

#: The form that a person signs.
MANDATE = "applications/mandate.typ"
#: Scans that one paper request may have.
MAX_SCANS = 10


@dataclass(frozen=True, slots=True)
class HelpInput:
    """Somebody recognised at a desk who signed a mandate there, to record in bulk."""

    person: Person
    desk: Desk
    document_kind: str
    document_number: str
    expires_on: date
    mandate: StoredFile
    at: datetime


@transaction.atomic
def identify_person(
    *,
    person: Person,
    desk: Desk,
    document_kind: str,
    document_number: str,
    expires_on: date,
    at: datetime,
    by: User,
) -> Identification:
    """
    Record by which document a person was recognised at a desk. The same document again changes nothing.

    :raises ApplicationRefused: NO_SUPPORT, DOCUMENT_KIND, DOCUMENT_NUMBER, DOCUMENT_EXPIRED
    """
    on = timezone.localdate(at)
    _check_agreement(desk, on)
    Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    number = "".join(document_number.split()).upper()
    accepted = get_current_terms(desk.programme, on).desks.identity_documents
    if code := document_refusal_for(kind=document_kind, number=number, expires_on=expires_on, accepted=accepted, on=on):
        raise ApplicationRefused(code)
    known = get_standing(person=person, desk=desk, on=on).identification
    if known and (known.document_kind, known.document_number, known.expires_on) == (document_kind, number, expires_on):
        return known
    made = Identification.objects.create(
        person=person,
        desk=desk,
        document_kind=document_kind,
        document_number=number,
        expires_on=expires_on,
        checked_at=at,
        checked_by=by,
    )
    record_event(
        name="applications.person_identified",
        subject="people.person",
        subject_id=person.pk,
        at=at,
        by_id=by.pk,
        data={"desk": desk.pk, "document": document_kind},
    )
    return made


@transaction.atomic
def record_mandate(
    *,
    person: Person,
    desk: Desk,
    name: str,
    content: bytes,
    signed_on: date,
    valid_until: date | None,
    at: datetime,
    by: User,
) -> Mandate:
    """
    Keep a person's signed mandate to a desk. The same file and dates again change nothing.

    :raises ApplicationRefused: NO_SUPPORT, NOT_IDENTIFIED or DOCUMENT_EXPIRED (first recognise who signs),
        MANDATE_IN_FUTURE, MANDATE_ENDED
    :raises records.services.FileRefused: what the file is, or its size, will not do
    """
    on = timezone.localdate(at)
    _check_agreement(desk, on)
    Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    standing = get_standing(person=person, desk=desk, on=on)
    if standing.refusal in {Refusal.NOT_IDENTIFIED, Refusal.DOCUMENT_EXPIRED}:
        raise ApplicationRefused(standing.refusal)
    if code := mandate_refusal_for(signed_on=signed_on, valid_until=valid_until, on=on):
        raise ApplicationRefused(code)
    sha256 = hashlib.sha256(content).hexdigest()
    for known in standing.mandates:
        is_same = (known.file.sha256, known.signed_on, known.valid_until) == (sha256, signed_on, valid_until)
        if is_same and span_of(known).is_in_force_on(on):
            return known
    file = store_file(name=name, content=content, at=at, by_id=by.pk)
    made = Mandate.objects.create(
        person=person, desk=desk, file=file, signed_on=signed_on, valid_until=valid_until, at=at, by=by
    )
    record_event(
        name="applications.mandate_recorded",
        subject="people.person",
        subject_id=person.pk,
        at=at,
        by_id=by.pk,
        data={"desk": desk.pk, "mandate": made.pk},
    )
    return made


@transaction.atomic
def revoke_mandate(*, mandate: Mandate, at: datetime, by: User) -> Mandate:
    """End a mandate at once: from now the desk no longer acts by it. Revoking twice changes nothing."""
    held = Mandate.objects.select_for_update(of=("self",)).get(pk=mandate.pk)
    if held.revoked_at is None:
        held.revoked_at = at
        held.save(update_fields=["revoked_at"])
        record_event(
            name="applications.mandate_revoked",
            subject="people.person",
            subject_id=held.person_id,
            at=at,
            by_id=by.pk,
            data={"desk": held.desk_id, "mandate": held.pk},
        )
    return held


@transaction.atomic
def record_help(items: Sequence[HelpInput], *, by: User) -> None:
    """Record many recognitions and mandates at once, as ``identify_person`` and ``record_mandate`` would."""
    Identification.objects.bulk_create(
        [
            Identification(
                person=i.person,
                desk=i.desk,
                document_kind=i.document_kind,
                document_number=i.document_number,
                expires_on=i.expires_on,
                checked_at=i.at,
                checked_by=by,
            )
            for i in items
        ],
        batch_size=500,
    )
    Mandate.objects.bulk_create(
        [
            Mandate(person=i.person, desk=i.desk, file=i.mandate, signed_on=timezone.localdate(i.at), at=i.at, by=by)
            for i in items
        ],
        batch_size=500,
    )


def check_help(*, person: Person, desk: Desk, at: datetime) -> None:
    """
    Check that a desk may act for a person now.

    :raises ApplicationRefused: NO_SUPPORT, NOT_IDENTIFIED, DOCUMENT_EXPIRED, NO_MANDATE, MANDATE_ENDED
    """
    on = timezone.localdate(at)
    _check_agreement(desk, on)
    if refusal := get_standing(person=person, desk=desk, on=on).refusal:
        raise ApplicationRefused(refusal)


def check_help_of_many(items: Sequence[tuple[Person, Desk, datetime]]) -> None:
    """
    Check many persons at once: whom each is, at which desk, when. Two queries each 400 persons and one a day.

    :raises ApplicationRefused: as ``check_help``, for the first item that may not be helped
    """
    asked = [(person.pk, desk.pk, timezone.localdate(at)) for person, desk, at in items]
    refusals = list_help_refusals(set(asked))
    days: dict[date, set[int]] = {}
    for _person, desk_id, on in asked:
        days.setdefault(on, set()).add(desk_id)
    tasks = {(on, pk): found for on, ids in days.items() for pk, found in list_tasks(ids, on=on).items()}
    for person_id, desk_id, on in asked:
        if Task.SUPPORT not in tasks[on, desk_id]:
            raise ApplicationRefused(Refusal.NO_SUPPORT)
        if refusal := refusals[person_id, desk_id, on]:
            raise ApplicationRefused(refusal)


@transaction.atomic
def attach_scan(*, application: Application, name: str, content: bytes, at: datetime, by: User) -> Attachment:
    """
    Keep the scan of a request written on paper beside the draft typed from it; its channel is then paper.

    The same scan again changes nothing.

    :raises ApplicationRefused: NOT_DRAFT, TOO_MANY_FILES, and as ``check_help``
    :raises records.services.FileRefused: what the file is, or its size, will not do
    """
    held = (
        Application.objects.select_for_update(of=("self",)).select_related("desk", "applicant").get(pk=application.pk)
    )
    if held.status != Status.DRAFT:
        raise ApplicationRefused(Refusal.NOT_DRAFT)
    if held.desk is not None:
        check_help(person=held.applicant, desk=held.desk, at=at)
    kept = list(Attachment.objects.filter(application=held, kind=AttachmentKind.PAPER, removed_at=None))
    sha256 = hashlib.sha256(content).hexdigest()
    files = StoredFile.objects.filter(pk__in=[a.file_id for a in kept], sha256=sha256).values_list("pk", flat=True)
    if same := next((a for a in kept if a.file_id in set(files)), None):
        return same
    if len(kept) >= MAX_SCANS:
        raise ApplicationRefused(Refusal.TOO_MANY_FILES)
    stored = store_file(name=name, content=content, at=at, by_id=by.pk)
    made = Attachment.objects.create(application=held, kind=AttachmentKind.PAPER, file=stored, at=at, by=by)
    if held.channel != Channel.PAPER:
        held.channel = Channel.PAPER
        held.save(update_fields=["channel"])
    record_events([event_of("applications.scan_added", held, at, by, {"sha256": stored.sha256})])
    return made


@transaction.atomic
def remove_scan(*, attachment: Attachment, at: datetime, by: User) -> None:
    """
    Take a scan away from a draft. Taking it away twice changes nothing; with none left it is a desk's request again.

    :raises ApplicationRefused: NOT_DRAFT
    """
    held = Application.objects.select_for_update(of=("self",)).get(pk=attachment.application_id)
    if held.status != Status.DRAFT:
        raise ApplicationRefused(Refusal.NOT_DRAFT)
    rows = Attachment.objects.filter(pk=attachment.pk, kind=AttachmentKind.PAPER, removed_at=None)
    if rows.update(removed_at=at):
        record_events([event_of("applications.scan_removed", held, at, by)])
        if not Attachment.objects.filter(application=held, kind=AttachmentKind.PAPER, removed_at=None).exists():
            held.channel = Channel.DESK
            held.save(update_fields=["channel"])


def mandate_data(
    *, person: Person | None, desk: Desk | None, programme: Programme, at: datetime, note: str = ""
) -> dict[str, Any]:
    """Return what a mandate says; what is not known (None) is a line to fill in by hand."""
    place = desk.municipality if desk else ""
    home = person.municipality or "" if person else ""
    return {
        "title": "Delega allo sportello",
        "programme": programme.title,
        "letterhead": letterhead(at=at),
        "note": note,
        "person": {
            "name": f"{person.given_name} {person.family_name}" if person else "",
            "code": person.fiscal_code if person else "",
            "born": f"{person.birth_date:%d/%m/%Y}" if person else "",
            "address": ", ".join(p for p in (person.address if person else "", str(home)) if p),
        },
        "desk": {
            "name": desk.name if desk else "",
            "body": desk.body if desk else "",
            "address": ", ".join(p for p in (desk.address if desk else "", str(place)) if p),
        },
        "scope": [
            "a compilare e presentare per me la domanda al programma, con i dati e i documenti che consegno",
            "a seguirla fino alla decisione, a rispondere alle richieste dell'ufficio e a comunicare i cambiamenti",
            "a vedere per questo la mia domanda e i dati del mio nucleo",
        ],
        "privacy": (
            "Lo sportello usa i tuoi dati solo per questa domanda. L'ufficio registra chi, allo sportello, li ha "
            "scritti o cambiati. Quello che dichiari resta sotto la tua responsabilità (DPR 445/2000)."
        ),
    }


def print_mandate(*, person: Person, desk: Desk, at: datetime) -> bytes:
    """Return the PDF of a mandate ready to be signed, with the person's and the desk's data."""
    data = mandate_data(person=person, desk=desk, programme=desk.programme, at=at)
    return typeset(MANDATE, data, at=at)


def _check_agreement(desk: Desk, on: date) -> None:
    if not may(desk, Task.SUPPORT, on=on):
        raise ApplicationRefused(Refusal.NO_SUPPORT)
