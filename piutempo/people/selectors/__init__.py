"""Reads of people: persons, households, municipalities."""

from piutempo.people.selectors.persons import (
    find_municipalities,
    get_care_needs,
    get_household_of,
    get_municipality,
    get_other_households_of,
    get_person,
    get_person_by_code,
    get_person_for,
    list_members,
    list_mismatches,
)

__all__ = [
    "find_municipalities",
    "get_care_needs",
    "get_household_of",
    "get_municipality",
    "get_other_households_of",
    "get_person",
    "get_person_by_code",
    "get_person_for",
    "list_members",
    "list_mismatches",
]
