"""What a codice fiscale says of a person, and where that differs from what was typed. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from piutempo.kernel.identifiers import birth_of, normal_fiscal_code

_VOWELS = set("AEIOU")


class Notice(StrEnum):
    """What somebody should look at; never a reason to refuse."""

    BIRTH_DATE = "birth_date"
    GENDER = "gender"
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    OTHER_HOUSEHOLD = "other_household"
    KNOWN_OTHER_NAME = "known_other_name"


#: Where what was typed differs from the codice fiscale (the others speak of what is registered already).
MISMATCHES = frozenset({Notice.BIRTH_DATE, Notice.GENDER, Notice.FAMILY_NAME, Notice.GIVEN_NAME})


class Refusal(StrEnum):
    """Why a person or a household cannot be registered."""

    FISCAL_CODE = "fiscal_code"
    BORN_LATER = "born_later"
    NAME_MISSING = "name_missing"
    TWICE = "twice"
    APPLICANT_TWICE = "applicant_twice"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a valid codice fiscale states: normal form, birth date, gender (``F`` or ``M``)."""

    fiscal_code: str
    birth_date: date
    gender: str


def identity_of(text: str, on: date) -> Identity:
    """
    Read a typed codice fiscale on the day ``on``.

    The two digits of the year give the latest birth year that is not after ``on``.

    :raises ValueError: wrong length, form or check character
    """
    code = normal_fiscal_code(text)
    birth, gender = birth_of(code)
    year = on.year - (on.year - birth.year % 100) % 100
    try:
        latest = birth.replace(year=year)
        birth = latest if latest <= on else birth.replace(year=year - 100)
    except ValueError:
        pass
    return Identity(code, birth, gender)


def warnings_for(
    identity: Identity, *, given_name: str, family_name: str, birth_date: date | None = None, gender: str = ""
) -> tuple[Notice, ...]:
    """Return where the typed data differ from the codice fiscale."""
    found = []
    if birth_date is not None and birth_date != identity.birth_date:
        found.append(Notice.BIRTH_DATE)
    if gender and gender != identity.gender:
        found.append(Notice.GENDER)
    if family_name and _letters(family_name)[:3] != identity.fiscal_code[:3]:
        found.append(Notice.FAMILY_NAME)
    if given_name and identity.fiscal_code[3:6] not in _given_letters(given_name):
        found.append(Notice.GIVEN_NAME)
    return tuple(found)


def _split(name: str) -> tuple[str, str]:
    plain = _without_accents(name)
    return "".join(c for c in plain if c not in _VOWELS), "".join(c for c in plain if c in _VOWELS)


def _letters(name: str) -> str:
    consonants, vowels = _split(name)
    return (consonants + vowels + "XXX")[:3]


def _given_letters(name: str) -> set[str]:
    consonants, vowels = _split(name)
    if len(consonants) > 3:
        return {consonants[0] + consonants[2] + consonants[3]}
    return {(consonants + vowels + "XXX")[:3]}


def _without_accents(name: str) -> str:
    table = str.maketrans("ÀÁÂÄÈÉÊËÌÍÎÏÒÓÔÖÙÚÛÜÇÑŠŽ", "AAAAEEEEIIIIOOOOUUUUCNSZ")
    return "".join(c for c in name.upper().translate(table) if "A" <= c <= "Z")
