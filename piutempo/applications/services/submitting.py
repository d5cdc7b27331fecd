"""Starting, filling and submitting applications."""

from __future__ import annotations

import json
from collections import Counter as CountOf
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from piutempo.applications.models import Application, Bookmark, Channel, Counter, Status
from piutempo.applications.rules import Refusal, window_refusal_for
from piutempo.applications.selectors import RulesByDay, find_standing, get_declared, get_rules
from piutempo.applications.selectors.evidence import gather_proofs
from piutempo.applications.services.helping import check_help, check_help_of_many
from piutempo.applications.services.receiving import Received, give_receipts, look_for_conflicts, open_clocks
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.network.models import Desk
from piutempo.people.models import Household, Member, Person, Relation, User
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.facts import validate_declared
from piutempo.programmes.rules.terms import Terms
from piutempo.records.models import Event
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

    :raises ApplicationRefused: NOT_THE_APPLICANT, ALREADY_APPLIED, WRONG_FACTS; at a desk, as ``helping.check_help``
    """
    if desk is not None and _acts_for(applicant, by):
        check_help(person=applicant, desk=desk, at=at)
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
        channel=Channel.DESK if desk else Channel.ONLINE,
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

    With it, in one transaction: what an officer has to look at (conflicts), the legal clock, the protocol number and
    the receipt. The two counters are locked last; nothing is typeset and no mail leaves.

    :raises ApplicationRefused: NOT_DRAFT, NOT_YET_OPEN, WINDOW_CLOSED, NO_WINDOW, WRONG_FACTS, ALREADY_APPLIED;
        at a desk, as ``helping.check_help``
    """
    held = (
        Application.objects.select_for_update(of=("self",))
        .select_related("programme", "desk", "applicant", "household")
        .get(pk=application.pk)
    )
    if held.status == Status.SUBMITTED:
        return held
    if held.status != Status.DRAFT:
        raise ApplicationRefused(Refusal.NOT_DRAFT)
    if held.desk is not None and _acts_for(held.applicant, by):
        check_help(person=held.applicant, desk=held.desk, at=at)
    terms = get_rules(held.programme, timezone.localdate(at))[1]
    _check_window(terms, at)
    _check_facts(get_declared(held), at)
    _check_first(held.programme, held.household, held.applicant)
    received = Received(held, terms, gather_proofs([held.pk]).get(held.pk, []), at, by)
    conflicts = look_for_conflicts([received])
    open_clocks([received])
    Bookmark.objects.filter(application=held).delete()
    held.status, held.submitted_at = Status.SUBMITTED, at
    held.number = _reserve_numbers(held.programme, 1)
    try:
        held.save(update_fields=["status", "submitted_at", "number"])
    except IntegrityError as error:
        raise ApplicationRefused(Refusal.ALREADY_APPLIED) from error
    record_events([_submitted(held, at, by, len(conflicts))])
    give_receipts([received])
    return held


@transaction.atomic
def submit_applications(
    *, programme: Programme, items: Sequence[ApplicationInput], is_history: bool = False
) -> list[Application]:
    """
    Start and submit many applications in the order given, by the same rules as one: all of them or none.

    ``is_history``: they came in the past (a replay): their receipts are frozen and numbered, and nothing leaves now.

    :raises ApplicationRefused: as ``submit_application``, for the first item that breaks a rule
    """
    if not items:
        return []
    check_help_of_many([(i.applicant, i.desk, i.at) for i in items if i.desk and _acts_for(i.applicant, i.by)])
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
                channel=Channel.DESK if item.desk else Channel.ONLINE,
            )
        )
    first = _reserve_numbers(programme, len(rows))
    for offset, row in enumerate(rows):
        row.number = first + offset
    rows = Application.objects.bulk_create(rows, batch_size=500)
    received = [
        Received(row, get_rules(programme, timezone.localdate(item.at), known)[1], (), item.at, item.by)
        for row, item in zip(rows, items, strict=True)
    ]
    conflicts = CountOf(c.application_id for c in look_for_conflicts(received))
    open_clocks(received)
    record_events(_submitted(i.application, i.at, i.by, conflicts[i.application.pk]) for i in received)
    give_receipts(received, is_history=is_history)
    return rows


def _submitted(application: Application, at: datetime, by: User | None, conflicts: int) -> Event:
    data: dict[str, object] = {"number": application.number}
    return event_of(
        "applications.submitted", application, at, by, data | ({"conflicts": conflicts} if conflicts else {})
    )


def _acts_for(applicant: Person, by: User | None) -> bool:
    """Tell whether somebody else acts for the applicant: the program by itself (None) acts for nobody."""
    return by is not None and by.pk != applicant.user_id


def _reserve_numbers(programme: Programme, count: int) -> int:
    """Return the first of the programme's next ``count`` numbers; who asks next waits until this transaction ends."""
    row = Counter.objects.filter(programme=programme)
    if not row.update(last=F("last") + count):
        Counter.objects.bulk_create([Counter(programme=programme)], ignore_conflicts=True)
        row.update(last=F("last") + count)
    return row.values_list("last", flat=True).get() - count + 1


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
