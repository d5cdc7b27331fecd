"""A provider's month of spent titles in one file: previewed row by row, then confirmed once, set-based."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from piutempo.network.models import Site
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.vouchers.models import RedemptionFile
from piutempo.vouchers.rules.file_rows import FileRow, RowError, hash_rows, repeated_rows
from piutempo.vouchers.rules.redemption import CareState, RedemptionCase, Refusal, refusal_for
from piutempo.vouchers.selectors.facts import (
    Catalogue,
    DatedGrant,
    MemberFacts,
    grants_on,
    load_catalogue,
    load_grants,
    load_members,
    load_vouchers,
)
from piutempo.vouchers.services.bulk import write_rows
from piutempo.vouchers.services.reading import read_file
from piutempo.vouchers.services.redemption import GuardDisagrees, RedemptionRefused, Request, redeem_request

#: Rows per transaction.
CHUNK = 5_000


class FileHasErrors(Exception):
    """Some rows are refused and the caller did not say to take the good ones. Nothing was written."""

    code = "FILE_HAS_ERRORS"


@dataclass(frozen=True, slots=True)
class RowRefusal:
    """A row that is not taken: ``code`` is a ``RowError`` or a ``Refusal``; ``value`` what was there."""

    line: int
    code: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What a file added. ``is_repeat``: it had been confirmed before, and this call added nothing."""

    accepted: int
    refused: int
    refusals: tuple[RowRefusal, ...]
    is_repeat: bool = False


@dataclass(slots=True)
class _Facts:
    """What all the rows of a chunk read."""

    vouchers: dict[int, Any]
    grants: list[DatedGrant]
    members: dict[int, MemberFacts]
    by_fiscal_code: dict[tuple[int, str], list[MemberFacts]]
    catalogue: Catalogue

    def member(self, household_id: int, fiscal_code: str, day: date) -> MemberFacts | None:
        """Return the household's member with this codice fiscale, the one in force on ``day`` if there are several."""
        found = self.by_fiscal_code.get((household_id, fiscal_code), [])
        return next((m for m in found if m.care_on(day, household_id).is_in_household), found[0] if found else None)


def preview_file(
    *, site: Site, programme: Programme, name: str, content: bytes, at: datetime, by: User | None
) -> RedemptionFile:
    """
    Read a file and say of every row whether it would be taken. Nothing is redeemed.

    The same content for the same site is the same ``RedemptionFile``, previewed again unless confirmed. Its
    ``rows`` are
    ``{"rows": […], "errors": [{"line", "code", "value"}]}``.

    :raises reading.FileRefused: it cannot be read at all
    """
    rows, unread = read_file(name, content)
    sha256 = hash_rows(rows, unread)
    known = RedemptionFile.objects.filter(site=site, sha256=sha256).first()
    if known and known.confirmed_at:
        return known
    errors = [RowRefusal(u.line, u.error, u.value) for u in unread]
    errors += _refusals(rows, site.pk, programme.pk, timezone.localdate(at))
    errors.sort(key=lambda e: e.line)
    stored = {
        "rows": [r.to_json() for r in rows],
        "errors": [{"line": e.line, "code": e.code, "value": e.value} for e in errors],
    }
    file, _is_new = RedemptionFile.objects.update_or_create(
        site=site,
        sha256=sha256,
        defaults={
            "programme": programme,
            "name": name[:200],
            "rows": stored,
            "row_count": len(rows) + len(unread),
            "refused": len(errors),
            "uploaded_at": at,
            "uploaded_by": by,
        },
    )
    return file


def _refusals(rows: Sequence[FileRow], site_id: int, programme_id: int, on: date) -> list[RowRefusal]:
    grants, catalogue = load_grants(site_id), load_catalogue(programme_id, fresh=True)
    found = []
    repeated = repeated_rows(rows)
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        facts = _load(part, programme_id, grants, catalogue, lock=False)
        for row in part:
            if row.line in repeated:
                found.append(RowRefusal(row.line, RowError.REPEATED_IN_FILE))
            elif reason := refusal_for(_case(row, facts, on)):
                found.append(RowRefusal(row.line, reason))
    return found


def confirm_file(
    *,
    file: RedemptionFile,
    at: datetime,
    by: User | None,
    takes_good_rows: bool = False,
    progress: Callable[[int], None] | None = None,
) -> FileResult:
    """
    Redeem the rows of a previewed file, once. Rules and facts are read again: a row good in the preview may be
    refused now.

    :raises FileHasErrors: some row is refused and ``takes_good_rows`` is false; nothing was written
    """
    rows = [FileRow.from_json(r) for r in file.rows["rows"]]
    unread = [RowRefusal(e["line"], e["code"], e["value"]) for e in file.rows["errors"]]
    lines = {r.line for r in rows}
    return _import(
        file,
        rows,
        [e for e in unread if e.line not in lines],
        at,
        by,
        takes_good_rows=takes_good_rows,
        progress=progress,
    )


