"""A provider's pages about its own sites."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.network.forms import UNITS
from piutempo.network.models import Grant
from piutempo.network.selectors import list_grants_of_sites, list_sites_for
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role, Scope
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_current_terms
from piutempo.ui.tables import Column, Filter, Table


@role_required(Role.PROVIDER_OPERATOR)
def my_sites(request: PiuRequest) -> HttpResponse:
    """List the sites the user acts for, and below what each is accredited to today."""
    today = timezone.localdate(request.now)
    sites = list_sites_for(
        request.roles.scope_ids(Role.PROVIDER_OPERATOR, Scope.SITE),
        request.roles.scope_ids(Role.PROVIDER_OPERATOR, Scope.BODY),
    )
    terms: dict[int, Terms] = {}

    def title_of(grant: Grant) -> str:
        if grant.programme_id not in terms:
            terms[grant.programme_id] = get_current_terms(grant.programme, today)
        return {s.code: s.title for s in terms[grant.programme_id].services}.get(grant.service, grant.service)

    table = Table(
        request,
        list_grants_of_sites(sites),
        caption=_("Servizi accreditati e massimali"),
        empty=_("Nessun servizio accreditato: chiedi all'ufficio del programma di accreditare la tua sede."),
        columns=[
            Column("site", _("Sede"), value=lambda g: g.site.name, order="site__name"),
            Column("municipality", _("Comune"), value=lambda g: g.site.municipality, order="site__municipality__name"),
            Column("service", _("Servizio"), value=title_of),
            Column("unit_ceiling_cents", _("Massimale"), kind="euro"),
            Column("unit", _("Per"), value=lambda g: UNITS.get(g.unit, g.unit)),
            Column("valid_from", _("Dal"), kind="day"),
            Column("valid_until", _("Fino al"), kind="last_day"),
            Column(
                "state",
                _("Stato"),
                value=lambda g: _("in vigore") if g.is_in_force_on(today) else _("non in vigore"),
                order="",
                tag=lambda g: "good" if g.is_in_force_on(today) else "plain",
            ),
        ],
        filters=[Filter("q", _("Sede o comune"), ["site__name__icontains", "site__municipality__name__icontains"])],
        order="site",
    )
    if file := table.export():
        return file
    return render(request, "network/my_sites.html", {"table": table, "sites_count": sites.count()})
