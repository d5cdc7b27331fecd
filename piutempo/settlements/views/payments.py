"""Accounting: payment batches, the list for the bank, recoveries."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from piutempo.kernel.money import format_euro
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.settlements.forms import RecoveryForm
from piutempo.settlements.messages import REFUSALS
from piutempo.settlements.models import PaymentBatch
from piutempo.settlements.selectors.statements import (
    get_recoverable_cents,
    list_batches_for,
    list_payments_for,
    list_programmes_for,
    list_queues,
)
from piutempo.settlements.services import SettlementRefused, create_batch, pay_batch, record_recovery
from piutempo.settlements.views.scope import READERS, is_writer, readable, writable
from piutempo.ui.tables import Column, Filter, Table


@role_required(*READERS)
@require_GET
def batches(request: PiuRequest) -> HttpResponse:
    """List the payment batches; a new one takes every approved statement of a programme."""
    ids = readable(request)
    table = Table(
        request,
        list_batches_for(ids),
        caption=_("Distinte di pagamento"),
        empty=_("Nessuna distinta. Approva i rendiconti, poi crea una distinta per pagarli insieme."),
        columns=[
            Column(
                "number",
                _("Distinta"),
                url=lambda b: reverse("settlements:batch", args=[b.pk]),
            ),
            Column("programme", _("Programma"), value=lambda b: b.programme.title, order="programme__title"),
            Column("created_at", _("Creata il"), kind="moment"),
            Column("payment_count", _("Pagamenti"), kind="count", order="payment_count"),
            Column("amount_cents", _("Importo"), kind="euro"),
            Column("paid_at", _("Pagata il"), kind="moment"),
            Column(
                "state", _("Stato"), value=_state, order="paid_at", tag=lambda b: "good" if b.paid_at else "waiting"
            ),
        ],
        filters=[
            Filter(
                "programma",
                _("Programma"),
                "programme_id",
                choices=[(str(p.pk), p.title) for p in list_programmes_for(ids)],
            ),
            Filter(
                "stato",
                _("Stato"),
                lambda rows, value: rows.filter(paid_at__isnull=value == "da-pagare"),
                choices=[("da-pagare", _("da pagare")), ("pagata", _("pagata"))],
            ),
        ],
        order="-created_at",
    )
    if file := table.export():
        return file
    queues = [q for q in list_queues(writable(request)) if q.to_pay or q.without_iban] if is_writer(request) else []
    return render(request, "settlements/batches.html", {"table": table, "queues": queues})


def _state(batch: PaymentBatch) -> str:
    return _t("pagata") if batch.paid_at else _t("da pagare")


@role_required(Role.ACCOUNTING_OFFICER)
@require_POST
def new_batch(request: PiuRequest, programme_id: int) -> HttpResponse:
    """Put every approved statement of a programme into a batch."""
    programme = get_object_or_404(list_programmes_for(writable(request)), pk=programme_id)
    try:
        batch = create_batch(programme=programme, at=request.now, by=request.user)
    except SettlementRefused as refused:
        messages.error(request, str(REFUSALS[refused.code]))
        return redirect("settlements:batches")
    messages.success(
        request,
        _t(
            "Creata la distinta %(number)s per %(amount)s. Controllala, scarica l'elenco per la banca e poi registra "
            "il pagamento."
        )
        % {"number": batch.number, "amount": format_euro(batch.amount_cents)},
    )
    return redirect("settlements:batch", batch.pk)


@role_required(*READERS)
@require_GET
def batch(request: PiuRequest, batch_id: int) -> HttpResponse:
    """Show a batch with its payments and the list for the bank."""
    found = get_object_or_404(list_batches_for(readable(request)), pk=batch_id)
    may_recover = found.paid_at is not None and is_writer(request)
    columns = [
        Column(
            "provider",
            _("Operatore"),
            value=lambda p: p.statement.provider.name,
            order="statement__provider__name",
            url=lambda p: reverse("settlements:statement", args=[p.statement_id]),
        ),
        Column("iban", "IBAN", order=""),
        Column("amount_cents", _("Importo"), kind="euro"),
        Column("month", _("Mese"), kind="month", value=lambda p: p.statement.month, order="statement__month"),
        Column("statement_id", _("Rendiconto n."), order="statement_id"),
        Column("recovered_cents", _("Recuperato"), kind="euro", order="recovered_cents"),
    ]
    if may_recover:
        columns.append(
            Column(
                "recover",
                _("Recupero"),
                value=lambda p: _t("Registra"),
                url=lambda p: reverse("settlements:recover", args=[p.pk]),
                order="",
                is_exported=False,
            )
        )
    table = Table(
        request,
        list_payments_for(readable(request)).filter(batch=found),
        caption=_("Pagamenti della distinta"),
        empty=_("Nessun pagamento."),
        columns=columns,
        filters=[Filter("operatore", _("Operatore"), "statement__provider__name__icontains")],
        file_name=f"distinta-{found.programme.code}-{found.number}",
    )
    if file := table.export():
        return file
    context = {"batch": found, "table": table, "may_pay": found.paid_at is None and is_writer(request)}
    return render(request, "settlements/batch.html", context)


@role_required(Role.ACCOUNTING_OFFICER)
@require_http_methods(["GET", "POST"])
def pay(request: PiuRequest, batch_id: int) -> HttpResponse:
    """Ask for confirmation, then mark a batch as paid; a second click changes nothing."""
    found = get_object_or_404(list_batches_for(writable(request)), pk=batch_id)
    if request.method == "POST":
        pay_batch(batch=found, at=request.now, by=request.user)
        messages.success(request, _t("Distinta %(number)s registrata come pagata.") % {"number": found.number})
        return redirect("settlements:batch", found.pk)
    if found.paid_at is not None:
        return redirect("settlements:batch", found.pk)
    return render(request, "settlements/pay.html", {"batch": found})


@role_required(Role.ACCOUNTING_OFFICER)
@require_http_methods(["GET", "POST"])
def recover(request: PiuRequest, payment_id: int) -> HttpResponse:
    """Record what a provider gave back of a payment."""
    found = get_object_or_404(list_payments_for(writable(request)), pk=payment_id)
    today = timezone.localdate(request.now)
    form = RecoveryForm(request.POST or None, today=today, initial={"on": today})
    if request.method == "POST" and form.is_valid():
        try:
            record_recovery(
                payment=found,
                amount_cents=form.cleaned_data["amount"],
                reason=form.cleaned_data["reason"],
                on=form.cleaned_data["on"],
                at=request.now,
                by=request.user,
                key=form.cleaned_data["request_key"],
            )
        except SettlementRefused as refused:
            form.add_error(None, str(REFUSALS[refused.code]))
        else:
            messages.success(request, _t("Recupero registrato: la somma è tornata nel fondo."))
            return redirect("settlements:batch", found.batch_id)
    context = {"payment": found, "form": form, "left_cents": get_recoverable_cents(found)}
    return render(request, "settlements/recover.html", context, status=422 if form.errors else 200)
