"""Which desk the operator works at now."""

from __future__ import annotations

from datetime import date

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.network.models import Desk
from piutempo.network.selectors import list_desks_for
from piutempo.people.access import PiuRequest
from piutempo.people.models import Role, Scope


def today_of(request: PiuRequest) -> date:
    """Return the request's day in local time."""
    return timezone.localdate(request.now)


def desks_of(request: PiuRequest) -> list[Desk]:
    """Return the desks the operator works at that are open today."""
    ids = request.roles.scope_ids(Role.DESK_OPERATOR, Scope.DESK)
    return list(list_desks_for(ids, on=today_of(request))[:200])


def desk_of(request: PiuRequest) -> Desk:
    """
    Return the desk the operator works at: the one chosen on the desk's home, else the first of theirs.

    :raises Http404: none is open today
    """
    desks = desks_of(request)
    if not desks:
        raise Http404(_("Il tuo sportello oggi non è aperto: chiedi all'ufficio del programma."))
    chosen = request.GET.get("sportello") or request.session.get("desk_id")
    desk = next((d for d in desks if str(d.pk) == str(chosen)), desks[0])
    if request.session.get("desk_id") != desk.pk:
        request.session["desk_id"] = desk.pk
    return desk
