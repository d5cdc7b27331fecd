"""The office reads a request written on paper: the scan beside what the desk typed from it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from piutempo.applications.models import Application, Channel
from piutempo.applications.selectors import OFFICE_ROLES, assess, get_application_for
from piutempo.applications.views.desk_paper import scan_of
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.selectors import list_members


def _application_or_404(request: PiuRequest, application_id: int) -> Application:
    try:
        return get_application_for(request.roles, application_id)
    except Application.DoesNotExist:
        raise Http404 from None


@require_GET
@role_required(*OFFICE_ROLES)
def compare(request: PiuRequest, application_id: int) -> HttpResponse:
    """What the family wrote and signed beside what was typed."""
    found = _application_or_404(request, application_id)
    if found.channel != Channel.PAPER:
        return redirect("applications:case", application_id=found.pk)
    context = {
        "application": found,
        "applicant": found.applicant,
        "members": list(list_members(found.household)),
        "assessment": assess(found, on=timezone.localdate(found.submitted_at or request.now)),
    }
    return render(request, "applications/office/paper.html", context)


@require_GET
@role_required(*OFFICE_ROLES)
def scan(request: PiuRequest, application_id: int, attachment_id: int) -> HttpResponse:
    """Show one scan of a case of the office's programmes."""
    return scan_of(_application_or_404(request, application_id), attachment_id)
