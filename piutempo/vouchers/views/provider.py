"""The provider's counter: check titles, redeem them, see and undo what was recorded."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.network.models import Site
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Member, Role
from piutempo.programmes.selectors import get_terms
from piutempo.ui.tables import Column, Filter, Table
from piutempo.vouchers.forms import CodesForm, ReasonForm, RedeemForm
from piutempo.vouchers.messages import sentence_for
from piutempo.vouchers.models import Form, Redemption, Voucher
from piutempo.vouchers.rules.masks import mask_of
from piutempo.vouchers.rules.redemption import Refusal
from piutempo.vouchers.selectors.facts import grants_on, load_catalogue, load_grants
from piutempo.vouchers.services.redemption import (
    KeyReused,
    RedemptionRefused,
    SeveralVouchers,
    read_codes,
    redeem_many,
)
from piutempo.vouchers.services.reversal import ReversalRefused, reverse_redemption
from piutempo.vouchers.views.access import sites_of


@role_required(Role.PROVIDER_OPERATOR)
@require_http_methods(["GET", "POST"])
def redeem(request: PiuRequest) -> HttpResponse:
    """Redeem in two steps on a phone: the codes are checked and shown, then the service is written and confirmed."""
    sites = sites_of(request)
    codes_form = CodesForm(request.POST or None, sites=sites)
    context: dict[str, Any] = {"codes_form": codes_form}
    if request.method == "GET":
        return render(request, "vouchers/redeem.html", context)
    if not codes_form.is_valid():
        return render(request, "vouchers/redeem.html", context, status=422)
    site, codes = codes_form.cleaned_data["site"], codes_form.cleaned_data["codes"]
    try:
        checked = _checked(site, codes, timezone.localdate(request.now))
    except RedemptionRefused as refused:
        codes_form.add_error("codes", sentence_for(refused.code, refused.details))
        return render(request, "vouchers/redeem.html", context, status=422)
    context |= {"checked": checked, "site": site}
    form = RedeemForm(
        request.POST if request.POST.get("step") == "confirm" else None,
        services=checked["services"],
        people=checked["people"],
        today=timezone.localdate(request.now),
        is_balance=checked["is_balance"],
    )
    context["form"] = form
    if not form.is_bound:
        return render(request, "vouchers/redeem.html", context)
    if not form.is_valid():
        return render(request, "vouchers/redeem.html", context, status=422)
    data = form.cleaned_data
    try:
        done = redeem_many(
            site=site,
            codes=codes,
            service=data["service"],
            quantity=data["quantity"],
            served_on=data["served_on"],
            at=request.now,
            by=request.user,
            key=data["request_key"][:60],
            amount_cents=data.get("amount") or 0,
            person_cared_id=int(data["person"]) if data["person"] else None,
            holder_fiscal_code=data["holder"] or None,
        )
    except RedemptionRefused as refused:
        form.add_error(None, sentence_for(refused.code, refused.details))
        return render(request, "vouchers/redeem.html", context, status=422)
    except SeveralVouchers as several:
        form.add_error(None, sentence_for(several.code))
        return render(request, "vouchers/redeem.html", context, status=422)
    except KeyReused:
        form.add_error(None, _t("Questa pagina era già stata usata per altri titoli: ricomincia da una pagina nuova."))
        return render(request, "vouchers/redeem.html", context, status=422)
    request.session["redeemed"] = [r.pk for r in done]
    return redirect("vouchers:redeemed")


def _checked(site: Site, codes: list[str], today: date) -> dict[str, Any]:
    """
    Return what the counter may know before redeeming: the holder, what titles are worth, until when, services, people.

    :raises RedemptionRefused: a code is mistyped, not ours or unknown
    """
    titles = read_codes(codes)
    vouchers = {
        v.code: v
        for v in Voucher.objects.filter(code__in={t.voucher_code for t in titles}).select_related(
            "holder", "award", "programme"
        )
    }
    if missing := [t for t in titles if t.voucher_code not in vouchers]:
        raise RedemptionRefused(Refusal.CODE_UNKNOWN, {"code": codes[titles.index(missing[0])]})
    first = next(iter(vouchers.values()))
    is_balance = first.form == Form.BALANCE
    worth = (
        first.value_cents - first.spent_cents - first.void_cents - first.lapsed_cents
        if is_balance
        else sum(
            mask_of({t.index for t in titles if t.voucher_code == code}).bit_count() * voucher.face_cents
            for code, voucher in vouchers.items()
        )
    )
    dated = load_grants(site.pk)
    ceilings: dict[str, int] = {}
    # A service may be recorded days after it: what the site could do on any of those days is offered; the latest wins.
    for past in range(first.record_days, -1, -1):
        for g in grants_on(dated, first.programme_id, today - timedelta(days=past)):
            if g.network == first.network:
                ceilings[g.service] = g.unit_ceiling_cents
    catalogue = load_catalogue(first.programme_id)
    titles_of = {
        service.code: service.title for version in catalogue.version_ids for service in get_terms(version).services
    }
    household = Member.objects.filter(household_id=first.award.household_id, valid_until__isnull=True)
    return {
        "codes": codes,
        "holders": sorted({str(v.holder) for v in vouchers.values()}),
        "worth_cents": worth,
        "title_count": len(titles),
        "is_balance": is_balance,
        "valid_until": min(v.valid_until for v in vouchers.values()),
        "programme": first.programme,
        "ceilings": [(titles_of.get(code, code), cents) for code, cents in sorted(ceilings.items())],
        "services": [(code, titles_of.get(code, code)) for code in sorted(ceilings)],
        "people": [(m.pk, str(m.person)) for m in household.select_related("person").order_by("id")],
    }


@role_required(Role.PROVIDER_OPERATOR)
@require_GET
def redeemed(request: PiuRequest) -> HttpResponse:
    """Show the receipt of what was just recorded."""
    ids = request.session.get("redeemed", [])
    rows = list(
        Redemption.objects.filter(pk__in=ids, site__in=sites_of(request)).select_related("voucher__holder", "site")
    )
    if not rows:
        return redirect("vouchers:redeem")
    return render(
        request, "vouchers/redeemed.html", {"rows": rows, "total_cents": sum(row.amount_cents for row in rows)}
    )


@role_required(Role.PROVIDER_OPERATOR)
@require_GET
def redemptions(request: PiuRequest) -> HttpResponse:
    """List what my sites recorded."""
    table = Table(
        request,
        Redemption.objects.filter(site__in=sites_of(request)).select_related("site", "voucher__holder", "reversal"),
        caption=_("Utilizzi registrati dalle mie sedi"),
        empty=_("Nessun utilizzo registrato. Inizia da «Registra un buono» o carica il file del mese."),
        columns=[
            Column("redeemed_at", _("Registrato il"), kind="moment"),
            Column("served_on", _("Data del servizio"), kind="day"),
            Column("site", _("Sede"), order="site__name"),
            Column("voucher.holder", _("Titolare"), order="voucher__holder__family_name"),
            Column("service", _("Servizio")),
            Column("quantity", _("Quantità"), kind="count"),
            Column("amount_cents", _("Importo"), kind="euro"),
            Column(
                "state",
                _("Stato"),
                value=lambda r: _t("stornato") if hasattr(r, "reversal") else _t("valido"),
                order="",
                tag=lambda r: "bad" if hasattr(r, "reversal") else "good",
            ),
            Column(
                "undo",
                _("Storno"),
                value=lambda r: "" if hasattr(r, "reversal") else _t("Storna"),
                url=lambda r: "" if hasattr(r, "reversal") else reverse("vouchers:reverse", args=[r.pk]),
                order="",
                is_exported=False,
            ),
        ],
        filters=[
            Filter("titolare", _("Titolare"), "voucher__holder__family_name__icontains"),
            Filter("dal", _("Dal"), "redeemed_at__date__gte", kind="date"),
            Filter("al", _("Al"), "redeemed_at__date__lte", kind="date"),
        ],
        order="-redeemed_at",
    )
    if file := table.export():
        return file
    return render(request, "vouchers/redemptions.html", {"table": table})


@role_required(Role.PROVIDER_OPERATOR)
@require_http_methods(["GET", "POST"])
def reverse_one(request: PiuRequest, redemption_id: int) -> HttpResponse:
    """Undo one redemption, with a reason."""
    redemption = get_object_or_404(
        Redemption.objects.filter(site__in=sites_of(request)).select_related("voucher__holder", "site"),
        pk=redemption_id,
    )
    if hasattr(redemption, "reversal"):
        raise Http404
    form = ReasonForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            reverse_redemption(
                redemption=redemption, reason=form.cleaned_data["reason"], at=request.now, by=request.user
            )
        except ReversalRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details, about="reversal"))
        else:
            messages.success(request, _t("Utilizzo stornato: i titoli tornano disponibili per la famiglia."))
            return redirect("vouchers:redemptions")
    status = 422 if form.is_bound else 200
    return render(request, "vouchers/reverse.html", {"form": form, "redemption": redemption}, status=status)
