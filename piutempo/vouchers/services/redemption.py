"""
Spending a voucher: one round trip on PostgreSQL, the same conditional UPDATE everywhere (docs/rules/redemption.md).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from piutempo.kernel.codes import ForeignCode, TitleCode, WrongCode, read_title_code
from piutempo.kernel.money import cumulative_shares, next_parts
from piutempo.ledger.models import Kind, Transfer
from piutempo.ledger.selectors import list_sources
from piutempo.ledger.services import post
from piutempo.network.models import Site
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.vouchers.models import Lapse, Redemption, Voucher
from piutempo.vouchers.rules.masks import mask_of
from piutempo.vouchers.rules.redemption import (
    CareState,
    GrantState,
    RedemptionCase,
    Refusal,
    ServiceState,
    amount_of,
    birth_limit,
    refusal_for,
)
from piutempo.vouchers.selectors.facts import grants_on, load_catalogue, load_grants, load_member, load_vouchers
from piutempo.vouchers.sql import REDEEM_RETURNING

_EVER, _NEVER = date(9999, 12, 31), date(1, 1, 1)


class RedemptionRefused(Exception):
    """
    The voucher may not be spent this way. ``code`` is stable; ``details`` fill the sentence (days, cents).

    ``messages.sentence_for(refused.code, refused.details)`` is what to show.
    """

    def __init__(self, code: Refusal, details: dict[str, Any] | None = None) -> None:
        super().__init__(code.value)
        self.code = code
        self.details = details or {}


class KeyReused(Exception):
    """The idempotency key came before with other inputs."""

    code = "KEY_REUSED"


class GuardDisagrees(Exception):
    """The database refused twice what the rule allows: a fault of ours, never shown as a refusal."""

    code = "GUARD_DISAGREES"


class SeveralVouchers(ValueError):
    """``redeem`` takes titles of one voucher; ``redeem_many`` splits them."""

    code = "SEVERAL_VOUCHERS"


@dataclass(frozen=True, slots=True)
class Request:
    """
    One redemption asked for, codes already read.

    ``whole`` says what else the same key asked for, when this is one voucher's part of a service paid with several.
    """

    site_id: int
    voucher_code: int
    mask: int
    amount_cents: int
    service: str
    quantity: int
    person_id: int
    holder: str
    served_on: date
    at: datetime
    on: date
    by_id: int | None
    key: str
    file_id: int | None = None
    whole: str = ""

    @property
    def key_hash(self) -> str:
        """The hash of the inputs that a repeated key must repeat."""
        text = "|".join(
            map(
                str,
                (
                    self.voucher_code,
                    self.mask,
                    self.amount_cents,
                    self.service,
                    self.quantity,
                    self.person_id,
                    self.holder,
                    self.served_on,
                    *((self.whole,) if self.whole else ()),
                ),
            )
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def params(self, programme_id: int, service: ServiceState | None, versions_seen: int) -> dict[str, Any]:
        """Return what redeem.sql's placeholders stand for."""
        limits = service or ServiceState(False, None, None)
        return {
            "code": self.voucher_code,
            "programme": programme_id,
            "mask": self.mask,
            "custody": self.mask or 1,
            "titles": self.mask.bit_count(),
            "amount": self.amount_cents,
            "site": self.site_id,
            "service": self.service,
            "quantity": self.quantity,
            "person": self.person_id,
            "holder": self.holder,
            "served_on": self.served_on,
            "delay": (self.on - self.served_on).days,
            "in_catalogue": int(service is not None),
            "versions_seen": versions_seen,
            "needs_person": int(limits.needs_person),
            "born_until": _EVER if limits.min_age is None else birth_limit(self.served_on, limits.min_age),
            "born_after": _NEVER if limits.max_age is None else birth_limit(self.served_on, limits.max_age),
        }


def redeem(
    *,
    site: Site,
    codes: Sequence[str],
    service: str,
    quantity: int,
    served_on: date,
    at: datetime,
    by: User | None,
    key: str,
    amount_cents: int = 0,
    person_cared_id: int | None = None,
    holder_fiscal_code: str | None = None,
) -> Redemption:
    """
    Spend the titles ``codes`` of one voucher, or ``amount_cents`` of the balance voucher whose only code is given.

    ``person_cared_id`` is a ``people.Member``; ``holder_fiscal_code``, when given, must be the holder's. The same
    ``key`` (1-64
    characters, per site) with the same inputs answers the first redemption again.

    :raises RedemptionRefused: with the true reason; nothing was written
    :raises KeyReused: the key came before with other inputs
    :raises SeveralVouchers: the codes belong to more than one voucher: use ``redeem_many``
    """
    titles = read_codes(codes)
    if len({t.voucher_code for t in titles}) > 1:
        raise SeveralVouchers(list(codes))
    return redeem_request(
        Request(
            site_id=site.pk,
            voucher_code=titles[0].voucher_code,
            mask=0 if amount_cents else mask_of(t.index for t in titles),
            amount_cents=amount_cents,
            service=service,
            quantity=quantity,
            person_id=person_cared_id or 0,
            holder=_plain(holder_fiscal_code),
            served_on=served_on,
            at=at,
            on=timezone.localdate(at),
            by_id=by.pk if by else None,
            key=key,
        )
    )


