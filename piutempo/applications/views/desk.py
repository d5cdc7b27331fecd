"""The desk's pages: find or register who came, apply on their behalf, see the desk's own cases and no others."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from piutempo.applications.forms.family import ContactForm
from piutempo.applications.messages import sentence_for
from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import (
    get_application_of_desks,
    list_applications_of,
    list_applications_of_desks,
    list_queue_counts,
)
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.declaring import open_draft
from piutempo.applications.views import steps
from piutempo.network.models import Desk
from piutempo.network.selectors import list_desks_for
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.messages import NOTICES, REFUSALS
from piutempo.people.models import Role, Scope
from piutempo.people.selectors import (
    find_persons,
    get_household_of,
    get_municipality,
    get_person_for_desks,
    list_members,
)
from piutempo.people.services import PersonRefused, check_person, register_person
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_current_terms, get_programme
from piutempo.ui.tables import Column, Filter, Table

TAGS = {Status.SUBMITTED: "waiting", Status.APPROVED: "good", Status.REFUSED: "bad"}
#: Persons found by their whole codice fiscale, or registered, in this session.
SEEN = "desk_persons"


def _desks(request: PiuRequest) -> list[Desk]:
    ids = request.roles.scope_ids(Role.DESK_OPERATOR, Scope.DESK)
    return list(list_desks_for(ids, on=timezone.localdate(request.now))[:200])


def _desk(request: PiuRequest) -> Desk:
    """
    Return the desk the operator works at now: the one chosen, else the first of theirs.

    :raises Http404: none is open today
    """
    desks = _desks(request)
    if not desks:
        raise Http404(_("Il tuo sportello oggi non è aperto: chiedi all'ufficio del programma."))
    chosen = request.GET.get("sportello") or request.session.get("desk_id")
    desk = next((d for d in desks if str(d.pk) == str(chosen)), desks[0])
    if request.session.get("desk_id") != desk.pk:
        request.session["desk_id"] = desk.pk
    return desk


def _remember(request: PiuRequest, person_id: int) -> None:
    seen = request.session.get(SEEN, [])
    if person_id not in seen:
        request.session[SEEN] = [*seen[-199:], person_id]


def _refusal(desk: Desk) -> str:
    """Return why this desk may not apply on somebody's behalf; empty when it may."""
    if desk.supports:
        return ""
    return _(
        "La convenzione di «%(desk)s» non prevede l'aiuto per fare domanda: indirizza la famiglia a uno sportello "
        "che lo offre (elenco in «Sportelli»), oppure chiedi all'ufficio di cambiare la convenzione."
    ) % {"desk": desk.name}


@role_required(Role.DESK_OPERATOR)
def home(request: PiuRequest) -> HttpResponse:
    """The desk today: find somebody, the desk's cases in numbers."""
    desk = _desk(request)
    return render(
        request,
        "applications/desk.html",
        {
            "desk": desk,
            "desks": _desks(request),
            "refusal": _refusal(desk),
            "counts": list_queue_counts(list_applications_of_desks([desk.pk]).exclude(status=Status.DRAFT)),
            "drafts": list(list_applications_of_desks([desk.pk]).filter(status=Status.DRAFT)[:10]),
        },
    )


@role_required(Role.DESK_OPERATOR)
def families(request: PiuRequest) -> HttpResponse:
    """Find a person by codice fiscale or name; names are searched among the desk's own families only."""
    desk = _desk(request)
    text = request.GET.get("q", "").strip()[:100]
    persons = find_persons(text, desk_ids=[desk.pk]) if text else []
    if len(persons) == 1 and persons[0].fiscal_code == "".join(text.split()).upper():
        _remember(request, persons[0].pk)
    return render(
        request,
        "applications/families.html",
        {"desk": desk, "text": text, "persons": persons, "refusal": _refusal(desk)},
    )


