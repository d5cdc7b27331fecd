"""A request written on paper: its scan beside the form that types it, for the desk and for the office."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from piutempo.applications.forms.desk import ScanForm
from piutempo.applications.messages import sentence_for
from piutempo.applications.models import Application, Attachment, AttachmentKind
from piutempo.applications.selectors.helping import list_scans
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.helping import attach_scan, remove_scan
from piutempo.applications.views.steps import Seat, not_draft, step_context
from piutempo.people.access import PiuRequest
from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.services import FileRefused
from piutempo.records.serving import file_response


def paper(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Upload the scan; then the steps show it beside their forms."""
    if away := not_draft(seat, application):
        return away
    form = ScanForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and request.POST.get("action") == "remove":
        scan = next((s for s in list_scans(application) if str(s.pk) == request.POST.get("scan")), None)
        if scan is None:
            raise Http404
        remove_scan(attachment=scan, at=request.now, by=request.user)
        messages.success(request, _("Scansione tolta."))
        return redirect(seat.url("paper", application))
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            attach_scan(application=application, name=file.name, content=file.read(), at=request.now, by=request.user)
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        except FileRefused as refused:
            form.add_error("file", str(FILE_REFUSALS[refused.code]))
        else:
            messages.success(request, _("Scansione salvata: ora copia i dati, la vedi accanto al modulo."))
            return redirect(seat.url("paper", application))
    context = step_context(seat, application, "household") | {"form": form, "scans": list_scans(application)}
    return render(request, "applications/paper.html", context, status=422 if form.errors else 200)


def scan(_request: PiuRequest, _seat: Seat, application: Application, attachment_id: int) -> HttpResponse:
    """Show one scan of the desk's own case."""
    return scan_of(application, attachment_id)


def scan_of(application: Application, attachment_id: int) -> HttpResponse:
    """
    Return one scan of a request, to be shown beside what was typed.

    :raises Http404: no such scan of this request
    """
    try:
        found = Attachment.objects.select_related("file").get(
            pk=attachment_id, application=application, kind=AttachmentKind.PAPER, removed_at=None
        )
    except Attachment.DoesNotExist:
        raise Http404 from None
    return file_response(found.file, inline=True)
