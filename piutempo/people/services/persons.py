"""Persons: registered once, found again by codice fiscale."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate

from piutempo.people.models import Municipality, Person, User
from piutempo.people.rules import MISMATCHES, Identity, Notice, Refusal, identity_of, warnings_for
from piutempo.people.selectors import get_other_households_of, list_mismatches
from piutempo.records.services import record_event


class PersonRefused(Exception):
    """A person or a household cannot be registered. ``code`` is stable; ``value`` is what was typed."""

    def __init__(self, code: Refusal, value: str = "") -> None:
        super().__init__(code.value, value)
        self.code = code
        self.value = value


@dataclass(frozen=True, slots=True)
class PersonInput:
    """What is typed about a person. Birth date and gender are read from the codice fiscale."""

    fiscal_code: str
    given_name: str
    family_name: str
    municipality_id: str | None = None
    address: str = ""
    phone: str = ""
    email: str = ""


def read_identity(fiscal_code: str, at: datetime) -> Identity:
    """
    Return what a typed codice fiscale states.

    :raises PersonRefused: ``FISCAL_CODE``
    """
    try:
        return identity_of(fiscal_code, localdate(at))
    except ValueError:
        raise PersonRefused(Refusal.FISCAL_CODE, fiscal_code) from None


def check_person(
    *,
    fiscal_code: str,
    given_name: str,
    family_name: str,
    birth_date: date | None = None,
    gender: str = "",
    household_id: int | None = None,
    at: datetime,
) -> tuple[Notice, ...]:
    """
    Return what somebody should look at before registering a person; nothing here blocks.

    ``household_id`` is the household that the person is being added to: a current place in another one is a warning.

    :raises PersonRefused: ``FISCAL_CODE``, ``BORN_LATER`` (typed birth date in the future)
    """
    identity = read_identity(fiscal_code, at)
    if birth_date is not None and birth_date > localdate(at):
        raise PersonRefused(Refusal.BORN_LATER, birth_date.isoformat())
    found = list(
        warnings_for(identity, given_name=given_name, family_name=family_name, birth_date=birth_date, gender=gender)
    )
    person = Person.objects.filter(fiscal_code=identity.fiscal_code).first()
    if person is not None:
        if (person.given_name.casefold(), person.family_name.casefold()) != (
            given_name.strip().casefold(),
            family_name.strip().casefold(),
        ):
            found.append(Notice.KNOWN_OTHER_NAME)
        if get_other_households_of(person, household_id):
            found.append(Notice.OTHER_HOUSEHOLD)
    return tuple(found)


@transaction.atomic
def register_person(
    *,
    fiscal_code: str,
    given_name: str,
    family_name: str,
    municipality: Municipality | None = None,
    address: str = "",
    phone: str = "",
    email: str = "",
    user: User | None = None,
    at: datetime,
    by: User | None = None,
) -> Person:
    """
    Return the person with this codice fiscale, registered now unless already known.

    A known person keeps the name on file; empty contact data are filled in, an account is attached if there was none.

    :raises PersonRefused: ``FISCAL_CODE``, ``NAME_MISSING``
    """
    identity = read_identity(fiscal_code, at)
    if not given_name.strip() or not family_name.strip():
        raise PersonRefused(Refusal.NAME_MISSING, identity.fiscal_code)
    person, is_new = Person.objects.get_or_create(
        fiscal_code=identity.fiscal_code,
        defaults={
            "given_name": given_name.strip(),
            "family_name": family_name.strip(),
            "birth_date": identity.birth_date,
            "gender": identity.gender,
            "municipality": municipality,
            "address": address.strip(),
            "phone": phone.strip(),
            "email": email.strip(),
            "user": user,
        },
    )
    if is_new:
        record_event(
            name="people.person_registered",
            subject="people.person",
            subject_id=person.pk,
            at=at,
            by_id=by.pk if by else None,
        )
        return person
    changed = []
    for field, value in (
        ("municipality", municipality),
        ("address", address.strip()),
        ("phone", phone.strip()),
        ("email", email.strip()),
        ("user", user),
    ):
        if value and not getattr(person, field):
            setattr(person, field, value)
            changed.append(field)
    if changed:
        person.save(update_fields=changed)
    return person


@transaction.atomic
def register_persons(inputs: Sequence[PersonInput], *, at: datetime) -> dict[str, Person]:
    """
    Register many persons in a few queries; known ones are reused as they are. Keys: normal codice fiscale.

    :raises PersonRefused: ``FISCAL_CODE`` or ``NAME_MISSING`` at the first wrong one; nothing is then written
    """
    rows: dict[str, Person] = {}
    for item in inputs:
        identity = read_identity(item.fiscal_code, at)
        if not item.given_name.strip() or not item.family_name.strip():
            raise PersonRefused(Refusal.NAME_MISSING, identity.fiscal_code)
        rows.setdefault(
            identity.fiscal_code,
            Person(
                fiscal_code=identity.fiscal_code,
                given_name=item.given_name.strip(),
                family_name=item.family_name.strip(),
                birth_date=identity.birth_date,
                gender=identity.gender,
                municipality_id=item.municipality_id,
                address=item.address,
                phone=item.phone,
                email=item.email,
            ),
        )
    codes = list(rows)
    known: dict[str, Person] = {}
    for start in range(0, len(codes), 500):
        for person in Person.objects.filter(fiscal_code__in=codes[start : start + 500]):
            known[person.fiscal_code] = person
    created = Person.objects.bulk_create([p for code, p in rows.items() if code not in known], batch_size=500)
    return known | {person.fiscal_code: person for person in created}


def attach_account(*, person: Person, user: User) -> None:
    """Let an account act as this person."""
    person.user = user
    person.save(update_fields=["user"])


def record_mismatch(
    *,
    person: Person,
    notices: Collection[Notice],
    at: datetime,
    by: User | None = None,
    unasked: Collection[Notice] = (),
) -> None:
    """
    Record where what was typed of a person differs from the codice fiscale; none takes an earlier record back.

    ``unasked`` are kinds that nobody could see this time (no birth date was typed): an earlier record of them stays.
    The same again writes nothing. Codes only: what was typed is not kept.
    """
    before = list_mismatches([person.pk]).get(person.pk, [])
    codes = sorted({n.value for n in notices if n in MISMATCHES} | {n.value for n in before if n in unasked})
    if codes == [n.value for n in before]:
        return
    record_event(
        name="people.mismatch_found" if codes else "people.mismatch_cleared",
        subject="people.person",
        subject_id=person.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"notices": codes},
    )


@transaction.atomic
def update_contacts(
    *,
    person: Person,
    municipality: Municipality | None,
    address: str,
    phone: str,
    email: str,
    at: datetime,
    by: User | None = None,
) -> Person:
    """Set where a person lives and how to reach them; the same again changes nothing."""
    wanted = {"municipality": municipality, "address": address.strip(), "phone": phone.strip(), "email": email.strip()}
    changed = [field for field, value in wanted.items() if getattr(person, field) != value]
    if changed:
        for field in changed:
            setattr(person, field, wanted[field])
        person.save(update_fields=changed)
        record_event(
            name="people.contacts_changed",
            subject="people.person",
            subject_id=person.pk,
            at=at,
            by_id=by.pk if by else None,
            data={"fields": changed},
        )
    return person
