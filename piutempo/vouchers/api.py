"""
The JSON API of a site: check a title, redeem, undo. Errors are problem documents (RFC 9457) with a stable ``code``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, NinjaAPI, Router, Schema, Status
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from piutempo.kernel.codes import ForeignCode, WrongCode
from piutempo.network.models import Site
from piutempo.vouchers.messages import sentence_for
from piutempo.vouchers.models import Redemption, Reversal, Voucher
from piutempo.vouchers.rules.redemption import Refusal
from piutempo.vouchers.selectors.keys import get_site_for_key
from piutempo.vouchers.selectors.pages import check_title, get_site_redemption
from piutempo.vouchers.services import (
    GuardDisagrees,
    KeyReused,
    RedemptionRefused,
    ReversalRefused,
    SeveralVouchers,
    redeem_many,
    reverse_redemption,
)
from piutempo.vouchers.services.keys import hash_secret


class ApiRequest(HttpRequest):
    """A request with the site that its key belongs to, and the clock read once."""

    auth: Site
    now: datetime


class SiteKey(HttpBearer):
    """``Authorization: Bearer <key>``: one key, one site."""

    def authenticate(self, request: HttpRequest, token: str) -> Site | None:
        """Return the key's site, or None."""
        return get_site_for_key(hash_secret(token))


class Problem(Schema):
    """An error: ``code`` is stable, ``detail`` an Italian sentence with what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str


#: A text that every database stores.
TEXT = r"^[^\x00]*$"


class RedemptionIn(Schema):
    """What to spend: titles (of one or several vouchers), or an amount of one balance voucher."""

    codes: list[str] = Field(min_length=1, max_length=62, description="codici dei titoli")
    service: str = Field(max_length=40, pattern=TEXT, description="codice del servizio nel catalogo")
    quantity: int = Field(1, ge=1, le=32_767, description="unità del servizio: ore, giorni, pasti, mesi")
    served_on: date = Field(description="data del servizio")
    person_cared_id: int | None = Field(None, ge=1, lt=2**63, description="persona assistita, dal controllo del titolo")
    holder_fiscal_code: str | None = Field(None, max_length=20, pattern=TEXT)
    amount_cents: int = Field(0, ge=0, lt=2**31, description="solo per un buono a scalare, in centesimi")


class RedemptionOut(Schema):
    """What was spent."""

    id: int
    amount_cents: int
    service: str
    quantity: int
    served_on: date
    redeemed_at: datetime
    is_reversed: bool = False


class RedemptionsOut(Schema):
    """One redemption for each voucher."""

    amount_cents: int
    redemptions: list[RedemptionOut]


class ReversalIn(Schema):
    """Why."""

    reason: str = Field(min_length=1, max_length=300, pattern=TEXT)


class ReversalOut(Schema):
    """The reversal."""

    id: int
    redemption_id: int
    at: datetime


class MemberOut(Schema):
    """Who may be cared for with this voucher."""

    id: int
    name: str


class VoucherOut(Schema):
    """A title at the counter."""

    state: str
    holder: str
    form: str
    face_cents: int
    left_cents: int
    titles_left: int
    valid_from: date
    last_day: date
    members: list[MemberOut]


class StatusOut(Schema):
    """Whether the service works."""

    status: str


api = NinjaAPI(title="PiùTempo", version="1", urls_namespace="api", docs_url=None)
router = Router(auth=SiteKey())
ERRORS = {400: Problem, 401: Problem, 404: Problem, 409: Problem, 422: Problem}


@api.get("/status", response=StatusOut)
def status(request: HttpRequest) -> dict[str, str]:
    """Answer when the database does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"status": "ok"}


