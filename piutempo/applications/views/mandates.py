"""The citizen's mandates: which desks may act for me, and taking that back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.applications.selectors.helping import list_mandates_of, span_of
from piutempo.applications.services.helping import revoke_mandate
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.people.selectors import get_person_for


@role_required(Role.CITIZEN)
def mandates(request: PiuRequest) -> HttpResponse:
    """The desks that may act for me; a button takes the mandate back at once."""
    person = get_person_for(request.user)
    if person is None:
        return redirect("applications:citizen_identity")
    mine = list_mandates_of(person)
    if request.method == "POST":
        found = next((m for m in mine if str(m.pk) == request.POST.get("mandate")), None)
        if found is None:
            raise Http404
        revoke_mandate(mandate=found, at=request.now, by=request.user)
        messages.success(request, _("Delega revocata: lo sportello non vede più la tua domanda."))
        return redirect("applications:citizen_mandates")
    on = timezone.localdate(request.now)
    rows = [(m, span_of(m).is_in_force_on(on)) for m in mine]
    return render(request, "applications/mandates.html", {"rows": rows})
