"""A provider's own statements: state, when the money is expected, lines."""

from datetime import date

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from piutempo.network.models import Site
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role, Scope
from piutempo.programmes.rules.terms import Terms
from piutempo.settlements.models import Statement, StatementStatus
from piutempo.settlements.selectors.statements import (
    get_expected_payment,
    list_latest_terms,
    list_lines_of_sites,
    list_own_sites,
    list_statements_of_sites,
)
from piutempo.settlements.views.statements import TAGS, line_columns, line_filters
from piutempo.ui.tables import Column, Filter, Table


def _sites(request: PiuRequest) -> QuerySet[Site]:
    return list_own_sites(
        request.roles.scope_ids(Role.PROVIDER_OPERATOR, Scope.SITE),
        request.roles.scope_ids(Role.PROVIDER_OPERATOR, Scope.BODY),
    )


class _Expected:
    """When each statement is paid, by the terms of its programme, read once."""

    def __init__(self, on: date) -> None:
        self.on = on
        self.terms: dict[int, Terms | None] = {}

    def __call__(self, statement: Statement) -> date | None:
        if statement.programme_id not in self.terms:
            self.terms[statement.programme_id] = list_latest_terms([statement.programme_id], self.on).get(
                statement.programme_id
            )
        return get_expected_payment(statement, self.terms[statement.programme_id])


@role_required(Role.PROVIDER_OPERATOR)
@require_GET
def own_statements(request: PiuRequest) -> HttpResponse:
    """List the statements of the user's sites with the day on which the money is expected."""
    expected = _Expected(timezone.localdate(request.now))
    table = Table(
        request,
        list_statements_of_sites(_sites(request)),
        caption=_("I miei rendiconti"),
        empty=_(
            "Ancora nessun rendiconto. Li predispone l'ufficio contabilità a fine mese, dai titoli che hai registrato: "
            "registra quelli che hai in mano."
        ),
        columns=[
            Column("month", _("Mese"), kind="month", url=lambda s: reverse("settlements:own_statement", args=[s.pk])),
            Column("provider", _("Operatore"), value=lambda s: s.provider.name, order="provider__name"),
            Column("own_lines", _("Utilizzi"), kind="count"),
            Column("own_cents", _("Importo"), kind="euro"),
            Column("own_excluded_cents", _("Escluso"), kind="euro"),
            Column("status", _("Stato"), value=state_of, tag=lambda s: TAGS[StatementStatus(s.status)]),
            Column("expected", _("Pagamento"), value=lambda s: payment_of(s, expected(s)), order=""),
        ],
        filters=[
            Filter("mese", _("Mese"), "month", kind="month"),
            Filter("stato", _("Stato"), "status", choices=[(s.value, s.label) for s in StatementStatus]),
        ],
        order="-month",
    )
    if file := table.export():
        return file
    return render(request, "settlements/own_statements.html", {"table": table})


def state_of(statement: Statement) -> str:
    """Return the state as a provider reads it."""
    return str(statement.get_status_display())


def payment_of(statement: Statement, day: date | None) -> str:
    """Say when the money came or is expected."""
    if day is None:
        return ""
    if statement.status == StatementStatus.PAID:
        return _t("pagato il %(day)s") % {"day": f"{day:%d/%m/%Y}"}
    if statement.status == StatementStatus.APPROVED and not statement.amount_cents:
        return _t("nulla da pagare")
    return _t("previsto entro il %(day)s") % {"day": f"{day:%d/%m/%Y}"}


@role_required(Role.PROVIDER_OPERATOR)
@require_GET
def own_statement(request: PiuRequest, statement_id: int) -> HttpResponse:
    """Show one statement with the lines of the user's sites."""
    sites = _sites(request)
    found = get_object_or_404(list_statements_of_sites(sites), pk=statement_id)
    table = Table(
        request,
        list_lines_of_sites(found, sites),
        caption=_("Utilizzi del rendiconto"),
        empty=_("Nessun utilizzo."),
        columns=line_columns(),
        filters=line_filters(),
        file_name=f"rendiconto-{found.month:%Y-%m}-{found.pk}",
    )
    if file := table.export():
        return file
    day = _Expected(timezone.localdate(request.now))(found)
    context = {"statement": found, "table": table, "payment": payment_of(found, day)}
    return render(request, "settlements/own_statement.html", context)
