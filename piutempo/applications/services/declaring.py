"""Filling a draft step by step: who lives with the applicant, then what the programme's rules ask."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from piutempo.applications.models import Application, Bookmark, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.selectors import get_declared
from piutempo.applications.services.refused import ApplicationRefused
from piutempo.applications.services.submitting import save_facts, start_application
from piutempo.network.models import Desk
from piutempo.people.models import Household, Municipality, Person, Relation, User
from piutempo.people.selectors import get_household_of, list_members
from piutempo.people.services import MemberInput, register_household, update_contacts
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
def declare_contacts(
    *,
    application: Application,
    municipality: Municipality | None,
    address: str,
    phone: str,
    email: str,
    at: datetime,
    by: User | None,
) -> Application:
    """
    Store where the applicant lives and how to reach them; the province goes into the facts unless it is there already.

    :raises ApplicationRefused: NOT_DRAFT
    """
    applicant = application.applicant
    update_contacts(
        person=applicant, municipality=municipality, address=address, phone=phone, email=email, at=at, by=by
    )
    facts = get_declared(application)
    if municipality is None or facts.get("province"):
        return application
    return save_facts(application=application, facts=facts | {"province": municipality.province}, at=at, by=by)


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


@transaction.atomic
def leave_at(
    *, application: Application, step: str, left: Mapping[str, str] | None = None, at: datetime
) -> Bookmark | None:
    """
    Remember the step at which a draft was left, and what was typed there that is not whole yet.

    A request that is no longer a draft has no bookmark: None.
    """
    held = Application.objects.select_for_update(of=("self",)).filter(pk=application.pk, status=Status.DRAFT).first()
    if held is None:
        return None
    text = json.dumps(dict(left), ensure_ascii=False) if left else ""
    bookmark, _is_new = Bookmark.objects.update_or_create(
        application=held, defaults={"step": step, "left": text, "at": at}
    )
    return bookmark


def leave_situation(
    *,
    application: Application,
    facts: Mapping[str, Any],
    left: Mapping[str, str],
    everything: Mapping[str, str],
    at: datetime,
    by: User | None,
) -> None:
    """
    Keep a half-filled situation: ``facts`` has what is well formed, ``left`` the rest.

    Facts that cannot be true all the same are not stored: then ``everything`` typed waits in the bookmark.

    :raises ApplicationRefused: NOT_DRAFT
    """
    try:
        declare_situation(application=application, facts=facts, at=at, by=by)
    except ApplicationRefused as refused:
        if refused.code is not Refusal.WRONG_FACTS:
            raise
        left = everything
    leave_at(application=application, step="situation", left=left, at=at)


def get_left(application: Application, step: str) -> dict[str, str]:
    """Return what was typed at a step of a draft and is not whole yet, by field."""
    bookmark = Bookmark.objects.filter(application=application, step=step).first()
    if bookmark is None or not bookmark.left:
        return {}
    left: dict[str, str] = json.loads(bookmark.left)
    return left
