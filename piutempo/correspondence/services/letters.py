"""Sending letters: the words are frozen and numbered now, the PDF is typeset when first opened."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from piutempo.correspondence.kinds import LetterKind, get_kind
from piutempo.correspondence.models import Channel, Letter, LetterBatch, LetterState
from piutempo.correspondence.rules import blocks_of, fill
from piutempo.correspondence.selectors import Words, get_current_words
from piutempo.correspondence.services.outbox import queue_letters
from piutempo.correspondence.services.typesetting import letterhead
from piutempo.people.models import Municipality, Person, User
from piutempo.records.services import (
    DocumentInput,
    EntryInput,
    freeze_documents,
    register_numbered,
    reserve_numbers,
)

TEMPLATE = "correspondence/message.typ"
#: How many subjects one statement looks up: below the 999 values that SQLite binds.
_CHUNK = 400
Key = tuple[str, str, int, str]


class UnknownFields(ValueError):
    """A program error: the fields given are not the ones that the kind declares."""


@dataclass(frozen=True, slots=True)
class LetterInput:
    """
    One letter to send. ``fields`` are exactly those that its kind declares, already in words.

    ``is_history``: it left on paper in the past (a replay): it is frozen and numbered, and nothing leaves now.
    """

    kind: str
    person: Person | None
    fields: Mapping[str, str]
    subject: str
    subject_id: int
    at: datetime
    key: str = ""
    by: User | None = None
    to_name: str = ""
    to_email: str = ""
    programme_id: int | None = None
    register: bool = True
    is_history: bool = False

    @property
    def identity(self) -> Key:
        """What makes it one letter: asked again, nothing is sent."""
        return (self.kind, self.subject, self.subject_id, self.key)

    @property
    def name(self) -> str:
        """Who receives it."""
        return self.to_name or (str(self.person) if self.person else "")

    @property
    def address(self) -> str:
        """Where it goes by e-mail; empty: it does not."""
        return self.to_email or (self.person.email if self.person else "")


def send_letter(
    *,
    kind: str,
    person: Person | None,
    fields: Mapping[str, str],
    subject: str,
    subject_id: int,
    at: datetime,
    by: User | None,
    key: str = "",
    to_name: str = "",
    to_email: str = "",
    programme_id: int | None = None,
    register: bool = True,
) -> Letter:
    """
    Send one letter, or return the one already sent for this kind, subject, id and key.

    It is frozen with the current words and the letterhead, takes a number of the register and goes into the outbox
    (held back until signed when its kind asks for it; to be printed when there is no e-mail). Nothing is typeset.
    Call it last in the transaction: the register's counter is locked until it ends.

    :raises UnknownFields: ``fields`` are not those that the kind declares
    """
    item = LetterInput(
        kind=kind,
        person=person,
        fields=fields,
        subject=subject,
        subject_id=subject_id,
        at=at,
        key=key,
        by=by,
        to_name=to_name,
        to_email=to_email,
        programme_id=programme_id,
        register=register,
    )
    return send_letters([item])[0]


def send_letters(items: Sequence[LetterInput], *, batch: LetterBatch | None = None) -> list[Letter]:
    """
    Send many letters, in the given order and with few statements; those already sent are returned as they are.

    With a ``batch`` they are frozen and numbered now, typeset and queued by ``run_batch``.
    """
    for item in items:
        _check_fields(item, get_kind(item.kind))
    try:
        with transaction.atomic():
            return _send(items, batch)
    except IntegrityError:  # somebody sent one of them meanwhile: now it is found
        with transaction.atomic():
            return _send(items, batch)


def _check_fields(item: LetterInput, kind: LetterKind) -> None:
    if item.fields.keys() != kind.fields.keys():
        missing = sorted(kind.fields.keys() - item.fields.keys())
        extra = sorted(item.fields.keys() - kind.fields.keys())
        raise UnknownFields(f"{kind.code}: missing {missing}, not declared {extra}. See the kind's fields")


def _send(items: Sequence[LetterInput], batch: LetterBatch | None) -> list[Letter]:
    found = _find(items)
    new: dict[Key, LetterInput] = {}
    for item in items:
        if item.identity not in found:
            new.setdefault(item.identity, item)
    if new:
        found |= _write(list(new.values()), batch)
    return [found[item.identity] for item in items]


def _find(items: Sequence[LetterInput]) -> dict[Key, Letter]:
    ids: dict[tuple[str, str], set[int]] = defaultdict(set)
    for item in items:
        ids[item.kind, item.subject].add(item.subject_id)
    found: dict[Key, Letter] = {}
    for (kind, subject), wanted in ids.items():
        ordered = sorted(wanted)
        for start in range(0, len(ordered), _CHUNK):
            rows = Letter.objects.filter(kind=kind, subject=subject, subject_id__in=ordered[start : start + _CHUNK])
            for letter in rows.select_related("entry"):
                found[letter.kind, letter.subject, letter.subject_id, letter.key] = letter
    return found


def _write(items: list[LetterInput], batch: LetterBatch | None) -> dict[Key, Letter]:
    words = get_current_words({item.kind for item in items})
    towns = _towns(items)
    heads = {day: letterhead(at=at) for day, at in {_day(item): item.at for item in items}.items()}
    years: dict[int, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        if item.register:
            years[_day(item).year].append(place)
    reserved = {year: reserve_numbers(count=len(places), year=year) for year, places in sorted(years.items())}
    labels = {
        place: reserved[year].label(index) for year, places in years.items() for index, place in enumerate(places)
    }
    frozen, letters = [], []
    for place, item in enumerate(items):
        data = compose(
            item, words[item.kind], heads[_day(item)], protocol=labels.get(place, ""), addressee=_addressee(item, towns)
        )
        frozen.append(_document(item, data))
        letters.append(_letter(item, data["title"], words[item.kind].version, batch))
    documents = freeze_documents(frozen)
    for letter, document in zip(letters, documents, strict=True):
        letter.document = document
    for year, places in years.items():
        entries = register_numbered(
            reserved[year], [_entry(items[n], documents[n].title, documents[n].sha256) for n in places]
        )
        for place, entry in zip(places, entries, strict=True):
            letters[place].entry = entry
    Letter.objects.bulk_create(letters, batch_size=500)
    if batch is None:
        queue_letters([letter for letter in letters if letter.state == LetterState.QUEUED])
    return {item.identity: letter for item, letter in zip(items, letters, strict=True)}


def _day(item: LetterInput) -> date:
    return timezone.localtime(item.at).date()


def _towns(items: Sequence[LetterInput]) -> dict[str, str]:
    codes = {item.person.municipality_id for item in items if item.person and item.person.municipality_id}
    return {town.pk: str(town) for town in Municipality.objects.filter(pk__in=codes).only("code", "name", "province")}


def _addressee(item: LetterInput, towns: Mapping[str, str]) -> list[str]:
    person = item.person
    rows = [item.name]
    if person:
        rows += [person.address, towns.get(person.municipality_id or "", "")]
    return [row for row in rows if row]


def compose(
    item: LetterInput, words: Words, head: Mapping[str, str], *, protocol: str, addressee: Sequence[str]
) -> dict[str, Any]:
    """Return what a letter says: the data that its template typesets."""
    kind = get_kind(item.kind)
    common = {
        "nome": item.name,
        "data": head["date"],
        "ente": head["body"],
        "telefono": head["phone"],
        "email": head["email"],
        "sito": head["site"],
    }
    fields = {**common, **item.fields}
    return {
        "title": fill(words.subject, fields)[:200],
        "letterhead": dict(head),
        "programme": fields.get("programma", ""),
        "protocol": protocol,
        "addressee": list(addressee),
        "blocks": blocks_of(fill(words.body, fields)),
        "signature": {
            "needed": kind.needs_signature,
            "officer": fields.get("responsabile", ""),
        },
    }


def _document(item: LetterInput, data: dict[str, Any]) -> DocumentInput:
    mark = f"#{hashlib.sha256(item.key.encode()).hexdigest()[:12]}" if item.key else ""
    return DocumentInput(
        kind=item.kind + mark,
        template=TEMPLATE,
        subject=item.subject,
        subject_id=item.subject_id,
        title=data["title"],
        data=data,
        at=item.at,
        by_id=item.by.pk if item.by else None,
        is_sealed=True,
    )


def _entry(item: LetterInput, title: str, sha256: str) -> EntryInput:
    return EntryInput(
        direction=get_kind(item.kind).direction,
        title=title,
        correspondent=item.name,
        subject=item.subject,
        subject_id=item.subject_id,
        sha256=sha256,
        at=item.at,
        by_id=item.by.pk if item.by else None,
    )


def _letter(item: LetterInput, title: str, version: int, batch: LetterBatch | None) -> Letter:
    kind = get_kind(item.kind)
    channel = _channel(item, kind)
    if item.is_history:
        state = LetterState.SENT
    elif kind.needs_signature:
        state = LetterState.TO_SIGN
    else:
        state = LetterState.QUEUED if batch or channel != Channel.PAPER else LetterState.PAPER
    return Letter(
        kind=item.kind,
        subject=item.subject,
        subject_id=item.subject_id,
        key=item.key,
        programme_id=item.programme_id,
        person=item.person,
        to_name=item.name[:200],
        to_email=item.address,
        title=title,
        template_version=version,
        channel=channel,
        state=state,
        needs_signature=kind.needs_signature,
        is_legal=kind.is_legal,
        batch=batch,
        created_at=item.at,
        created_by=item.by,
        sent_at=item.at if item.is_history else None,
    )


def _channel(item: LetterInput, kind: LetterKind) -> Channel:
    if item.is_history:
        return Channel.PAPER
    if item.address:
        return Channel.EMAIL
    return Channel.SEND if kind.is_legal and item.person and settings.SEND_ADAPTER else Channel.PAPER
