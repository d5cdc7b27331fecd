"""Writes of people: persons and households (accounts join here)."""

from piutempo.people.services.households import (
    HouseholdInput,
    MemberInput,
    RegisteredHousehold,
    register_household,
    register_households,
)
from piutempo.people.services.persons import (
    PersonInput,
    PersonRefused,
    attach_account,
    check_person,
    record_mismatch,
    register_person,
    register_persons,
    update_contacts,
)

__all__ = [
    "HouseholdInput",
    "MemberInput",
    "PersonInput",
    "PersonRefused",
    "RegisteredHousehold",
    "attach_account",
    "check_person",
    "record_mismatch",
    "register_household",
    "register_households",
    "register_person",
    "register_persons",
    "update_contacts",
]
