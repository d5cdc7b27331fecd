"""The desk's day, to print: visits, appointments, requests helped, vouchers handed over."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from piutempo.network.selectors import list_desks_for
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role, Scope
from piutempo.portals.forms.desk import DayForm
from piutempo.portals.selectors.desk import get_desk_day


@role_required(Role.DESK_OPERATOR)
@require_GET
def day(request: PiuRequest) -> HttpResponse:
    """One desk on one day; today unless another is chosen."""
    today = timezone.localdate(request.now)
    ids = request.roles.scope_ids(Role.DESK_OPERATOR, Scope.DESK)
    desks = list(list_desks_for(ids, on=today)[:200])
    if not desks:
        raise Http404(_("Il tuo sportello oggi non è aperto: chiedi all'ufficio del programma."))
    desk = next((d for d in desks if d.pk == request.session.get("desk_id")), desks[0])
    form = DayForm(request.GET or None, initial={"giorno": today})
    on = (form.cleaned_data["giorno"] if form.is_bound and form.is_valid() else None) or today
    context = {"desk": desk, "on": on, "form": form, "found": get_desk_day(desk, on)}
    return render(request, "portals/desk_day.html", context, status=422 if form.errors else 200)
