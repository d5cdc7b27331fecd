"""The desk's appointments: the days to come, taking one for who calls, opening hours and closed days."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.reception.forms import WEEKDAYS, ClosureForm, DeskBookForm, HoursForm, SlotForm
from piutempo.reception.messages import sentence_for
from piutempo.reception.models import Appointment, AppointmentStatus, Reason
from piutempo.reception.selectors import (
    get_appointment_at,
    list_closures,
    list_free_slots,
    list_hours,
    list_open_appointments,
)
from piutempo.reception.services import (
    ReceptionRefused,
    add_hours,
    book_appointment,
    cancel_appointment,
    close_on,
    end_hours,
    move_appointment,
    receive_on,
)
from piutempo.reception.views.access import desk_of, desks_of, today_of
from piutempo.ui.tables import Column, Filter, Table

#: How far ahead a time can be kept.
DAYS_AHEAD = 28
TAGS = {"booked": "waiting", "kept": "good", "missed": "bad", "cancelled": "plain"}


@role_required(Role.DESK_OPERATOR)
def agenda(request: PiuRequest) -> HttpResponse:
    """The desk's appointments from today on, and the form that takes one."""
    desk, today = desk_of(request), today_of(request)
    slots = list_free_slots(desk, since=today, days=DAYS_AHEAD, at=request.now)
    form = DeskBookForm(request.POST or None, slots=slots)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        same = list_open_appointments(desk, since=today, until=today + timedelta(days=DAYS_AHEAD)).filter(
            starts_at=form.slot.starts_at, booked_by=request.user
        )
        if any(a.name == data["name"].strip() for a in same):
            return redirect("reception:agenda")
        try:
            book_appointment(
                desk=desk,
                starts_at=form.slot.starts_at,
                reason=Reason(data["reason"]),
                person=None,
                name=data["name"],
                phone=data["phone"],
                email=data["email"],
                at=request.now,
                by=request.user,
            )
        except ReceptionRefused as refused:
            form.add_error(None, sentence_for(refused.code))
        else:
            messages.success(request, _("Appuntamento fissato."))
            return redirect("reception:agenda")
    table = Table(
        request,
        list_open_appointments(desk, since=today, until=today + timedelta(days=3650)),
        caption=_("Appuntamenti"),
        empty=_("Nessun appuntamento in arrivo."),
        columns=[
            Column("starts_at", _("Quando"), kind="moment"),
            Column("name", _("Chi"), order="", url=lambda a: reverse("reception:appointment", args=[a.pk])),
            Column("reason", _("Perché"), value=lambda a: a.get_reason_display()),
            Column("phone", _("Telefono"), order=""),
            Column(
                "status", _("Stato"), value=lambda a: a.get_status_display(), tag=lambda a: TAGS.get(a.status, "plain")
            ),
        ],
        filters=[Filter("motivo", _("Perché"), "reason", choices=Reason.choices)],
        order="starts_at",
    )
    if file := table.export():
        return file
    context = {
        "desk": desk,
        "form": form,
        "table": table,
        "has_hours": bool(list_hours(desk)),
        "has_slots": bool(slots),
    }
    return render(request, "reception/agenda.html", context, status=422 if form.errors else 200)


@role_required(Role.DESK_OPERATOR)
def appointment(request: PiuRequest, appointment_id: int) -> HttpResponse:
    """One appointment: move it or give its time back."""
    try:
        found = get_appointment_at([d.pk for d in desks_of(request)], appointment_id)
    except Appointment.DoesNotExist:
        raise Http404 from None
    return change(request, found, "reception:agenda", "reception/appointment.html")


def change(request: PiuRequest, found: Appointment, home: str, template: str) -> HttpResponse:
    """Move or cancel an appointment, for the desk and for the citizen alike."""
    slots = list_free_slots(found.desk, since=today_of(request), days=DAYS_AHEAD, at=request.now)
    is_move = request.method == "POST" and request.POST.get("action") != "cancel"
    form = SlotForm(request.POST if is_move else None, slots=slots)
    try:
        if is_move and form.is_valid():
            move_appointment(appointment=found, starts_at=form.slot.starts_at, at=request.now, by=request.user)
            messages.success(request, _("Appuntamento spostato."))
            return redirect(home)
        if request.method == "POST" and not is_move:
            cancel_appointment(appointment=found, at=request.now, by=request.user)
            messages.success(request, _("Appuntamento annullato: il posto serve a un'altra famiglia."))
            return redirect(home)
    except ReceptionRefused as refused:
        form.add_error(None, sentence_for(refused.code)) if is_move else messages.error(
            request, sentence_for(refused.code)
        )
    is_open = found.status == AppointmentStatus.BOOKED and found.starts_at > request.now
    context = {"appointment": found, "desk": found.desk, "form": form, "is_open": is_open}
    return render(request, template, context, status=422 if is_move and form.errors else 200)


@role_required(Role.DESK_OPERATOR)
def hours(request: PiuRequest) -> HttpResponse:
    """When the desk receives: hours of each weekday, days on which it is closed."""
    desk, today = desk_of(request), today_of(request)
    which = request.POST.get("form", "")
    form = HoursForm(request.POST if which == "hours" else None, initial={"valid_from": today})
    closure_form = ClosureForm(request.POST if which == "closure" else None)
    if which == "hours" and form.is_valid():
        try:
            add_hours(desk=desk, stretch=form.stretch, at=request.now, by=request.user)
        except ReceptionRefused as refused:
            form.add_error(None, sentence_for(refused.code))
        else:
            messages.success(request, _("Orario salvato."))
            return redirect("reception:hours")
    if which == "closure" and closure_form.is_valid():
        data = closure_form.cleaned_data
        close_on(desk=desk, on=data["on"], reason=data["reason"], at=request.now, by=request.user)
        day: date = data["on"]
        moved = list_open_appointments(desk, since=day, until=day + timedelta(days=1)).count()
        if moved:
            messages.warning(
                request, _("Quel giorno ci sono %(n)s appuntamenti: chiama le famiglie e spostali.") % {"n": moved}
            )
        messages.success(request, _("Giorno di chiusura salvato."))
        return redirect("reception:hours")
    days = dict(WEEKDAYS)
    context = {
        "desk": desk,
        "form": form,
        "closure_form": closure_form,
        "rows": [(h, days[h.weekday]) for h in list_hours(desk) if h.valid_until is None or h.valid_until > today],
        "closures": list_closures(desk, since=today),
    }
    return render(request, "reception/hours.html", context, status=422 if form.errors or closure_form.errors else 200)


@role_required(Role.DESK_OPERATOR)
@require_POST
def end(request: PiuRequest, hours_id: int) -> HttpResponse:
    """End opening hours from today."""
    found = next((h for h in list_hours(desk_of(request)) if h.pk == hours_id), None)
    if found is not None:
        end_hours(hours=found, on=today_of(request), at=request.now, by=request.user)
        messages.success(request, _("Orario tolto. Gli appuntamenti già presi restano."))
    return redirect("reception:hours")


@role_required(Role.DESK_OPERATOR)
@require_POST
def reopen(request: PiuRequest, closure_id: int) -> HttpResponse:
    """Take a closed day back."""
    desk = desk_of(request)
    found = next((c for c in list_closures(desk, since=today_of(request)) if c.pk == closure_id), None)
    if found is not None:
        receive_on(desk=desk, on=found.on, at=request.now, by=request.user)
        messages.success(request, _("Quel giorno lo sportello riceve."))
    return redirect("reception:hours")
