"""Accounting: what waits, statements with their lines, approval by a second person."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.kernel.identifiers import read_row_id
from piutempo.kernel.money import format_euro
from piutempo.kernel.periods import Month
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.settlements.forms import PrepareForm
from piutempo.settlements.messages import EXCLUSIONS, REFUSALS
from piutempo.settlements.models import StatementLine, StatementStatus
from piutempo.settlements.rules import Exclusion
from piutempo.settlements.selectors.statements import (
    get_month_to_prepare,
    list_lines_of,
    list_programmes_for,
    list_queues,
    list_statements_for,
    list_waiting_for,
)
from piutempo.settlements.selectors.trail import trace_redemption
from piutempo.settlements.services import SettlementRefused, approve_statements, prepare_statements
from piutempo.settlements.views.scope import READERS, is_writer, readable, writable
from piutempo.ui.tables import Column, Filter, Table
from piutempo.vouchers.models import Redemption

TAGS = {
    StatementStatus.PREPARED: "waiting",
    StatementStatus.APPROVED: "plain",
    StatementStatus.PAID: "good",
}


@role_required(*READERS)
@require_GET
def accounting(request: PiuRequest) -> HttpResponse:
    """Show what waits in each programme and the doors to the rest."""
    context = {"queues": list_queues(readable(request)), "is_writer": is_writer(request)}
    return render(request, "settlements/accounting.html", context)


@role_required(*READERS)
@require_GET
def statements(request: PiuRequest) -> HttpResponse:
    """List statements; those that wait for approval can be chosen."""
    ids = readable(request)
    programmes = [(str(p.pk), p.title) for p in list_programmes_for(ids)]
    table = Table(
        request,
        list_statements_for(ids),
        caption=_("Rendiconti"),
        empty=_("Nessun rendiconto. Predisponi quelli di un mese: bastano il programma e il mese."),
        columns=statement_columns(),
        filters=[
            Filter("operatore", _("Operatore"), ["provider__name__icontains", "provider__vat_number"]),
            Filter("programma", _("Programma"), "programme_id", choices=programmes),
            Filter("mese", _("Mese"), "month", kind="month"),
            Filter("stato", _("Stato"), "status", choices=StatementStatus.choices),
        ],
        order="-month",
        check="rendiconto" if is_writer(request) else "",
        check_form="approva",
    )
    if file := table.export():
        return file
    context = {
        "table": table,
        "is_writer": is_writer(request),
        "waiting": list_waiting_for(writable(request)).count() if is_writer(request) else 0,
    }
    return render(request, "settlements/statements.html", context)


def statement_columns() -> list[Column]:
    """Return the columns of a list of statements."""
    return [
        Column(
            "provider",
            _("Operatore"),
            value=lambda s: s.provider.name,
            order="provider__name",
            url=lambda s: reverse("settlements:statement", args=[s.pk]),
        ),
        Column("month", _("Mese"), kind="month"),
        Column("programme", _("Programma"), value=lambda s: s.programme.title, order="programme__title"),
        Column("line_count", _("Utilizzi"), kind="count"),
        Column("amount_cents", _("Da pagare"), kind="euro"),
        Column("excluded_cents", _("Escluso"), kind="euro"),
        Column(
            "status", _("Stato"), value=lambda s: s.get_status_display(), tag=lambda s: TAGS[StatementStatus(s.status)]
        ),
    ]


@role_required(*READERS)
@require_GET
def statement(request: PiuRequest, statement_id: int) -> HttpResponse:
    """Show a statement with its lines, each a door to where it comes from."""
    found = get_object_or_404(
        list_statements_for(readable(request)).select_related("prepared_by", "approved_by"), pk=statement_id
    )
    table = Table(
        request,
        list_lines_of(found),
        caption=_("Utilizzi del rendiconto"),
        empty=_("Nessun utilizzo."),
        columns=line_columns(lambda line: reverse("settlements:redemption", args=[line.redemption_id])),
        filters=line_filters(),
        file_name=f"rendiconto-{found.month:%Y-%m}-{found.pk}",
    )
    if file := table.export():
        return file
    may_approve = (
        found.status == StatementStatus.PREPARED and list_waiting_for(writable(request)).filter(pk=found.pk).exists()
    )
    context = {
        "statement": found,
        "table": table,
        "may_approve": may_approve,
        "is_mine": found.prepared_by_id == request.user.pk,
        "payment": getattr(found, "payment", None),
    }
    return render(request, "settlements/statement.html", context)


def line_columns(url: Any = None) -> list[Column]:
    """Return the columns of a statement's lines."""
    return [
        Column("redemption_id", _("Utilizzo"), url=url, order="redemption_id"),
        Column(
            "site",
            _("Sede"),
            value=lambda line: f"{line.redemption.site.code} · {line.redemption.site.name}",
            order="redemption__site__code",
        ),
        Column("service", _("Servizio"), value=lambda line: line.redemption.service, order="redemption__service"),
        Column(
            "quantity",
            _("Quantità"),
            kind="count",
            value=lambda line: line.redemption.quantity,
            order="redemption__quantity",
        ),
        Column(
            "served_on",
            _("Data del servizio"),
            kind="day",
            value=lambda line: line.redemption.served_on,
            order="redemption__served_on",
        ),
        Column("amount_cents", _("Importo"), kind="euro"),
        Column(
            "excluded_reason",
            _("Esito"),
            value=lambda line: _t("escluso") if line.excluded_reason else _t("ammesso"),
            tag=lambda line: "bad" if line.excluded_reason else "good",
        ),
        Column("why", _("Motivo dell'esclusione"), value=reason_of, order=""),
    ]


