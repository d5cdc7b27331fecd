"""The citizen's appointments: take one, move it, give it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from piutempo.network.models import Desk, Task
from piutempo.network.selectors import list_desks_for_public
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Person, Role
from piutempo.people.selectors import get_person_for
from piutempo.reception.forms import BookForm, DeskChoiceForm
from piutempo.reception.messages import sentence_for
from piutempo.reception.models import Appointment, AppointmentStatus, Reason
from piutempo.reception.selectors import (
    get_appointment_of,
    list_appointments_of,
    list_desks_that_receive,
    list_free_slots,
)
from piutempo.reception.services import ReceptionRefused, book_appointment
from piutempo.reception.views.access import today_of
from piutempo.reception.views.appointments import DAYS_AHEAD, change


def _desks(request: PiuRequest, person: Person) -> list[Desk]:
    """Return the desks that help and receive, those of the person's municipality and province first."""
    rows = list_desks_that_receive(list_desks_for_public(on=today_of(request), does=Task.SUPPORT))
    home = person.municipality
    if home is not None:
        rows.sort(key=lambda d: (d.municipality_id != home.pk, d.municipality.province != home.province))
    return rows


@role_required(Role.CITIZEN)
def appointments(request: PiuRequest) -> HttpResponse:
    """My appointments, and taking one: first the desk, then the time."""
    person = get_person_for(request.user)
    if person is None:
        return redirect("applications:citizen_identity")
    choice = DeskChoiceForm(request.GET if "sportello" in request.GET else None, desks=_desks(request, person))
    desk = choice.desks.get(choice.cleaned_data["sportello"]) if choice.is_bound and choice.is_valid() else None
    form = None
    if desk is not None:
        slots = list_free_slots(desk, since=today_of(request), days=DAYS_AHEAD, at=request.now)
        form = BookForm(request.POST or None, slots=slots, initial={"email": person.email})
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                book_appointment(
                    desk=desk,
                    starts_at=form.slot.starts_at,
                    reason=Reason(data["reason"]),
                    person=person,
                    name=str(person),
                    phone=person.phone,
                    email=data["email"],
                    at=request.now,
                    by=request.user,
                )
            except ReceptionRefused as refused:
                form.add_error(None, sentence_for(refused.code))
            else:
                messages.success(request, _("Appuntamento fissato: ti aspettiamo."))
                return redirect("reception:citizen")
    mine = list_appointments_of(person)
    context = {
        "coming": [a for a in reversed(mine) if a.status == AppointmentStatus.BOOKED and a.starts_at > request.now],
        "past": [a for a in mine if a.status != AppointmentStatus.BOOKED or a.starts_at <= request.now][:10],
        "choice": choice,
        "desk": desk,
        "form": form,
    }
    status = 422 if choice.errors or (form is not None and form.errors) else 200
    return render(request, "reception/citizen.html", context, status=status)


@role_required(Role.CITIZEN)
def appointment(request: PiuRequest, appointment_id: int) -> HttpResponse:
    """One of my appointments: move it or give its time back."""
    person = get_person_for(request.user)
    if person is None:
        return redirect("applications:citizen_identity")
    try:
        found = get_appointment_of(person, appointment_id)
    except Appointment.DoesNotExist:
        raise Http404 from None
    return change(request, found, "reception:citizen", "reception/citizen_appointment.html")
