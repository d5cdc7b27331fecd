"""Moving the expiry of a scope of vouchers by an act: preview, effect, undo. Set-based."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from piutempo.ledger.selectors import get_available_cents, lock_pot
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.records.services import record_event
from piutempo.vouchers.models import Extension, ExtensionLine, Lapse, LapseCause, Redemption, Voucher
from piutempo.vouchers.selectors.expiry import lapsable_vouchers
from piutempo.vouchers.services.lapse import CHUNK, lapse_these, standing_lapses, undo_lapses


class ExtensionRefusal(StrEnum):
    """Why an act cannot take effect, or be undone. Stable codes."""

    DECREE_MISSING = "DECREE_MISSING"
    SCOPE_IS_EMPTY = "SCOPE_IS_EMPTY"
    NOT_LATER = "NOT_LATER"
    FUND_HAS_NOT_THE_MONEY = "FUND_HAS_NOT_THE_MONEY"
    ALREADY_UNDONE = "ALREADY_UNDONE"
    REASON_MISSING = "REASON_MISSING"


class ExtensionRefused(Exception):
    """Nothing was changed. ``code`` is stable; ``details`` fill the sentence."""

    def __init__(self, code: ExtensionRefusal, **details: Any) -> None:
        super().__init__(code.value)
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class ExtensionScope:
    """
    Vouchers of a programme (and product, empty: all) whose expiry, exclusive, lies in [expiring_from,
    expiring_until).
    """

    programme_id: int
    expiring_from: date
    expiring_until: date
    new_valid_until: date
    product: str = ""
    restores_lapsed: bool = True


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """What the act touches of one product in one province."""

    product: str
    province: str
    vouchers: int
    unspent_cents: int
    lapsed_cents: int


@dataclass(frozen=True, slots=True)
class ExtensionPreview:
    """What the act would touch; ``missing_cents`` is what the fund lacks to restore what lapsed (0: it can)."""

    lines: tuple[PreviewLine, ...]
    vouchers: int
    unspent_cents: int
    restorable: int
    restorable_cents: int
    missing_cents: int


def scope_vouchers(scope: ExtensionScope) -> QuerySet[Voucher]:
    """
    Return the vouchers of a scope with money unspent, or (if restored) lapsed by expiry, whose expiry would move
    forward.
    """
    rows = Voucher.objects.filter(
        programme_id=scope.programme_id,
        valid_until__gte=scope.expiring_from,
        valid_until__lt=min(scope.expiring_until, scope.new_valid_until),
    )
    if scope.product:
        rows = rows.filter(product=scope.product)
    unspent = Q(lapsed_cents=0, value_cents__gt=F("spent_cents") + F("void_cents"))
    if scope.restores_lapsed:
        lapsed = Lapse.objects.filter(voucher_id=OuterRef("pk"), undone_at__isnull=True, cause=LapseCause.EXPIRED)
        return rows.filter(unspent | (Q(lapsed_cents__gt=0) & Exists(lapsed)))
    return rows.filter(unspent)


def preview_extension(scope: ExtensionScope) -> ExtensionPreview:
    """Return what an act would touch, by product and the holder's province. Writes nothing."""
    left = F("value_cents") - F("spent_cents") - F("void_cents") - F("lapsed_cents")
    rows = (
        scope_vouchers(scope)
        .values("product", "holder__municipality__province")
        .annotate(n=Count("id"), unspent=Sum(left), lapsed=Sum("lapsed_cents"))
        .order_by("product", "holder__municipality__province")
    )
    lines = tuple(
        PreviewLine(r["product"], r["holder__municipality__province"] or "", r["n"], r["unspent"], r["lapsed"])
        for r in rows
    )
    restorable, restorable_cents, missing = 0, 0, 0
    if scope.restores_lapsed:
        lapses = standing_lapses(scope_vouchers(scope))
        for pot_id, n, cents in _by_pot(lapses):
            restorable, restorable_cents = restorable + n, restorable_cents + cents
            missing += max(cents - max(get_available_cents(pot_id), 0), 0)
    return ExtensionPreview(
        lines=lines,
        vouchers=sum(line.vouchers for line in lines),
        unspent_cents=sum(line.unspent_cents for line in lines),
        restorable=restorable,
        restorable_cents=restorable_cents,
        missing_cents=missing,
    )


def _by_pot(lapses: QuerySet[Lapse]) -> list[tuple[int, int, int]]:
    rows = lapses.order_by("voucher__pot_id").values_list("voucher__pot_id")
    return list(rows.annotate(n=Count("id"), cents=Sum("amount_cents")))


