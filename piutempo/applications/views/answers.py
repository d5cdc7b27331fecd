"""Where a family answers what the office asked."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from piutempo.applications.forms.answer import FILES, AnswerForm
from piutempo.applications.models import Application
from piutempo.applications.selectors import get_application_of
from piutempo.applications.selectors.answers import list_answer_files
from piutempo.applications.services.answering import SUBJECT, Answered, GivenFile, answer_request
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.people.selectors import get_person_for
from piutempo.procedures.messages import SENTENCES
from piutempo.procedures.models import Step, StepKind
from piutempo.procedures.selectors import get_procedure
from piutempo.procedures.services import ProcedureRefused
from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.services import FileRefused


@role_required(Role.CITIZEN)
@require_http_methods(["GET", "POST"])
def answer(request: PiuRequest, application_id: int, step_id: int) -> HttpResponse:
    """Answer a request for documents, or a notice before refusal, with words and files."""
    person = get_person_for(request.user)
    if person is None:
        return redirect("applications:citizen_identity")
    try:
        mine = get_application_of(person, application_id)
    except Application.DoesNotExist:
        raise Http404 from None
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
    given = [upload for name in FILES if (upload := form.cleaned_data.get(name))]
    try:
        return answer_request(
            application=mine,
            step=step,
            text=form.cleaned_data["text"],
            files=[GivenFile(upload.name or "", upload.read()) for upload in given],
            at=request.now,
            by=request.user,
        )
    except ProcedureRefused as refused:
        form.add_error(None, str(SENTENCES[refused.code]))
    except FileRefused as refused:
        form.add_error(None, str(FILE_REFUSALS[refused.code]))
    return None