def import_rows(
    *, site: Site, programme: Programme, name: str, rows: Sequence[FileRow], at: datetime, by: User | None
) -> FileResult:
    """
    Store and confirm in one go what a program already has as rows; good rows are taken. The same rows again add
    nothing.

    A file of one chunk costs ten short statements, whatever the number of its rows.
    """
    sha256 = hash_rows(rows, ())
    catalogue = load_catalogue(programme.pk)
    with transaction.atomic():
        known = RedemptionFile.objects.filter(site=site, sha256=sha256).defer("rows").first()
        if known and known.confirmed_at:
            return FileResult(known.accepted, known.refused, (), is_repeat=True)
        file = known or RedemptionFile.objects.create(
            site=site,
            programme=programme,
            name=name[:200],
            sha256=sha256,
            rows={"rows": [], "errors": []},
            row_count=len(rows),
            uploaded_at=at,
            uploaded_by=by,
            confirmed_at=at,
        )
        return _take(file, rows, [], at, by, catalogue, takes_good_rows=True)


@transaction.atomic
def _import(
    file: RedemptionFile,
    rows: Sequence[FileRow],
    refused: list[RowRefusal],
    at: datetime,
    by: User | None,
    *,
    takes_good_rows: bool,
    progress: Callable[[int], None] | None,
) -> FileResult:
    catalogue = load_catalogue(file.programme_id, fresh=True)
    held = RedemptionFile.objects.select_for_update(of=("self",)).defer("rows").get(pk=file.pk)
    if held.confirmed_at:
        return FileResult(held.accepted, held.refused, (), is_repeat=True)
    return _take(held, rows, refused, at, by, catalogue, takes_good_rows=takes_good_rows, progress=progress)


def _take(
    file: RedemptionFile,
    rows: Sequence[FileRow],
    refused: list[RowRefusal],
    at: datetime,
    by: User | None,
    catalogue: Catalogue,
    *,
    takes_good_rows: bool,
    progress: Callable[[int], None] | None = None,
) -> FileResult:
    """Redeem rows in chunks, in the caller's transaction, so that a file is confirmed as a whole or not at all."""
    on = timezone.localdate(at)
    grants = load_grants(file.site_id)
    repeated = repeated_rows(rows)
    refused = [*refused, *(RowRefusal(line, RowError.REPEATED_IN_FILE) for line in sorted(repeated))]
    accepted = 0
    # Ordered by voucher, so that two files lock in one order.
    todo = sorted((r for r in rows if r.line not in repeated), key=lambda r: (r.voucher_code, r.line))
    for part in _chunks(todo):
        facts = _load(part, file.programme_id, grants, catalogue, lock=connection.vendor == "postgresql")
        if done := _write_whole(file, part, facts, at, on, by):
            accepted += done
            if progress:
                progress(len(part))
            continue
        good: list[tuple[FileRow, int]] = []
        for row in part:
            if reason := refusal_for(_case(row, facts, on)):
                refused.append(RowRefusal(row.line, reason))
            else:
                good.append((row, facts.vouchers[row.voucher_code].id))
        if refused and not takes_good_rows:
            raise FileHasErrors
        accepted += _write(file, good, facts, at, on, by, refused)
        if progress:
            progress(len(part))
    if refused and not takes_good_rows:
        raise FileHasErrors
    # A file of which nothing was taken may be sent again, when what it names has been handed over or accredited.
    confirmed_at = at if accepted else None
    RedemptionFile.objects.filter(pk=file.pk).update(confirmed_at=confirmed_at, accepted=accepted, refused=len(refused))
    return FileResult(accepted, len(refused), tuple(sorted(refused, key=lambda r: r.line)))


def _chunks(rows: Sequence[FileRow]) -> Iterable[Sequence[FileRow]]:
    """Yield chunks of rows that never divide a voucher's rows."""
    start = 0
    while start < len(rows):
        end = min(start + CHUNK, len(rows))
        while end < len(rows) and rows[end].voucher_code == rows[end - 1].voucher_code:
            end += 1
        yield rows[start:end]
        start = end


def _load(
    rows: Sequence[FileRow], programme_id: int, grants: list[DatedGrant], catalogue: Catalogue, *, lock: bool
) -> _Facts:
    vouchers = load_vouchers((r.voucher_code for r in rows), lock=lock)
    # A file is for one programme; another's voucher is unknown to it.
    vouchers = {code: v for code, v in vouchers.items() if v.programme_id == programme_id}
    households = {
        vouchers[r.voucher_code].household_id for r in rows if r.cared_fiscal_code and r.voucher_code in vouchers
    }
    members = load_members(households) if households else {}
    by_fiscal_code: dict[tuple[int, str], list[MemberFacts]] = {}
    for member in members.values():
        by_fiscal_code.setdefault((member.household_id, member.fiscal_code), []).append(member)
    return _Facts(vouchers, grants, members, by_fiscal_code, catalogue)


