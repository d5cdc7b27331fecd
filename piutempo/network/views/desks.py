"""The office's page of one desk: its data, its closing, and the agreements that say what it may do."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.network.forms import AgreementForm, DeskDataForm, EndForm
from piutempo.network.messages import sentence_for
from piutempo.network.models import Agreement, Desk, Task
from piutempo.network.selectors import get_agreement, get_desk, list_agreements
from piutempo.network.services import NetworkRefused, add_agreement, end_agreement, update_desk
from piutempo.network.views.office import EDITORS, READERS
from piutempo.network.views.places import municipality_of
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role, Scope


def _may(request: PiuRequest, desk: Desk, roles: tuple[Role, ...]) -> bool:
    return any(request.roles.covers(role, Scope.PROGRAMME, desk.programme_id) for role in roles)


def _desk_or_404(request: PiuRequest, desk_id: int, roles: tuple[Role, ...]) -> Desk:
    try:
        found = get_desk(desk_id)
    except Desk.DoesNotExist:
        raise Http404 from None
    if not _may(request, found, roles):
        raise Http404
    return found


def _page(request: PiuRequest, found: Desk, form: DeskDataForm, agreement_form: AgreementForm) -> HttpResponse:
    today = timezone.localdate(request.now)
    context = {
        "desk": found,
        "form": form,
        "agreement_form": agreement_form,
        "agreements": [(a, a.is_in_force_on(today), a.valid_from > today) for a in list_agreements(found)],
        "is_editor": _may(request, found, EDITORS),
    }
    status = 422 if form.errors or agreement_form.errors else 200
    return render(request, "network/desk.html", context, status=status)


def _data_form(request: PiuRequest, found: Desk, *, is_sent: bool) -> DeskDataForm:
    last = found.valid_until - timedelta(days=1) if found.valid_until else None
    initial = {n: getattr(found, n) for n in ("name", "body", "municipality", "address", "valid_from")}
    return DeskDataForm(request.POST if is_sent else None, initial=initial | {"valid_until": last})


@role_required(*READERS)
def desk(request: PiuRequest, desk_id: int) -> HttpResponse:
    """Show a desk and its agreements; who edits changes its data or closes it."""
    is_sent = request.method == "POST"
    found = _desk_or_404(request, desk_id, EDITORS if is_sent else READERS)
    form = _data_form(request, found, is_sent=is_sent)
    if is_sent and form.is_valid() and (municipality := municipality_of(form)):
        data = {n: form.cleaned_data[n] for n in ("name", "body", "address", "valid_from")}
        try:
            update_desk(
                **data, desk=found, municipality=municipality, valid_until=form.end, at=request.now, by=request.user
            )
        except NetworkRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details))
        else:
            messages.success(request, _("Dati dello sportello salvati."))
            return redirect("network:desk", desk_id=found.pk)
    return _page(request, found, form, AgreementForm(initial={"valid_from": timezone.localdate(request.now)}))


@role_required(*EDITORS)
def agree(request: PiuRequest, desk_id: int) -> HttpResponse:
    """Add an agreement to a desk."""
    found = _desk_or_404(request, desk_id, EDITORS)
    if request.method != "POST":
        return redirect("network:desk", desk_id=found.pk)
    form = AgreementForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            add_agreement(
                desk=found,
                task=Task(data["task"]),
                act=data["act"],
                valid_from=data["valid_from"],
                valid_until=form.end,
                at=request.now,
                by=request.user,
            )
        except NetworkRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details))
        else:
            messages.success(request, _("Convenzione registrata."))
            return redirect("network:desk", desk_id=found.pk)
    return _page(request, found, _data_form(request, found, is_sent=False), form)


@role_required(*EDITORS)
def end(request: PiuRequest, agreement_id: int) -> HttpResponse:
    """End an agreement on a day, with a reason."""
    try:
        found = get_agreement(agreement_id)
    except Agreement.DoesNotExist:
        raise Http404 from None
    if not _may(request, found.desk, EDITORS):
        raise Http404
    form = EndForm(request.POST or None, initial={"on": timezone.localdate(request.now)})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            end_agreement(
                agreement=found, on=form.first_day_without, reason=data["reason"], at=request.now, by=request.user
            )
        except NetworkRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details))
        else:
            messages.success(request, _("Convenzione chiusa."))
            return redirect("network:desk", desk_id=found.desk_id)
    context = {"form": form, "agreement": found, "desk": found.desk}
    return render(request, "network/end_agreement.html", context, status=422 if form.errors else 200)
