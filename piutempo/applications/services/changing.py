"""Changes of circumstances: declared by the family, refused by a person. Applying one is the voucher context's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from piutempo.applications.models import Application, Attachment, AttachmentKind, Change, ChangeStatus, Status
from piutempo.applications.rules.changing import ChangeRefusal
from piutempo.applications.selectors.changes import get_current_facts, list_applied
from piutempo.applications.services.refused import event_of
from piutempo.awards.models import Award, AwardStatus
from piutempo.people.models import Person, Relation, User
from piutempo.people.services import MemberInput, register_household
from piutempo.programmes.rules.facts import validate_declared
from piutempo.programmes.rules.problems import Problem
from piutempo.records.services import record_events, store_file

MAX_FILES = 10


class ChangeRefused(Exception):
    """A change that may not be declared or closed this way. ``code`` is stable; ``problems``: of the fact sheet."""

    def __init__(self, code: ChangeRefusal, problems: Sequence[Problem] = ()) -> None:
        super().__init__(code.value)
        self.code = code
        self.problems = tuple(problems)


@transaction.atomic
def declare_change(
    *,
    application: Application,
    kind: str,
    happened_on: date,
    facts: Mapping[str, Any],
    note: str,
    files: Sequence[tuple[str, bytes]],
    at: datetime,
    by: User | None,
) -> Change:
    """
    Keep what a family says has changed: ``facts`` is the whole fact sheet from ``happened_on`` on.

    Nothing takes effect until a person applies it. The same declaration again (a second click) answers the first.

    :raises ChangeRefused: CHANGE_NOT_APPROVED, CHANGE_BENEFIT_ENDED, CHANGE_IN_FUTURE,
        CHANGE_BEFORE_REQUEST, CHANGE_BEFORE_LAST, CHANGE_OPEN, CHANGE_SAME, CHANGE_WRONG_FACTS, CHANGE_TOO_MANY_FILES
    :raises records.services.FileRefused: a file will not do
    """
    held = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if held.status != Status.APPROVED or held.submitted_at is None:
        raise ChangeRefused(ChangeRefusal.CHANGE_NOT_APPROVED)
    check_standing(held)
    if happened_on > timezone.localdate(at):
        raise ChangeRefused(ChangeRefusal.CHANGE_IN_FUTURE)
    if happened_on < timezone.localdate(held.submitted_at):
        raise ChangeRefused(ChangeRefusal.CHANGE_BEFORE_REQUEST)
    applied = list_applied(held)
    if applied and happened_on < applied[-1].happened_on:
        raise ChangeRefused(ChangeRefusal.CHANGE_BEFORE_LAST)
    if problems := validate_declared(facts, timezone.localdate(at)):
        raise ChangeRefused(ChangeRefusal.CHANGE_WRONG_FACTS, problems)
    text = json.dumps(dict(facts), ensure_ascii=False, separators=(",", ":"))
    waiting = Change.objects.filter(application=held, status=ChangeStatus.DECLARED).first()
    if waiting is not None:
        if (waiting.kind, waiting.happened_on, waiting.facts) == (kind, happened_on, text):
            return waiting
        raise ChangeRefused(ChangeRefusal.CHANGE_OPEN)
    if get_current_facts(held) == dict(facts) and not note.strip():
        raise ChangeRefused(ChangeRefusal.CHANGE_SAME)
    if len(files) > MAX_FILES:
        raise ChangeRefused(ChangeRefusal.CHANGE_TOO_MANY_FILES)
    change = Change.objects.create(
        application=held,
        kind=kind,
        happened_on=happened_on,
        facts=text,
        note=note.strip(),
        declared_at=at,
        declared_by=by,
    )
    by_id = by.pk if by else None
    Attachment.objects.bulk_create(
        Attachment(
            application=held,
            kind=AttachmentKind.CHANGE,
            ref_id=change.pk,
            file=store_file(name=name, content=content, at=at, by_id=by_id),
            at=at,
            by=by,
        )
        for name, content in files
    )
    data: dict[str, object] = {"change": change.pk, "kind": kind, "happened_on": happened_on.isoformat()}
    record_events([event_of("applications.change_declared", held, at, by, data)])
    return change


def check_standing(application: Application) -> None:
    """
    A benefit given up or taken away is not changed any more: its awards were ended with a reason.

    :raises ChangeRefused: CHANGE_BENEFIT_ENDED
    """
    ended = Award.objects.filter(application_id=application.pk, status=AwardStatus.ENDED).exclude(end_reason="")
    if ended.exists():
        raise ChangeRefused(ChangeRefusal.CHANGE_BENEFIT_ENDED)


def lock_change(change: Change) -> Change:
    """
    Lock a change's request, then the change, and return it with its request. The caller is in a transaction.

    :raises ChangeRefused: CHANGE_NOT_APPROVED
    """
    held = Application.objects.select_for_update(of=("self",)).get(pk=change.application_id)
    if held.status != Status.APPROVED:
        raise ChangeRefused(ChangeRefusal.CHANGE_NOT_APPROVED)
    rows = Change.objects.select_for_update(of=("self",)).select_related("application__programme")
    return rows.get(pk=change.pk)


@transaction.atomic
def refuse_change(*, change: Change, reason: str, at: datetime, by: User) -> Change:
    """
    Close a change without effect, with a reason the family reads. Refusing twice changes nothing.

    :raises ChangeRefused: CHANGE_NO_REASON, CHANGE_CLOSED (it was applied), CHANGE_NOT_APPROVED
    """
    if not reason.strip():
        raise ChangeRefused(ChangeRefusal.CHANGE_NO_REASON)
    held = lock_change(change)
    if held.status == ChangeStatus.REFUSED:
        return held
    if held.status != ChangeStatus.DECLARED:
        raise ChangeRefused(ChangeRefusal.CHANGE_CLOSED)
    held.status, held.closed_at, held.closed_by, held.reason = ChangeStatus.REFUSED, at, by, reason.strip()
    held.save(update_fields=["status", "closed_at", "closed_by", "reason"])
    record_events(
        [event_of("applications.change_refused", held.application, at, by, {"change": held.pk, "reason": held.reason})]
    )
    return held


def close_applied(
    *, change: Change, facts: Mapping[str, Any], effect: list[dict[str, Any]], at: datetime, by: User | None
) -> None:
    """Close a locked change with its effect, and bring the household up to date with who is in it now."""
    change.status, change.closed_at, change.closed_by, change.effect = ChangeStatus.APPLIED, at, by, effect
    change.save(update_fields=["status", "closed_at", "closed_by", "effect"])
    _update_household(change.application, facts, at, by)
    data: dict[str, object] = {"change": change.pk, "effect": effect}
    record_events([event_of("applications.change_applied", change.application, at, by, data)])


def _update_household(application: Application, facts: Mapping[str, Any], at: datetime, by: User | None) -> None:
    rows = [m for m in facts.get("members") or [] if m.get("person_id")]
    people = Person.objects.in_bulk([m["person_id"] for m in rows])
    if application.applicant_id not in people:
        return
    needs = {m["person_id"]: m.get("non_self_sufficient") for m in rows}
    members = [
        MemberInput(
            fiscal_code=people[m["person_id"]].fiscal_code,
            given_name=people[m["person_id"]].given_name,
            family_name=people[m["person_id"]].family_name,
            relation=m["relation"],
            is_cohabiting=m.get("cohabiting") is not False,
            is_non_self_sufficient=needs[m["person_id"]],
        )
        for m in rows
        if m["relation"] != Relation.APPLICANT and m["person_id"] in people
    ]
    register_household(
        applicant=application.applicant,
        members=members,
        at=at,
        by=by,
        desk_id=application.desk_id,
        applicant_needs_care=needs.get(application.applicant_id),
    )