@role_required(Role.DESK_OPERATOR)
def register(request: PiuRequest) -> HttpResponse:
    """Register who came to the desk; a known codice fiscale leads to the person there is."""
    desk = _desk(request)
    initial = {"fiscal_code": request.GET.get("cf", "")[:20]}
    form = ContactForm(request.POST or None, on=timezone.localdate(request.now), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        municipality = get_municipality(data["municipality"]) if data["municipality"] else None
        if data["municipality"] and municipality is None:
            form.add_error("municipality", _("Comune non trovato: scrivi nome intero e provincia, come Rho (MI)."))
        else:
            identity = {k: data[k] for k in ("fiscal_code", "given_name", "family_name")}
            try:
                notices = check_person(**identity, birth_date=data["birth_date"], at=request.now)
                contacts = {k: data[k] for k in ("address", "phone", "email")}
                person = register_person(
                    **identity, **contacts, municipality=municipality, at=request.now, by=request.user
                )
            except PersonRefused as refused:
                form.add_error(None, REFUSALS[refused.code])
            else:
                for notice in notices:
                    messages.warning(request, NOTICES[notice])
                _remember(request, person.pk)
                return redirect("applications:desk_person", person_id=person.pk)
    return render(
        request, "applications/register.html", {"desk": desk, "form": form}, status=422 if form.errors else 200
    )


@role_required(Role.DESK_OPERATOR)
def person(request: PiuRequest, person_id: int) -> HttpResponse:
    """A person who came: contacts, household, what this desk did for them, and the way to apply."""
    desk = _desk(request)
    found = get_person_for_desks(person_id, desk_ids=[desk.pk], seen=request.session.get(SEEN, []))
    if found is None:
        raise Http404
    household = get_household_of(found)
    mine = [a for a in list_applications_of(found) if a.desk_id == desk.pk]
    terms = get_current_terms(desk.programme, timezone.localdate(request.now))
    return render(
        request,
        "applications/person.html",
        {
            "desk": desk,
            "person": found,
            "members": list(list_members(household)) if household else [],
            "applications": mine,
            "refusal": _refusal(desk),
            "window": terms.window_at(request.now),
        },
    )


@require_POST
@role_required(Role.DESK_OPERATOR)
def start(request: PiuRequest, person_id: int, code: str) -> HttpResponse:
    """Open a draft on somebody's behalf, recorded as done by the desk."""
    desk = _desk(request)
    found = get_person_for_desks(person_id, desk_ids=[desk.pk], seen=request.session.get(SEEN, []))
    if found is None:
        raise Http404
    try:
        programme = get_programme(code)
    except Programme.DoesNotExist:
        raise Http404 from None
    back = redirect("applications:desk_person", person_id=found.pk)
    if programme.pk != desk.programme_id:
        raise Http404
    if refusal := _refusal(desk):
        messages.error(request, refusal)
        return back
    try:
        draft = open_draft(programme=programme, applicant=found, desk=desk, at=request.now, by=request.user)
    except ApplicationRefused as refused:
        messages.error(request, sentence_for(refused))
        return back
    if draft.desk_id != desk.pk:
        messages.error(
            request,
            _("Per questa famiglia c'è già una bozza aperta altrove: la completa o la ritira chi l'ha iniziata."),
        )
        return back
    return redirect(steps.Seat("desk", desk).url("household", draft))


@role_required(Role.DESK_OPERATOR)
def cases(request: PiuRequest) -> HttpResponse:
    """The desk's own applications and drafts."""
    desk = _desk(request)
    table = Table(
        request,
        list_applications_of_desks([desk.pk]),
        caption=_("Domande dello sportello"),
        empty=_("Nessuna domanda: cerca una famiglia e comincia da lì."),
        columns=[
            Column(
                "number",
                _("Numero"),
                value=lambda a: str(a.number) if a.number else _("bozza"),
                url=lambda a: reverse("applications:desk_application", args=[a.pk]),
                order="number",
            ),
            Column("applicant", _("Richiedente"), order="applicant__family_name"),
            Column("fiscal_code", _("Codice fiscale"), value=lambda a: a.applicant.fiscal_code, order=""),
            Column("programme", _("Programma"), order="programme__title"),
            Column("created_at", _("Iniziata il"), kind="day"),
            Column("submitted_at", _("Presentata il"), kind="moment"),
            Column(
                "status", _("Stato"), value=lambda a: a.get_status_display(), tag=lambda a: TAGS.get(a.status, "plain")
            ),
        ],
        filters=[
            Filter(
                "q",
                _("Cognome o codice fiscale"),
                ["applicant__family_name__istartswith", "applicant__fiscal_code__iexact"],
            ),
            Filter("status", _("Stato"), "status", choices=Status.choices),
            Filter("dal", _("Presentata dal"), "submitted_at__date__gte", kind="date"),
        ],
        order="-created_at",
    )
    if file := table.export():
        return file
    return render(request, "applications/cases.html", {"desk": desk, "table": table})


def _step(
    page: Callable[[PiuRequest, steps.Seat, Application], HttpResponse], *, writes: bool = True
) -> Callable[..., HttpResponse]:
    """Give a step an application of the operator's own desks, or answer 404; without support none is filled."""

    @role_required(Role.DESK_OPERATOR)
    def view(request: PiuRequest, application_id: int) -> HttpResponse:
        desks = {d.pk: d for d in _desks(request)}
        try:
            application = get_application_of_desks(desks, application_id)
        except Application.DoesNotExist:
            raise Http404 from None
        desk = desks[application.desk_id or 0]
        if (writes or request.method == "POST") and (refusal := _refusal(desk)):
            messages.error(request, refusal)
            return redirect("applications:desk")
        return page(request, steps.Seat("desk", desk), application)

    return view


household = _step(steps.household)
situation = _step(steps.situation)
review = _step(steps.review)
application = _step(steps.application_page, writes=False)