def line_filters() -> list[Filter]:
    """Return the filters of a statement's lines."""
    return [
        Filter("sede", _("Sede"), ["redemption__site__code__icontains", "redemption__site__name__icontains"]),
        Filter("servizio", _("Servizio"), "redemption__service__icontains"),
        Filter(
            "esito",
            _("Esito"),
            lambda rows, value: rows.filter(excluded_reason="" if value == "paid" else value),
            choices=[("paid", _("ammesso")), *EXCLUSIONS.items()],
        ),
    ]


def reason_of(line: StatementLine) -> str:
    """Say why a line is not paid; nothing when it is."""
    return str(EXCLUSIONS[Exclusion(line.excluded_reason)]) if line.excluded_reason else ""


@role_required(*READERS)
@require_GET
def redemption(request: PiuRequest, redemption_id: int) -> HttpResponse:
    """Follow one redemption down to voucher, award and application."""
    rows = Redemption.objects.all()
    ids = readable(request)
    if ids is not None:
        rows = rows.filter(voucher__programme_id__in=ids)
    found = get_object_or_404(rows, pk=redemption_id)
    return render(request, "settlements/trail.html", {"steps": trace_redemption(found.pk), "redemption": found})


@role_required(Role.ACCOUNTING_OFFICER)
@require_http_methods(["GET", "POST"])
def prepare(request: PiuRequest) -> HttpResponse:
    """Draw up the statements of a month."""
    today = timezone.localdate(request.now)
    form = PrepareForm(request.POST or None, programmes=writable(request), month=get_month_to_prepare(today))
    if request.method == "POST" and form.is_valid():
        try:
            done = prepare_statements(
                programme=form.cleaned_data["programme"],
                month=Month.of(form.cleaned_data["month"]),
                at=request.now,
                by=request.user,
            )
        except SettlementRefused as refused:
            form.add_error("month", str(REFUSALS[refused.code]))
        else:
            _tell_prepared(request, done.statements, done.amount_cents, done.excluded_cents)
            return redirect("settlements:statements")
    return render(request, "settlements/prepare.html", {"form": form}, status=422 if form.errors else 200)


def _tell_prepared(request: HttpRequest, count: int, cents: int, excluded: int) -> None:
    if not count:
        messages.info(
            request,
            _t("Nessun nuovo rendiconto: gli utilizzi registrati fino a quel mese sono già tutti rendicontati."),
        )
        return
    text = ngettext(
        "Predisposto %(count)s rendiconto: %(amount)s da pagare, %(excluded)s esclusi dai controlli.",
        "Predisposti %(count)s rendiconti: %(amount)s da pagare, %(excluded)s esclusi dai controlli.",
        count,
    ) % {"count": count, "amount": format_euro(cents), "excluded": format_euro(excluded)}
    messages.success(request, " ".join([text, _t("Ora li approva un'altra persona.")]))


@role_required(Role.ACCOUNTING_OFFICER)
@require_http_methods(["GET", "POST"])
def approve(request: PiuRequest) -> HttpResponse:
    """Ask for confirmation of the chosen statements (``rendiconto``, or ``tutti=1``), then approve them."""
    asked = request.POST if request.method == "POST" else request.GET
    rows = list_waiting_for(writable(request))
    if asked.get("tutti") != "1":
        rows = rows.filter(pk__in=[pk for text in asked.getlist("rendiconto") if (pk := read_row_id(text))])
    mine = rows.filter(prepared_by=request.user)
    chosen = list(rows.exclude(prepared_by=request.user))
    refused_text = ""
    if request.method == "POST":
        try:
            done = approve_statements(ids=[s.pk for s in chosen], at=request.now, by=request.user)
        except SettlementRefused as refused:
            refused_text = str(REFUSALS[refused.code])
        else:
            messages.success(
                request,
                ngettext(
                    "Approvato %(count)s rendiconto per %(amount)s.",
                    "Approvati %(count)s rendiconti per %(amount)s.",
                    done.statements,
                )
                % {"count": done.statements, "amount": format_euro(done.amount_cents)},
            )
            if done.reversed_lines:
                messages.warning(
                    request,
                    ngettext(
                        "%(count)s utilizzo stornato nel frattempo è stato escluso.",
                        "%(count)s utilizzi stornati nel frattempo sono stati esclusi.",
                        done.reversed_lines,
                    )
                    % {"count": done.reversed_lines},
                )
            return redirect("settlements:statements")
    context = {
        "chosen": chosen,
        "shown": chosen[:50],
        "total_cents": sum(s.amount_cents for s in chosen),
        "excluded_cents": sum(s.excluded_cents for s in chosen),
        "mine": mine.count(),
        "is_all": asked.get("tutti") == "1",
        "refused": refused_text,
    }
    return render(request, "settlements/approve.html", context, status=422 if refused_text else 200)
