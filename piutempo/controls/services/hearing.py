"""The family's word on a finding."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from piutempo.controls.models import Check, CheckState, FamilyAnswer
from piutempo.controls.rules.checking import ControlRefused, Refusal
from piutempo.controls.services.held import SUBJECT, hold, record
from piutempo.people.models import User
from piutempo.records.models import Direction
from piutempo.records.services import hash_json, register_entry, store_file


@transaction.atomic
def answer_finding(
    *,
    check: Check,
    text: str,
    key: str,
    at: datetime,
    by: User | None,
    name: str = "",
    content: bytes | None = None,
) -> FamilyAnswer:
    """
    Record what the family says, itself or by a desk; it may add to it until the check is closed, also late.

    An outcome proposed meanwhile is taken back: who decides reads the answer first. The same ``key`` answers the first.

    :raises ControlRefused: CLOSED, NO_FINDING (nothing was asked), NO_REASON (an empty answer)
    :raises records.services.FileRefused: the file is not taken
    """
    held = hold(check)
    if done := held.family_answers.filter(key=key).first():
        return done
    if held.state == CheckState.CLOSED:
        raise ControlRefused(Refusal.CLOSED)
    if held.finding_at is None:
        raise ControlRefused(Refusal.NO_FINDING)
    if not text.strip():
        raise ControlRefused(Refusal.NO_REASON)
    stored = store_file(name=name, content=content, at=at, by_id=by.pk if by else None) if content is not None else None
    answer = FamilyAnswer.objects.create(check_case=held, text=text.strip(), file=stored, key=key, at=at, by=by)
    is_taken_back = held.state == CheckState.PROPOSED
    held.state, held.outcome, held.reasons = CheckState.ANSWERED, "", ""
    held.proposed_at, held.proposed_by = None, None
    held.save(update_fields=["state", "outcome", "reasons", "proposed_at", "proposed_by"])
    record("answered", held, at, by, {"took_back_proposal": is_taken_back})
    register_entry(
        direction=Direction.IN,
        title=_("Risposta a un controllo, domanda n. %(number)s") % {"number": held.application.number},
        correspondent=str(held.application.applicant),
        subject=SUBJECT,
        subject_id=held.pk,
        sha256=hash_json({"text": answer.text, "file": stored.sha256 if stored else ""}),
        at=at,
        by_id=by.pk if by else None,
    )
    return answer