@transaction.atomic
def extend_expiry(*, scope: ExtensionScope, decree: str, reason: str, at: datetime, by: User | None) -> Extension:
    """
    Move the expiry of a scope to ``new_valid_until`` and, if it says so, restore what had lapsed by expiry.

    :raises ExtensionRefused: DECREE_MISSING, NOT_LATER (nothing would move forward), SCOPE_IS_EMPTY,
    FUND_HAS_NOT_THE_MONEY
        (what lapsed has been committed to others; ``missing_cents`` says how much lacks)
    """
    if not decree.strip():
        raise ExtensionRefused(ExtensionRefusal.DECREE_MISSING)
    if scope.new_valid_until <= scope.expiring_from:
        raise ExtensionRefused(ExtensionRefusal.NOT_LATER)
    on = timezone.localdate(at)
    # Lock, so that what is counted is what is moved.
    touched = len(scope_vouchers(scope).order_by("id").select_for_update(of=("self",)).values_list("id"))
    if not touched:
        raise ExtensionRefused(ExtensionRefusal.SCOPE_IS_EMPTY)
    lapses = standing_lapses(scope_vouchers(scope)) if scope.restores_lapsed else Lapse.objects.none()
    restored, missing = 0, 0
    for pot_id, n, cents in _by_pot(lapses):
        lock_pot(pot_id)
        restored += n
        missing += max(cents - max(get_available_cents(pot_id), 0), 0)
    if missing:
        raise ExtensionRefused(ExtensionRefusal.FUND_HAS_NOT_THE_MONEY, missing_cents=missing)
    left = F("value_cents") - F("spent_cents") - F("void_cents")
    extension = Extension.objects.create(
        programme_id=scope.programme_id,
        decree=decree.strip(),
        reason=reason.strip(),
        product=scope.product,
        expiring_from=scope.expiring_from,
        expiring_until=scope.expiring_until,
        new_valid_until=scope.new_valid_until,
        restores_lapsed=scope.restores_lapsed,
        vouchers=touched,
        restored=restored,
        unspent_cents=scope_vouchers(scope).aggregate(cents=Sum(left))["cents"] or 0,
        made_at=at,
        made_by=by,
    )
    sql, params = scope_vouchers(scope).order_by().values("id", "valid_until", "lapsed_cents").query.sql_with_params()
    with connection.cursor() as db:
        db.execute(
            f"""INSERT INTO vouchers_extensionline (extension_id, voucher_id, old_valid_until, restored_cents)
            SELECT {extension.pk:d}, d.id, d.valid_until, d.lapsed_cents FROM ({sql}) d""",  # noqa: S608 - Django's SQL
            params,
        )
    mine = Voucher.objects.filter(pk__in=extension.lines.order_by().values("voucher_id"))
    if restored:
        undo_lapses(standing_lapses(mine), on=on, at=at)
    mine.update(valid_until=scope.new_valid_until)
    _record("vouchers.extended", extension, at, by)
    return extension


@transaction.atomic
def undo_extension(*, extension: Extension, reason: str, at: datetime, by: User | None) -> Extension:
    """
    Give back the old expiry where nothing was spent after it, and lapse again what is then over.

    Vouchers spent for a service after their old expiry, or moved again by a later act, stay extended: ``kept``
    says how many.

    :raises ExtensionRefused: ALREADY_UNDONE, REASON_MISSING
    """
    if not reason.strip():
        raise ExtensionRefused(ExtensionRefusal.REASON_MISSING)
    held = Extension.objects.select_for_update(of=("self",)).get(pk=extension.pk)
    if held.undone_at is not None:
        raise ExtensionRefused(ExtensionRefusal.ALREADY_UNDONE, on=timezone.localdate(held.undone_at))
    lines = held.lines.order_by()
    all_ids = lines.values("voucher_id")
    len(Voucher.objects.filter(pk__in=all_ids).order_by("id").select_for_update(of=("self",)).values_list("id"))
    spent_after = Redemption.objects.filter(
        voucher_id=OuterRef("voucher_id"), reversal__isnull=True, served_on__gte=OuterRef("old_valid_until")
    )
    back = lines.filter(~Exists(spent_after), voucher__valid_until=held.new_valid_until)
    # Their ids first: the update below changes what ``back`` selects.
    chosen = list(back.values_list("voucher_id", flat=True))
    for start in range(0, len(chosen), CHUNK):
        part = Voucher.objects.filter(pk__in=chosen[start : start + CHUNK])
        old = ExtensionLine.objects.filter(extension=held, voucher_id=OuterRef("pk")).values("old_valid_until")[:1]
        part.update(valid_until=old)
    held.kept = lines.count() - len(chosen)
    held.undone_at = at
    held.undone_by = by
    held.undo_reason = reason.strip()[:300]
    held.save(update_fields=["kept", "undone_at", "undone_by", "undo_reason"])
    _record("vouchers.extension_undone", held, at, by)
    on = timezone.localdate(at)
    due = lapsable_vouchers(held.programme_id, on).filter(pk__in=all_ids)
    lapse_these(due, programme_id=held.programme_id, cause=LapseCause.EXPIRED, on=on, at=at, by=by)
    return held


def _record(name: str, extension: Extension, at: datetime, by: User | None) -> None:
    record_event(
        name=name,
        subject="vouchers.Extension",
        subject_id=extension.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"vouchers": extension.vouchers, "restored": extension.restored, "kept": extension.kept},
    )


def scope_of(*, programme: Programme, extension: Extension) -> ExtensionScope:
    """Return the scope that an act was made with."""
    return ExtensionScope(
        programme_id=programme.pk,
        expiring_from=extension.expiring_from,
        expiring_until=extension.expiring_until,
        new_valid_until=extension.new_valid_until,
        product=extension.product,
        restores_lapsed=extension.restores_lapsed,
    )
