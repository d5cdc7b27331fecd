"""The office: a fund, its waiting list and what will come back to it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from piutempo.applications.messages import shown_rank
from piutempo.applications.selectors import (
    OFFICE_ROLES,
    can_handle,
    get_fund_for,
    list_funds_for,
    list_waiting_cases,
)
from piutempo.awards.messages import risk_sentence
from piutempo.awards.selectors import forecast_lapse, get_fund_state
from piutempo.awards.services import serve_waiting_list
from piutempo.kernel.money import format_euro
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.programmes.messages import order_label
from piutempo.programmes.models import Fund
from piutempo.programmes.selectors import get_current_terms
from piutempo.ui.tables import Column, Table


@require_GET
@role_required(*OFFICE_ROLES)
def waiting(request: PiuRequest, fund_id: int | None = None) -> HttpResponse:
    """The fund, what will come back to it, and who waits for it, in the stated order."""
    funds = list(list_funds_for(request.roles))
    if not funds:
        return render(request, "applications/office/waiting.html", {"fund": None, "funds": []})
    fund = next((f for f in funds if f.pk == fund_id), None) if fund_id else funds[0]
    if fund is None:
        raise Http404
    table = Table(
        request,
        list_waiting_cases(fund.pot_id),
        caption=_("Lista d'attesa"),
        empty=_("Nessuno è in attesa: tutte le domande approvate hanno i fondi."),
        columns=[
            Column("position", _("Posto"), kind="count", order=""),
            Column(
                "number",
                _("Domanda n."),
                kind="count",
                order="",
                url=lambda a: reverse("applications:case", args=[a.application_id]),
            ),
            Column("beneficiary", _("Beneficiario"), order=""),
            Column("waiting_key", _("Ordine"), value=lambda a: shown_rank(a.waiting_key), order=""),
            Column("queued_at", _("In lista dal"), kind="day", order=""),
            Column("months", _("Mesi"), kind="count", order=""),
            Column("amount_cents", _("Importo"), kind="euro", order=""),
        ],
        file_name="lista-d-attesa",
    )
    if file := table.export():
        return file
    state = get_fund_state(pot_id=fund.pot_id, title=fund.pot.title, overcommit_bp=fund.pot.overcommit_bp)
    forecast = forecast_lapse(state)
    order = get_current_terms(fund.programme, timezone.localdate(request.now)).waiting_order
    return render(
        request,
        "applications/office/waiting.html",
        {
            "fund": fund,
            "funds": funds,
            "table": table,
            "state": state,
            "forecast": forecast,
            "risk": risk_sentence(forecast),
            "order": [order_label(o) for o in order],
            "may_serve": can_handle(request.roles, fund.programme_id),
        },
    )


@require_POST
@role_required(Role.CASE_OFFICER)
def serve(request: PiuRequest, fund_id: int) -> HttpResponse:
    """Serve the waiting list as far as the money goes."""
    fund = _get_fund(request, fund_id)
    served = serve_waiting_list(pot_id=fund.pot_id, at=request.now, by=request.user)
    if served:
        cents = sum(a.months * a.month_cents for a in served)
        messages.success(
            request,
            ngettext("Assegnato %(n)s beneficio per %(euro)s.", "Assegnati %(n)s benefici per %(euro)s.", len(served))
            % {"n": len(served), "euro": format_euro(cents)},
        )
    else:
        messages.info(request, _t("I fondi disponibili non bastano per il primo della lista: nessuno lo scavalca."))
    return redirect("applications:waiting_fund", fund.pk)


def _get_fund(request: PiuRequest, fund_id: int) -> Fund:
    try:
        fund = get_fund_for(request.roles, fund_id)
    except Fund.DoesNotExist:
        raise Http404 from None
    if not can_handle(request.roles, fund.programme_id):
        raise PermissionDenied
    return fund
