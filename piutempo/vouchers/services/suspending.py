"""Suspending a benefit for a time and resuming it: months postponed, issued vouchers blocked or left valid."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from piutempo.applications.models import Application, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.refused import event_of
from piutempo.awards.models import Suspension
from piutempo.awards.selectors import list_awards_of
from piutempo.awards.services import lock_benefits, resume_benefits, suspend_benefits
from piutempo.kernel.periods import Month
from piutempo.people.models import User
from piutempo.programmes.selectors import get_terms
from piutempo.records.services import record_events
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.rules.masks import full_mask, runs_in
from piutempo.vouchers.selectors.schedule import read_issued
from piutempo.vouchers.services.custody import block, unblock
from piutempo.vouchers.services.letters import send_resumption_letter, send_suspension_letter

_BLOCKED = "Sospensione del beneficio n. {}"
_UNBLOCKED = "Ripresa del beneficio, sospensione n. {}"


@transaction.atomic
def suspend_benefit(
    *,
    application: Application,
    since: Month,
    until: Month | None,
    reason: str,
    text: str,
    blocks_vouchers: bool,
    at: datetime,
    by: User | None,
) -> Suspension:
    """
    Suspend a benefit from a month to another (exclusive; None: until resumed). The family gets a letter.

    ``blocks_vouchers``: the issued vouchers of that time cannot be spent until it ends; otherwise they stay valid.

    :raises ApplicationRefused: NOT_APPROVED
    :raises AwardRefused: as ``awards.services.suspend_benefits``
    """
    vouchers = _lock_vouchers(application)
    held = _lock(application)
    benefits = lock_benefits(held.pk, read_issued)
    suspension = suspend_benefits(
        application_id=held.pk, benefits=benefits, since=since, until=until, reason=reason, text=text, at=at, by=by
    )
    if blocks_vouchers:
        suspension.blocked = _block(
            [v for v in vouchers if since.first <= v.month and (until is None or v.month < until.first)],
            suspension,
            at,
            by,
        )
        suspension.save(update_fields=["blocked"])
    data: dict[str, object] = {
        "suspension": suspension.pk,
        "reason": reason,
        "since": str(since),
        "until": str(until) if until else "",
        "effect": suspension.effect,
        "vouchers_blocked": len(suspension.blocked),
    }
    record_events([event_of("applications.suspended", held, at, by, data)])
    titles = {
        p.code: p.title for b in benefits for p in get_terms(b.awards[-1].version_id).products if p.code == b.product
    }
    send_suspension_letter(application=held, suspension=suspension, titles=titles, at=at, by=by)
    return suspension


@transaction.atomic
def resume_benefit(*, application: Application, first: Month, text: str, at: datetime, by: User | None) -> Suspension:
    """
    End a suspension: months go on from ``first``, blocked vouchers can be spent again, the family gets a letter.

    :raises ApplicationRefused: NOT_APPROVED
    :raises AwardRefused: as ``awards.services.resume_benefits``
    """
    _lock_vouchers(application)
    held = _lock(application)
    benefits = lock_benefits(held.pk, read_issued)
    suspension = resume_benefits(application_id=held.pk, benefits=benefits, first=first, text=text, at=at, by=by)
    _unblock(suspension, at, by)
    data: dict[str, object] = {"suspension": suspension.pk, "first": str(first)}
    record_events([event_of("applications.resumed", held, at, by, data)])
    send_resumption_letter(application=held, suspension=suspension, at=at, by=by)
    return suspension


def unblock_ended(at: datetime) -> int:
    """Unblock the vouchers of suspensions whose stated end has come; return how many suspensions. Run by a timer."""
    today = timezone.localdate(at)
    due = Suspension.objects.filter(Q(until__lte=today), resumed_at__isnull=True).exclude(blocked=[])
    ended = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            suspension = Suspension.objects.select_for_update(of=("self",)).get(pk=pk)
            ended += bool(suspension.blocked)
            _unblock(suspension, at, None)
    return ended


def _lock_vouchers(application: Application) -> list[Voucher]:
    """Vouchers first, then the request and the fund: the order of whoever spends, reverses or lapses."""
    awards = list_awards_of([application.pk]).order_by().values("id")
    return list(Voucher.objects.filter(award__in=awards).order_by("id").select_for_update(of=("self",)))


def _lock(application: Application) -> Application:
    rows = Application.objects.select_for_update(of=("self",)).select_related("programme", "applicant")
    held = rows.get(pk=application.pk)
    if held.status != Status.APPROVED:
        raise ApplicationRefused(Refusal.NOT_APPROVED)
    return held


def _block(vouchers: list[Voucher], suspension: Suspension, at: datetime, by: User | None) -> list[list[int]]:
    blocked = []
    for voucher in vouchers:
        if voucher.lapsed_cents or voucher.spent_cents + voucher.void_cents >= voucher.value_cents:
            continue
        mask = full_mask(voucher.title_count) & ~(voucher.spent | voucher.void | voucher.blocked)
        for first, last in runs_in(mask):
            reason = _BLOCKED.format(suspension.pk)
            block(voucher=voucher, reason=reason, at=at, by=by, first_title=first, last_title=last)
        if mask:
            blocked.append([voucher.pk, mask])
    return blocked


def _unblock(suspension: Suspension, at: datetime, by: User | None) -> None:
    """Unblock what this suspension blocked and nobody has unblocked or replaced since."""
    masks = dict(suspension.blocked)
    for voucher in Voucher.objects.filter(pk__in=masks, blocked__gt=0).order_by("id"):
        for first, last in runs_in(masks[voucher.pk] & voucher.blocked):
            reason = _UNBLOCKED.format(suspension.pk)
            unblock(voucher=voucher, reason=reason, at=at, by=by, first_title=first, last_title=last)
    suspension.blocked = []
    suspension.save(update_fields=["blocked"])
