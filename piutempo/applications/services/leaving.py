"""Withdrawing an application before the decision, renouncing after it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import translation

from piutempo.applications.letters import WITHDRAWAL
from piutempo.applications.models import Application, Attachment, Evidence, Proposal, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.services.judging import SUBJECT
from piutempo.applications.services.receiving import shown_instant
from piutempo.applications.services.refused import ApplicationRefused, event_of
from piutempo.applications.services.reviewing import drop_review
from piutempo.awards.models import Award, AwardStatus
from piutempo.awards.selectors import list_awards_of
from piutempo.awards.services import end_award
from piutempo.correspondence.services import send_letter
from piutempo.people.models import User
from piutempo.procedures.models import Outcome
from piutempo.procedures.services import Closing, close_procedures
from piutempo.records.services import record_events


@transaction.atomic
def withdraw_application(*, application: Application, reason: str, at: datetime, by: User | None) -> Application:
    """
    Withdraw an application that waits for a decision; a draft is thrown away. Withdrawing twice changes nothing.

    The family gets a letter that says so. The household may apply again while a window is open. A case under review
    goes back to its decision in force.

    :raises ApplicationRefused: NO_REASON, NOT_WITHDRAWABLE (decided: renounce instead)
    """
    if not reason.strip():
        raise ApplicationRefused(Refusal.NO_REASON)
    held = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if held.status == Status.WITHDRAWN:
        return held
    if held.status == Status.DRAFT:
        record_events([event_of("applications.discarded", held, at, by)])
        Evidence.objects.filter(application=held).delete()
        Attachment.objects.filter(application=held).delete()
        held.delete()
        return held
    if held.status != Status.SUBMITTED:
        raise ApplicationRefused(Refusal.NOT_WITHDRAWABLE)
    if held.decision_id is not None:
        return drop_review(application=held, reason=reason, at=at, by=by)
    held.status, held.closed_at = Status.WITHDRAWN, at
    held.save(update_fields=["status", "closed_at"])
    Proposal.objects.filter(application=held, signed_at__isnull=True, returned_at__isnull=True).update(
        returned_at=at, closed_by=by, return_reason=reason.strip()
    )
    close_procedures([Closing(SUBJECT, held.pk, Outcome.WITHDRAWN, at, by)])
    record_events([event_of("applications.withdrawn", held, at, by, {"reason": reason.strip()[:300]})])
    _write_withdrawal(held, reason.strip()[:300], at, by)
    return held


def _write_withdrawal(application: Application, reason: str, at: datetime, by: User | None) -> None:
    with translation.override("it"):
        send_letter(
            kind=WITHDRAWAL.code,
            person=application.applicant,
            fields={
                "programma": application.programme.title,
                "numero": str(application.number),
                "ritirata": shown_instant(at),
                "motivo": reason,
            },
            subject=SUBJECT,
            subject_id=application.pk,
            programme_id=application.programme_id,
            at=at,
            by=by,
        )


@transaction.atomic
def renounce(*, application: Application, reason: str, at: datetime, by: User | None) -> list[Award]:
    """
    End every award of an approved application: months not issued go back to the fund and the waiting list is served.

    Vouchers already issued stay until the voucher context lets them lapse. Renouncing twice changes nothing.

    :raises ApplicationRefused: NO_REASON, NOT_APPROVED
    """
    if not reason.strip():
        raise ApplicationRefused(Refusal.NO_REASON)
    held = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if held.status != Status.APPROVED:
        raise ApplicationRefused(Refusal.NOT_APPROVED)
    open_states = {AwardStatus.COMMITTED, AwardStatus.SUSPENDED, AwardStatus.WAITING}
    awards = sorted(list_awards_of([held.pk]), key=lambda a: (a.pot_id, a.pk))
    is_open = any(a.status in open_states for a in awards)
    # Of a benefit whose months are all out or back already the last run keeps the reason: no change brings it back.
    last = {a.product: a.pk for a in sorted(awards, key=lambda a: a.sequence)}
    closed = {a.pk for a in awards if a.status not in open_states and last[a.product] != a.pk}
    awards = [a if a.pk in closed else end_award(award=a, reason=reason, at=at, by=by) for a in awards]
    if is_open:
        record_events([event_of("applications.renounced", held, at, by, {"reason": reason.strip()[:300]})])
    return awards
