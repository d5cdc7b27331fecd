"""The monthly issuance: runs so far, a rehearsal of a month, the run with its progress and result."""

from datetime import date

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.kernel.periods import Month
from piutempo.people.access import PiuRequest, role_required
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import NoVersionInForce, get_current_terms
from piutempo.ui.tables import Column, Table
from piutempo.vouchers.forms import ConfirmForm, RunForm
from piutempo.vouchers.models import IssuanceRun
from piutempo.vouchers.selectors.issuance import due_awards
from piutempo.vouchers.services.issuance import IssuanceReport, NothingWouldBeValid, issue_month
from piutempo.vouchers.views.access import OFFICE, keep_sent, programmes_of, today_of, was_sent


def terms_by_programme(programmes: list[Programme], on: date) -> dict[int, Terms]:
    """Return what each programme says on a day; those that say nothing then are left out."""
    found = {}
    for programme in programmes:
        try:
            found[programme.pk] = get_current_terms(programme, on)
        except NoVersionInForce:
            continue
    return found


def product_choices(programmes: list[Programme], on: date, *, with_all: bool = False) -> list[tuple[str, str]]:
    """Return programme and product as one choice, ``3:titoli``; ``3:`` is every product."""
    terms = terms_by_programme(programmes, on)
    choices = []
    for programme in programmes:
        if programme.pk not in terms:
            continue
        if with_all:
            choices.append((f"{programme.pk}:", _("%(programme)s: tutti i prodotti") % {"programme": programme.title}))
        choices += [(f"{programme.pk}:{p.code}", f"{programme.title}: {p.title}") for p in terms[programme.pk].products]
    return choices


@role_required(*OFFICE)
@require_GET
def runs(request: PiuRequest) -> HttpResponse:
    """List the runs of my programmes; choose a month to rehearse."""
    programmes = programmes_of(request)
    terms = terms_by_programme(programmes, today_of(request))
    titles = {(pk, p.code): p.title for pk, t in terms.items() for p in t.products}
    latest = IssuanceRun.objects.filter(programme__in=programmes).aggregate(month=Max("month"))["month"]
    choices = product_choices(programmes, today_of(request))
    month = (Month.of(latest) + 1) if latest else Month.of(today_of(request))
    form = RunForm(products=choices, initial={"month": month.first})
    table = Table(
        request,
        IssuanceRun.objects.filter(programme__in=programmes).select_related("programme", "started_by"),
        caption=_("Emissioni"),
        empty=_("Nessuna emissione ancora: scegli prodotto e mese qui sopra e prova."),
        columns=[
            Column("month", _("Mese"), kind="month", url=lambda r: reverse("vouchers:run", args=[r.pk])),
            Column("product", _("Prodotto"), value=lambda r: titles.get((r.programme_id, r.product), r.product)),
            Column("programme", _("Programma"), order="programme__title"),
            Column("issued", _("Emessi"), kind="count"),
            Column("refused", _("Senza denaro"), kind="count"),
            Column("started_at", _("Avviata il"), kind="moment"),
            Column("finished_at", _("Finita il"), kind="moment"),
            Column(
                "state",
                _("Stato"),
                value=lambda r: _("finita") if r.finished_at else _("non finita"),
                tag=lambda r: "good" if r.finished_at else "waiting",
                order="",
            ),
        ],
        order="-month",
    )
    if file := table.export():
        return file
    return render(request, "vouchers/runs.html", {"table": table, "form": form, "has_products": bool(choices)})


def _chosen(request: PiuRequest, text: str) -> tuple[Programme, str]:
    """Return the programme and product of a choice, within my programmes."""
    pk, _colon, code = text.partition(":")
    for programme in programmes_of(request):
        if str(programme.pk) == pk:
            return programme, code
    raise Http404


