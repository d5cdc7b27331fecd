"""The office looks a voucher up: by serial, by code, by holder; its state, custody and redemptions."""

from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from piutempo.kernel.identifiers import read_row_id
from piutempo.people.access import PiuRequest, role_required
from piutempo.programmes.selectors import get_terms
from piutempo.ui.tables import Column, Filter, Table
from piutempo.vouchers.messages import sentence_for
from piutempo.vouchers.models import Redemption, Voucher
from piutempo.vouchers.rules.masks import titles_in
from piutempo.vouchers.services.redemption import RedemptionRefused, read_codes
from piutempo.vouchers.views.access import OFFICE, programmes_of, today_of, vouchers_with_names
from piutempo.vouchers.views.desk import moves_table
from piutempo.vouchers.views.showing import STATES, facts_of, in_state, left_cents, serials_of, state_tag, state_text


@role_required(*OFFICE)
@require_GET
def search(request: PiuRequest) -> HttpResponse:
    """Search vouchers by serial, printed code, codice fiscale or surname."""
    on = today_of(request)

    def matching(rows: QuerySet[Voucher], text: str) -> QuerySet[Voucher]:
        text = " ".join(text.split())
        if serial := read_row_id(text):
            return rows.filter(first_serial__lte=serial, first_serial__gt=serial - F("title_count"))
        if len(text) > 16:
            try:
                return rows.filter(code=read_codes([text])[0].voucher_code)
            except RedemptionRefused as refused:
                messages.error(request, sentence_for(refused.code, refused.details))
                return rows.none()
        return rows.filter(
            Q(holder__fiscal_code__istartswith=text.replace(" ", "")) | Q(holder__family_name__istartswith=text)
        )

    table = Table(
        request,
        vouchers_with_names().filter(programme__in=programmes_of(request)),
        caption=_("Buoni"),
        empty=_("Nessun buono emesso ancora: si parte dall'emissione mensile."),
        columns=[
            Column("serials", _("Numeri di serie"), value=serials_of, order="first_serial", url=_url),
            Column("holder", _("Titolare"), order=["holder__family_name", "holder__given_name"]),
            Column("month", _("Mese"), kind="month"),
            Column("value_cents", _("Valore"), kind="euro"),
            Column("left", _("Resta"), value=left_cents, kind="euro", order=""),
            Column("valid_until", _("Scade il"), kind="last_day"),
            Column("desk", _("Sportello"), order="desk__name"),
            Column("state", _("Stato"), value=state_text(on), tag=state_tag(on), order=""),
        ],
        filters=[
            Filter("q", _("Numero di serie, codice, codice fiscale o cognome"), matching),
            Filter("mese", _("Mese"), "month", kind="month"),
            Filter("stato", _("Stato"), in_state, choices=STATES),
        ],
        order="-month",
    )
    if file := table.export():
        return file
    return render(request, "vouchers/office_vouchers.html", {"table": table})


def _url(voucher: Voucher) -> str:
    return reverse("vouchers:office_voucher", args=[voucher.pk])


@role_required(*OFFICE)
@require_GET
def voucher(request: PiuRequest, voucher_id: int) -> HttpResponse:
    """Show one voucher: state, custody, what was spent where."""
    rows = vouchers_with_names().filter(programme__in=programmes_of(request))
    found = rows.filter(pk=voucher_id).first()
    if found is None:
        raise Http404
    terms = get_terms(found.award.version_id)
    titles = {s.code: s.title for s in terms.services}
    spent = Table(
        request,
        Redemption.objects.filter(voucher=found).select_related("site", "reversal"),
        caption=_("Utilizzi"),
        empty=_("Ancora nessun titolo speso."),
        columns=[
            Column("served_on", _("Data del servizio"), kind="day"),
            Column("redeemed_at", _("Registrato il"), kind="moment"),
            Column("site", _("Sede"), order="site__name"),
            Column("service", _("Servizio"), value=lambda r: titles.get(r.service, r.service)),
            Column("titles", _("Titoli"), value=lambda r: _serials(found, r), order=""),
            Column("amount_cents", _("Importo"), kind="euro"),
            Column(
                "state",
                _("Stato"),
                value=lambda r: _("stornato") if hasattr(r, "reversal") else _("valido"),
                tag=lambda r: "bad" if hasattr(r, "reversal") else "good",
                order="",
            ),
        ],
        order="-redeemed_at",
        prefix="u",
    )
    moves = moves_table(request, found)
    if file := spent.export() or moves.export():
        return file
    context = facts_of(found, today_of(request), terms)
    context |= {"table": moves, "spent": spent, "replacement": Voucher.objects.filter(replaces=found).first()}
    return render(request, "vouchers/office_voucher.html", context)


def _serials(voucher: Voucher, redemption: Redemption) -> str:
    return ", ".join(str(voucher.first_serial + index - 1) for index in titles_in(redemption.mask))
