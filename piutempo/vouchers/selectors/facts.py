"""What the redemption rule reads, loaded in bulk: vouchers, grants, members, the catalogue in force."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from piutempo.network.models import Grant
from piutempo.people.models import Member
from piutempo.programmes.models import ProgrammeVersion, VersionStatus
from piutempo.programmes.rules.terms import Service
from piutempo.programmes.selectors import get_terms
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.rules.redemption import CareState, GrantState, ServiceState, VoucherState

_VOUCHER = (
    "id",
    "programme_id",
    "pot_id",
    "product",
    "network",
    "form",
    "face_cents",
    "title_count",
    "value_cents",
    "valid_from",
    "valid_until",
    "record_days",
    "handed",
    "blocked",
    "spent",
    "void",
    "spent_cents",
    "void_cents",
    "lapsed_cents",
    "award__household_id",
    "holder__fiscal_code",
)
#: Keeps a statement's parameters well under every database's limit.
BATCH = 5_000


def load_vouchers(codes: Iterable[int], *, lock: bool = False) -> dict[int, VoucherState]:
    """
    Return the state of the vouchers with these codes, by code; locked in id order when ``lock``. One query per 5000.
    """
    wanted = sorted(set(codes))
    found: dict[int, VoucherState] = {}
    for start in range(0, len(wanted), BATCH):
        rows = Voucher.objects.filter(code__in=wanted[start : start + BATCH])
        rows = rows.select_for_update(of=("self",)).order_by("id") if lock else rows.order_by()
        for code, *values in rows.values_list("code", *_VOUCHER):
            found[code] = VoucherState(*values)
    return found


@dataclass(frozen=True, slots=True)
class DatedGrant:
    """A grant with its period."""

    programme_id: int
    state: GrantState
    valid_from: date
    valid_until: date | None


def load_grants(site_id: int) -> list[DatedGrant]:
    """Return all grants of a site, whatever the date. One query."""
    rows = Grant.objects.filter(site_id=site_id).order_by("id")
    return [
        DatedGrant(g.programme_id, GrantState(g.network, g.service, g.unit_ceiling_cents), g.valid_from, g.valid_until)
        for g in rows
    ]


def grants_on(grants: Sequence[DatedGrant], programme_id: int, day: date) -> tuple[GrantState, ...]:
    """Return the grants of one programme in force on a day."""
    return tuple(
        g.state
        for g in grants
        if g.programme_id == programme_id and g.valid_from <= day and (g.valid_until is None or day < g.valid_until)
    )


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """A household member: who, in which household, when."""

    id: int
    household_id: int
    fiscal_code: str
    birth_date: date
    valid_from: date
    valid_until: date | None

    def care_on(self, day: date, household_id: int) -> CareState:
        """Return what the rule reads of this member for a voucher of a household on a day."""
        is_in = self.valid_from <= day and (self.valid_until is None or day < self.valid_until)
        return CareState(is_in and self.household_id == household_id, self.birth_date)


_MEMBER = ("id", "household_id", "person__fiscal_code", "person__birth_date", "valid_from", "valid_until")


def load_member(member_id: int) -> MemberFacts | None:
    """Return one member, or None. One query."""
    row = Member.objects.filter(pk=member_id).values_list(*_MEMBER).first()
    return MemberFacts(*row) if row else None


def load_members(household_ids: Iterable[int]) -> dict[int, MemberFacts]:
    """Return the members of these households by id. One query per 5000 households."""
    wanted = sorted(set(household_ids))
    found: dict[int, MemberFacts] = {}
    for start in range(0, len(wanted), BATCH):
        rows = Member.objects.filter(household_id__in=wanted[start : start + BATCH]).order_by("id")
        for row in rows.values_list(*_MEMBER):
            found[row[0]] = MemberFacts(*row)
    return found


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The published versions of a programme by the day from which they hold."""

    days: tuple[date, ...]
    version_ids: tuple[int, ...]
    found: dict[tuple[str, date], Service | None] = field(default_factory=dict)

    def service_on(self, code: str, day: date) -> Service | None:
        """Return a service if the version in force on ``day`` has it and it is in its own dates then."""
        key = (code, day)
        if key not in self.found:
            self.found[key] = self._look_up(code, day)
        return self.found[key]

    def _look_up(self, code: str, day: date) -> Service | None:
        if not self.version_ids:
            return None
        place = max(bisect_right(self.days, day) - 1, 0)
        for service in get_terms(self.version_ids[place]).services:
            if (
                service.code == code
                and service.valid_from <= day
                and (service.valid_until is None or day < service.valid_until)
            ):
                return service
        return None

    def state_on(self, code: str, day: date) -> ServiceState | None:
        """Return what the rule reads of a service, or None when the catalogue had no such service that day."""
        service = self.service_on(code, day)
        return ServiceState(service.needs_person, service.min_age, service.max_age) if service else None


#: By programme. Published versions never change; that none was added is checked by the guard (``versions_seen``).
_catalogues: dict[int, Catalogue] = {}


def load_catalogue(programme_id: int, *, fresh: bool = False) -> Catalogue:
    """Return a programme's catalogue, kept in the process; ``fresh`` reads it again."""
    found = None if fresh else _catalogues.get(programme_id)
    if found is None:
        rows = ProgrammeVersion.objects.filter(programme_id=programme_id, status=VersionStatus.PUBLISHED)
        pairs = sorted((day, pk) for day, pk in rows.values_list("valid_from", "id") if day)
        found = Catalogue(tuple(day for day, _ in pairs), tuple(pk for _, pk in pairs))
        if not connection.in_atomic_block:  # inside a transaction a version may still vanish
            _catalogues[programme_id] = found
    return found


def forget_catalogues() -> None:
    """Forget what the process keeps: for tests, whose databases come and go."""
    _catalogues.clear()
