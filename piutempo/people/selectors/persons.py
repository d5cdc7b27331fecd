"""Find persons, households and municipalities."""

import json
from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from piutempo.people.models import CareNeed, Household, Member, Municipality, Person, Relation, User
from piutempo.people.rules import Notice
from piutempo.records.models import Event


def get_person(person_id: int) -> Person | None:
    """Return a person by id. Whether who asks may see them is the caller's business."""
    return Person.objects.filter(pk=person_id).select_related("municipality").first()


def get_person_by_code(fiscal_code: str) -> Person | None:
    """Return the person with this codice fiscale (any case, blanks allowed)."""
    code = "".join(fiscal_code.split()).upper()
    return Person.objects.filter(fiscal_code=code).select_related("municipality").first()


def get_person_for(user: User) -> Person | None:
    """Return the person whose account this is."""
    return Person.objects.filter(user=user).select_related("municipality").first()


def get_household_of(person: Person) -> Household | None:
    """Return the household in which this person is the applicant today, the newest if there were several."""
    member = (
        Member.objects.filter(person=person, relation=Relation.APPLICANT, valid_until=None)
        .select_related("household")
        .order_by("-pk")
        .first()
    )
    return member.household if member else None


def get_other_households_of(person: Person, household_id: int | None = None) -> list[Household]:
    """Return the households, other than ``household_id``, in which this person is a current member."""
    rows = Household.objects.filter(members__person=person, members__valid_until=None)
    if household_id is not None:
        rows = rows.exclude(pk=household_id)
    return list(rows.distinct().order_by("pk"))


def list_members(household: Household) -> QuerySet[Member]:
    """Return the current members with their persons, the applicant first."""
    return household.members.filter(valid_until=None).select_related("person").order_by("pk")


def get_care_needs(household: Household) -> dict[int, bool]:
    """Return who of the household's current members is not self-sufficient, by person id. Health data: one query."""
    needs = CareNeed.objects.filter(member__household=household, member__valid_until=None).select_related("member")
    return {need.member.person_id: bool(json.loads(need.sealed)["is_non_self_sufficient"]) for need in needs}


def find_municipalities(text: str, *, provinces: Iterable[str] = (), limit: int = 20) -> list[Municipality]:
    """Return municipalities whose name starts with ``text``; the exact name first."""
    found = Municipality.objects.filter(name__istartswith=text.strip())
    if provinces:
        found = found.filter(province__in=list(provinces))
    rows = list(found.order_by("name")[: limit * 5])
    rows.sort(key=lambda m: (m.name.casefold() != text.strip().casefold(), m.name))
    return rows[:limit]


def get_municipality(text: str) -> Municipality | None:
    """Return the municipality typed as its code, ``Rho`` or ``Rho (MI)``; None if there is none or more than one."""
    name, _, rest = text.strip().partition("(")
    found = Municipality.objects.filter(Q(name__iexact=name.strip()) | Q(pk=text.strip().upper()))
    if rest:
        found = found.filter(province__iexact=rest.strip(" )"))
    rows = list(found[:2])
    return rows[0] if len(rows) == 1 else None


def list_mismatches(person_ids: Collection[int]) -> dict[int, list[Notice]]:
    """Return where what was last typed of some persons differs from their codice fiscale, by person id. One query."""
    found: dict[int, list[Notice]] = {}
    events = Event.objects.filter(
        subject="people.person",
        subject_id__in=list(person_ids),
        name__in=["people.mismatch_found", "people.mismatch_cleared"],
    ).order_by("pk")
    for event in events:
        found[event.subject_id] = [Notice(code) for code in event.data["notices"]]
    return {person: notices for person, notices in found.items() if notices}
