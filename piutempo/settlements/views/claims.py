"""What families have to give back: the list, one claim, the money that comes in."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.people.access import PiuRequest, role_required
from piutempo.settlements.forms import CancelForm, CollectionForm
from piutempo.settlements.messages import REFUSALS
from piutempo.settlements.models import Claim, Collection
from piutempo.settlements.services import SettlementRefused, cancel_claim, collect, get_due_cents
from piutempo.settlements.views.scope import READERS, readable, writable
from piutempo.ui.tables import Column, Filter, Table


def _claims(request: PiuRequest) -> QuerySet[Claim]:
    ids = readable(request)
    rows = Claim.objects.select_related(
        "forfeiture__application__applicant", "forfeiture__application__programme", "pot"
    )
    got = Collection.objects.filter(claim=OuterRef("pk")).order_by().values("claim").annotate(n=Sum("amount_cents"))
    rows = rows.annotate(collected_cents=Coalesce(Subquery(got.values("n")[:1]), 0))
    return rows if ids is None else rows.filter(forfeiture__application__programme_id__in=ids)


@require_GET
@role_required(*READERS)
def claims(request: PiuRequest) -> HttpResponse:
    """Every claim, the nearest due first."""
    table = Table(
        request,
        _claims(request),
        caption=_("Somme da restituire"),
        empty=_("Nessuna somma da restituire. Compaiono qui quando si decide una decadenza."),
        columns=[
            Column(
                "number",
                _("Domanda"),
                value=lambda c: f"n. {c.forfeiture.application.number}",
                order="forfeiture__application__number",
                url=lambda c: reverse("settlements:claim", args=[c.pk]),
            ),
            Column("applicant", _("Richiedente"), value=lambda c: str(c.forfeiture.application.applicant),
                   order="forfeiture__application__applicant__family_name"),
            Column("pot", _("Fondo"), value=lambda c: c.pot.title, order="pot__title"),
            Column("amount_cents", _("Importo"), kind="euro"),
            Column("collected_cents", _("Versato"), kind="euro", order="collected_cents"),
            Column("due_on", _("Entro"), kind="day"),
            Column("state", _("Stato"), value=_state, order="", tag=_tag),
        ],
        filters=[
            Filter("q", _("Cognome"), ["forfeiture__application__applicant__family_name__icontains"]),
            Filter(
                "stato",
                _("Stato"),
                lambda rows, value: (
                    rows.filter(cancelled_at__isnull=False)
                    if value == "annullato"
                    else rows.filter(cancelled_at__isnull=True, collected_cents__lt=F("amount_cents"))
                ),
                choices=[("aperto", _("da incassare")), ("annullato", _("annullato"))],
            ),
        ],
        order="due_on",
    )  # fmt: skip
    if file := table.export():
        return file
    return render(request, "settlements/claims.html", {"table": table})


def _state(claim: Claim) -> str:
    if claim.cancelled_at:
        return _t("annullato")
    return _t("incassato") if _collected(claim) >= claim.amount_cents else _t("da incassare")


def _tag(claim: Claim) -> str:
    if claim.cancelled_at:
        return "plain"
    return "good" if _collected(claim) >= claim.amount_cents else "waiting"


def _collected(claim: Claim) -> int:
    return int(getattr(claim, "collected_cents", 0))


@require_http_methods(["GET", "POST"])
@role_required(*READERS)
def claim(request: PiuRequest, claim_id: int) -> HttpResponse:
    """One claim: what it is made of, what came in; record a payment, or cancel it."""
    found = get_object_or_404(_claims(request), pk=claim_id)
    ids = writable(request)
    may_write = ids is None or found.forfeiture.application.programme_id in ids
    today = timezone.localdate(request.now)
    action = request.POST.get("action", "") if request.method == "POST" else ""
    paid = CollectionForm(request.POST if action == "collect" else None, initial={"on": today}, prefix="p")
    cancel = CancelForm(request.POST if action == "cancel" else None, prefix="c")
    if request.method == "POST":
        get_object_or_404(_claims(request).filter(pk=claim_id if may_write else 0))
        form = cancel if action == "cancel" else paid
        if form.is_valid():
            data = form.cleaned_data
            try:
                if action == "cancel":
                    cancel_claim(claim=found, reason=data["reason"], at=request.now, by=request.user)
                    messages.success(request, _t("Credito annullato: la famiglia non deve restituire niente."))
                else:
                    collect(
                        claim=found,
                        amount_cents=data["amount"],
                        on=data["on"],
                        reference=data["reference"],
                        key=data["request_key"],
                        at=request.now,
                        by=request.user,
                    )
                    messages.success(request, _t("Versamento registrato: la somma torna nel fondo."))
                return redirect("settlements:claim", found.pk)
            except SettlementRefused as refused:
                form.add_error(None, str(REFUSALS[refused.code]))
    context = {
        "claim": found,
        "application": found.forfeiture.application,
        "due_cents": get_due_cents(found),
        "lines": list(found.lines.select_related("redemption__site")[:500]),
        "collections": list(found.collections.select_related("by")),
        "form": paid,
        "cancel": cancel,
        "may_write": may_write and found.cancelled_at is None,
    }
    return render(request, "settlements/claim.html", context, status=422 if action else 200)
