"""Households: who lives with the applicant, as declared, and who of them needs care."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.timezone import localdate

from piutempo.people.models import CareNeed, Household, Member, Person, Relation, User
from piutempo.people.rules import Refusal
from piutempo.people.selectors import get_household_of
from piutempo.people.services.persons import (
    PersonInput,
    PersonRefused,
    read_identity,
    register_person,
    register_persons,
)
from piutempo.records.models import Event
from piutempo.records.services import record_event, record_events


@dataclass(frozen=True, slots=True)
class MemberInput:
    """
    A member besides the applicant. ``is_non_self_sufficient`` is sealed (health data); None: not said.

    An applicant's own need is given by ``applicant_needs_care`` of the household.
    """

    fiscal_code: str
    given_name: str
    family_name: str
    relation: str
    is_cohabiting: bool = True
    is_non_self_sufficient: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class HouseholdInput:
    """A household to register in bulk: the applicant, the others, when and by which desk."""

    applicant: PersonInput
    members: tuple[MemberInput, ...]
    at: datetime
    desk_id: int | None = None
    applicant_needs_care: bool | None = None


@dataclass(frozen=True, slots=True)
class RegisteredHousehold:
    """A household as registered; ``members`` starts with the applicant and follows the order of the input."""

    household: Household
    applicant: Person
    members: tuple[Member, ...]


@transaction.atomic
def register_household(
    *,
    applicant: Person,
    members: Sequence[MemberInput],
    at: datetime,
    by: User | None = None,
    desk_id: int | None = None,
    applicant_needs_care: bool | None = None,
) -> Household:
    """
    Return the applicant's household with exactly these members, registered or brought up to date.

    Calling it again with the same members changes nothing. A member who is no longer there is closed on the day (or
    taken away if added that same day). Persons are found by codice fiscale or registered.

    :raises PersonRefused: ``FISCAL_CODE``, ``NAME_MISSING``, ``TWICE`` (same person twice), ``APPLICANT_TWICE``
    """
    _check_once(applicant.fiscal_code, members, at)
    today = localdate(at)
    household = get_household_of(applicant)
    is_new = household is None
    if household is None:
        household = Household.objects.create(created_at=at, created_by=by, desk_id=desk_id)
    Household.objects.select_for_update().get(pk=household.pk)
    current = {m.person_id: m for m in household.members.filter(valid_until=None).select_related("care_need")}
    wanted: dict[int, tuple[str, bool, bool | None, str]] = {
        applicant.pk: (Relation.APPLICANT, True, applicant_needs_care, "")
    }
    for item in members:
        person = register_person(
            fiscal_code=item.fiscal_code, given_name=item.given_name, family_name=item.family_name, at=at, by=by
        )
        wanted[person.pk] = (item.relation, item.is_cohabiting, item.is_non_self_sufficient, item.note)
    for person_id, member in current.items():
        if person_id not in wanted:
            _close(member, at)
    for person_id, (relation, is_cohabiting, needs_care, note) in wanted.items():
        found = current.get(person_id)
        if found is None:
            found = Member.objects.create(
                household=household,
                person_id=person_id,
                relation=relation,
                is_cohabiting=is_cohabiting,
                valid_from=today,
            )
        elif (found.relation, found.is_cohabiting) != (relation, is_cohabiting):
            found.relation, found.is_cohabiting = relation, is_cohabiting
            found.save(update_fields=["relation", "is_cohabiting"])
        if needs_care is not None:
            CareNeed.objects.update_or_create(member=found, defaults={"sealed": _seal(needs_care, note)})
    if is_new:
        record_event(
            name="people.household_registered",
            subject="people.household",
            subject_id=household.pk,
            at=at,
            by_id=by.pk if by else None,
            data={"members": len(wanted)},
        )
    return household


@transaction.atomic
def register_households(
    inputs: Sequence[HouseholdInput], *, by: User | None = None, with_events: bool = True
) -> list[RegisteredHousehold]:
    """
    Register many new households in a few queries, in the order of the inputs. Known persons are reused.

    Meant for imports and replays: each input becomes a new household, nothing is brought up to date.

    :raises PersonRefused: at the first wrong input; nothing is then written
    """
    if not inputs:
        return []
    latest = max(item.at for item in inputs)
    people: list[PersonInput] = []
    for item in inputs:
        _check_once(item.applicant.fiscal_code, item.members, item.at)
        people.append(item.applicant)
        people += [
            PersonInput(m.fiscal_code, m.given_name, m.family_name, item.applicant.municipality_id)
            for m in item.members
        ]
    persons = register_persons(people, at=latest)
    households = Household.objects.bulk_create(
        [Household(created_at=item.at, created_by=by, desk_id=item.desk_id) for item in inputs], batch_size=500
    )
    members: list[Member] = []
    needs: list[CareNeed] = []
    groups: list[tuple[Household, Person, tuple[Member, ...]]] = []
    for item, household in zip(inputs, households, strict=True):
        on = localdate(item.at)
        applicant = persons[_key(item.applicant.fiscal_code)]
        mine = [Member(household=household, person=applicant, relation=Relation.APPLICANT, valid_from=on)]
        if item.applicant_needs_care is not None:
            needs.append(CareNeed(member=mine[0], sealed=_seal(item.applicant_needs_care, "")))
        for other in item.members:
            member = Member(
                household=household,
                person=persons[_key(other.fiscal_code)],
                relation=other.relation,
                is_cohabiting=other.is_cohabiting,
                valid_from=on,
            )
            mine.append(member)
            if other.is_non_self_sufficient is not None:
                needs.append(CareNeed(member=member, sealed=_seal(other.is_non_self_sufficient, other.note)))
        members += mine
        groups.append((household, applicant, tuple(mine)))
    Member.objects.bulk_create(members, batch_size=500)
    CareNeed.objects.bulk_create(needs, batch_size=500)
    if with_events:
        record_events(
            [
                Event(
                    name="people.household_registered",
                    subject="people.household",
                    subject_id=household.pk,
                    happened_at=item.at,
                    actor_id=by.pk if by else None,
                    data={"members": len(mine)},
                )
                for item, (household, _applicant, mine) in zip(inputs, groups, strict=True)
            ]
        )
    return [RegisteredHousehold(*group) for group in groups]


def _key(fiscal_code: str) -> str:
    return "".join(fiscal_code.split()).upper()


def _check_once(applicant_code: str, members: Sequence[MemberInput], at: datetime) -> None:
    seen = {_key(applicant_code)}
    for item in members:
        code = read_identity(item.fiscal_code, at).fiscal_code
        if item.relation == Relation.APPLICANT or code == _key(applicant_code):
            raise PersonRefused(Refusal.APPLICANT_TWICE, code)
        if code in seen:
            raise PersonRefused(Refusal.TWICE, code)
        seen.add(code)


def _close(member: Member, at: datetime) -> None:
    today = localdate(at)
    if member.valid_from >= today:
        member.delete()
    else:
        member.valid_until = today
        member.save(update_fields=["valid_until"])


def _seal(needs_care: bool, note: str) -> str:
    return json.dumps({"is_non_self_sufficient": needs_care, "note": note}, ensure_ascii=False)
