"""The evidence step: for each criterion a file, a self-declaration, or the office that already holds the document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from piutempo.applications.forms.evidence import DeclareForm, HolderForm, UploadForm
from piutempo.applications.messages import declaration_text, holder_text, sentence_for
from piutempo.applications.models import Application, Attachment
from piutempo.applications.selectors import assess
from piutempo.applications.selectors.evidence import ProofView, get_attachment, list_proofs
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.declaring import leave_at
from piutempo.applications.services.evidence import (
    attach_file,
    declare_criterion,
    name_holder,
    remove_file,
    take_back,
)
from piutempo.applications.views.steps import Seat, is_leaving, left_home, not_draft, step_context
from piutempo.kernel.identifiers import read_row_id
from piutempo.people.access import PiuRequest
from piutempo.programmes.rules.terms import Criterion, Terms
from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.services import FileRefused
from piutempo.records.serving import file_response


@dataclass(slots=True)
class ProofPanel:
    """One criterion on the page: what was given, the text to declare, and the three forms."""

    view: ProofView
    text: str
    upload: UploadForm
    declare: DeclareForm
    holder: HolderForm


def evidence(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Step 4: how each criterion is proved. One form at a time, each saved at once; nothing is compulsory here."""
    if away := not_draft(seat, application):
        return away
    on = timezone.localdate(request.now)
    if is_leaving(request):
        leave_at(application=application, step="evidence", at=request.now)
        return left_home(request, seat)
    assessment = assess(application, on=on)
    sent: dict[str, BaseForm] = {}
    code = request.POST.get("code", "")
    if request.method == "POST":
        criterion = _criterion(assessment.terms, code)
        form = _act(request, application, criterion)
        if form is None or not form.errors:
            leave_at(application=application, step="evidence", at=request.now)
            return redirect(f"{seat.url('evidence', application)}#{code}")
        sent[form.prefix or ""] = form
    panels = [
        _panel(application, view, _criterion(assessment.terms, view.line.code), sent)
        for view in list_proofs(application, assessment)
    ]
    context = step_context(seat, application, "evidence") | {
        "panels": panels,
        "wrong": next(iter(sent.values()), None),
        "missing": sum(not p.view.is_given for p in panels),
    }
    return render(request, "applications/evidence.html", context, status=422 if sent else 200)


def _criterion(terms: Terms, code: str) -> Criterion:
    found = next((c for c in terms.eligibility.criteria if c.code == code), None)
    if found is None:
        raise Http404
    return found


def _panel(application: Application, view: ProofView, criterion: Criterion, sent: dict[str, BaseForm]) -> ProofPanel:
    forms: dict[str, Any] = {
        name: sent.get(f"{name}-{criterion.code}") or kind(prefix=f"{name}-{criterion.code}")
        for name, kind in (("upload", UploadForm), ("declare", DeclareForm), ("holder", HolderForm))
    }
    return ProofPanel(view=view, text=_declared(application, criterion), **forms)


def _declared(application: Application, criterion: Criterion) -> str:
    who = application.applicant
    return declaration_text(criterion, name=str(who), fiscal_code=who.fiscal_code)


def _act(request: PiuRequest, application: Application, criterion: Criterion) -> BaseForm | None:
    """
    Do what one of the page's buttons asks. Return the form that was sent, with its errors.

    :raises Http404: no such button
    """
    action = request.POST.get("action")
    given = _Given(request, application, criterion)
    form: BaseForm | None = None
    try:
        if action == "upload":
            form = given.upload()
        elif action == "declare":
            form = given.declare()
        elif action == "holder":
            form = given.holder()
        elif action == "back":
            take_back(**given.what)
        elif action == "remove":
            found = _attachment(application, request.POST.get("file", ""))
            remove_file(application=application, attachment=found, at=request.now, by=request.user)
        else:
            raise Http404
    except ApplicationRefused as refused:
        messages.error(request, sentence_for(refused))
    return form


class _Given:
    """What was sent for one criterion. Each method returns its form; without errors it is stored."""

    def __init__(self, request: PiuRequest, application: Application, criterion: Criterion) -> None:
        self.request, self.application, self.criterion = request, application, criterion
        self.what: dict[str, Any] = {
            "application": application,
            "code": criterion.code,
            "at": request.now,
            "by": request.user,
        }

    def upload(self) -> UploadForm:
        """Store the files, one by one; those that will not do are named."""
        form = UploadForm(self.request.POST, self.request.FILES, prefix=f"upload-{self.criterion.code}")
        for file in form.cleaned_data["documents"] if form.is_valid() else []:
            try:
                attach_file(**self.what, name=file.name or "", content=file.read())
            except FileRefused as refused:
                form.add_error("documents", f"{file.name}: {FILE_REFUSALS[refused.code]}")
        return form

    def declare(self) -> DeclareForm:
        """Store the self-declaration as it was shown."""
        form = DeclareForm(self.request.POST, prefix=f"declare-{self.criterion.code}")
        if form.is_valid():
            with translation.override("it"):  # what is filed is the declaration of the law's language
                text = _declared(self.application, self.criterion)
            declare_criterion(**self.what, text=text)
            messages.success(self.request, _("Dichiarazione salvata: %(title)s.") % {"title": self.criterion.title})
        return form

    def holder(self) -> HolderForm:
        """Store which office holds the document."""
        form = HolderForm(self.request.POST, prefix=f"holder-{self.criterion.code}")
        if form.is_valid():
            data = form.cleaned_data
            with translation.override("it"):
                text = holder_text(data["office"], data["document"], data["when"])
            name_holder(**self.what, text=text)
            messages.success(self.request, _("Salvato: l'ufficio chiede il documento a chi lo ha."))
        return form


def _attachment(application: Application, text: str) -> Attachment:
    number = read_row_id(text)
    try:
        return get_attachment(application, number or 0)
    except Attachment.DoesNotExist:
        raise Http404 from None


def file(request: PiuRequest, seat: Seat, application: Application, attachment_id: int) -> HttpResponse:
    """A file of the case, shown in the browser when it is harmless; ``?scarica=1`` saves it."""
    try:
        found = get_attachment(application, attachment_id)
    except Attachment.DoesNotExist:
        raise Http404 from None
    return file_response(found.file, inline="scarica" not in request.GET)
