"""The page of a submitted application and its papers: the receipt and the request itself, as PDF."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.applications.forms.family import WithdrawForm
from piutempo.applications.messages import PLACE_STATES, sentence_for
from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import get_case
from piutempo.applications.selectors.changes import last_decided_on
from piutempo.applications.selectors.evidence import list_evidence_files
from piutempo.applications.selectors.rankings import get_place_view
from piutempo.applications.services import ApplicationRefused, withdraw_application
from piutempo.applications.services.papers import freeze_request, get_receipt
from piutempo.applications.views.steps import Seat, step_context
from piutempo.applications.views.story import story_of
from piutempo.correspondence.services import open_document
from piutempo.people.access import PiuRequest
from piutempo.people.selectors import list_members
from piutempo.procedures.selectors import get_procedure
from piutempo.programmes.selectors import get_current_terms
from piutempo.records.models import Document
from piutempo.records.selectors import list_register_of
from piutempo.records.serving import bytes_response

SUBJECT = "applications.application"


def application_page(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """One application: state in plain words, what happens next, the reasons of the decision, months, papers."""
    if application.status == Status.DRAFT:
        return redirect(seat.url(application.resume_step, application))
    case = get_case(application)
    terms = get_current_terms(application.programme, timezone.localdate(application.submitted_at or request.now))
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_application(
                application=application, reason=form.cleaned_data["reason"], at=request.now, by=request.user
            )
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        else:
            messages.success(request, _("La domanda è stata ritirata."))
            return redirect(seat.url("application", application))
    titles = {c.code: c.title for c in terms.eligibility.criteria}
    groups = {g.code: g.title for g in terms.eligibility.groups}
    place = get_place_view(application)
    context = {
        "seat": seat,
        "application": application,
        "change_url": seat.url("change", application),
        "programme": application.programme,
        "place": place,
        "place_state": PLACE_STATES[place.state] if place else "",
        "applicant": application.applicant,
        "story": story_of(
            application,
            decision=case.decision,
            awards=case.awards,
            terms=terms,
            procedure=get_procedure(SUBJECT, application.pk),
            on=timezone.localdate(request.now),
            decided_on=last_decided_on(application, case.decision) if case.decision else None,
        ),
        "decision": case.decision,
        "results": [
            {"row": r, "title": titles.get(r.code, r.code), "group": groups.get(r.group, "")} for r in case.results
        ],
        "assessment": case.assessment,
        "members": list(list_members(application.household)),
        "files": list_evidence_files(application),
        "has_receipt": get_receipt(application) is not None,
        "receipt_url": seat.url("receipt_pdf", application),
        "paper_url": seat.url("request_pdf", application),
        "file_url_name": f"applications:{seat.kind}_file",
        "answer_of": seat.kind,
        "can_withdraw": application.status == Status.SUBMITTED,
        "form": form,
        "home_url": seat.home_url,
        "home_label": _("La mia area") if seat.kind == "citizen" else _("Sportello"),
    }
    return render(request, "applications/application.html", context, status=422 if form.errors else 200)


def receipt(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Step 6: the receipt in words, with its protocol number, hash and deadline, and the PDF."""
    if application.status == Status.DRAFT:
        return redirect(seat.url("review", application))
    context = step_context(seat, application, "receipt") | {
        "entry": list_register_of(subject=SUBJECT, subject_id=application.pk).filter(direction="in").first(),
        "procedure": get_procedure(SUBJECT, application.pk),
        "receipt_url": seat.url("receipt_pdf", application),
        "paper_url": seat.url("request_pdf", application),
        "page_url": seat.url("application", application),
    }
    return render(request, "applications/receipt.html", context)


def receipt_pdf(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """The protocolled receipt, typeset at its first opening."""
    document = get_receipt(application)
    if document is None:
        raise Http404
    return _pdf(document, _("ricevuta-domanda-%(number)s") % {"number": application.number})


def request_pdf(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """The request as it was submitted, with its evidence."""
    if application.submitted_at is None:
        raise Http404
    document = freeze_request(application=application, at=request.now, by=request.user)
    return _pdf(document, _("domanda-%(number)s") % {"number": application.number})


def _pdf(document: Document, name: str) -> HttpResponse:
    return bytes_response(open_document(document), name=f"{name}.pdf", media_type="application/pdf", inline=True)
