"""Where a family answers what the office asked."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from piutempo.applications.forms.answer import FILES, AnswerForm, ReviewForm
from piutempo.applications.messages import sentence_for
from piutempo.applications.models import Application
from piutempo.applications.rules import last_review_day
from piutempo.applications.selectors import get_application_of, list_decisions_of
from piutempo.applications.selectors.answers import list_answer_files
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.answering import SUBJECT, Answered, GivenFile, answer_request, request_review
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.people.selectors import get_person_for
from piutempo.procedures.messages import SENTENCES
from piutempo.procedures.models import Step, StepKind
from piutempo.procedures.selectors import get_laws, get_procedure
from piutempo.procedures.services import ProcedureRefused
from piutempo.programmes.selectors import get_current_terms
from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.services import FileRefused


def _mine_or_404(request: PiuRequest, application_id: int) -> Application:
    person = get_person_for(request.user)
    try:
        if person is not None:
            return get_application_of(person, application_id)
    except Application.DoesNotExist:
        pass
    raise Http404


def _given(form: Form) -> list[GivenFile]:
    uploads = [upload for name in FILES if (upload := form.cleaned_data.get(name))]
    return [GivenFile(upload.name or "", upload.read()) for upload in uploads]


@role_required(Role.CITIZEN)
@require_http_methods(["GET", "POST"])
def answer(request: PiuRequest, application_id: int, step_id: int) -> HttpResponse:
    """Answer a request for documents, or a notice before refusal, with words and files."""
    mine = _mine_or_404(request, application_id)
    procedure = get_procedure(SUBJECT, mine.pk)
    step = next((s for s in procedure.steps.all() if s.pk == step_id), None) if procedure else None
    if step is None or step.kind == StepKind.REVIEW:
        raise Http404
    form = AnswerForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid() and (done := _send(request, mine, step, form)):
        if done.entry:
            thanks = _("Grazie, abbiamo ricevuto la tua risposta. Protocollo: %(entry)s.") % {"entry": done.entry}
        else:
            thanks = _("Questa risposta c'era già: non serve mandarla di nuovo.")
        messages.success(request, thanks)
        return redirect("applications:citizen_application", mine.pk)
    context = {
        "application": mine,
        "step": step,
        "answers": list(step.answers.all()),
        "files": list_answer_files(mine).get(step.pk, []),
        "is_notice": step.kind == StepKind.NOTICE,
        "is_over": timezone.localdate(request.now) > step.due_on,
        "form": form,
    }
    return render(request, "applications/answer.html", context, status=422 if form.is_bound else 200)


def _send(request: PiuRequest, mine: Application, step: Step, form: AnswerForm) -> Answered | None:
    text = form.cleaned_data["text"]
    try:
        return answer_request(
            application=mine, step=step, text=text, files=_given(form), at=request.now, by=request.user
        )
    except ProcedureRefused as refused:
        form.add_error(None, str(SENTENCES[refused.code]))
    except FileRefused as refused:
        form.add_error(None, str(FILE_REFUSALS[refused.code]))
    return None


@role_required(Role.CITIZEN)
@require_http_methods(["GET", "POST"])
def review(request: PiuRequest, application_id: int) -> HttpResponse:
    """Ask that a decision be looked at again; see what became of earlier requests."""
    mine = _mine_or_404(request, application_id)
    decision = list_decisions_of([mine.pk]).get(mine.pk)
    if decision is None:
        raise Http404
    reviews = list(mine.reviews.order_by("-id"))
    terms = get_current_terms(mine.programme, timezone.localdate(mine.submitted_at or request.now))
    form = ReviewForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid():
        text = form.cleaned_data["text"]
        if any(r.answered_at is None and r.text == text.strip() for r in reviews):
            messages.success(request, _("Questa richiesta c'era già: non serve mandarla di nuovo."))
            return redirect("applications:citizen_application", mine.pk)
        try:
            entry = request_review(application=mine, text=text, files=_given(form), at=request.now, by=request.user)
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        except FileRefused as refused:
            form.add_error(None, str(FILE_REFUSALS[refused.code]))
        else:
            messages.success(
                request, _("Grazie, abbiamo ricevuto la richiesta. Protocollo: %(entry)s.") % {"entry": entry}
            )
            return redirect("applications:citizen_application", mine.pk)
    context = {
        "application": mine,
        "decision": decision,
        "reviews": reviews,
        "is_asked": any(r.answered_at is None for r in reviews),
        "last_day": last_review_day(timezone.localdate(decision.decided_at), terms.procedure.review_days, get_laws()),
        "today": timezone.localdate(request.now),
        "appeal": terms.procedure.appeal,
        "form": form,
    }
    return render(request, "applications/ask_review.html", context, status=422 if form.is_bound else 200)
