"""Writing programmes: loading files, drafts, publication. A published version never changes (the database refuses)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from piutempo.ledger.models import Allocation
from piutempo.ledger.selectors import list_sources
from piutempo.ledger.services import allocate, open_pot, set_overcommit
from piutempo.people.models import User
from piutempo.programmes.models import Fund, Origin, Programme, ProgrammeVersion, VersionStatus
from piutempo.programmes.rules.differences import Difference, compare_data
from piutempo.programmes.rules.reading import BASED_ON, hash_data, parse_toml, read_terms
from piutempo.programmes.rules.refusals import Refusal
from piutempo.programmes.rules.terms import FundTerms, Terms
from piutempo.programmes.selectors import get_head
from piutempo.records.services import record_event


class VersionRefused(Exception):
    """
    A version may not be written or published. ``code`` is stable; ``differences`` are from the head, when they
    explain it.
    """

    def __init__(self, code: Refusal, detail: str = "", differences: tuple[Difference, ...] = ()) -> None:
        super().__init__(f"{code.value} {detail}".strip())
        self.code = code
        self.detail = detail
        self.differences = differences


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did: ``is_new`` is false when the file says what the head says already."""

    programme: Programme
    version: ProgrammeVersion
    is_new: bool
    differences: tuple[Difference, ...] = ()


def load_programme(path: Path | str, *, at: datetime, by: User | None = None) -> LoadResult:
    """
    Load a programme file: the same content changes nothing, changed content becomes a new version from its
    ``valid_from``.

    :raises ProgrammeRefused: the file is wrong (every error), nothing was written
    :raises VersionRefused: the file is right but does not follow the last version
    """
    path = Path(path)
    data, lines = parse_toml(path.read_bytes(), path.name)
    terms = read_terms(data, file=path.name, lines=lines)
    return load_data(data, terms, at=at, by=by, origin=Origin.FILE)


@transaction.atomic
def load_data(data: Mapping[str, Any], terms: Terms, *, at: datetime, by: User | None, origin: Origin) -> LoadResult:
    """Publish checked data as ``load_programme`` does with a file's."""
    programme, _created = Programme.objects.get_or_create(code=terms.code, defaults={"title": terms.title})
    programme = Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    same = ProgrammeVersion.objects.filter(
        programme=programme, status=VersionStatus.PUBLISHED, data_hash=hash_data(data)
    ).first()
    head = get_head(programme)
    if same is not None and head is not None and same.pk == head.pk:
        return LoadResult(programme, same, is_new=False)
    differences = tuple(compare_data(head.data, data)) if head else ()
    based_on = data.get(BASED_ON)
    if head is None:
        if based_on is not None:
            raise VersionRefused(Refusal.WRONG_BASE, f"based_on = {based_on}; nessuna versione pubblicata")
    elif based_on is None and (same is not None or head.origin != Origin.FILE):
        raise VersionRefused(Refusal.NOT_HEAD, _export_hint(head), differences)
    elif based_on is not None and based_on != head.number:
        raise VersionRefused(Refusal.WRONG_BASE, f"based_on = {based_on}. {_export_hint(head)}", differences)
    body = {key: value for key, value in data.items() if key != BASED_ON}
    draft = _new_draft(programme, body, head, origin=origin, note="", at=at, by=by)
    version = publish_version(draft=draft, valid_from=terms.valid_from, at=at, by=by, is_past_allowed=True)
    return LoadResult(programme, version, is_new=True, differences=differences)


def _export_hint(head: ProgrammeVersion) -> str:
    code = head.programme.code
    return (
        f"Ultima: {head.number} («manage.py export_programme {code}» la scrive come file con based_on = {head.number})."
    )


def _new_draft(
    programme: Programme,
    data: Mapping[str, Any],
    base: ProgrammeVersion | None,
    *,
    origin: Origin,
    note: str,
    at: datetime,
    by: User | None,
) -> ProgrammeVersion:
    last = (
        ProgrammeVersion.objects.filter(programme=programme)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    return ProgrammeVersion.objects.create(
        programme=programme,
        number=(last or 0) + 1,
        status=VersionStatus.DRAFT,
        data=dict(data),
        data_hash=hash_data(data),
        origin=origin,
        based_on=base,
        note=note,
        created_at=at,
        created_by=by,
    )


@transaction.atomic
def create_draft(*, programme: Programme, at: datetime, by: User | None = None, note: str = "") -> ProgrammeVersion:
    """
    Open a draft that says what the last published version says.

    :raises ProgrammeVersion.DoesNotExist: nothing was published yet (a first version comes from a file)
    """
    programme = Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    head = get_head(programme)
    if head is None:
        raise ProgrammeVersion.DoesNotExist(f"{programme.code} has no published version: load its file first")
    draft = _new_draft(programme, head.data, head, origin=Origin.PAGES, note=note, at=at, by=by)
    record_event(
        name="programmes.draft_created",
        subject="programmes.programmeversion",
        subject_id=draft.pk,
        at=at,
        by_id=by.pk if by else None,
    )
    return draft


@transaction.atomic
def save_draft(
    *, draft: ProgrammeVersion, data: Mapping[str, Any], at: datetime, by: User | None = None, note: str | None = None
) -> ProgrammeVersion:
    """
    Replace what a draft says, if all of it holds together.

    :raises ProgrammeRefused: something is wrong (everything is told); the draft stays as it was
    :raises VersionRefused: it was published meanwhile, or the programme's code changed
    """
    draft = ProgrammeVersion.objects.select_for_update(of=("self",)).select_related("programme").get(pk=draft.pk)
    if draft.status != VersionStatus.DRAFT:
        raise VersionRefused(Refusal.PUBLISHED)
    body = {key: value for key, value in data.items() if key != BASED_ON}
    terms = read_terms(body, file=f"bozza {draft.number}")
    if terms.code != draft.programme.code:
        raise VersionRefused(Refusal.OTHER_CODE, f"«{draft.programme.code}»")
    draft.data, draft.data_hash = body, hash_data(body)
    if note is not None:
        draft.note = note
    draft.save(update_fields=["data", "data_hash", "note"])
    record_event(
        name="programmes.draft_saved",
        subject="programmes.programmeversion",
        subject_id=draft.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"hash": draft.data_hash},
    )
    return draft