@router.post("/redemptions", response={201: RedemptionsOut, **ERRORS})
def post_redemption(request: ApiRequest, data: RedemptionIn) -> Status[dict[str, Any]] | HttpResponse:
    """
    Redeem. The header ``Idempotency-Key`` (1 to 60 characters) makes a retry safe: the same answer, nothing twice.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not 1 <= len(key) <= 60:
        return problem(request, 400, "KEY_MISSING")
    done = redeem_many(
        site=request.auth,
        codes=data.codes,
        service=data.service,
        quantity=data.quantity,
        served_on=data.served_on,
        at=request.now,
        by=None,
        key=key,
        amount_cents=data.amount_cents,
        person_cared_id=data.person_cared_id,
        holder_fiscal_code=data.holder_fiscal_code,
    )
    return Status(
        201, {"amount_cents": sum(r.amount_cents for r in done), "redemptions": [_redemption(r) for r in done]}
    )


@router.get("/redemptions/{redemption_id}", response={200: RedemptionOut, **ERRORS})
def get_redemption(request: ApiRequest, redemption_id: int) -> dict[str, Any]:
    """Return one redemption of the site."""
    redemption = _get(request.auth, redemption_id)
    return _redemption(redemption) | {"is_reversed": Reversal.objects.filter(redemption=redemption).exists()}


@router.post("/redemptions/{redemption_id}/reversal", response={201: ReversalOut, **ERRORS})
def post_reversal(request: ApiRequest, redemption_id: int, data: ReversalIn) -> Status[dict[str, Any]]:
    """Undo a redemption of the site within its window."""
    redemption = _get(request.auth, redemption_id)
    reversal = reverse_redemption(redemption=redemption, reason=data.reason, at=request.now, by=None)
    return Status(201, {"id": reversal.pk, "redemption_id": redemption.pk, "at": timezone.localtime(reversal.at)})


@router.get("/vouchers/{code}", response={200: VoucherOut, **ERRORS})
def get_voucher(request: ApiRequest, code: str) -> dict[str, Any] | HttpResponse:
    """Check a title before redeeming it: its state, the holder's name, who may be cared for."""
    today = timezone.localdate(request.now)
    try:
        found = check_title(code, on=today)
    except ForeignCode:
        return problem(request, 422, Refusal.CODE_NOT_OURS)
    except WrongCode:
        return problem(request, 422, Refusal.CODE_MISTYPED)
    except Voucher.DoesNotExist:
        return problem(request, 404, Refusal.CODE_UNKNOWN)
    voucher = found.held.voucher
    return {
        "state": found.state,
        "holder": str(voucher.holder),
        "form": voucher.form,
        "face_cents": voucher.face_cents,
        "left_cents": found.held.left_cents,
        "titles_left": found.held.titles_left,
        "valid_from": voucher.valid_from,
        "last_day": found.held.last_day,
        "members": [{"id": m.pk, "name": str(m.person)} for m in found.members],
    }


api.add_router("", router)


def _get(site: Site, redemption_id: int) -> Redemption:
    try:
        return get_site_redemption(site, redemption_id)
    except Redemption.DoesNotExist:
        raise Http404 from None


def _redemption(redemption: Redemption) -> dict[str, Any]:
    return {
        "id": redemption.pk,
        "amount_cents": redemption.amount_cents,
        "service": redemption.service,
        "quantity": redemption.quantity,
        "served_on": redemption.served_on,
        "redeemed_at": timezone.localtime(redemption.redeemed_at),
    }


def problem(request: HttpRequest, status_code: int, code: str, details: dict[str, Any] | None = None) -> HttpResponse:
    """Return a problem document."""
    titles = {
        400: _("Richiesta incompleta"),
        401: _("Accesso negato"),
        404: _("Non trovato"),
        409: _("Conflitto"),
        422: _("Operazione rifiutata"),
        500: _("Errore nostro"),
    }
    body = Problem(
        title=titles[status_code], status=status_code, detail=sentence_for(code, details, about="api"), code=str(code)
    )
    return HttpResponse(body.model_dump_json(), status=status_code, content_type="application/problem+json")


@api.exception_handler(RedemptionRefused)
def _refused(request: HttpRequest, refused: RedemptionRefused) -> HttpResponse:
    return problem(request, 422, refused.code, refused.details)


@api.exception_handler(SeveralVouchers)
def _several(request: HttpRequest, several: SeveralVouchers) -> HttpResponse:
    return problem(request, 422, several.code)


@api.exception_handler(ReversalRefused)
def _not_reversed(request: HttpRequest, refused: ReversalRefused) -> HttpResponse:
    return problem(request, 422, refused.code, refused.details)


@api.exception_handler(KeyReused)
def _key_reused(request: HttpRequest, reused: KeyReused) -> HttpResponse:
    return problem(request, 409, reused.code)


@api.exception_handler(GuardDisagrees)
def _disagrees(request: HttpRequest, fault: GuardDisagrees) -> HttpResponse:
    return problem(request, 500, fault.code)


@api.exception_handler(AuthenticationError)
def _not_authenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problem(request, 401, "NOT_AUTHENTICATED")


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problem(request, 400, "MALFORMED")


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer a body that is no JSON as any other wrong shape."""
    return problem(request, 400, "MALFORMED")


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, 404, "NOT_FOUND")
