"""What a family declares: its fact sheet, as the application form would store it (programmes.rules.facts)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from piutempo.replay.rules.families import Family

ONE_DAY = timedelta(days=1)


def declared_facts(family: Family, *, measure_code: str, person_ids: Sequence[int] = ()) -> dict[str, Any]:
    """Return the declared data of ``family``; ``person_ids`` are those of its members, in order, once registered."""
    members = [
        {
            "relation": member.relation,
            "birth_date": member.person.born.isoformat(),
            "cohabiting": member.is_cohabiting,
            "non_self_sufficient": member.is_dependant,
            "short_time_work": member.is_on_short_time,
        }
        for member in family.members
    ]
    for member, person_id in zip(members, person_ids, strict=False):
        member["person_id"] = person_id
    measure = family.measure
    return {
        "members": members,
        "measures": [
            {
                "code": measure_code,
                "assigned_on": measure.assigned_on.isoformat(),
                "valid_from": measure.assigned_on.isoformat(),
                "valid_until": (measure.ends_on + ONE_DAY).isoformat(),
            }
        ]
        if measure
        else [],
        "trainings": [
            {"from": course.starts_on.isoformat(), "until": (course.ends_on + ONE_DAY).isoformat()}
            for course in family.courses
        ],
        "other_benefits": [],
        "isee_cents": family.isee_cents,
        "province": family.place.province,
    }
