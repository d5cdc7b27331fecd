"""The desk's pages: apply for who came, see the desk's own cases and no others, and only by a mandate."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from piutempo.applications.forms.desk import FindForm
from piutempo.applications.messages import SENTENCES, sentence_for
from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import (
    get_application_of_desks,
    list_applications_of_desks,
    list_queue_counts,
)
from piutempo.applications.selectors.helping import get_standing, list_helped_cases
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.declaring import open_draft
from piutempo.applications.views import answers, desk_paper, proofs, steps, submitted
from piutempo.applications.views.desk_access import desk_of, desks_of, has_seen, person_or_404, support_refusal
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.ui.tables import Column, Filter, Table

TAGS = {Status.SUBMITTED: "waiting", Status.APPROVED: "good", Status.REFUSED: "bad"}


@role_required(Role.DESK_OPERATOR)
def home(request: PiuRequest) -> HttpResponse:
    """The desk today: find somebody, the desk's cases in numbers."""
    desk = desk_of(request)
    rows = list_helped_cases(desk, on=timezone.localdate(request.now))
    return render(
        request,
        "applications/desk.html",
        {
            "desk": desk,
            "desks": desks_of(request),
            "form": FindForm(),
            "refusal": support_refusal(request, desk),
            "counts": list_queue_counts(rows.exclude(status=Status.DRAFT)),
            "drafts": list(rows.filter(status=Status.DRAFT)[:10]),
        },
    )


@require_POST
@role_required(Role.DESK_OPERATOR)
def start(request: PiuRequest, person_id: int, code: str) -> HttpResponse:
    """Open a draft on somebody's behalf, recorded as done by the desk; ``carta``: typed from a paper they wrote."""
    desk = desk_of(request)
    found = person_or_404(person_id)
    standing = get_standing(person=found, desk=desk, on=timezone.localdate(request.now))
    if desk.programme.code != code or (standing.refusal and not has_seen(request, person_id)):
        raise Http404
    back = redirect("applications:desk_person", person_id=found.pk)
    if refusal := support_refusal(request, desk):
        messages.error(request, refusal)
        return back
    try:
        draft = open_draft(programme=desk.programme, applicant=found, desk=desk, at=request.now, by=request.user)
    except ApplicationRefused as refused:
        messages.error(request, sentence_for(refused))
        return back
    if draft.desk_id != desk.pk:
        messages.error(
            request,
            _("Per questa famiglia c'è già una bozza aperta altrove: la completa o la ritira chi l'ha iniziata."),
        )
        return back
    return redirect(steps.Seat("desk", desk).url("paper" if request.POST.get("carta") else draft.resume_step, draft))


@role_required(Role.DESK_OPERATOR)
def cases(request: PiuRequest) -> HttpResponse:
    """The desk's own applications and drafts."""
    desk, on = desk_of(request), timezone.localdate(request.now)
    table = Table(
        request,
        list_helped_cases(desk, on=on),
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
            Filter("q", _("Cognome"), "applicant__family_name__istartswith"),
            Filter("status", _("Stato"), "status", choices=Status.choices),
            Filter("dal", _("Presentata dal"), "submitted_at__date__gte", kind="date"),
        ],
        order="-created_at",
    )
    if file := table.export():
        return file
    hidden = list_applications_of_desks([desk.pk]).count() - list_helped_cases(desk, on=on).count()
    return render(request, "applications/cases.html", {"desk": desk, "table": table, "hidden": hidden})


def helped(page: Callable[..., HttpResponse], *, writes: bool = True) -> Callable[..., HttpResponse]:
    """
    Give a step an application of the operator's own desks, or answer 404.

    Without the person's mandate none is shown; without support in the agreement none is filled.
    """

    @role_required(Role.DESK_OPERATOR)
    def view(request: PiuRequest, application_id: int, **more: int) -> HttpResponse:
        desks = {d.pk: d for d in desks_of(request)}
        try:
            found = get_application_of_desks(desks, application_id)
        except Application.DoesNotExist:
            raise Http404 from None
        desk = desks[found.desk_id or 0]
        standing = get_standing(person=found.applicant, desk=desk, on=timezone.localdate(request.now))
        if standing.refusal is not None:
            messages.error(request, SENTENCES[standing.refusal])
            return redirect("applications:desk_families")
        if (writes or request.method == "POST") and (refusal := support_refusal(request, desk)):
            messages.error(request, refusal)
            return redirect("applications:desk")
        return page(request, steps.Seat("desk", desk), found, **more)

    return view


who = helped(steps.who)
household = helped(steps.household)
situation = helped(steps.situation)
evidence = helped(proofs.evidence)
review = helped(steps.review)
receipt = helped(submitted.receipt, writes=False)
receipt_pdf = helped(submitted.receipt_pdf, writes=False)
request_pdf = helped(submitted.request_pdf, writes=False)
file = helped(proofs.file, writes=False)
application = helped(submitted.application_page, writes=False)
answer = helped(answers.answer, writes=False)
ask_review = helped(answers.ask_review, writes=False)
paper = helped(desk_paper.paper)
scan = helped(desk_paper.scan, writes=False)
