"""Filling a draft step by step: who lives with the applicant, then what the programme's rules ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from piutempo.applications.models import Application
from piutempo.applications.selectors import get_declared
from piutempo.applications.services.submitting import save_facts, start_application
from piutempo.network.models import Desk
from piutempo.people.models import Household, Person, Relation, User
from piutempo.people.selectors import get_household_of, list_members
from piutempo.people.services import MemberInput, register_household
from piutempo.programmes.models import Programme

#: What is asked of each member and kept when the household changes.
MEMBER_FACTS = ("non_self_sufficient", "short_time_work")


def members_as_facts(household: Household, declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return today's members as the fact sheet wants them, with what was already said of each. One query."""
    said = {m.get("person_id"): m for m in declared.get("members") or []}
    rows = []
    for member in list_members(household):
        row: dict[str, Any] = {
            "relation": member.relation,
            "birth_date": member.person.birth_date.isoformat(),
            "cohabiting": member.is_cohabiting,
            "person_id": member.person_id,
        }
        known = said.get(member.person_id, {})
        rows.append(row | {k: known[k] for k in MEMBER_FACTS if known.get(k) is not None})
    return rows


@transaction.atomic
def open_draft(
    *, programme: Programme, applicant: Person, desk: Desk | None, at: datetime, by: User | None
) -> Application:
    """
    Return the draft with which this person applies to a programme: the one there is, or a new one.

    A person without a household gets one with nobody else in it yet. Opening twice leaves one draft.

    :raises ApplicationRefused: ALREADY_APPLIED
    """
    household = get_household_of(applicant)
    if household is None:
        household = register_household(applicant=applicant, members=[], at=at, by=by, desk_id=desk.pk if desk else None)
    draft = (
        Application.objects.filter(programme=programme, household=household, applicant=applicant, status="draft")
        .order_by("pk")
        .first()
    )
    facts = get_declared(draft) if draft else {}
    facts["members"] = members_as_facts(household, facts)
    if "province" not in facts and applicant.municipality is not None:
        facts["province"] = applicant.municipality.province
    return start_application(
        programme=programme, household=household, applicant=applicant, facts=facts, desk=desk, at=at, by=by
    )


@transaction.atomic
def declare_members(
    *, application: Application, members: Sequence[MemberInput], at: datetime, by: User | None
) -> Application:
    """
    Make these, besides the applicant, the members of a draft's household. The same members again change nothing.

    :raises PersonRefused: as ``people.services.register_household``
    :raises ApplicationRefused: NOT_DRAFT, WRONG_FACTS
    """
    register_household(applicant=application.applicant, members=members, at=at, by=by, desk_id=application.desk_id)
    facts = get_declared(application)
    facts["members"] = members_as_facts(application.household, facts)
    return save_facts(application=application, facts=facts, at=at, by=by)


@transaction.atomic
def declare_situation(
    *, application: Application, facts: Mapping[str, Any], at: datetime, by: User | None
) -> Application:
    """
    Store what the rules ask of a draft; the members' need of care goes, sealed, to the household too.

    :raises ApplicationRefused: NOT_DRAFT, WRONG_FACTS
    """
    saved = save_facts(application=application, facts=facts, at=at, by=by)
    needs = {m.get("person_id"): m.get("non_self_sufficient") for m in facts.get("members") or []}
    register_household(
        applicant=application.applicant,
        members=list_member_inputs(application.household, needs),
        at=at,
        by=by,
        applicant_needs_care=needs.get(application.applicant_id),
    )
    return saved


def list_member_inputs(
    household: Household, needs: Mapping[int | None, bool | None] | None = None
) -> list[MemberInput]:
    """Return the household's members besides the applicant, ready to be declared again. One query."""
    return [
        MemberInput(
            fiscal_code=m.person.fiscal_code,
            given_name=m.person.given_name,
            family_name=m.person.family_name,
            relation=m.relation,
            is_cohabiting=m.is_cohabiting,
            is_non_self_sufficient=(needs or {}).get(m.person_id),
        )
        for m in list_members(household)
        if m.relation != Relation.APPLICANT
    ]
