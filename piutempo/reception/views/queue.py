"""The queue of the day: tickets, calling, how each visit went, closing; and the screen in the waiting room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.people.selectors import get_person_by_code
from piutempo.reception.forms import TicketForm, VisitForm
from piutempo.reception.messages import sentence_for
from piutempo.reception.models import Appointment, AppointmentStatus, Outcome, Reason, Ticket, TicketStatus
from piutempo.reception.rules import Refusal
from piutempo.reception.selectors import (
    find_day,
    find_desk_of_screen,
    get_appointment_at,
    get_ticket_at,
    list_called,
    list_open_appointments,
    list_tickets,
    list_unreminded,
    screen_key,
)
from piutempo.reception.services import (
    ReceptionRefused,
    call_next,
    check_in,
    close_day,
    finish_visit,
    leave_queue,
    mark_no_show,
    take_ticket,
)
from piutempo.reception.views.access import desk_of, desks_of, today_of

COUNTER = "desk_counter"


def _page(request: PiuRequest, ticket_form: TicketForm, visit_form: VisitForm | None = None) -> HttpResponse:
    desk, on = desk_of(request), today_of(request)
    tickets = list_tickets(desk, on)
    called = [t for t in tickets if t.status == TicketStatus.CALLED]
    mine = next((t for t in called if t.called_by_id == request.user.pk), None)
    appointments = list(list_open_appointments(desk, since=on, until=on + timedelta(days=1)))
    context = {
        "desk": desk,
        "on": on,
        "day": find_day(desk, on),
        "waiting": [t for t in tickets if t.status == TicketStatus.WAITING],
        "called": [t for t in called if t is not mine],
        "mine": mine,
        "done": sum(t.status == TicketStatus.SERVED for t in tickets),
        "expected": [a for a in appointments if a.status == AppointmentStatus.BOOKED],
        "to_call": list_unreminded(desk, on=on + timedelta(days=1)),
        "ticket_form": ticket_form,
        "visit_form": visit_form or VisitForm(initial={"reason": mine.reason} if mine else None),
        "counter": request.session.get(COUNTER, "1"),
        "screen_url": reverse("reception:screen", args=[screen_key(desk)]),
    }
    status = 422 if ticket_form.errors or (visit_form and visit_form.errors) else 200
    return render(request, "reception/queue.html", context, status=status)


@role_required(Role.DESK_OPERATOR)
def queue(request: PiuRequest) -> HttpResponse:
    """Who waits, who is here, who is expected; a number for who comes in."""
    form = TicketForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    data = form.cleaned_data
    person = None
    if code := data["fiscal_code"].strip():
        person = get_person_by_code(code)
        if person is None:
            form.add_error(
                "fiscal_code",
                _("Questo codice fiscale non è registrato: lascia vuoto, il numero si può dare anche senza."),
            )
            return _page(request, form)
    if (key := data["request_key"]) in request.session.get("reception_keys", []):
        return redirect("reception:queue")
    try:
        ticket = take_ticket(
            desk=desk_of(request), reason=Reason(data["reason"]), person=person, name=data["name"], at=request.now
        )
    except ReceptionRefused as refused:
        if refused.code is Refusal.DAY_CLOSED:  # the page of a closed day has no form to show it on
            messages.error(request, sentence_for(refused.code))
            return redirect("reception:queue")
        form.add_error(None, sentence_for(refused.code))
        return _page(request, form)
    request.session["reception_keys"] = [*request.session.get("reception_keys", []), key][-30:]
    messages.success(request, _("Numero %(number)s.") % {"number": ticket.number})
    return redirect("reception:queue")


@role_required(Role.DESK_OPERATOR)
@require_POST
def arrive(request: PiuRequest, appointment_id: int) -> HttpResponse:
    """Somebody with an appointment is here: they get a number, called at their hour."""
    try:
        found = get_appointment_at([d.pk for d in desks_of(request)], appointment_id)
    except Appointment.DoesNotExist:
        raise Http404 from None
    try:
        ticket = check_in(appointment=found, at=request.now)
    except ReceptionRefused as refused:
        messages.error(request, sentence_for(refused.code))
    else:
        messages.success(request, _("È arrivato: numero %(number)s.") % {"number": ticket.number})
    return redirect("reception:queue")


@role_required(Role.DESK_OPERATOR)
@require_POST
def call(request: PiuRequest) -> HttpResponse:
    """Call who is due to a counter; who was called before by the same operator has to be settled first."""
    counter = request.POST.get("counter", "").strip()[:20] or "1"
    request.session[COUNTER] = counter
    desk = desk_of(request)
    open_now = [t for t in list_tickets(desk, today_of(request)) if t.status == TicketStatus.CALLED]
    if any(t.called_by_id == request.user.pk for t in open_now):
        messages.error(request, _("Prima scrivi come è andata con chi hai chiamato, poi chiama il prossimo."))
        return redirect("reception:queue")
    try:
        ticket = call_next(desk=desk, counter=counter, at=request.now, by=request.user)
    except ReceptionRefused as refused:
        messages.error(request, sentence_for(refused.code))
    else:
        messages.success(request, _("Chiamato il numero %(number)s.") % {"number": ticket.number})
    return redirect("reception:queue")


def _ticket_or_404(request: PiuRequest, ticket_id: int) -> Ticket:
    try:
        return get_ticket_at([d.pk for d in desks_of(request)], ticket_id)
    except Ticket.DoesNotExist:
        raise Http404 from None


@role_required(Role.DESK_OPERATOR)
def finish(request: PiuRequest, ticket_id: int) -> HttpResponse:
    """Write how a visit went."""
    found = _ticket_or_404(request, ticket_id)
    if request.method != "POST":
        return redirect("reception:queue")
    form = VisitForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            finish_visit(
                ticket=found,
                reason=Reason(data["reason"]),
                outcome=Outcome(data["outcome"]),
                note=data["note"],
                at=request.now,
            )
        except ReceptionRefused as refused:
            messages.error(request, sentence_for(refused.code))
        else:
            messages.success(request, _("Visita registrata."))
        return redirect("reception:queue")
    return _page(request, TicketForm(), form)


def _act(service: Callable[..., Ticket], done: Promise) -> Callable[..., HttpResponse]:
    @role_required(Role.DESK_OPERATOR)
    @require_POST
    def view(request: PiuRequest, ticket_id: int) -> HttpResponse:
        try:
            found = service(ticket=_ticket_or_404(request, ticket_id), at=request.now)
        except ReceptionRefused as refused:
            messages.error(request, sentence_for(refused.code))
        else:
            messages.success(request, str(done) % {"number": found.number})
        return redirect("reception:queue")

    return view


no_show = _act(mark_no_show, gettext_lazy("Il numero %(number)s non si è presentato."))
leave = _act(leave_queue, gettext_lazy("Il numero %(number)s è andato via."))


@role_required(Role.DESK_OPERATOR)
@require_POST
def close(request: PiuRequest) -> HttpResponse:
    """Close the day: who waits has left, who did not come missed the appointment."""
    desk, on = desk_of(request), today_of(request)
    try:
        close_day(desk=desk, on=on, at=request.now, by=request.user)
    except ReceptionRefused as refused:
        messages.error(request, sentence_for(refused.code))
        return redirect("reception:queue")
    messages.success(request, _("Giornata chiusa. Qui sotto c'è il riepilogo, da stampare."))
    return redirect("portals:desk_day")


@require_GET
def screen(request: HttpRequest, key: str) -> HttpResponse:
    """The numbers called last, for the waiting room: no names, no reasons. Its address is the only key."""
    desk = find_desk_of_screen(key)
    if desk is None:
        raise Http404
    now = request.now  # type: ignore[attr-defined]  # set by ClockMiddleware
    context = {"desk": desk, "called": list_called(desk, timezone.localdate(now)), "now": now}
    part = "reception/screen_numbers.html" if getattr(request, "htmx", False) else "reception/screen.html"
    return render(request, part, context)
