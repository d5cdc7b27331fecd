"""Where a family answers what the office asked, by itself or at a desk."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.applications.forms.answer import FILES, AnswerForm, ReviewForm
from piutempo.applications.messages import sentence_for
from piutempo.applications.models import Application
from piutempo.applications.rules import last_review_day
from piutempo.applications.selectors import list_decisions_of
from piutempo.applications.selectors.answers import list_answer_files
from piutempo.applications.selectors.changes import last_decided_on
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.answering import SUBJECT, Answered, GivenFile, answer_request, request_review
from piutempo.applications.views.steps import Seat
from piutempo.people.access import PiuRequest
from piutempo.procedures.messages import SENTENCES
from piutempo.procedures.models import Step, StepKind
from piutempo.procedures.selectors import get_laws, get_procedure
from piutempo.procedures.services import ProcedureRefused
from piutempo.programmes.selectors import get_current_terms
from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.services import FileRefused


def _frame(seat: Seat, application: Application) -> dict[str, Any]:
    return {
        "seat": seat,
        "application": application,
        "case_url": seat.url("application", application),
        "file_page": f"applications:{seat.kind}_file",
        "home_url": seat.home_url,
        "home_label": _("La mia area") if seat.kind == "citizen" else _("Sportello"),
    }


def _given(form: Form) -> list[GivenFile]:
    uploads = [upload for name in FILES if (upload := form.cleaned_data.get(name))]
    return [GivenFile(upload.name or "", upload.read()) for upload in uploads]


def answer(request: PiuRequest, seat: Seat, application: Application, step_id: int) -> HttpResponse:
    """Answer a request for documents, or a notice before refusal, with words and files."""
    procedure = get_procedure(SUBJECT, application.pk)
    step = next((s for s in procedure.steps.all() if s.pk == step_id), None) if procedure else None
    if step is None or step.kind == StepKind.REVIEW:
        raise Http404
    form = AnswerForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid() and (done := _send(request, application, step, form)):
        if done.entry:
            thanks = _("Grazie, abbiamo ricevuto la tua risposta. Protocollo: %(entry)s.") % {"entry": done.entry}
        else:
            thanks = _("Questa risposta c'era già: non serve mandarla di nuovo.")
        messages.success(request, thanks)
        return redirect(seat.url("application", application))
    context = {
        **_frame(seat, application),
        "step": step,
        "answers": list(step.answers.all()),
        "files": list_answer_files(application).get(step.pk, []),
        "is_notice": step.kind == StepKind.NOTICE,
        "is_over": timezone.localdate(request.now) > step.due_on,
        "form": form,
    }
    return render(request, "applications/answer.html", context, status=422 if form.is_bound else 200)


def _send(request: PiuRequest, application: Application, step: Step, form: AnswerForm) -> Answered | None:
    text = form.cleaned_data["text"]
    try:
        return answer_request(
            application=application, step=step, text=text, files=_given(form), at=request.now, by=request.user
        )
    except ProcedureRefused as refused:
        form.add_error(None, str(SENTENCES[refused.code]))
    except FileRefused as refused:
        form.add_error(None, str(FILE_REFUSALS[refused.code]))
    return None


def ask_review(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Ask that a decision be looked at again; see what became of earlier requests."""
    decision = list_decisions_of([application.pk]).get(application.pk)
    if decision is None:
        raise Http404
    reviews = list(application.reviews.order_by("-id"))
    terms = get_current_terms(application.programme, timezone.localdate(application.submitted_at or request.now))
    form = ReviewForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid():
        text = form.cleaned_data["text"]
        if any(r.answered_at is None and r.text == text.strip() for r in reviews):
            messages.success(request, _("Questa richiesta c'era già: non serve mandarla di nuovo."))
            return redirect(seat.url("application", application))
        try:
            entry = request_review(
                application=application, text=text, files=_given(form), at=request.now, by=request.user
            )
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        except FileRefused as refused:
            form.add_error(None, str(FILE_REFUSALS[refused.code]))
        else:
            messages.success(
                request, _("Grazie, abbiamo ricevuto la richiesta. Protocollo: %(entry)s.") % {"entry": entry}
            )
            return redirect(seat.url("application", application))
    context = {
        **_frame(seat, application),
        "decision": decision,
        "reviews": reviews,
        "is_asked": any(r.answered_at is None for r in reviews),
        "last_day": last_review_day(last_decided_on(application, decision), terms.procedure.review_days, get_laws()),
        "today": timezone.localdate(request.now),
        "appeal": terms.procedure.appeal,
        "form": form,
    }
    return render(request, "applications/ask_review.html", context, status=422 if form.is_bound else 200)
