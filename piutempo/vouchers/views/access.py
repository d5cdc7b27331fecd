"""Which rows a request reaches, and which forms it has sent before."""

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from piutempo.network.models import Desk, Site
from piutempo.network.selectors import list_desks_for, list_sites_for
from piutempo.people.access import PiuRequest
from piutempo.people.models import Role, Scope
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import list_programmes
from piutempo.vouchers.models import Voucher

OFFICE = (Role.CASE_OFFICER, Role.PROGRAMME_MANAGER)
_KEPT_KEYS = 30


def today_of(request: PiuRequest) -> date:
    """Return the request's day in local time."""
    return timezone.localdate(request.now)


def sites_of(request: PiuRequest) -> QuerySet[Site]:
    """Return the sites the operator acts for: single ones, or all of a provider's."""
    return list_sites_for(
        request.roles.scope_ids(Role.PROVIDER_OPERATOR, Scope.SITE),
        request.roles.scope_ids(Role.PROVIDER_OPERATOR, Scope.BODY),
    )


def desks_of(request: PiuRequest) -> QuerySet[Desk]:
    """Return the desks the operator works at, open today."""
    return list_desks_for(request.roles.scope_ids(Role.DESK_OPERATOR, Scope.DESK), on=today_of(request))


def programmes_of(request: PiuRequest, roles: Sequence[Role] = OFFICE) -> list[Programme]:
    """Return the programmes that the user reaches with one of the roles."""
    return [p for p in list_programmes() if any(request.roles.covers(r, Scope.PROGRAMME, p.pk) for r in roles)]


def vouchers_with_names() -> QuerySet[Voucher]:
    """Return vouchers with all that a page names."""
    return Voucher.objects.select_related("holder", "programme", "desk", "award")


def desk_voucher_or_404(request: PiuRequest, voucher_id: int) -> Voucher:
    """Return a voucher held, or handed over, by one of the operator's desks."""
    found = vouchers_with_names().filter(desk__in=desks_of(request), pk=voucher_id).first()
    if found is None:
        raise Http404
    return found


def was_sent(request: PiuRequest, key: str) -> bool:
    """Tell whether this filling of a form was carried out before: a second click finds it done."""
    return key in request.session.get("done_keys", [])


def keep_sent(request: PiuRequest, key: str) -> None:
    """Remember that this filling of a form was carried out."""
    request.session["done_keys"] = [*request.session.get("done_keys", []), key][-_KEPT_KEYS:]