@transaction.atomic
def drop_draft(*, draft: ProgrammeVersion, at: datetime, by: User | None = None) -> None:
    """
    Throw a draft away.

    :raises VersionRefused: it was published
    """
    draft = ProgrammeVersion.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if draft.status != VersionStatus.DRAFT:
        raise VersionRefused(Refusal.PUBLISHED)
    record_event(
        name="programmes.draft_dropped",
        subject="programmes.programmeversion",
        subject_id=draft.pk,
        at=at,
        by_id=by.pk if by else None,
    )
    draft.delete()


def compare(version_a: ProgrammeVersion, version_b: ProgrammeVersion) -> list[Difference]:
    """Return how two versions differ, by path."""
    return compare_data(version_a.data, version_b.data)


@transaction.atomic
def publish_version(
    *, draft: ProgrammeVersion, valid_from: date, at: datetime, by: User | None = None, is_past_allowed: bool = False
) -> ProgrammeVersion:
    """
    Publish a draft from ``valid_from``; funds get their pots and their money. Earlier decisions keep the version they
    were taken under.

    Only a file may state a past day (``is_past_allowed``): a programme's first version, or a replay.

    :raises VersionRefused: the draft is stale, unchanged, too early, or changes money already given
    :raises ProgrammeRefused: it does not hold together from that day
    """
    programme = Programme.objects.select_for_update(no_key=True).get(pk=draft.programme_id)
    draft = ProgrammeVersion.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if draft.status != VersionStatus.DRAFT:
        raise VersionRefused(Refusal.PUBLISHED)
    head = get_head(programme)
    if head is not None:
        if draft.based_on_id != head.pk:
            raise VersionRefused(Refusal.STALE_DRAFT)
        unchanged = {**draft.data, "valid_from": ""} == {**head.data, "valid_from": ""}
        if unchanged:
            raise VersionRefused(Refusal.NOTHING_CHANGED)
        if head.valid_from is not None and valid_from <= head.valid_from:
            raise VersionRefused(Refusal.NOT_LATER, f"({head.valid_from:%d/%m/%Y})")
    if not is_past_allowed and valid_from < timezone.localdate(at):
        raise VersionRefused(Refusal.IN_THE_PAST)
    data = {**draft.data, "valid_from": valid_from.isoformat()}
    terms = read_terms(data, file=f"{programme.code}, versione {draft.number}")
    draft.data, draft.data_hash = data, hash_data(data)
    draft.status, draft.valid_from = VersionStatus.PUBLISHED, valid_from
    draft.published_at, draft.published_by = at, by
    draft.save()
    if programme.title != terms.title:
        programme.title = terms.title
        programme.save(update_fields=["title"])
    for fund in terms.funds:
        _open_fund(programme, fund)
    record_event(
        name="programmes.version_published",
        subject="programmes.programmeversion",
        subject_id=draft.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"programme": programme.code, "number": draft.number, "from": data["valid_from"], "hash": draft.data_hash},
    )
    return draft


def _open_fund(programme: Programme, terms: FundTerms) -> None:
    """Open a fund's pot, or add to it what a new act allocates."""
    held = Fund.objects.filter(programme=programme, code=terms.code).select_related("pot").first()
    sources = [(s.code, s.title, s.share_bp) for s in terms.sources]
    if held is None:
        pot = open_pot(
            code=f"{programme.code}/{terms.code}", title=terms.title, overcommit_bp=terms.overcommit_bp, sources=sources
        )
        Fund.objects.create(programme=programme, code=terms.code, pot=pot)
    else:
        pot = held.pot
        if [(s.code, s.share_bp) for s in list_sources(pot.pk)] != [(code, bp) for code, _title, bp in sources]:
            raise VersionRefused(Refusal.OTHER_SOURCES, f"({terms.code})")
    given = dict(Allocation.objects.filter(pot=pot).values_list("act", "amount_cents"))
    missing = terms.budget_cents - sum(given.values())
    if missing < 0:
        raise VersionRefused(Refusal.BUDGET_LOWER, f"({terms.code})")
    if missing and terms.act in given:
        raise VersionRefused(Refusal.BUDGET_SAME_ACT, f"({terms.code})")
    if missing:
        allocate(pot=pot, act=terms.act, amount_cents=missing, on=terms.allocated_on)
    if pot.overcommit_bp != terms.overcommit_bp:
        try:
            with transaction.atomic():
                set_overcommit(pot=pot, overcommit_bp=terms.overcommit_bp)
        except IntegrityError:
            raise VersionRefused(Refusal.OVERCOMMITTED, f"({terms.code})") from None