def _plain(fiscal_code: str | None) -> str:
    return (fiscal_code or "").strip().upper()


def redeem_many(
    *,
    site: Site,
    codes: Sequence[str],
    service: str,
    quantity: int,
    served_on: date,
    at: datetime,
    by: User | None,
    key: str,
    amount_cents: int = 0,
    person_cared_id: int | None = None,
    holder_fiscal_code: str | None = None,
) -> list[Redemption]:
    """
    Spend titles of one or several vouchers for one service, all or nothing; keys derive from ``key`` (at most 60
    characters).

    ``quantity`` is for the whole service: it is divided among the vouchers by their titles, at least one unit
    each, and the
    ceiling is checked on the whole too. Arguments and errors as in ``redeem``; an amount is of one voucher.
    """
    titles = read_codes(codes)
    masks: dict[int, int] = defaultdict(int)
    for title in titles:
        masks[title.voucher_code] |= mask_of([title.index])
    if len(masks) > 1 and amount_cents:
        # An amount is of one voucher: nobody said how to divide it.
        raise SeveralVouchers(list(codes))
    if len(masks) > 1:
        _check_whole_ceiling(site, masks, service, quantity, served_on)
    parts = sorted(masks.items())
    asked = sum(mask.bit_count() for _, mask in parts)
    requests = [
        Request(
            site_id=site.pk,
            voucher_code=voucher_code,
            mask=0 if amount_cents else mask,
            amount_cents=amount_cents,
            service=service,
            quantity=max(1, quantity * mask.bit_count() // asked) if n else quantity,
            person_id=person_cared_id or 0,
            holder=_plain(holder_fiscal_code),
            served_on=served_on,
            at=at,
            on=timezone.localdate(at),
            by_id=by.pk if by else None,
            # The first part takes the key as it is, and each knows the whole: with other titles it is refused.
            key=f"{key}:{n}" if n > 1 else key,
            whole=f"{quantity}|{parts}" if n else "",
        )
        for n, (voucher_code, mask) in enumerate(parts, start=int(len(parts) > 1))
    ]
    if len(requests) == 1:
        # One voucher is one statement: a transaction around it would cost two round trips more.
        return [redeem_request(requests[0])]
    with transaction.atomic():
        return [redeem_request(request) for request in requests]


def _check_whole_ceiling(site: Site, masks: dict[int, int], service: str, quantity: int, served_on: date) -> None:
    vouchers = load_vouchers(masks)
    grants = load_grants(site.pk)
    total, ceilings = 0, []
    for code, mask in masks.items():
        if v := vouchers.get(code):
            total += v.face_cents * mask.bit_count()
            ceilings += [
                g.unit_ceiling_cents
                for g in grants_on(grants, v.programme_id, served_on)
                if (g.network, g.service) == (v.network, service)
            ]
    if ceilings and total > quantity * max(ceilings):
        raise RedemptionRefused(
            Refusal.ABOVE_CEILING, {"ceiling_cents": quantity * max(ceilings), "amount_cents": total}
        )


def read_codes(codes: Sequence[str]) -> list[TitleCode]:
    """
    Return what the codes say.

    :raises RedemptionRefused: CODE_MISTYPED or CODE_NOT_OURS, with the code in ``details``
    """
    if not codes:
        raise RedemptionRefused(Refusal.CODE_MISTYPED, {"code": ""})
    found = []
    for text in codes:
        try:
            found.append(read_title_code(text, settings.CODE_KEY))
        except ForeignCode:
            raise RedemptionRefused(Refusal.CODE_NOT_OURS, {"code": text}) from None
        except WrongCode:
            raise RedemptionRefused(Refusal.CODE_MISTYPED, {"code": text}) from None
    return found


@dataclass(slots=True)
class _Guess:
    """
    The programme whose voucher this site last redeemed with this service; the guard checks it, a miss costs a look-
    up.
    """

    programme_ids: dict[tuple[int, str], int] = field(default_factory=dict)

    def programme_id(self, site_id: int, service: str) -> int:
        found = self.programme_ids.get((site_id, service))
        if found is None:
            if len(self.programme_ids) > 100_000:
                self.programme_ids.clear()
            rows = Programme.objects.order_by("-id").values_list("id", flat=True)
            found = next(iter(rows[:1]), 0)
        return found

    def learn(self, site_id: int, service: str, programme_id: int) -> None:
        self.programme_ids[site_id, service] = programme_id


_guess = _Guess()


def redeem_request(request: Request) -> Redemption:
    """Spend what one request asks for; see ``redeem`` for the errors."""
    programme_id = _guess.programme_id(request.site_id, request.service)
    fresh = False
    for _attempt in range(2):
        catalogue = load_catalogue(programme_id, fresh=fresh)
        state = catalogue.state_on(request.service, request.served_on)
        params = request.params(programme_id, state, len(catalogue.version_ids))
        done = _spend(request, params)
        if done is not None:
            _guess.learn(request.site_id, request.service, programme_id)
            return done
        case, programme_id = load_case(request, default_programme_id=programme_id)
        if reason := refusal_for(case):
            raise RedemptionRefused(reason, details_of(case, request))
        fresh = True
    raise GuardDisagrees(f"voucher code {request.voucher_code}, site {request.site_id}, {request.service}")


def load_case(request: Request, *, default_programme_id: int = 0) -> tuple[RedemptionCase, int]:
    """Return what the rule reads for one request, freshly read, and the voucher's programme."""
    voucher = load_vouchers([request.voucher_code]).get(request.voucher_code)
    programme_id = voucher.programme_id if voucher else default_programme_id
    grants: tuple[GrantState, ...] = ()
    service = None
    if voucher:
        grants = grants_on(load_grants(request.site_id), programme_id, request.served_on)
        service = load_catalogue(programme_id, fresh=True).state_on(request.service, request.served_on)
    care = None
    if request.person_id and voucher:
        member = load_member(request.person_id)
        care = member.care_on(request.served_on, voucher.household_id) if member else CareState(False, _NEVER)
    return (
        RedemptionCase(
            voucher=voucher,
            mask=request.mask,
            amount_cents=request.amount_cents,
            service=request.service,
            quantity=request.quantity,
            served_on=request.served_on,
            on=request.on,
            grants=grants,
            service_state=service,
            care=care,
            holder_fiscal_code=request.holder,
        ),
        programme_id,
    )


def details_of(case: RedemptionCase, request: Request) -> dict[str, Any]:
    """Return what the sentence of a refusal may say: days and cents, and when the title was spent."""
    v = case.voucher
    if v is None:
        return {}
    ceilings = [g.unit_ceiling_cents for g in case.grants if (g.network, g.service) == (v.network, case.service)]
    details: dict[str, Any] = {
        "valid_from": v.valid_from,
        "valid_until": v.valid_until,
        "record_days": v.record_days,
        "left_cents": max(v.left_cents, 0),
        "face_cents": v.face_cents,
        "amount_cents": amount_of(case),
        "ceiling_cents": case.quantity * max(ceilings) if ceilings else 0,
        "served_on": case.served_on,
    }
    if v.spent & case.mask:
        rows = Redemption.objects.filter(voucher_id=v.id, reversal__isnull=True).order_by("-id")
        for mask, redeemed_at, site_id in rows.values_list("mask", "redeemed_at", "site_id"):
            if mask & case.mask:
                details["spent_on"] = timezone.localdate(redeemed_at)
                details["is_same_site"] = site_id == request.site_id
                break
    return details


_CALL = """SELECT outcome, redemption, voucher, amount FROM vouchers_redeem(
    %(code)s, %(programme)s, %(mask)s, %(custody)s, %(titles)s, %(amount)s, %(site)s, %(service)s, %(quantity)s,
    %(person)s, %(holder)s, %(served_on)s, %(delay)s, %(in_catalogue)s, %(versions_seen)s, %(needs_person)s,
    %(born_until)s, %(born_after)s, %(at)s, %(by)s, %(key)s, %(key_hash)s, %(file)s, %(booked_on)s)"""


def _spend(request: Request, params: dict[str, Any]) -> Redemption | None:
    """Run the guard and write; None when the guard says no."""
    if connection.vendor == "postgresql" and request.mask:
        call = {
            **params,
            "at": request.at,
            "by": request.by_id,
            "key": request.key,
            "key_hash": request.key_hash,
            "file": request.file_id,
            "booked_on": request.on,
        }
        with connection.cursor() as cursor:
            cursor.execute(_CALL, call)
            outcome, redemption_id, voucher_id, amount = cursor.fetchone()
        if outcome == "refused":
            return None
        if outcome == "reused":
            raise KeyReused(request.key)
        if outcome == "replay":
            return Redemption.objects.get(pk=redemption_id)
        return _written(request, redemption_id, voucher_id, amount)
    try:
        return _spend_here(request, params)
    except IntegrityError:
        # The same key, from another connection, a moment earlier.
        if done := _find_replay(request):
            return done
        raise


def _find_replay(request: Request) -> Redemption | None:
    done = Redemption.objects.filter(site_id=request.site_id, key=request.key).first()
    if done and done.key_hash != request.key_hash:
        raise KeyReused(request.key)
    return done


@transaction.atomic
def _spend_here(request: Request, params: dict[str, Any]) -> Redemption | None:
    if done := _find_replay(request):
        return done
    with connection.cursor() as cursor:
        cursor.execute(REDEEM_RETURNING, params)
        row = cursor.fetchone()
    if row is None:
        # Nothing, perhaps because the same key spent it while this call waited for the row.
        return _find_replay(request)
    voucher_id, pot_id, face_cents = row
    amount = params["titles"] * face_cents if request.mask else request.amount_cents
    redemption = _unwritten(request, voucher_id, amount)
    redemption.save(force_insert=True)
    parts = None if request.mask else _balance_parts(voucher_id, pot_id, amount, redemption.pk)
    post(
        kind=Kind.SPEND,
        subject_id=redemption.pk,
        pot_id=pot_id,
        amount_cents=amount,
        booked_on=request.on,
        effective_on=request.served_on,
        parts=parts,
    )
    return redemption


def _unwritten(request: Request, voucher_id: int, amount_cents: int) -> Redemption:
    return Redemption(
        voucher_id=voucher_id,
        site_id=request.site_id,
        service=request.service,
        quantity=request.quantity,
        person_cared_id=request.person_id or None,
        mask=request.mask,
        amount_cents=amount_cents,
        served_on=request.served_on,
        redeemed_at=request.at,
        redeemed_by_id=request.by_id,
        key=request.key,
        key_hash=request.key_hash,
        file_id=request.file_id,
    )


def _written(request: Request, redemption_id: int, voucher_id: int, amount_cents: int) -> Redemption:
    redemption = _unwritten(request, voucher_id, amount_cents)
    redemption.pk = redemption_id
    redemption._state.adding = False
    redemption._state.db = connection.alias
    return redemption


def _balance_parts(voucher_id: int, pot_id: int, amount_cents: int, redemption_id: int) -> tuple[tuple[int, int], ...]:
    """Divide what a balance voucher gives next; the caller holds the voucher's row."""
    sources = list_sources(pot_id)
    taken, left = source_state(voucher_id, pot_id)
    rows = cumulative_shares([s.share_bp for s in sources])
    shares = next_parts(rows, [taken[s.source_id] for s in sources], [left[s.source_id] for s in sources], amount_cents)
    return tuple((s.source_id, cents) for s, cents in zip(sources, shares, strict=True) if cents)


def source_state(voucher_id: int, pot_id: int) -> tuple[dict[int, int], dict[int, int]]:
    """
    Return what each source gave of a voucher's month (net of reversals), and what it still has, in cents by source id.

    Re-issues of the same month count as one: money stays issued under the first.
    """
    award_id, month = Voucher.objects.values_list("award_id", "month").get(pk=voucher_id)
    chain = Voucher.objects.filter(award_id=award_id, month=month)
    value = chain.filter(replacement=0).values_list("value_cents", flat=True).get()
    taken: dict[int, int] = defaultdict(int)
    gone: dict[int, int] = defaultdict(int)
    redemptions: QuerySet[Any, Any] = Redemption.objects.filter(voucher__in=chain).values("id")
    lapses: QuerySet[Any, Any] = Lapse.objects.filter(voucher__in=chain).values("id")
    signs = {Kind.SPEND: 1, Kind.UNSPEND: -1, Kind.LAPSE: 1, Kind.UNLAPSE: -1}
    for kinds, subjects, found in (
        ((Kind.SPEND, Kind.UNSPEND), redemptions, taken),
        ((Kind.LAPSE, Kind.UNLAPSE), lapses, gone),
    ):
        rows = Transfer.objects.filter(kind__in=kinds, subject_id__in=subjects).values_list("source_id", "kind")
        for source_id, kind, cents in rows.annotate(cents=Sum("amount_cents")).order_by():
            found[source_id] += signs[Kind(kind)] * cents
    left = {
        s.source_id: value * s.share_bp // 10_000 - taken[s.source_id] - gone[s.source_id] for s in list_sources(pot_id)
    }
    return taken, left
