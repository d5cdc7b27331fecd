"""The citizen's vouchers: titles left, expiry, papers, what was spent where; renouncing what is not issued yet."""

from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.applications.messages import sentence_for as application_sentence
from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import get_application_of
from piutempo.applications.services import ApplicationRefused
from piutempo.awards.models import Award, AwardStatus
from piutempo.awards.selectors import list_awards_of
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Person, Role
from piutempo.people.selectors import get_person_for
from piutempo.programmes.selectors import get_terms
from piutempo.vouchers.forms import RenounceForm
from piutempo.vouchers.models import Redemption, Voucher
from piutempo.vouchers.services.documents import NothingAssigned, get_assignment_letter, get_carnet
from piutempo.vouchers.services.leaving import renounce_benefit
from piutempo.vouchers.views.access import today_of, vouchers_with_names
from piutempo.vouchers.views.showing import facts_of, pdf_of, terms_of


@role_required(Role.CITIZEN)
@require_GET
def mine(request: PiuRequest) -> HttpResponse:
    """My months: titles left, expiry, euro, papers, what was spent where. A part of a page when HTMX asks."""
    person = get_person_for(request.user)
    cards = _cards(person, request) if person else []
    total = sum(c["left_cents"] for c in cards if c["is_usable"])
    template = "vouchers/citizen_part.html" if request.htmx else "vouchers/citizen.html"
    awards = _awards(person) if person else []
    context = {
        "cards": cards,
        "awards": awards,
        "total_cents": total,
        "is_part": bool(request.htmx),
        "has_person": person is not None,
    }
    return render(request, template, context)


def _cards(person: Person, request: PiuRequest) -> list[dict[str, Any]]:
    on = today_of(request)
    vouchers = list(vouchers_with_names().filter(holder=person).order_by("-month", "product", "-replacement"))
    spent: dict[int, list[Redemption]] = {}
    rows = Redemption.objects.filter(voucher__in=vouchers, reversal__isnull=True).select_related("site__municipality")
    for row in rows.order_by("-served_on", "-id"):
        spent.setdefault(row.voucher_id, []).append(row)
    found = []
    terms = terms_of(vouchers)
    for voucher in vouchers:
        facts = facts_of(voucher, on, terms[voucher.award.version_id])
        titles = {s.code: s.title for s in terms[voucher.award.version_id].services}
        facts["spent"] = [(r, titles.get(r.service, r.service)) for r in spent.get(voucher.pk, [])]
        facts["is_usable"] = facts["left_cents"] > 0 and bool(voucher.handed) and on < voucher.valid_until
        found.append(facts)
    return found


def _awards(person: Person) -> list[dict[str, Any]]:
    rows = Award.objects.filter(
        beneficiary=person, status__in=[AwardStatus.COMMITTED, AwardStatus.SUSPENDED, AwardStatus.ENDED]
    ).select_related("programme")
    # All the months of a closed run may have gone on in another: there is nothing to show of it.
    rows = rows.exclude(status=AwardStatus.ENDED, end_reason="", months=F("months_released"))
    awards = list(rows.order_by("-first_month", "id"))
    terms = {version_id: get_terms(version_id) for version_id in {a.version_id for a in awards}}
    approved = set(Application.objects.filter(applicant=person, status=Status.APPROVED).values_list("id", flat=True))
    return [
        {
            "award": a,
            "title": terms[a.version_id].product(a.product).title,
            "left": a.months - a.months_issued - a.months_released,
            "can_renounce": a.status in {AwardStatus.COMMITTED, AwardStatus.SUSPENDED}
            and a.months > a.months_issued + a.months_released
            and a.application_id in approved,
        }
        for a in awards
    ]


def _my_person_or_404(request: PiuRequest) -> Person:
    person = get_person_for(request.user)
    if person is None:
        raise Http404
    return person


@role_required(Role.CITIZEN)
@require_GET
def my_carnet(request: PiuRequest, voucher_id: int) -> HttpResponse:
    """Print my carnet, once it was handed over to me: before, it is the desk's."""
    rows: Any = vouchers_with_names().filter(holder=_my_person_or_404(request), handed__gt=0)
    voucher: Voucher | None = rows.filter(pk=voucher_id).first()
    if voucher is None:
        raise Http404
    return pdf_of(get_carnet(voucher=voucher, at=request.now, by=request.user))


@role_required(Role.CITIZEN)
@require_GET
def my_letter(request: PiuRequest, award_id: int) -> HttpResponse:
    """Print my letter of assignment."""
    award = Award.objects.filter(beneficiary=_my_person_or_404(request), pk=award_id).first()
    if award is None:
        raise Http404
    try:
        return pdf_of(get_assignment_letter(award=award, at=request.now, by=request.user))
    except NothingAssigned:
        raise Http404 from None


@role_required(Role.CITIZEN)
@require_http_methods(["GET", "POST"])
def renounce_months(request: PiuRequest, application_id: int) -> HttpResponse:
    """Renounce the months not issued yet: they go to who waits. Vouchers already issued stay."""
    try:
        application = get_application_of(_my_person_or_404(request), application_id)
    except Application.DoesNotExist:
        raise Http404 from None
    if application.status != Status.APPROVED:
        raise Http404
    held = {AwardStatus.COMMITTED, AwardStatus.SUSPENDED}
    awards = [a for a in list_awards_of([application.pk]) if a.status in held]
    rows = [
        {
            "title": get_terms(a.version_id).product(a.product).title,
            "months": a.months - a.months_issued - a.months_released,
            "cents": (a.months - a.months_issued - a.months_released) * a.month_cents,
        }
        for a in awards
    ]
    if request.method == "GET" and not any(row["months"] for row in rows):
        messages.info(
            request, _("Non ci sono mensilità a cui rinunciare: sono già tutte emesse o rientrate nel fondo.")
        )
        return redirect("vouchers:citizen")
    form = RenounceForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            renounce_benefit(
                application=application,
                reason=form.cleaned_data["reason"],
                gives_back=form.cleaned_data["gives_back"],
                at=request.now,
                by=request.user,
            )
        except ApplicationRefused as refused:
            form.add_error(None, application_sentence(refused))
        else:
            messages.success(
                request,
                _("Hai rinunciato alle mensilità non ancora emesse e ai buoni non spesi.")
                if form.cleaned_data["gives_back"]
                else _("Hai rinunciato alle mensilità non ancora emesse. I buoni che hai già restano tuoi."),
            )
            return redirect("vouchers:citizen")
    context = {"form": form, "rows": rows, "application": application}
    return render(request, "vouchers/renounce.html", context, status=422 if form.is_bound else 200)
