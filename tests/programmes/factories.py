"""Programmes for tests: the shipped files, changed at will."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from piutempo.people.access import Role
from piutempo.people.models import RoleGrant, User
from piutempo.programmes.rules.reading import parse_toml, read_terms
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.services import LoadResult, load_programme

HISTORIC = "obiettivo-conciliazione-2010"
LIVE = "piu-tempo-2026"
RANKED = "graduatoria-2026"
AT = datetime(2010, 1, 10, 9, tzinfo=UTC)


def file_text(code: str = HISTORIC) -> str:
    return (Path(settings.PROGRAMMES_DIR) / f"{code}.toml").read_text()


def read(text: str, file: str = "prova.toml") -> Terms:
    data, lines = parse_toml(text, file)
    return read_terms(data, file=file, lines=lines)


def changed(*changes: tuple[str, str], code: str = HISTORIC) -> str:
    """The shipped file with texts replaced (each must be there)."""
    text = file_text(code)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def write(folder: Path, *changes: tuple[str, str], code: str = HISTORIC) -> Path:
    path = folder / f"{code}.toml"
    path.write_text(changed(*changes, code=code))
    return path


def load(code: str = HISTORIC, at: datetime = AT) -> LoadResult:
    return load_programme(Path(settings.PROGRAMMES_DIR) / f"{code}.toml", at=at)


def make_user(role: Role, username: str = "responsabile", **scope: Any) -> User:
    user = User.objects.create(username=username, full_name="Ada Bianchi", created_at=AT)
    RoleGrant.objects.create(user=user, role=role, valid_from=date(2010, 1, 1), **scope)
    return user


def family(**changes: Any) -> dict[str, Any]:
    """One parent with one child of eight, a dote and six months of training: eligible in 2010."""
    declared: dict[str, Any] = {
        "members": [applicant(), child("2002-05-01")],
        "measures": [{"code": "dote-lavoro-ammortizzatori-sociali", "assigned_on": "2010-02-10"}],
        "trainings": [{"from": "2010-03-15", "until": "2010-09-01", "title": "Contabilità"}],
    }
    return declared | changes


def applicant(**changes: Any) -> dict[str, Any]:
    person = {
        "relation": "applicant",
        "birth_date": "1975-03-01",
        "short_time_work": True,
        "non_self_sufficient": False,
    }
    return person | changes


def partner(**changes: Any) -> dict[str, Any]:
    person = {
        "relation": "partner",
        "birth_date": "1974-03-01",
        "cohabiting": True,
        "short_time_work": False,
        "non_self_sufficient": False,
    }
    return person | changes


def child(birth_date: str | None, **changes: Any) -> dict[str, Any]:
    person = {
        "relation": "child",
        "birth_date": birth_date,
        "cohabiting": True,
        "short_time_work": False,
        "non_self_sufficient": False,
    }
    return person | changes
