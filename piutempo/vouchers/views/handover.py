"""Handing carnets over: one, or several of a family at once; and the day's tally."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.kernel.identifiers import read_row_id
from piutempo.network.models import Task
from piutempo.network.selectors import list_desks_nearby, may
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.programmes.selectors import get_terms
from piutempo.ui.tables import Column, Table
from piutempo.vouchers.forms import PROXY, HandoverForm, TallyForm
from piutempo.vouchers.messages import sentence_for
from piutempo.vouchers.models import CustodyKind, CustodyMove, Voucher
from piutempo.vouchers.services.custody import CustodyRefused, HandoverItem, hand_over
from piutempo.vouchers.views.access import desks_of, keep_sent, today_of, vouchers_with_names, was_sent
from piutempo.vouchers.views.showing import left_cents, serials_of

#: One form hands over so many vouchers at most.
MOST = 60


@role_required(Role.DESK_OPERATOR)
@require_http_methods(["GET", "POST"])
def hand(request: PiuRequest) -> HttpResponse:
    """Hand the chosen vouchers over: all or none, after seeing a document."""
    wanted = request.POST.getlist("buono") or request.GET.getlist("buono")
    ids = {number for text in wanted if (number := read_row_id(text))}
    if not ids:
        messages.warning(request, _("Scegli almeno un buono dall'elenco, poi «Consegna i buoni scelti»."))
        return redirect("vouchers:desk")
    rows = vouchers_with_names().filter(pk__in=sorted(ids)[:MOST], desk__in=desks_of(request))
    vouchers = list(rows.order_by("holder__family_name", "month", "pk"))
    if len(vouchers) != len(ids):
        raise Http404
    desk = vouchers[0].desk
    if desk is None or any(v.desk_id != desk.pk for v in vouchers):
        messages.error(
            request, _("I buoni scelti sono di sportelli diversi: consegna quelli di uno sportello per volta.")
        )
        return redirect("vouchers:desk")
    terms = get_terms(vouchers[0].award.version_id)
    form = HandoverForm(
        request.POST or None,
        holders=list({v.holder_id: v.holder for v in vouchers}.values()),
        documents=terms.desks.identity_documents,
        proxy_allowed=terms.desks.proxy_allowed,
        single=vouchers[0] if len(vouchers) == 1 else None,
    )
    delivers = may(desk, Task.DELIVERY, on=today_of(request))
    context = {
        "form": form,
        "desk": desk,
        "delivers": delivers,
        "elsewhere": [] if delivers else list_desks_nearby(desk, Task.DELIVERY, on=today_of(request)),
        "rows": [(v, serials_of(v), left_cents(v)) for v in vouchers],
        "total_cents": sum(left_cents(v) for v in vouchers),
    }
    if not delivers or not form.is_bound:
        return render(request, "vouchers/handover.html", context)
    if not form.is_valid():
        return render(request, "vouchers/handover.html", context, status=422)
    data = form.cleaned_data
    if was_sent(request, data["request_key"]):
        return redirect("vouchers:desk")
    try:
        hand_over(desk=desk, items=[_item(v, data) for v in vouchers], at=request.now, by=request.user)
    except CustodyRefused as refused:
        culprit = next((v for v in vouchers if v.pk == refused.voucher_id), None)
        sentence = sentence_for(refused.code, refused.details, about="custody")
        if culprit and len(vouchers) > 1:
            sentence = f"{culprit.holder}, {serials_of(culprit)}: {sentence}"
        form.add_error(None, sentence)
        return render(request, "vouchers/handover.html", context, status=422)
    keep_sent(request, data["request_key"])
    n = len(vouchers)
    messages.success(request, ngettext("Buono consegnato.", "Buoni consegnati: %(n)s.", n) % {"n": n})
    return redirect("vouchers:desk_voucher", vouchers[0].pk) if n == 1 else redirect("vouchers:desk")


def _item(voucher: Voucher, data: dict[str, Any]) -> HandoverItem:
    """Who collects: the holder, another holder of the list (then with a mandate), or somebody with a mandate."""
    collector = data["collector"]
    is_holder = collector == str(voucher.holder_id)
    name = data["proxy_name"] if collector == PROXY else data["names"][collector]
    return HandoverItem(
        voucher_id=voucher.pk,
        document_type=data["document_type"],
        document_number=data["document_number"],
        proxy_name="" if is_holder else name,
        mandate_on=None if is_holder else data["mandate_on"],
        first_title=data["first_title"] or 1,
        last_title=data["last_title"],
    )


def _span(day: date) -> tuple[datetime, datetime]:
    zone = timezone.get_current_timezone()
    start = datetime.combine(day, time.min, tzinfo=zone)
    return start, datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)


@role_required(Role.DESK_OPERATOR)
@require_GET
def tally(request: PiuRequest) -> HttpResponse:
    """Show what a desk received, handed over and took back on a day: sums by kind, then every line."""
    desks = list(desks_of(request))
    today = today_of(request)
    form = TallyForm(request.GET or None, desks=desks, today=today)
    valid = form.is_bound and form.is_valid()
    day: date = (form.cleaned_data.get("giorno") if valid else None) or today
    desk_id = int(form.cleaned_data["sportello"]) if valid and form.cleaned_data.get("sportello") else None
    desk = next((d for d in desks if desk_id is None or d.pk == desk_id), None)
    start, end = _span(day)
    moves = CustodyMove.objects.filter(desk=desk, at__gte=start, at__lt=end) if desk else CustodyMove.objects.none()
    titles = F("last_serial") - F("first_serial") + 1
    sums = moves.values("kind").annotate(
        vouchers=Count("voucher", distinct=True), titles=Sum(titles), cents=Sum(titles * F("voucher__face_cents"))
    )
    labels = dict(CustodyKind.choices)
    order = list(CustodyKind.values)
    rows = sorted(sums.order_by(), key=lambda row: order.index(row["kind"]))
    summary = Table(
        request,
        rows,
        caption=_("Riepilogo del %(day)s") % {"day": f"{day:%d/%m/%Y}"},
        empty=_("Nessun movimento in questo giorno."),
        columns=[
            Column("kind", _("Movimento"), value=lambda row: labels[row["kind"]]),
            Column("vouchers", _("Buoni"), kind="count"),
            Column("titles", _("Titoli"), kind="count"),
            Column("cents", _("Valore"), kind="euro"),
        ],
        file_name=f"giornata-{day:%Y-%m-%d}",
        prefix="r",
    )
    lines = Table(
        request,
        moves.select_related("voucher__holder", "by"),
        caption=_("Tutti i movimenti"),
        empty=_("Nessun movimento in questo giorno: scegline un altro."),
        columns=[
            Column("at", _("Quando"), kind="moment"),
            Column("kind", _("Movimento"), value=lambda m: labels[m.kind]),
            Column(
                "holder",
                _("Titolare"),
                value=lambda m: m.voucher.holder,
                order="voucher__holder__family_name",
                url=lambda m: reverse("vouchers:desk_voucher", args=[m.voucher_id]),
            ),
            Column("first_serial", _("Dal numero")),
            Column("last_serial", _("Al numero")),
            Column(
                "document", _("Documento"), value=lambda m: f"{m.document_type} {m.document_number}".strip(), order=""
            ),
            Column("proxy_name", _("Delegato")),
            Column("by", _("Operatore"), order="by__full_name"),
        ],
        order="at",
        page_size=100,
        file_name=f"movimenti-{day:%Y-%m-%d}",
        prefix="m",
    )
    if file := summary.export() or lines.export():
        return file
    stock = Voucher.objects.filter(desk=desk, handed=0, lapsed_cents=0, value_cents__gt=F("void_cents")).aggregate(
        n=Count("id"), cents=Sum(F("value_cents") - F("void_cents"))
    )
    context = {
        "form": form,
        "desk": desk,
        "day": day,
        "today": today,
        "summary": summary,
        "lines": lines,
        "stock": stock,
    }
    return render(request, "vouchers/tally.html", context, status=422 if form.errors else 200)
