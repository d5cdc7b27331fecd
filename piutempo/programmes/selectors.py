"""
Reading programmes, their versions and what they say.

Parsed terms are cached by content hash, so the cache can never tell something that the database does not say.
"""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.db.models import QuerySet

from piutempo.ledger.models import Pot
from piutempo.programmes.models import Fund, Programme, ProgrammeVersion, VersionStatus
from piutempo.programmes.rules.reading import read_terms
from piutempo.programmes.rules.terms import Terms

_parsed: dict[str, Terms] = {}
_hash_of: dict[int, str] = {}


class NoVersionInForce(LookupError):
    """The programme says nothing on that day: no version of it was in force."""


def _terms_of(data_hash: str, version_id: int) -> Terms:
    if data_hash not in _parsed:
        version = ProgrammeVersion.objects.select_related("programme").get(pk=version_id)
        _parsed[data_hash] = read_terms(version.data, file=str(version))
    return _parsed[data_hash]


def get_terms(version_id: int) -> Terms:
    """
    Return what a published version says. No query when the version is known, one otherwise.

    :raises ProgrammeVersion.DoesNotExist: no such version
    :raises ValueError: the version is a draft
    """
    if version_id in _hash_of:
        return _terms_of(_hash_of[version_id], version_id)
    version = ProgrammeVersion.objects.only("data_hash", "status").get(pk=version_id)
    if version.status != VersionStatus.PUBLISHED:
        raise ValueError(f"version {version_id} is a draft: nothing is decided by it")
    if (
        not connection.in_atomic_block
    ):  # inside a transaction the row may still vanish, and its id come back for another
        _hash_of[version_id] = version.data_hash
    return _terms_of(version.data_hash, version_id)


def list_versions(programme: Programme) -> QuerySet[ProgrammeVersion]:
    """Return a programme's versions and drafts, the newest first, without their data."""
    rows = ProgrammeVersion.objects.filter(programme=programme).defer("data").order_by("-number")
    return rows.select_related("created_by", "published_by", "based_on", "programme")


def get_version_at(programme: Programme, day: date) -> ProgrammeVersion:
    """
    Return the published version in force on ``day``.

    :raises NoVersionInForce: none was
    """
    rows = ProgrammeVersion.objects.filter(programme=programme, status=VersionStatus.PUBLISHED, valid_from__lte=day)
    version = rows.defer("data").select_related("programme").order_by("-valid_from").first()
    if version is None:
        raise NoVersionInForce(f"{programme.code} has no version in force on {day}")
    return version


def get_head(programme: Programme) -> ProgrammeVersion | None:
    """Return the newest published version, even when it starts in the future."""
    rows = ProgrammeVersion.objects.filter(programme=programme, status=VersionStatus.PUBLISHED)
    return rows.order_by("-valid_from").first()


def get_current_terms(programme: Programme, day: date) -> Terms:
    """
    Return what a programme says on ``day``. One query.

    :raises NoVersionInForce: nothing yet
    """
    version = get_version_at(programme, day)
    return _terms_of(version.data_hash, version.pk)


def get_programme(code: str) -> Programme:
    """
    Return a programme by its code.

    :raises Programme.DoesNotExist: none has it
    """
    return Programme.objects.get(code=code)


def list_programmes() -> QuerySet[Programme]:
    """Return all programmes by title."""
    return Programme.objects.order_by("title")


def list_programmes_for(ids: set[int] | None) -> QuerySet[Programme]:
    """Return the programmes of these ids (None: all)."""
    rows = list_programmes()
    return rows if ids is None else rows.filter(pk__in=ids)


def list_open_programmes(day: date) -> list[tuple[Programme, Terms]]:
    """
    Return the programmes that say something on ``day``, those running then first, each with its terms. Two queries.
    """
    versions: dict[int, ProgrammeVersion] = {}
    rows = ProgrammeVersion.objects.filter(status=VersionStatus.PUBLISHED, valid_from__lte=day)
    for version in rows.defer("data").select_related("programme").order_by("valid_from"):
        versions[version.programme_id] = version
    found = [(v.programme, _terms_of(v.data_hash, v.pk)) for v in versions.values()]
    return sorted(found, key=lambda pair: (not pair[1].starts_on <= day < pair[1].ends_on, pair[1].title))


def get_fund_pot(programme: Programme, fund_code: str) -> Pot:
    """
    Return the pot of a programme's fund. One query.

    :raises Fund.DoesNotExist: the programme has no such fund
    """
    return Fund.objects.select_related("pot").get(programme=programme, code=fund_code).pot


def get_version_for(programme: Programme, number: int) -> ProgrammeVersion:
    """
    Return one version or draft of a programme, with its data.

    :raises ProgrammeVersion.DoesNotExist: it has none of this number
    """
    rows = ProgrammeVersion.objects.select_related("programme", "based_on", "created_by", "published_by")
    return rows.get(programme=programme, number=number)
