"""Expiry at the office: acts that extend it, what is about to lapse, the lapse with its rehearsal."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.kernel.money import format_euro
from piutempo.people.access import PiuRequest, role_required
from piutempo.ui.tables import Column, Table
from piutempo.vouchers.forms import ConfirmForm, ExtensionForm, ReasonForm
from piutempo.vouchers.messages import sentence_for
from piutempo.vouchers.models import Extension
from piutempo.vouchers.selectors.expiry import lapsable_vouchers, list_unspent_by_expiry
from piutempo.vouchers.services.extension import (
    ExtensionRefused,
    ExtensionScope,
    extend_expiry,
    preview_extension,
    undo_extension,
)
from piutempo.vouchers.services.lapse import lapse_expired
from piutempo.vouchers.views.access import OFFICE, keep_sent, programmes_of, today_of, was_sent
from piutempo.vouchers.views.issuance import product_choices

DAY = timedelta(days=1)


@role_required(*OFFICE)
@require_GET
def extensions(request: PiuRequest) -> HttpResponse:
    """List the acts that moved an expiry."""
    table = Table(
        request,
        Extension.objects.filter(programme__in=programmes_of(request)).select_related("programme", "made_by"),
        caption=_("Atti di proroga"),
        empty=_("Nessuna proroga: quando un decreto sposta la scadenza, inizia da «Nuova proroga»."),
        columns=[
            Column("decree", _("Atto"), url=lambda e: reverse("vouchers:extension", args=[e.pk])),
            Column("programme", _("Programma"), order="programme__title"),
            Column("new_valid_until", _("Nuova scadenza"), kind="last_day"),
            Column("vouchers", _("Buoni"), kind="count"),
            Column("unspent_cents", _("Non speso"), kind="euro"),
            Column("made_at", _("Fatta il"), kind="moment"),
            Column(
                "state",
                _("Stato"),
                value=lambda e: _("annullata") if e.undone_at else _("in vigore"),
                tag=lambda e: "plain" if e.undone_at else "good",
                order="undone_at",
            ),
        ],
        order="-made_at",
    )
    if file := table.export():
        return file
    return render(request, "vouchers/extensions.html", {"table": table})


def _scope(data: dict[str, Any]) -> ExtensionScope:
    pk, _colon, product = data["product"].partition(":")
    return ExtensionScope(
        programme_id=int(pk),
        product=product,
        expiring_from=data["first_day"] + DAY,
        expiring_until=data["last_day"] + 2 * DAY,
        new_valid_until=data["new_last_day"] + DAY,
        restores_lapsed=data["restores_lapsed"],
    )


@role_required(*OFFICE)
@require_http_methods(["GET", "POST"])
def new_extension(request: PiuRequest) -> HttpResponse:
    """Write an act, see what it touches, then confirm it."""
    choices = product_choices(programmes_of(request), today_of(request), with_all=True)
    form = ExtensionForm(request.POST or None, products=choices)
    context: dict[str, Any] = {"form": form}
    if not form.is_bound:
        return render(request, "vouchers/extension_form.html", context)
    if not form.is_valid():
        return render(request, "vouchers/extension_form.html", context, status=422)
    data = form.cleaned_data
    if was_sent(request, data["request_key"]):
        return redirect("vouchers:extensions")
    scope = _scope(data)
    if request.POST.get("step") == "confirm":
        try:
            made = extend_expiry(
                scope=scope, decree=data["decree"], reason=data["reason"], at=request.now, by=request.user
            )
        except ExtensionRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details, about="extension"))
            return render(request, "vouchers/extension_form.html", context, status=422)
        keep_sent(request, data["request_key"])
        messages.success(request, _("Proroga fatta: %(n)s buoni toccati.") % {"n": made.vouchers})
        return redirect("vouchers:extension", made.pk)
    if request.POST.get("step") == "edit":
        return render(request, "vouchers/extension_form.html", context)
    preview = preview_extension(scope)
    titles = dict(choices)
    table = Table(
        request,
        [
            {
                "product": titles.get(f"{scope.programme_id}:{line.product}", line.product),
                "province": line.province,
                "vouchers": line.vouchers,
                "unspent_cents": line.unspent_cents,
                "lapsed_cents": line.lapsed_cents,
            }
            for line in preview.lines
        ],
        caption=_("Che cosa tocca"),
        empty=_("Nessun buono scade in questo periodo con denaro non speso: controlla le date."),
        columns=[
            Column("product", _("Prodotto")),
            Column("province", _("Provincia")),
            Column("vouchers", _("Buoni"), kind="count"),
            Column("unspent_cents", _("Non speso"), kind="euro"),
            Column("lapsed_cents", _("Da riattivare"), kind="euro"),
        ],
        page_size=200,
        is_exportable=False,
        footer=[
            _("Totale"),
            "",
            preview.vouchers,
            format_euro(preview.unspent_cents),
            format_euro(preview.restorable_cents),
        ],
    )
    context |= {"preview": preview, "table": table, "data": data, "product_title": titles[data["product"]]}
    return render(request, "vouchers/extension_preview.html", context)


def _extension_or_404(request: PiuRequest, extension_id: int) -> Extension:
    rows = Extension.objects.select_related("programme", "made_by", "undone_by")
    found = rows.filter(programme__in=programmes_of(request), pk=extension_id).first()
    if found is None:
        raise Http404
    return found


@role_required(*OFFICE)
@require_http_methods(["GET", "POST"])
def extension(request: PiuRequest, extension_id: int) -> HttpResponse:
    """Show an act with its effect; undo it with a reason."""
    found = _extension_or_404(request, extension_id)
    form = ReasonForm(request.POST or None)
    if form.is_bound and form.is_valid():
        if was_sent(request, form.cleaned_data["request_key"]):
            return redirect("vouchers:extension", found.pk)
        try:
            undone = undo_extension(
                extension=found, reason=form.cleaned_data["reason"], at=request.now, by=request.user
            )
        except ExtensionRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details, about="extension"))
        else:
            keep_sent(request, form.cleaned_data["request_key"])
            messages.success(
                request,
                _("Proroga annullata. Restano prorogati %(n)s buoni, spesi dopo la vecchia scadenza.")
                % {"n": undone.kept},
            )
            return redirect("vouchers:extension", found.pk)
    table = Table(
        request,
        found.lines.select_related("voucher__holder"),
        caption=_("Buoni toccati"),
        empty=_("Nessun buono."),
        columns=[
            Column(
                "holder",
                _("Titolare"),
                value=lambda e: e.voucher.holder,
                order="voucher__holder__family_name",
                url=lambda e: reverse("vouchers:office_voucher", args=[e.voucher_id]),
            ),
            Column("month", _("Mese"), value=lambda e: e.voucher.month, kind="month", order="voucher__month"),
            Column("old_valid_until", _("Scadeva il"), kind="last_day"),
            Column(
                "now",
                _("Scade il"),
                value=lambda e: e.voucher.valid_until,
                kind="last_day",
                order="voucher__valid_until",
            ),
            Column("restored_cents", _("Riattivato"), kind="euro"),
        ],
        order="pk",
    )
    if file := table.export():
        return file
    context = {"extension": found, "form": form, "table": table}
    return render(request, "vouchers/extension.html", context, status=422 if form.errors else 200)


@role_required(*OFFICE)
@require_http_methods(["GET", "POST"])
def expiring(request: PiuRequest) -> HttpResponse:
    """Show what ends unspent, the soonest first; return to the fund what has ended, after a rehearsal."""
    programmes = programmes_of(request)
    if not programmes:
        raise Http404
    asked = request.POST.get("programma") or request.GET.get("programma") or str(programmes[0].pk)
    programme = next((p for p in programmes if str(p.pk) == asked), None)
    if programme is None:
        raise Http404
    on: date = today_of(request)
    form = ConfirmForm(request.POST or None)
    if form.is_bound and form.is_valid():
        if not was_sent(request, form.cleaned_data["request_key"]):
            keep_sent(request, form.cleaned_data["request_key"])
            report = lapse_expired(programme=programme, on=on, at=request.now, by=request.user)
            messages.success(
                request,
                _("Rientrati nel fondo %(euro)s da %(n)s buoni scaduti. In lista d'attesa servite: %(served)s.")
                % {"euro": format_euro(report.cents), "n": report.vouchers, "served": report.served},
            )
        return redirect(f"{reverse('vouchers:expiring')}?programma={programme.pk}")
    rows = list_unspent_by_expiry(programme.pk, on=on)
    table = Table(
        request,
        rows,
        caption=_("Non speso, per scadenza"),
        empty=_("Niente in scadenza: non ci sono buoni con denaro non speso."),
        columns=[
            Column("month", _("Scadono in"), kind="month"),
            Column("last_day", _("Ultimo giorno utile"), kind="day"),
            Column("vouchers", _("Buoni"), kind="count"),
            Column("unspent_cents", _("Non speso"), kind="euro"),
        ],
        page_size=60,
        footer=[_("Totale"), "", sum(r.vouchers for r in rows), format_euro(sum(r.unspent_cents for r in rows))],
    )
    if file := table.export():
        return file
    left = F("value_cents") - F("spent_cents") - F("void_cents")
    due = lapsable_vouchers(programme.pk, on).aggregate(n=Count("id"), cents=Sum(left))
    context = {"table": table, "programme": programme, "programmes": programmes, "due": due, "form": form, "today": on}
    return render(request, "vouchers/expiring.html", context)
