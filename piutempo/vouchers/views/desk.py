"""The desk's stock: what is here, what arrives, one voucher with its history and what may be done with it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.awards.models import Award
from piutempo.network.models import Desk, Task
from piutempo.network.selectors import list_tasks, may
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.programmes.selectors import get_terms
from piutempo.ui.tables import Column, Filter, Table
from piutempo.vouchers.forms import MoveForm, ReceiveForm
from piutempo.vouchers.messages import sentence_for
from piutempo.vouchers.models import CustodyKind, CustodyMove, Voucher
from piutempo.vouchers.rules.masks import full_mask
from piutempo.vouchers.services.custody import (
    CustodyRefused,
    block,
    receive_stock,
    reissue,
    report_lost,
    return_stock,
    take_back,
    unblock,
)
from piutempo.vouchers.services.documents import NothingAssigned, get_assignment_letter, get_carnet
from piutempo.vouchers.views.access import (
    desk_voucher_or_404,
    desks_of,
    keep_sent,
    today_of,
    vouchers_with_names,
    was_sent,
)
from piutempo.vouchers.views.showing import (
    STATES,
    facts_of,
    in_state,
    left_cents,
    pdf_of,
    serials_of,
    state_tag,
    state_text,
)


@role_required(Role.DESK_OPERATOR)
@require_GET
def stock(request: PiuRequest) -> HttpResponse:
    """List the vouchers of my desks: month, holder, serials, state; several may be chosen to hand over together."""
    desks, on = list(desks_of(request)), today_of(request)
    table = Table(
        request,
        vouchers_with_names().filter(desk__in=desks),
        caption=_("Buoni allo sportello"),
        empty=_("Nessun buono indirizzato al tuo sportello: arrivano con l'emissione del mese."),
        columns=[
            Column(
                "holder",
                _("Titolare"),
                order=["holder__family_name", "holder__given_name"],
                url=lambda v: reverse("vouchers:desk_voucher", args=[v.pk]),
            ),
            Column(
                "fiscal_code", _("Codice fiscale"), value=lambda v: v.holder.fiscal_code, order="holder__fiscal_code"
            ),
            Column("month", _("Mese"), kind="month"),
            Column("serials", _("Numeri di serie"), value=serials_of, order="first_serial"),
            Column("value_cents", _("Valore"), kind="euro"),
            Column("left", _("Resta"), value=left_cents, kind="euro", order=""),
            Column("valid_until", _("Scade il"), kind="last_day"),
            Column("state", _("Stato"), value=state_text(on), tag=state_tag(on), order=""),
            *([Column("desk", _("Sportello"), order="desk__name")] if len(desks) > 1 else []),
        ],
        filters=[
            Filter("q", _("Cognome"), "holder__family_name__istartswith"),
            Filter("mese", _("Mese"), "month", kind="month"),
            Filter("stato", _("Stato"), in_state, choices=STATES),
        ],
        order="-month",
        check="buono",
        check_form="handover",
    )
    if file := table.export():
        return file
    tasks = list_tasks([d.pk for d in desks], on=on)
    context = {"table": table, "desks": desks, "idle": [d for d in desks if Task.DELIVERY not in tasks[d.pk]]}
    return render(request, "vouchers/desk.html", context)


def _awaited(desk: Desk) -> QuerySet[Voucher]:
    """Vouchers addressed to the desk, or to none, that nobody received or handed over yet."""
    received = CustodyMove.objects.filter(voucher_id=OuterRef("pk"), kind=CustodyKind.RECEIVED, desk=desk)
    rows = Voucher.objects.filter(
        programme_id=desk.programme_id, handed=0, lapsed_cents=0, value_cents__gt=F("void_cents")
    )
    return rows.filter(Q(desk=desk) & ~Exists(received) | Q(desk=None))


@role_required(Role.DESK_OPERATOR)
@require_http_methods(["GET", "POST"])
def receive(request: PiuRequest) -> HttpResponse:
    """Record that carnets arrived: all those of a month addressed to the desk, or a range of serials."""
    form = ReceiveForm(request.POST or None, desks=desks_of(request))
    if not form.is_bound:
        return render(request, "vouchers/receive.html", {"form": form})
    if not form.is_valid():
        return render(request, "vouchers/receive.html", {"form": form}, status=422)
    data = form.cleaned_data
    if was_sent(request, data["request_key"]):
        return redirect("vouchers:desk")
    desk: Desk = data["desk"]
    rows = _awaited(desk)
    if data["month"]:
        rows = rows.filter(month=data["month"], desk=desk)
    if data["first_serial"]:
        last = data["last_serial"] or data["first_serial"]
        rows = rows.filter(first_serial__gte=data["first_serial"], first_serial__lte=last)
    ids = list(rows.values_list("id", flat=True))
    if not ids:
        form.add_error(
            None,
            _("Nessun carnet da ricevere con questi dati: già ricevuti, o non indirizzati a questo sportello. "
              "Controlla il mese e i numeri di serie sulla distinta."),
        )  # fmt: skip
        return render(request, "vouchers/receive.html", {"form": form}, status=422)
    try:
        n = receive_stock(desk=desk, voucher_ids=ids, at=request.now, by=request.user)
    except CustodyRefused as refused:
        form.add_error(None, sentence_for(refused.code, refused.details, about="custody"))
        return render(request, "vouchers/receive.html", {"form": form}, status=422)
    keep_sent(request, data["request_key"])
    messages.success(request, _("Carnet ricevuti: %(n)s. Ora si possono consegnare.") % {"n": n})
    return redirect("vouchers:desk")


@role_required(Role.DESK_OPERATOR)
@require_GET
def voucher(request: PiuRequest, voucher_id: int) -> HttpResponse:
    """Show one voucher: where its titles are, the custody book by serial, what may be done."""
    found = desk_voucher_or_404(request, voucher_id)
    on = today_of(request)
    context = facts_of(found, on, get_terms(found.award.version_id))
    context |= {
        "table": moves_table(request, found),
        "actions": [(name, ACTIONS[name].label) for name in _possible(found)],
        "delivers": found.desk is not None and may(found.desk, Task.DELIVERY, on=on),
        "can_hand_over": _can_hand_over(found, on),
        "replacement": Voucher.objects.filter(replaces=found).first(),
    }
    return render(request, "vouchers/desk_voucher.html", context)


def moves_table(request: PiuRequest, found: Voucher) -> Table:
    """Return the custody book of one voucher."""
    return Table(
        request,
        CustodyMove.objects.filter(voucher=found).select_related("desk", "by", "recipient"),
        caption=_("Storia della custodia"),
        empty=_("Ancora nessun movimento: il carnet è stato emesso e aspetta di essere ricevuto."),
        columns=[
            Column("at", _("Quando"), kind="moment"),
            Column("kind", _("Che cosa"), value=lambda m: m.get_kind_display()),
            Column("first_serial", _("Dal numero")),
            Column("last_serial", _("Al numero")),
            Column("desk", _("Sportello"), order="desk__name"),
            Column("to", _("A chi"), value=_receiver, order=""),
            Column(
                "document", _("Documento"), value=lambda m: f"{m.document_type} {m.document_number}".strip(), order=""
            ),
            Column("reason", _("Motivo")),
            Column("by", _("Chi"), order="by__full_name"),
        ],
        order="-at",
    )


def _receiver(move: CustodyMove) -> str:
    if move.proxy_name and move.mandate_on:
        return _("%(name)s, con delega del %(day)s") % {"name": move.proxy_name, "day": f"{move.mandate_on:%d/%m/%Y}"}
    return str(move.recipient or "")


def _can_hand_over(found: Voucher, on: date) -> bool:
    free = full_mask(found.title_count) & ~found.handed & ~found.void & ~found.blocked
    delivers = found.desk is not None and may(found.desk, Task.DELIVERY, on=on)
    return delivers and bool(free) and not found.lapsed_cents and on < found.valid_until


class Action:
    """Something that a desk does with the titles of a voucher, with a reason."""

    def __init__(self, label: Any, text: Any, done: Any, has_range: bool, run: Callable[..., Any]) -> None:
        self.label, self.text, self.done, self.has_range, self.run = label, text, done, has_range, run


def _return(*, voucher: Voucher, desk: Desk, reason: str, at: Any, by: Any) -> None:
    return_stock(desk=desk, voucher_ids=[voucher.pk], reason=reason, at=at, by=by)


ACTIONS: dict[str, Action] = {
    "rendi": Action(
        gettext_lazy("Rendi all'ufficio"),
        gettext_lazy("Il carnet non ancora consegnato torna all'ufficio: lo sportello non lo ha più."),
        gettext_lazy("Carnet reso all'ufficio."),
        False,
        _return,
    ),
    "ritira": Action(
        gettext_lazy("Riprendi dalla famiglia"),
        gettext_lazy(
            "I titoli non spesi tornano allo sportello e non si possono usare finché non li consegni di nuovo."
        ),
        gettext_lazy("Titoli ripresi: sono di nuovo in giacenza."),
        True,
        take_back,
    ),
    "smarriti": Action(
        gettext_lazy("Segna come smarriti"),
        gettext_lazy("I titoli smarriti o rubati sono annullati per sempre. Poi puoi sostituire il carnet."),
        gettext_lazy("Titoli annullati: nessuno può più usarli. Ora puoi sostituire il carnet."),
        True,
        report_lost,
    ),
    "sostituisci": Action(
        gettext_lazy("Sostituisci il carnet"),
        gettext_lazy(
            "Tutti i titoli non spesi sono annullati e nasce un carnet nuovo, con altri codici e la stessa scadenza."
        ),
        gettext_lazy("Carnet sostituito: questo è quello nuovo, da consegnare."),
        False,
        reissue,
    ),
    "blocca": Action(
        gettext_lazy("Blocca"),
        gettext_lazy("I titoli bloccati non si possono usare né consegnare finché non li sblocchi."),
        gettext_lazy("Titoli bloccati."),
        True,
        block,
    ),
    "sblocca": Action(
        gettext_lazy("Sblocca"),
        gettext_lazy("I titoli tornano utilizzabili."),
        gettext_lazy("Titoli sbloccati."),
        True,
        unblock,
    ),
}


def _possible(found: Voucher) -> list[str]:
    if found.lapsed_cents or left_cents(found) == 0:
        return []
    open_titles = full_mask(found.title_count) & ~found.spent & ~found.void
    names = []
    if not found.handed:
        names.append("rendi")
    if found.handed & open_titles:
        names.append("ritira")
    if open_titles:
        names.append("smarriti")
    names.append("sostituisci")
    if open_titles & ~found.blocked:
        names.append("blocca")
    if found.blocked:
        names.append("sblocca")
    return names


@role_required(Role.DESK_OPERATOR)
@require_http_methods(["GET", "POST"])
def act(request: PiuRequest, voucher_id: int, name: str) -> HttpResponse:
    """Do one thing with the titles of a voucher, with a reason, for all its titles or a range of serials."""
    found = desk_voucher_or_404(request, voucher_id)
    action = ACTIONS.get(name)
    if action is None or found.desk is None:
        raise Http404
    form = MoveForm(request.POST or None, voucher=found, has_range=action.has_range)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        if was_sent(request, data["request_key"]):
            return redirect("vouchers:desk")
        more = {"first_title": data["first_title"], "last_title": data["last_title"]} if action.has_range else {}
        try:
            made = action.run(
                voucher=found, desk=found.desk, reason=data["reason"], at=request.now, by=request.user, **more
            )
        except CustodyRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details, about="custody"))
        else:
            keep_sent(request, data["request_key"])
            messages.success(request, str(action.done))
            if name == "rendi":
                return redirect("vouchers:desk")
            return redirect("vouchers:desk_voucher", made.pk)
    context = {"form": form, "action": action, "voucher": found, "serials": serials_of(found)}
    return render(request, "vouchers/desk_act.html", context, status=422 if form.is_bound else 200)


@role_required(Role.DESK_OPERATOR)
@require_GET
def carnet(request: PiuRequest, voucher_id: int) -> HttpResponse:
    """Print the carnet."""
    return pdf_of(get_carnet(voucher=desk_voucher_or_404(request, voucher_id), at=request.now, by=request.user))


@role_required(Role.DESK_OPERATOR)
@require_GET
def letter(request: PiuRequest, award_id: int) -> HttpResponse:
    """Print the letter of assignment of an award collected at my desks, or whose carnets came to one of them."""
    ids = [d.pk for d in desks_of(request)]
    came = Voucher.objects.filter(award_id=OuterRef("pk"), desk_id__in=ids)
    award = Award.objects.filter(Q(desk_id__in=ids) | Exists(came), pk=award_id).first()
    if award is None:
        raise Http404
    try:
        return pdf_of(get_assignment_letter(award=award, at=request.now, by=request.user))
    except NothingAssigned:
        raise Http404 from None
