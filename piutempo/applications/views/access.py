"""Which case an account of the office may open, and which it may change."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404

from piutempo.applications.models import Application
from piutempo.applications.selectors import can_handle, get_application_for
from piutempo.people.access import PiuRequest


def get_to_read(request: PiuRequest, application_id: int) -> Application:
    """Return a case of this account's programmes; 404 otherwise."""
    try:
        return get_application_for(request.roles, application_id)
    except Application.DoesNotExist:
        raise Http404 from None


def get_to_handle(request: PiuRequest, application_id: int) -> Application:
    """Return a case that this account may change; 404 when it is not its own, 403 when it may only read."""
    application = get_to_read(request, application_id)
    if not can_handle(request.roles, application.programme_id):
        raise PermissionDenied
    return application
