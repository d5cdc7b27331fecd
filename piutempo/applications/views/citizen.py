"""The citizen's pages: only their own person, only their own applications."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from piutempo.applications.forms.family import ContactForm
from piutempo.applications.messages import sentence_for
from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import get_application_of, list_applications_of, list_decisions_of
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.answering import SUBJECT
from piutempo.applications.services.declaring import open_draft
from piutempo.applications.views import answers, proofs, steps, submitted
from piutempo.applications.views.story import story_of
from piutempo.awards.models import Award
from piutempo.awards.selectors import list_awards_of
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.messages import REFUSALS
from piutempo.people.models import Role
from piutempo.people.selectors import get_municipality, get_person_by_code, get_person_for
from piutempo.people.services import PersonRefused, check_person, register_person
from piutempo.procedures.selectors import list_procedures
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_programme, list_open_programmes

SEAT = steps.Seat("citizen")


@role_required(Role.CITIZEN)
def home(request: PiuRequest) -> HttpResponse:
    """My applications in plain words, my months, my vouchers, where to spend; a way to apply."""
    person = get_person_for(request.user)
    if person is None:
        return redirect("applications:citizen_identity")
    today = timezone.localdate(request.now)
    programmes = list_open_programmes(today)
    terms = {programme.pk: terms for programme, terms in programmes}
    rows = list(list_applications_of(person))
    decisions = list_decisions_of([a.pk for a in rows])
    procedures = list_procedures(SUBJECT, [a.pk for a in rows])
    awards: dict[int, list[Award]] = {}
    for award in list_awards_of([a.pk for a in rows]):
        awards.setdefault(award.application_id, []).append(award)
    stories = [
        story_of(
            a,
            decision=decisions.get(a.pk),
            awards=awards.get(a.pk, []),
            terms=terms.get(a.programme_id),
            procedure=procedures.get(a.pk),
            on=today,
            closes_at=_closing_of(a, terms.get(a.programme_id), request.now),
        )
        for a in rows
    ]
    taken = {a.programme_id for a in rows if a.status in {Status.DRAFT, Status.SUBMITTED, Status.APPROVED}}
    try:
        panel_url = reverse("vouchers:citizen_panel")
    except NoReverseMatch:
        panel_url = ""
    context = {
        "person": person,
        "stories": stories,
        "open_programmes": [
            {"programme": p, "terms": t, "window": window}
            for p, t in programmes
            if (window := t.window_at(request.now)) and p.pk not in taken
        ],
        "panel_url": panel_url if any(s.months for s in stories) else "",
        "answer_of": SEAT.kind,
        "to_do": sum(task.is_open for story in stories for task in story.tasks),
    }
    return render(request, "applications/citizen.html", context)


def _closing_of(application: Application, terms: Terms | None, at: datetime) -> datetime | None:
    """Return until when a draft may be sent, while its window is open."""
    window = terms.window_at(at) if terms and application.status == Status.DRAFT else None
    return window.closes_at if window else None


@role_required(Role.CITIZEN)
def identity(request: PiuRequest) -> HttpResponse:
    """Who is signed in: asked once, the first time. A codice fiscale that is already known is never taken over."""
    if get_person_for(request.user) is not None:
        return redirect("applications:citizen")
    form = ContactForm(request.POST or None, on=timezone.localdate(request.now))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        municipality = get_municipality(data["municipality"]) if data["municipality"] else None
        if data["municipality"] and municipality is None:
            form.add_error("municipality", _("Comune non trovato: scrivi nome intero e provincia, come Rho (MI)."))
        elif get_person_by_code(data["fiscal_code"]) is not None:
            form.add_error(
                "fiscal_code",
                _(
                    "Questo codice fiscale risulta già registrato e non si può collegare da qui. Se è il tuo, passa da "
                    "uno sportello con un documento; se è di un'altra persona, scrivi il tuo."
                ),
            )
        else:
            try:
                notices = check_person(
                    fiscal_code=data["fiscal_code"],
                    given_name=data["given_name"],
                    family_name=data["family_name"],
                    birth_date=data["birth_date"],
                    gender=data["gender"],
                    at=request.now,
                )
                person = register_person(
                    fiscal_code=data["fiscal_code"],
                    given_name=data["given_name"],
                    family_name=data["family_name"],
                    municipality=municipality,
                    address=data["address"],
                    phone=data["phone"],
                    email=data["email"],
                    user=request.user,
                    at=request.now,
                    by=request.user,
                )
            except PersonRefused as refused:
                form.add_error(None, REFUSALS[refused.code])
            else:
                steps.note_mismatch(request, person, notices, birth_date=data["birth_date"], gender=data["gender"])
                messages.success(request, _("Grazie, ora puoi fare domanda."))
                return redirect("applications:citizen")
    return render(request, "applications/identity.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@role_required(Role.CITIZEN)
def start(request: PiuRequest, code: str) -> HttpResponse:
    """Open the draft for a programme: the one there is, or a new one."""
    person = get_person_for(request.user)
    if person is None:
        return redirect("applications:citizen_identity")
    try:
        programme = get_programme(code)
    except Programme.DoesNotExist:
        raise Http404 from None
    try:
        draft = open_draft(programme=programme, applicant=person, desk=None, at=request.now, by=request.user)
    except ApplicationRefused as refused:
        messages.error(request, sentence_for(refused))
        return redirect("applications:citizen")
    return redirect(SEAT.url(draft.resume_step, draft))


def own(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a page the citizen's own application, or answer 404."""

    @role_required(Role.CITIZEN)
    def view(request: PiuRequest, application_id: int, **more: int) -> HttpResponse:
        person = get_person_for(request.user)
        if person is None:
            return redirect("applications:citizen_identity")
        try:
            application = get_application_of(person, application_id)
        except Application.DoesNotExist:
            raise Http404 from None
        return page(request, SEAT, application, **more)

    return view


who = own(steps.who)
household = own(steps.household)
situation = own(steps.situation)
evidence = own(proofs.evidence)
review = own(steps.review)
receipt = own(submitted.receipt)
receipt_pdf = own(submitted.receipt_pdf)
request_pdf = own(submitted.request_pdf)
file = own(proofs.file)
application = own(submitted.application_page)
answer = own(answers.answer)
ask_review = own(answers.ask_review)
