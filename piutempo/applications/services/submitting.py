"""Starting, filling and submitting applications."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from piutempo.applications.models import Application, Counter, Status
from piutempo.applications.rules import Refusal, window_refusal_for
from piutempo.applications.selectors import RulesByDay, find_standing, get_declared, get_rules
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.network.models import Desk
from piutempo.people.models import Household, Member, Person, Relation, User
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.facts import validate_declared
from piutempo.programmes.rules.terms import Terms
from piutempo.records.services import hash_json, record_events


@dataclass(frozen=True, slots=True)
class ApplicationInput:
    """One application to submit in bulk; ``facts`` is the fact sheet as declared."""

    household: Household
    applicant: Person
    facts: Mapping[str, Any]
    desk: Desk | None
    at: datetime
    by: User | None = None


@transaction.atomic
def start_application(
    *,
    programme: Programme,
    household: Household,
    applicant: Person,
    facts: Mapping[str, Any],
    desk: Desk | None,
    at: datetime,
    by: User | None,
) -> Application:
    """
    Start a draft, or go on with the one this household has: starting twice leaves one draft.

    A draft may be incomplete; what is there must be well formed.

    :raises ApplicationRefused: NOT_THE_APPLICANT, ALREADY_APPLIED, WRONG_FACTS
    """
    _check_applicant(household, applicant)
    _check_first(programme, household, applicant)
    draft = (
        Application.objects.select_for_update(of=("self",))
        .filter(programme=programme, household=household, applicant=applicant, status=Status.DRAFT)
        .order_by("id")
        .first()
    )
    if draft is not None:
        return save_facts(application=draft, facts=facts, at=at, by=by)
    _check_facts(facts, at)
    application = Application.objects.create(
        programme=programme,
        household=household,
        applicant=applicant,
        desk=desk,
        facts=_text_of(facts),
        facts_hash=hash_json(dict(facts)),
        created_at=at,
        created_by=by,
    )
    record_events([event_of("applications.started", application, at, by)])
    return application


@transaction.atomic
def save_facts(*, application: Application, facts: Mapping[str, Any], at: datetime, by: User | None) -> Application:
    """
    Store what a draft declares; the same facts again change nothing.

    :raises ApplicationRefused: NOT_DRAFT, WRONG_FACTS
    """
    held = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if held.status != Status.DRAFT:
        raise ApplicationRefused(Refusal.NOT_DRAFT)
    _check_facts(facts, at)
    if hash_json(dict(facts)) != held.facts_hash:
        held.facts, held.facts_hash = _text_of(facts), hash_json(dict(facts))
        held.save(update_fields=["facts", "facts_hash"])
        record_events([event_of("applications.facts_saved", held, at, by, {"facts_hash": held.facts_hash})])
    return held


@transaction.atomic
def submit_application(*, application: Application, at: datetime, by: User | None) -> Application:
    """
    Submit a draft: it gets the next number of its programme, without gaps. Submitting it again changes nothing.

    :raises ApplicationRefused: NOT_DRAFT, NOT_YET_OPEN, WINDOW_CLOSED, NO_WINDOW, WRONG_FACTS, ALREADY_APPLIED
    """
    held = Application.objects.select_for_update(of=("self",)).select_related("programme").get(pk=application.pk)
    if held.status == Status.SUBMITTED:
        return held
    if held.status != Status.DRAFT:
        raise ApplicationRefused(Refusal.NOT_DRAFT)
    _check_window(get_rules(held.programme, timezone.localdate(at))[1], at)
    _check_facts(get_declared(held), at)
    _check_first(held.programme, held.household, held.applicant)
    held.status, held.submitted_at = Status.SUBMITTED, at
    counter = _lock_counter(held.programme)
    held.number = counter.last + 1
    try:
        with transaction.atomic():
            held.save(update_fields=["status", "submitted_at", "number"])
    except IntegrityError as error:
        raise ApplicationRefused(Refusal.ALREADY_APPLIED) from error
    counter.last += 1
    counter.save(update_fields=["last"])
    record_events([event_of("applications.submitted", held, at, by, {"number": held.number})])
    return held


@transaction.atomic
def submit_applications(*, programme: Programme, items: Sequence[ApplicationInput]) -> list[Application]:
    """
    Start and submit many applications in the order given, by the same rules as one: all of them or none.

    :raises ApplicationRefused: as ``submit_application``, for the first item that breaks a rule
    """
    if not items:
        return []
    pairs = {(m.household_id, m.person_id) for m in _list_applicants([i.household.pk for i in items])}
    households: set[int] = set()
    applicants: set[int] = set()
    for start in range(0, len(items), 400):
        chunk = items[start : start + 400]
        standing = find_standing(
            programme_id=programme.pk,
            household_ids=[i.household.pk for i in chunk],
            applicant_ids=[i.applicant.pk for i in chunk],
        )
        for found in standing:
            households.add(found.household_id)
            applicants.add(found.applicant_id)
    rows: list[Application] = []
    known: RulesByDay = {}
    for item in items:
        if (item.household.pk, item.applicant.pk) not in pairs:
            raise ApplicationRefused(Refusal.NOT_THE_APPLICANT)
        if item.household.pk in households or item.applicant.pk in applicants:
            raise ApplicationRefused(Refusal.ALREADY_APPLIED)
        households.add(item.household.pk)
        applicants.add(item.applicant.pk)
        _check_window(get_rules(programme, timezone.localdate(item.at), known)[1], item.at)
        _check_facts(item.facts, item.at)
        rows.append(
            Application(
                programme=programme,
                household=item.household,
                applicant=item.applicant,
                desk=item.desk,
                status=Status.SUBMITTED,
                facts=_text_of(item.facts),
                facts_hash=hash_json(dict(item.facts)),
                created_at=item.at,
                created_by=item.by,
                submitted_at=item.at,
            )
        )
    counter = _lock_counter(programme)
    for offset, row in enumerate(rows, start=1):
        row.number = counter.last + offset
    rows = Application.objects.bulk_create(rows, batch_size=500)
    counter.last += len(rows)
    counter.save(update_fields=["last"])
    record_events(
        event_of("applications.submitted", row, item.at, item.by, {"number": row.number})
        for row, item in zip(rows, items, strict=True)
    )
    return rows


def _lock_counter(programme: Programme) -> Counter:
    Counter.objects.get_or_create(programme=programme)
    return Counter.objects.select_for_update(of=("self",)).get(programme=programme)


def _list_applicants(household_ids: list[int]) -> list[Member]:
    found: list[Member] = []
    for start in range(0, len(household_ids), 500):
        found += Member.objects.filter(
            household_id__in=household_ids[start : start + 500], relation=Relation.APPLICANT, valid_until=None
        )
    return found


def _check_applicant(household: Household, applicant: Person) -> None:
    if not any(m.person_id == applicant.pk for m in _list_applicants([household.pk])):
        raise ApplicationRefused(Refusal.NOT_THE_APPLICANT)


def _check_first(programme: Programme, household: Household, applicant: Person) -> None:
    standing = find_standing(
        programme_id=programme.pk, household_ids=[household.pk], applicant_ids=[applicant.pk]
    ).first()
    if standing is not None:
        raise ApplicationRefused(Refusal.ALREADY_APPLIED, number=standing.number)


def _check_window(terms: Terms, at: datetime) -> None:
    refusal = window_refusal_for(terms.windows, at)
    if refusal is not None:
        raise ApplicationRefused(refusal.code, window=refusal.window)


def _check_facts(facts: Mapping[str, Any], at: datetime) -> None:
    problems = validate_declared(facts, timezone.localdate(at))
    if problems:
        raise ApplicationRefused(Refusal.WRONG_FACTS, problems=problems)


def _text_of(facts: Mapping[str, Any]) -> str:
    return json.dumps(dict(facts), ensure_ascii=False, separators=(",", ":"))
