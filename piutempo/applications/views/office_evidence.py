"""What a family handed in, as the office sees it: evidence, files, papers, and the question to INPS."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from piutempo.applications.messages import check_sentence, sentence_for
from piutempo.applications.models import Application, Attachment, SourceCheck
from piutempo.applications.selectors import OFFICE_ROLES, assess, can_handle, get_application_for
from piutempo.applications.selectors.evidence import ProofView, get_attachment, list_proofs
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.papers import freeze_request, get_receipt
from piutempo.applications.services.sources import check_isee
from piutempo.correspondence.services import open_document
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.messages import NOTICES
from piutempo.people.models import Person, Role
from piutempo.people.selectors import list_members, list_mismatches
from piutempo.records.serving import bytes_response, file_response

CHECK_TAGS = {"confirmed": "good", "different": "bad", "flawed": "bad", "expired": "waiting", "not_found": "waiting"}


@dataclass(frozen=True, slots=True)
class CheckView:
    """One answer of an outside source, in words."""

    check: SourceCheck
    sentence: str
    tag: str


@dataclass(frozen=True, slots=True)
class MismatchView:
    """Where what was typed of a member differs from the codice fiscale."""

    person: Person
    sentences: list[str]


def _application(request: PiuRequest, application_id: int) -> Application:
    try:
        return get_application_for(request.roles, application_id)
    except Application.DoesNotExist:
        raise Http404 from None


def shown_checks(view: ProofView) -> list[CheckView]:
    """Return what outside sources said of one criterion, in words."""
    return [CheckView(c, check_sentence(c.outcome, json.loads(c.data)), CHECK_TAGS[c.outcome]) for c in view.checks]


def shown_mismatches(application: Application) -> list[MismatchView]:
    """Return the members of whom something typed differs from the codice fiscale. Two queries."""
    persons = {m.person_id: m.person for m in list_members(application.household)}
    found = list_mismatches(persons.keys())
    return [MismatchView(persons[pk], [str(NOTICES[n]) for n in notices]) for pk, notices in found.items()]


@require_GET
@role_required(*OFFICE_ROLES)
def evidence(request: PiuRequest, application_id: int) -> HttpResponse:
    """The evidence of a case beside its criteria; as a part of the case's page (HTMX) or as a page of its own."""
    application = _application(request, application_id)
    assessment = assess(application)
    context = {
        "application": application,
        "proofs": [(view, shown_checks(view)) for view in list_proofs(application, assessment)],
        "mismatches": shown_mismatches(application),
        "has_receipt": get_receipt(application) is not None,
        "may_handle": can_handle(request.roles, application.programme_id),
        "reads_isee": "isee_cents" in assessment.facts,
    }
    template = "evidence_part" if request.htmx else "evidence"
    return render(request, f"applications/office/{template}.html", context)


@require_POST
@role_required(Role.CASE_OFFICER)
def isee(request: PiuRequest, application_id: int) -> HttpResponse:
    """Ask INPS for the family's ISEE; the answer stands beside the criterion."""
    application = _application(request, application_id)
    if not can_handle(request.roles, application.programme_id):
        raise PermissionDenied
    try:
        check = check_isee(application=application, at=request.now, by=request.user)
    except ApplicationRefused as refused:
        messages.error(request, sentence_for(refused))
    else:
        messages.success(request, check_sentence(check.outcome, json.loads(check.data)))
    return redirect("applications:case", application_id=application.pk)


@require_GET
@role_required(*OFFICE_ROLES)
def file(request: PiuRequest, application_id: int, attachment_id: int) -> HttpResponse:
    """A file of the case, shown in the browser when it is harmless; ``?scarica=1`` saves it."""
    application = _application(request, application_id)
    try:
        found = get_attachment(application, attachment_id)
    except Attachment.DoesNotExist:
        raise Http404 from None
    return file_response(found.file, inline="scarica" not in request.GET)


@require_GET
@role_required(*OFFICE_ROLES)
def receipt_pdf(request: PiuRequest, application_id: int) -> HttpResponse:
    """The family's receipt."""
    application = _application(request, application_id)
    document = get_receipt(application)
    if document is None:
        raise Http404
    name = _("ricevuta-domanda-%(number)s.pdf") % {"number": application.number}
    return bytes_response(open_document(document), name=name, media_type="application/pdf", inline=True)


@require_GET
@role_required(*OFFICE_ROLES)
def request_pdf(request: PiuRequest, application_id: int) -> HttpResponse:
    """The request as it was submitted."""
    application = _application(request, application_id)
    document = freeze_request(application=application, at=request.now, by=request.user)
    name = _("domanda-%(number)s.pdf") % {"number": application.number}
    return bytes_response(open_document(document), name=name, media_type="application/pdf", inline=True)