def _case(row: FileRow, facts: _Facts, on: date) -> RedemptionCase:
    voucher = facts.vouchers.get(row.voucher_code)
    care = None
    if row.cared_fiscal_code and voucher:
        member = facts.member(voucher.household_id, row.cared_fiscal_code, row.served_on)
        care = member.care_on(row.served_on, voucher.household_id) if member else CareState(False, date.min)
    return RedemptionCase(
        voucher=voucher,
        mask=row.mask,
        amount_cents=row.amount_cents,
        service=row.service,
        quantity=row.quantity,
        served_on=row.served_on,
        on=on,
        grants=grants_on(facts.grants, voucher.programme_id, row.served_on) if voucher else (),
        service_state=facts.catalogue.state_on(row.service, row.served_on),
        care=care,
        holder_fiscal_code=row.holder_fiscal_code,
    )


def _write(
    file: RedemptionFile,
    good: Sequence[tuple[FileRow, int]],
    facts: _Facts,
    at: datetime,
    on: date,
    by: User | None,
    refused: list[RowRefusal],
) -> int:
    """Write what the rule allowed: titles together, amounts one by one (their sources divide by what is left)."""
    titles: list[tuple[FileRow, Request]] = []
    amounts: list[tuple[FileRow, Request]] = []
    for row, _voucher_id in good:
        request = _request(row, file, facts, at, on, by)
        (titles if request.mask else amounts).append((row, request))
    if titles:
        written = _spend_all(file, [request for _row, request in titles], facts, at, on, by)
        if written != len(titles):
            raise GuardDisagrees(f"file {file.pk}: {written} of {len(titles)} rows passed the guard")
    done = len(titles)
    for row, request in amounts:
        try:
            redeem_request(request)
            done += 1
        except RedemptionRefused as refusal:
            refused.append(RowRefusal(row.line, refusal.code))
    return done


def _spend_all(
    file: RedemptionFile, requests: Sequence[Request], facts: _Facts, at: datetime, on: date, by: User | None
) -> int:
    """Spend the titles of all these requests under the guard; return how many it let through."""
    seen = len(facts.catalogue.version_ids)
    params = [
        r.params(file.programme_id, facts.catalogue.state_on(r.service, r.served_on), seen)
        | {"key": r.key, "key_hash": r.key_hash, "voucher": facts.vouchers[r.voucher_code].id}
        for r in requests
    ]
    return write_rows(params, file=file, at=at, on=on, by_id=by.pk if by else None)


class _GuardSaysNo(Exception):
    """Some row did not pass: nothing of the chunk is kept."""


def _write_whole(
    file: RedemptionFile, part: Sequence[FileRow], facts: _Facts, at: datetime, on: date, by: User | None
) -> int:
    """
    Write a chunk as it is when the guard lets every row through; else write nothing and return 0.

    The guard and the rule say the same (a property test drives both), so the rule is asked row by row only to tell why.
    """
    requests = []
    for row in part:
        if row.amount_cents or row.voucher_code not in facts.vouchers:
            return 0
        request = _request(row, file, facts, at, on, by)
        if row.cared_fiscal_code and not request.person_id:
            return 0
        requests.append(request)
    try:
        with transaction.atomic():
            if _spend_all(file, requests, facts, at, on, by) != len(part):
                raise _GuardSaysNo
    except _GuardSaysNo:
        return 0
    return len(part)


def _request(row: FileRow, file: RedemptionFile, facts: _Facts, at: datetime, on: date, by: User | None) -> Request:
    voucher = facts.vouchers[row.voucher_code]
    member = None
    if row.cared_fiscal_code:
        member = facts.member(voucher.household_id, row.cared_fiscal_code, row.served_on)
    return Request(
        site_id=file.site_id,
        voucher_code=row.voucher_code,
        mask=row.mask,
        amount_cents=row.amount_cents,
        service=row.service,
        quantity=row.quantity,
        person_id=member.id if member else 0,
        holder=row.holder_fiscal_code,
        served_on=row.served_on,
        at=at,
        on=on,
        by_id=by.pk if by else None,
        key=f"file:{file.pk}:{row.line}",
        file_id=file.pk,
    )


def list_errors(file: RedemptionFile) -> list[Mapping[str, Any]]:
    """Return the refused rows of a preview: line, code, value."""
    return list(file.rows["errors"])


#: What a preview can say of a row.
ROW_CODES = (*RowError, *Refusal)
