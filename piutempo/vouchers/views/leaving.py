"""The office writes down what a family gives up: the page says what would go. Taking away is a forfeiture."""

from django.contrib import messages
from django.db.models import F, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from piutempo.applications.messages import sentence_for as application_sentence
from piutempo.applications.models import Application, Status
from piutempo.applications.services import ApplicationRefused
from piutempo.awards.models import Award, AwardStatus
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.vouchers.forms import OfficeRenounceForm
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.services.lapse import unspent_vouchers
from piutempo.vouchers.services.leaving import renounce_benefit
from piutempo.vouchers.views.access import programmes_of

_HELD = [AwardStatus.COMMITTED, AwardStatus.SUSPENDED, AwardStatus.ENDED]


@role_required(Role.CASE_OFFICER)
@require_http_methods(["GET", "POST"])
def office_renounce(request: PiuRequest, application_id: int) -> HttpResponse:
    """Record a family's renunciation, written or said at the office; it gets the letter that confirms it."""
    application = Application.objects.filter(
        pk=application_id, status=Status.APPROVED, programme__in=programmes_of(request, [Role.CASE_OFFICER])
    ).first()
    if application is None:
        raise Http404
    awards = Award.objects.filter(application_id=application.pk, status__in=_HELD)
    months = awards.exclude(status=AwardStatus.ENDED).aggregate(
        n=Sum(F("months") - F("months_issued") - F("months_released"))
    )["n"]
    unspent = unspent_vouchers(Voucher.objects.filter(award__in=awards)).aggregate(
        cents=Sum(F("value_cents") - F("spent_cents") - F("void_cents") - F("lapsed_cents"))
    )["cents"]
    form = OfficeRenounceForm(request.POST or None)
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
            messages.success(request, _("Rinuncia registrata: la famiglia riceve la lettera che la conferma."))
            return redirect("applications:case", application.pk)
    context = {"form": form, "application": application, "months": months or 0, "unspent_cents": unspent or 0}
    return render(request, "vouchers/office_renounce.html", context, status=422 if form.is_bound else 200)
