"""Opening a check, carrying it, going through its list, telling the family what does not match."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from piutempo.applications.models import Application, Status
from piutempo.controls.models import Check, CheckOutcome, CheckState, Ground, ItemAnswer, ItemOutcome
from piutempo.controls.rules.checking import ControlRefused, Refusal
from piutempo.controls.selectors import has_read_today, list_items
from piutempo.controls.services.held import hold, hold_for, record, refuse_who_decided
from piutempo.controls.services.telling import tell_finding
from piutempo.people.models import User
from piutempo.procedures.selectors import get_laws
from piutempo.programmes.selectors import get_terms, get_version_at
from piutempo.records.services import store_file


@transaction.atomic
def open_check(*, application: Application, reason: str, at: datetime, by: User) -> Check:
    """
    Open a check of one request for a founded doubt (DPR 445/2000 art. 71), with its reason.

    :raises ControlRefused: NO_REASON, NOT_CHECKABLE (drafts, withdrawn, refused), ALREADY_OPEN
    """
    if not reason.strip():
        raise ControlRefused(Refusal.NO_REASON)
    held = Application.objects.select_for_update(of=("self",), no_key=True).select_related("programme")
    found = held.get(pk=application.pk)
    if found.status not in {Status.SUBMITTED, Status.APPROVED}:
        raise ControlRefused(Refusal.NOT_CHECKABLE)
    version = get_version_at(found.programme, timezone.localdate(at))
    checks = get_terms(version.pk).checks
    try:
        with transaction.atomic():
            check = Check.objects.create(
                application=found,
                programme=found.programme,
                ground=Ground.DOUBT,
                doubt=reason.strip(),
                version=version,
                checklist=list(checks.checklist),
                opened_at=at,
                opened_by=by,
                due_on=timezone.localdate(at) + timedelta(days=checks.term_days),
            )
    except IntegrityError:
        raise ControlRefused(Refusal.ALREADY_OPEN) from None
    record("check_opened", check, at, by, {"ground": check.ground})
    return check


@transaction.atomic
def take_check(*, check: Check, at: datetime, by: User) -> Check:
    """
    Carry a check that nobody carries. Who decided the request may not.

    :raises ControlRefused: CLOSED, TAKEN, DECIDED_BY_YOU
    """
    held = hold(check)
    if held.state == CheckState.CLOSED:
        raise ControlRefused(Refusal.CLOSED)
    if held.officer_id == by.pk:
        return held
    if held.officer_id is not None:
        raise ControlRefused(Refusal.TAKEN)
    refuse_who_decided(held, by)
    held.officer = by
    held.save(update_fields=["officer"])
    record("check_taken", held, at, by)
    return held


@transaction.atomic
def release_check(*, check: Check, at: datetime, by: User) -> Check:
    """
    Give a check back to everybody; what was found stays.

    :raises ControlRefused: CLOSED
    """
    held = hold(check)
    if held.state == CheckState.CLOSED:
        raise ControlRefused(Refusal.CLOSED)
    if held.officer_id is not None:
        held.officer = None
        held.save(update_fields=["officer"])
        record("check_released", held, at, by)
    return held


@transaction.atomic
def read_facts(*, check: Check, at: datetime, by: User) -> None:
    """Record that a person opens the sealed fact sheet of the request under check; once a day is enough."""
    if not has_read_today(check, by, at):
        record("facts_read", check, at, by, {"application": check.application_id})


def note_file_read(*, check: Check, file_id: int, at: datetime, by: User) -> None:
    """Record that a person opens a file of a check."""
    record("file_read", check, at, by, {"file": file_id})


@transaction.atomic
def answer_item(
    *,
    check: Check,
    position: int,
    outcome: str,
    note: str,
    at: datetime,
    by: User,
    name: str = "",
    content: bytes | None = None,
) -> ItemAnswer:
    """
    Say what was found of one item of the list; the last answer counts, all are kept. ``content``: a file as evidence.

    After a false declaration one item is left: the report to the authority, one past the end of the list.

    :raises ControlRefused: CLOSED, NOT_YOURS, DECIDED_BY_YOU, SIGN_PENDING, WRONG_ITEM, NO_REASON (something not in
        order, or not applicable, has a note)
    :raises records.services.FileRefused: the file is not taken
    """
    held = hold(check)
    is_report = position == len(held.checklist)
    if is_report and held.outcome == CheckOutcome.FALSE and held.state == CheckState.CLOSED:
        if held.officer_id != by.pk and held.closed_by_id != by.pk:
            raise ControlRefused(Refusal.NOT_YOURS)
    else:
        held = hold_for(held, by)
        if not 0 <= position < len(held.checklist):
            raise ControlRefused(Refusal.WRONG_ITEM)
    if outcome not in ItemOutcome.values:
        raise ControlRefused(Refusal.WRONG_ITEM)
    note = note.strip()
    if outcome != ItemOutcome.OK and not note:
        raise ControlRefused(Refusal.NO_REASON)
    last = held.answers.filter(position=position).last()
    if last is not None and content is None and (last.outcome, last.note) == (outcome, note):
        return last
    stored = store_file(name=name, content=content, at=at, by_id=by.pk) if content is not None else None
    answer = ItemAnswer.objects.create(
        check_case=held, position=position, outcome=outcome, note=note, file=stored, at=at, by=by
    )
    record("item_answered", held, at, by, {"position": position, "outcome": outcome})
    return answer


@transaction.atomic
def send_finding(*, check: Check, text: str, at: datetime, by: User) -> Check:
    """
    Tell the family what does not match and until when it may answer; the office's own term grows by as many days.

    Sending it twice changes nothing.

    :raises ControlRefused: CLOSED, NOT_YOURS, DECIDED_BY_YOU, SIGN_PENDING, NO_REASON, ITEMS_LEFT, NOTHING_FAILED
    """
    held = hold_for(check, by)
    if held.finding_at is not None:
        return held
    if not text.strip():
        raise ControlRefused(Refusal.NO_REASON)
    items = list_items(held)
    if any(i.answer is None for i in items):
        raise ControlRefused(Refusal.ITEMS_LEFT)
    if not any(i.is_failed for i in items):
        raise ControlRefused(Refusal.NOTHING_FAILED)
    today = timezone.localdate(at)
    held.finding, held.finding_at, held.state = text.strip(), at, CheckState.FINDING
    held.answer_due_on = get_laws().family_due_on(today, get_terms(held.version_id).checks.answer_days)
    held.due_on += held.answer_due_on - today
    held.save(update_fields=["finding", "finding_at", "state", "answer_due_on", "due_on"])
    record("finding_sent", held, at, by, {"answer_due_on": held.answer_due_on.isoformat()})
    tell_finding(held, at, by)
    return held
