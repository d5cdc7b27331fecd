"""Accounting: the ledger's balances, and from any figure the transfers and the application behind it."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from piutempo.ledger.models import ROUTES, Account, Kind, Transfer
from piutempo.ledger.selectors import list_transfers
from piutempo.people.access import PiuRequest, role_required
from piutempo.settlements.selectors.balances import SHOWN, BalanceRow, Trend, list_monthly_movements, list_pot_balances
from piutempo.settlements.selectors.trail import list_pots_for, trace
from piutempo.settlements.views.scope import READERS, readable
from piutempo.ui.charts import Chart, line_chart
from piutempo.ui.tables import Column, Filter, Table

#: What the trend shows: money that goes out to families, is spent, is paid, comes back.
TREND = (Kind.ISSUE, Kind.SPEND, Kind.PAY, Kind.LAPSE)


@role_required(*READERS)
@require_GET
def balances(request: PiuRequest) -> HttpResponse:
    """Show the balances of every pot by account and source, each a link to its transfers."""
    funds = list_pots_for(readable(request))
    pot_ids = [fund.pot_id for fund in funds]
    by_pot = {balance.pot_id: balance for balance in list_pot_balances([fund.pot for fund in funds])}
    trends = list_monthly_movements(pot_ids, TREND)
    pots = [
        {
            "fund": fund,
            "sources": by_pot[fund.pot_id].sources,
            "rows": [_shown(fund.pot_id, row) for row in by_pot[fund.pot_id].rows],
            "allocated": _shown(fund.pot_id, by_pot[fund.pot_id].allocated, kind=Kind.ALLOCATE),
            "chart": _trend(trends[fund.pot_id]),
        }
        for fund in funds
    ]
    return render(request, "settlements/balances.html", {"pots": pots})


def _shown(pot_id: int, row: BalanceRow, kind: Kind | None = None) -> dict[str, Any]:
    asked: dict[str, Any] = {"fondo": pot_id, **({"tipo": kind.value} if kind else {"conto": row.account.value})}
    address = reverse("settlements:transfers")
    return {
        "account": row.account,
        "total_cents": row.total_cents,
        "url": f"{address}?{urlencode(asked)}",
        "by_source": [(cents, f"{address}?{urlencode({**asked, 'fonte': source})}") for source, cents in row.by_source],
    }


def _trend(months: Trend) -> Chart | None:
    if not months:
        return None
    last, moved = months[-1]
    return line_chart(
        title=_t("Andamento mese per mese"),
        description=_t("Ultimo mese: %(month)s, emessi %(issued)s €, spesi %(spent)s €.")
        % {
            "month": date_format(last, "F Y"),
            "issued": moved[Kind.ISSUE] // 100,
            "spent": moved[Kind.SPEND] // 100,
        },
        x_label=_t("Mese"),
        y_label=_t("Euro"),
        rows=[(_short(month), *(by_kind[kind] for kind in TREND)) for month, by_kind in months],
        kind="euro",
        series=[kind.label for kind in TREND],
    )


def _short(month: date) -> str:
    return date_format(month, "M Y")


def _transfers_for(request: PiuRequest) -> QuerySet[Transfer]:
    funds = list_pots_for(readable(request))
    return list_transfers(pot_ids=[fund.pot_id for fund in funds])


@role_required(*READERS)
@require_GET
def transfers(request: PiuRequest) -> HttpResponse:
    """List transfers, filtered by pot, source, account and kind: the rows behind a balance."""
    funds = list_pots_for(readable(request))
    table = Table(
        request,
        list_transfers(pot_ids=[fund.pot_id for fund in funds]),
        caption=_("Movimenti"),
        empty=_("Nessun movimento: il primo è lo stanziamento del fondo."),
        columns=[
            Column("id", _("Movimento"), kind="text", url=lambda t: reverse("settlements:transfer", args=[t.pk])),
            Column("booked_on", _("Data contabile"), kind="day"),
            Column("kind", _("Tipo"), value=lambda t: t.get_kind_display()),
            Column("from_account", _("Da"), value=lambda t: t.get_from_account_display()),
            Column("to_account", _("A"), value=lambda t: t.get_to_account_display()),
            Column("source", _("Fonte"), value=lambda t: t.source.title, order="source__position"),
            Column("amount_cents", _("Importo"), kind="euro"),
        ],
        filters=[
            Filter(
                "fondo",
                _("Fondo"),
                "pot_id",
                choices=[(str(f.pot_id), f"{f.programme.title} – {f.pot.title}") for f in funds],
            ),
            Filter(
                "fonte",
                _("Fonte"),
                _of_source,
                kind="choice",
                choices=[(str(s.pk), s.title) for f in funds for s in f.pot.sources.all()],
            ),
            Filter("conto", _("Conto"), _of_account, choices=[(a.value, a.label) for a in SHOWN]),
            Filter("tipo", _("Tipo"), "kind", choices=Kind.choices),
            Filter("dal", _("Dal"), "booked_on__gte", kind="date"),
            Filter("al", _("Al"), "booked_on__lte", kind="date"),
        ],
        order="-id",
        page_size=50,
    )
    if file := table.export():
        return file
    return render(request, "settlements/transfers.html", {"table": table})


def _of_source(rows: QuerySet[Transfer], value: str) -> QuerySet[Transfer]:
    return rows.filter(source_id=int(value))


def _of_account(rows: QuerySet[Transfer], value: str) -> QuerySet[Transfer]:
    account = Account(value)
    return rows.filter(kind__in=[kind for kind, route in ROUTES.items() if account in route])


@role_required(*READERS)
@require_GET
def transfer(request: PiuRequest, transfer_id: int) -> HttpResponse:
    """Show one transfer, its sisters of the other sources, and the fact behind it down to the application."""
    found = get_object_or_404(_transfers_for(request), pk=transfer_id)
    sisters = list(
        Transfer.objects.filter(kind=found.kind, subject_id=found.subject_id, sequence=found.sequence)
        .select_related("source")
        .order_by("source__position")
    )
    steps = trace(Kind(found.kind), found.subject_id)
    return render(request, "settlements/trail.html", {"transfer": found, "sisters": sisters, "steps": steps})