@role_required(*OFFICE)
@require_http_methods(["GET", "POST"])
def rehearse(request: PiuRequest) -> HttpResponse:
    """Rehearse a month and, once confirmed, run it. A killed run goes on from here too: no month comes twice."""
    source = request.POST if request.method == "POST" else request.GET
    choices = product_choices(programmes_of(request), today_of(request))
    form = RunForm(source, products=choices)
    if source.get("product") and source["product"] not in dict(choices):
        raise Http404
    if not form.is_valid():
        return render(request, "vouchers/rehearsal.html", {"form": form}, status=422)
    programme, product = _chosen(request, form.cleaned_data["product"])
    month = Month.of(form.cleaned_data["month"])
    confirm = ConfirmForm(request.POST or None)
    if confirm.is_bound and confirm.is_valid() and was_sent(request, confirm.cleaned_data["request_key"]):
        run = IssuanceRun.objects.filter(programme=programme, product=product, month=month.first).first()
        return redirect("vouchers:run", run.pk) if run else redirect("vouchers:issuance")
    is_run = confirm.is_bound and confirm.is_valid()
    try:
        report = issue_month(
            programme=programme, product_code=product, month=month, at=request.now, by=request.user, commit=is_run
        )
    except NothingWouldBeValid:
        form.add_error(
            "month",
            _("I buoni di questo mese sarebbero già scaduti: il prodotto non vale più. Scegli un mese precedente."),
        )
        return render(request, "vouchers/rehearsal.html", {"form": form}, status=422)
    if is_run:
        keep_sent(request, confirm.cleaned_data["request_key"])
        return _done(request, report)
    context = {
        "form": form,
        "confirm": confirm,
        "report": report,
        "programme": programme,
        "product_title": dict(choices)[form.cleaned_data["product"]],
        "choice": form.cleaned_data["product"],
        "month": month,
        "is_future": month > Month.of(today_of(request)),
    }
    return render(request, "vouchers/rehearsal.html", context)


def _done(request: PiuRequest, report: IssuanceReport) -> HttpResponse:
    if report.refused:
        messages.warning(
            request,
            _("Emissione finita: %(n)s buoni emessi, %(bad)s senza denaro nel fondo. Ripetila se rientra denaro.")
            % {"n": report.issued, "bad": report.refused},
        )
    else:
        messages.success(request, _("Emissione finita: %(n)s buoni emessi.") % {"n": report.issued})
    return redirect("vouchers:run", report.run_id)


@role_required(*OFFICE)
@require_GET
def run(request: PiuRequest, run_id: int) -> HttpResponse:
    """Show one run: its progress while it goes, then its result, and what is still due."""
    programmes = programmes_of(request)
    found = (
        IssuanceRun.objects.filter(programme__in=programmes, pk=run_id)
        .select_related("programme", "started_by")
        .first()
    )
    if found is None:
        raise Http404
    month = Month.of(found.month)
    due = due_awards(found.programme_id, found.product, month).count()
    titles = dict(product_choices(programmes, today_of(request)))
    choice = f"{found.programme_id}:{found.product}"
    context = {"run": found, "month": month, "due": due, "choice": choice, "title": titles.get(choice, found.product)}
    return render(request, "vouchers/run.html", context)


@role_required(*OFFICE)
@require_GET
def progress(request: PiuRequest) -> HttpResponse:
    """Answer the part of the page that asks how a run goes; 286 tells HTMX to stop asking."""
    programme, product = _chosen(request, request.GET.get("product", ""))
    form = RunForm(request.GET, products=[(request.GET.get("product", ""), product)])
    if not form.is_valid():
        raise Http404
    month = Month.of(form.cleaned_data["month"])
    found = IssuanceRun.objects.filter(programme=programme, product=product, month=month.first).first()
    due = due_awards(programme.pk, product, month).count()
    is_over = found is not None and found.finished_at is not None
    context = {"run": found, "due": due, "share": found.issued * 100 // max(found.issued + due, 1) if found else 0}
    return render(request, "vouchers/run_progress.html", context, status=286 if is_over else 200)
