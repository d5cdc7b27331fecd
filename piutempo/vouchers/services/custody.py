"""
Where titles are: received by a desk, handed to the family, returned, lost, blocked, re-issued. Every move is a line
of the book.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from piutempo.kernel.codes import CODE_BITS
from piutempo.network.models import Desk, Task
from piutempo.network.selectors import may
from piutempo.people.models import User
from piutempo.programmes.selectors import get_terms
from piutempo.records.services import record_event
from piutempo.vouchers.models import CustodyKind, CustodyMove, Form, SerialBook, Voucher
from piutempo.vouchers.rules.custody import CustodyRefusal, HandoverCase, handover_refusal
from piutempo.vouchers.rules.masks import full_mask, range_mask, runs_in


class CustodyRefused(Exception):
    """
    Titles may not change hands this way; nothing was written. ``code`` is stable, ``voucher_id`` names the culprit.
    """

    def __init__(self, code: CustodyRefusal, voucher_id: int | None = None, **details: Any) -> None:
        super().__init__(code.value)
        self.code = code
        self.voucher_id = voucher_id
        self.details = details


@dataclass(frozen=True, slots=True)
class HandoverItem:
    """
    Titles ``first_title`` to ``last_title`` (None: the last one) of a voucher, and who collects them.

    ``recipient_id`` is a person (None: the holder). A proxy's name and the mandate's date are needed when
    somebody else collects.
    """

    voucher_id: int
    document_type: str
    document_number: str
    recipient_id: int | None = None
    proxy_name: str = ""
    mandate_on: date | None = None
    first_title: int = 1
    last_title: int | None = None


@transaction.atomic
def hand_over(*, desk: Desk, items: Sequence[HandoverItem], at: datetime, by: User | None) -> list[CustodyMove]:
    """
    Hand titles to families: all items or none. Six queries, whatever the number of items with whole vouchers.

    Only the desk that holds the stock, in force and with delivery in its agreement, hands over.

    :raises CustodyRefused: the first item that may not be handed over, and why
    """
    if len({i.voucher_id for i in items}) != len(items):
        raise CustodyRefused(CustodyRefusal.TWICE)
    vouchers = _lock(i.voucher_id for i in items)
    on = timezone.localdate(at)
    delivers = may(desk, Task.DELIVERY, on=on)
    masks: dict[int, list[int]] = defaultdict(list)
    moves: list[CustodyMove] = []
    desk_terms = {
        version_id: get_terms(version_id).desks for version_id in {v.award.version_id for v in vouchers.values()}
    }
    for item in items:
        voucher = vouchers[item.voucher_id]
        terms = desk_terms[voucher.award.version_id]
        asked = range_mask(item.first_title, item.last_title or voucher.title_count)
        recipient_id = item.recipient_id or voucher.holder_id
        case = HandoverCase(
            desk_delivers=delivers,
            desk_from=desk.valid_from,
            desk_until=desk.valid_until,
            desk_programme_id=desk.programme_id,
            desk_id=desk.pk,
            voucher_programme_id=voucher.programme_id,
            voucher_desk_id=voucher.desk_id,
            title_count=voucher.title_count,
            asked=asked,
            handed=voucher.handed,
            void=voucher.void,
            blocked=voucher.blocked,
            lapsed_cents=voucher.lapsed_cents,
            valid_until=voucher.valid_until,
            on=on,
            is_holder=recipient_id == voucher.holder_id,
            document_type=item.document_type,
            document_number=item.document_number,
            documents=terms.identity_documents,
            proxy_allowed=terms.proxy_allowed,
            proxy_name=item.proxy_name,
            mandate_on=item.mandate_on,
        )
        if reason := handover_refusal(case):
            raise CustodyRefused(reason, voucher.pk, documents=terms.identity_documents)
        masks[asked].append(voucher.pk)
        moves += _moves(
            CustodyKind.HANDED,
            voucher,
            asked,
            desk.pk,
            at,
            by,
            recipient_id=recipient_id,
            document_type=item.document_type,
            document_number=item.document_number,
            proxy_name=item.proxy_name,
            mandate_on=item.mandate_on,
        )
    for mask, ids in masks.items():
        Voucher.objects.filter(pk__in=ids).update(handed=F("handed").bitor(mask))
    return CustodyMove.objects.bulk_create(moves)


@transaction.atomic
def receive_stock(*, desk: Desk, voucher_ids: Sequence[int], at: datetime, by: User | None) -> int:
    """
    Record that vouchers arrived at a desk, which holds them from now on (they were in the office or addressed to it).

    :raises CustodyRefused: OTHER_PROGRAMME, ALREADY_HANDED (their titles are with the family already), UNKNOWN_VOUCHER
    """
    vouchers = _lock(voucher_ids)
    for voucher in vouchers.values():
        if voucher.programme_id != desk.programme_id:
            raise CustodyRefused(CustodyRefusal.OTHER_PROGRAMME, voucher.pk)
        if voucher.handed:
            raise CustodyRefused(CustodyRefusal.ALREADY_HANDED, voucher.pk)
    Voucher.objects.filter(pk__in=vouchers).update(desk=desk)
    moves = [
        move
        for v in vouchers.values()
        for move in _moves(CustodyKind.RECEIVED, v, full_mask(v.title_count), desk.pk, at, by)
    ]
    CustodyMove.objects.bulk_create(moves)
    return len(vouchers)


@transaction.atomic
def return_stock(*, desk: Desk, voucher_ids: Sequence[int], reason: str, at: datetime, by: User | None) -> int:
    """
    Send vouchers not yet handed over back to the office: no desk holds them until one receives them again.

    :raises CustodyRefused: REASON_MISSING, NOT_AT_THIS_DESK, ALREADY_HANDED, UNKNOWN_VOUCHER
    """
    _need(reason)
    vouchers = _lock(voucher_ids)
    moves: list[CustodyMove] = []
    for voucher in vouchers.values():
        if voucher.desk_id != desk.pk:
            raise CustodyRefused(CustodyRefusal.NOT_AT_THIS_DESK, voucher.pk)
        if voucher.handed:
            raise CustodyRefused(CustodyRefusal.ALREADY_HANDED, voucher.pk)
        moves += _moves(
            CustodyKind.RETURNED, voucher, full_mask(voucher.title_count), desk.pk, at, by, reason=reason[:300]
        )
    Voucher.objects.filter(pk__in=vouchers).update(desk=None)
    CustodyMove.objects.bulk_create(moves)
    return len(vouchers)


@transaction.atomic
def take_back(
    *,
    desk: Desk,
    voucher: Voucher,
    reason: str,
    at: datetime,
    by: User | None,
    first_title: int = 1,
    last_title: int | None = None,
) -> Voucher:
    """
    Take unspent titles back from the family: they are stock of this desk again and cannot be spent until handed
    over again.

    :raises CustodyRefused: REASON_MISSING, NOT_HANDED, SPENT, NO_SUCH_TITLES
    """
    _need(reason)
    held = _lock([voucher.pk])[voucher.pk]
    asked = _asked(held, first_title, last_title)
    if held.handed & asked != asked:
        raise CustodyRefused(CustodyRefusal.NOT_HANDED, held.pk)
    _refuse_spent(held, asked)
    held.handed &= ~asked
    held.desk = desk
    held.save(update_fields=["handed", "desk"])
    CustodyMove.objects.bulk_create(
        _moves(CustodyKind.RETURNED, held, asked, desk.pk, at, by, recipient_id=held.holder_id, reason=reason[:300])
    )
    return held


@transaction.atomic
def report_lost(
    *,
    voucher: Voucher,
    reason: str,
    at: datetime,
    by: User | None,
    desk: Desk | None = None,
    first_title: int = 1,
    last_title: int | None = None,
) -> Voucher:
    """
    Void unspent titles that were lost or stolen, for ever. Their money stays issued until re-issued, or lapses
    with the voucher.

    :raises CustodyRefused: REASON_MISSING, SPENT, VOIDED, NO_SUCH_TITLES
    """
    _need(reason)
    held = _lock([voucher.pk])[voucher.pk]
    asked = _asked(held, first_title, last_title)
    _refuse_spent(held, asked)
    if held.void & asked:
        raise CustodyRefused(CustodyRefusal.VOIDED, held.pk)
    held.void |= asked
    held.save(update_fields=["void"])
    return _book(CustodyKind.LOST, held, asked, desk, reason, at, by)


@transaction.atomic
def block(
    *,
    voucher: Voucher,
    reason: str,
    at: datetime,
    by: User | None,
    desk: Desk | None = None,
    first_title: int = 1,
    last_title: int | None = None,
) -> Voucher:
    """
    Block unspent titles until they are unblocked: nobody can spend or hand them over.

    :raises CustodyRefused: REASON_MISSING, SPENT, VOIDED, BLOCKED, NO_SUCH_TITLES
    """
    _need(reason)
    held = _lock([voucher.pk])[voucher.pk]
    asked = _asked(held, first_title, last_title)
    _refuse_spent(held, asked)
    if held.void & asked:
        raise CustodyRefused(CustodyRefusal.VOIDED, held.pk)
    if held.blocked & asked:
        raise CustodyRefused(CustodyRefusal.BLOCKED, held.pk)
    held.blocked |= asked
    held.save(update_fields=["blocked"])
    return _book(CustodyKind.BLOCKED, held, asked, desk, reason, at, by)


@transaction.atomic
def unblock(
    *,
    voucher: Voucher,
    reason: str,
    at: datetime,
    by: User | None,
    desk: Desk | None = None,
    first_title: int = 1,
    last_title: int | None = None,
) -> Voucher:
    """
    Lift a block.

    :raises CustodyRefused: REASON_MISSING, NOT_BLOCKED, NO_SUCH_TITLES
    """
    _need(reason)
    held = _lock([voucher.pk])[voucher.pk]
    asked = _asked(held, first_title, last_title)
    if held.blocked & asked != asked:
        raise CustodyRefused(CustodyRefusal.NOT_BLOCKED, held.pk)
    held.blocked &= ~asked
    held.save(update_fields=["blocked"])
    return _book(CustodyKind.UNBLOCKED, held, asked, desk, reason, at, by)


@transaction.atomic
def reissue(*, voucher: Voucher, desk: Desk | None, reason: str, at: datetime, by: User | None) -> Voucher:
    """
    Replace a voucher: a new one, with new codes and serials, for what is unspent (lost titles included); the old
    titles are void.

    The money stays issued: ``void_cents`` of the old voucher is the value of the new one, which keeps its expiry
    and waits at ``desk``.

    :raises CustodyRefused: REASON_MISSING, NOTHING_LEFT, LAPSED
    """
    _need(reason)
    old = _lock([voucher.pk])[voucher.pk]
    if old.lapsed_cents:
        raise CustodyRefused(CustodyRefusal.LAPSED, old.pk)
    left = old.value_cents - old.spent_cents - old.void_cents
    if left == 0:
        raise CustodyRefused(CustodyRefusal.NOTHING_LEFT, old.pk)
    is_titles = old.form == Form.TITLES
    count = left // old.face_cents if is_titles else 1
    SerialBook.objects.get_or_create(programme_id=old.programme_id, product=old.product)
    book = SerialBook.objects.select_for_update(of=("self",)).get(programme_id=old.programme_id, product=old.product)
    gone = full_mask(old.title_count) & ~old.spent
    old.void |= gone
    old.blocked &= ~gone
    old.void_cents += left
    old.save(update_fields=["void", "blocked", "void_cents"])
    # Not always ``old``: a reversal may give money back to a voucher that has a replacement already.
    newest = Voucher.objects.filter(award_id=old.award_id, month=old.month).order_by("-replacement")[0]
    new = Voucher.objects.create(
        award_id=old.award_id,
        programme_id=old.programme_id,
        pot_id=old.pot_id,
        run_id=old.run_id,
        product=old.product,
        network=old.network,
        holder_id=old.holder_id,
        month=old.month,
        replacement=newest.replacement + 1,
        replaces=newest,
        code=secrets.randbits(CODE_BITS),
        first_serial=book.next_serial,
        form=old.form,
        face_cents=old.face_cents if is_titles else left,
        title_count=count,
        value_cents=left,
        issued_on=timezone.localdate(at),
        valid_from=old.valid_from,
        original_valid_until=old.original_valid_until,
        valid_until=old.valid_until,
        record_days=old.record_days,
        reversal_days=old.reversal_days,
        desk=desk or old.desk,
    )
    SerialBook.objects.filter(pk=book.pk).update(next_serial=F("next_serial") + count)
    _book(CustodyKind.REISSUED, old, gone, desk, reason, at, by)
    record_event(
        name="vouchers.reissued",
        subject="vouchers.Voucher",
        subject_id=old.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"replacement_id": new.pk, "value_cents": left},
    )
    return new


def _lock(ids: Iterable[int]) -> dict[int, Voucher]:
    wanted = sorted(set(ids))
    rows = Voucher.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("id").select_related("award")
    found = {v.pk: v for v in rows}
    if missing := set(wanted) - found.keys():
        raise CustodyRefused(CustodyRefusal.UNKNOWN_VOUCHER, min(missing))
    return found


def _asked(voucher: Voucher, first: int, last: int | None) -> int:
    last = last or voucher.title_count
    if not 1 <= first <= last <= voucher.title_count:
        raise CustodyRefused(CustodyRefusal.NO_SUCH_TITLES, voucher.pk)
    return range_mask(first, last)


def _need(reason: str) -> None:
    if not reason.strip():
        raise CustodyRefused(CustodyRefusal.REASON_MISSING)


def _refuse_spent(voucher: Voucher, asked: int) -> None:
    is_spent = voucher.form == Form.BALANCE and voucher.spent_cents >= voucher.value_cents
    if voucher.spent & asked or is_spent:
        raise CustodyRefused(CustodyRefusal.SPENT, voucher.pk)


def _moves(
    kind: CustodyKind, voucher: Voucher, mask: int, desk_id: int | None, at: datetime, by: User | None, **more: Any
) -> list[CustodyMove]:
    return [
        CustodyMove(
            voucher_id=voucher.pk,
            kind=kind,
            desk_id=desk_id,
            first_serial=voucher.first_serial + first - 1,
            last_serial=voucher.first_serial + last - 1,
            at=at,
            by=by,
            **more,
        )
        for first, last in runs_in(mask)
    ]


def _book(
    kind: CustodyKind, voucher: Voucher, mask: int, desk: Desk | None, reason: str, at: datetime, by: User | None
) -> Voucher:
    desk_id = desk.pk if desk else voucher.desk_id
    CustodyMove.objects.bulk_create(_moves(kind, voucher, mask, desk_id, at, by, reason=reason[:300]))
    return voucher
