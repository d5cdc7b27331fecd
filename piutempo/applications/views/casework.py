"""What an officer does with a case before and after its decision: ask, give notice, settle, return, review, reopen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_http_methods

from piutempo.applications.forms.office import (
    NoticeForm,
    ReopenForm,
    RequestForm,
    ReturnForm,
    ReviewAnswerForm,
    SettleForm,
)
from piutempo.applications.messages import conflict_sentence, refusal_sentence
from piutempo.applications.models import Application, Conflict, Proposal, Review
from piutempo.applications.selectors import assess
from piutempo.applications.selectors.casefile import can_sign
from piutempo.applications.selectors.conflicts import list_conflicts
from piutempo.applications.services import (
    ApplicationRefused,
    answer_review,
    notify_refusal,
    reopen_case,
    request_missing,
    return_proposal,
    settle_conflict,
)
from piutempo.applications.services.writing import reasons_of
from piutempo.applications.views.access import get_to_handle, get_to_read
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.procedures.services import ProcedureRefused
from piutempo.programmes.rules.eligibility import YES


@require_http_methods(["GET", "POST"])
@role_required(Role.CASE_OFFICER)
def request_documents(request: PiuRequest, application_id: int) -> HttpResponse:
    """Ask the family for what is missing."""
    application = get_to_handle(request, application_id)
    assessment = assess(application)
    lines = [c for c in assessment.effective.criteria if c.evidence]
    form = RequestForm(
        request.POST or None,
        items=list(dict.fromkeys(c.evidence for c in lines)),
        missing={c.evidence for c in lines if c.is_decisive and c.effective != YES},
        days=assessment.terms.procedure.integration_days,
    )

    def send() -> str:
        step = request_missing(
            application=application,
            items=form.wanted,
            days=form.cleaned_data["days"],
            at=request.now,
            by=request.user,
        )
        return _t("Richiesta inviata. La famiglia può rispondere fino al %(day)s; il conto dei giorni è fermo.") % {
            "day": f"{step.due_on:%d/%m/%Y}"
        }

    return _do(request, application, form, "applications/office/request.html", send)


@require_http_methods(["GET", "POST"])
@role_required(Role.CASE_OFFICER)
def notice(request: PiuRequest, application_id: int) -> HttpResponse:
    """Tell the family why the office means to refuse; the reasons are those of the rules."""
    application = get_to_handle(request, application_id)
    reasons = reasons_of(assess(application))
    form = NoticeForm(request.POST or None, initial={"reasons": "\n".join(reasons)})

    def send() -> str:
        step = notify_refusal(application=application, reasons=form.wanted, at=request.now, by=request.user)
        return _t("Preavviso inviato. La famiglia può rispondere fino al %(day)s: fino ad allora non si respinge.") % {
            "day": f"{step.due_on:%d/%m/%Y}"
        }

    return _do(request, application, form, "applications/office/notice.html", send)


@require_http_methods(["GET", "POST"])
@role_required(Role.CASE_OFFICER)
def settle(request: PiuRequest, application_id: int, conflict_id: int) -> HttpResponse:
    """Write down what was found about a conflict."""
    application = get_to_handle(request, application_id)
    conflict = _one(list_conflicts(application), conflict_id, Conflict.DoesNotExist)
    form = SettleForm(request.POST or None)

    def save() -> str:
        settle_conflict(conflict=conflict, settlement=form.cleaned_data["settlement"], at=request.now, by=request.user)
        return _t("Segnalazione sciolta.")

    sentence = conflict_sentence(conflict, seen_from=application)
    return _do(request, application, form, "applications/office/settle.html", save, sentence=sentence)


@require_http_methods(["GET", "POST"])
@role_required(Role.PROGRAMME_MANAGER, Role.CASE_OFFICER)
def send_back(request: PiuRequest, application_id: int, proposal_id: int) -> HttpResponse:
    """Send a proposal back to who prepared it."""
    application = get_to_read(request, application_id)
    if not can_sign(request.roles, application.programme_id):
        raise PermissionDenied
    proposal = _one(application.proposals.all(), proposal_id, Proposal.DoesNotExist)
    form = ReturnForm(request.POST or None)

    def save() -> str:
        return_proposal(proposal=proposal, reason=form.cleaned_data["reason"], at=request.now, by=request.user)
        return _t("Proposta rimandata indietro: chi l'ha preparata legge il motivo nella pagina della domanda.")

    return _do(request, application, form, "applications/office/send_back.html", save)


@require_http_methods(["GET", "POST"])
@role_required(Role.CASE_OFFICER)
def review(request: PiuRequest, application_id: int, review_id: int) -> HttpResponse:
    """Answer a request for a review: open the case again, or say why not."""
    application = get_to_handle(request, application_id)
    asked = _one(application.reviews.select_related("application"), review_id, Review.DoesNotExist)
    form = ReviewAnswerForm(request.POST or None)

    def save() -> str:
        answer_review(
            review=asked,
            reopen=form.cleaned_data["answer"] == "reopen",
            reason=form.cleaned_data["reason"],
            at=request.now,
            by=request.user,
        )
        return _t("Risposta inviata alla famiglia.")

    return _do(request, application, form, "applications/office/answer_review.html", save, review=asked)


@require_http_methods(["GET", "POST"])
@role_required(Role.CASE_OFFICER)
def reopen(request: PiuRequest, application_id: int) -> HttpResponse:
    """Open a decided case again after an appeal, or because of the office's own mistake."""
    application = get_to_handle(request, application_id)
    form = ReopenForm(request.POST or None)

    def save() -> str:
        data = form.cleaned_data
        reopen_case(
            application=application, ground=data["ground"], reason=data["reason"], at=request.now, by=request.user
        )
        return _t("Domanda riaperta: la decisione di prima resta valida finché non c'è quella nuova.")

    return _do(request, application, form, "applications/office/reopen.html", save)


def _one(rows: Any, pk: int, missing: type[Exception]) -> Any:
    try:
        return rows.get(pk=pk)
    except missing:
        raise Http404 from None


def _do(
    request: PiuRequest, application: Application, form: Form, template: str, act: Callable[[], str], **context: Any
) -> HttpResponse:
    """Show a form about a case; when it is right, act, say what was done and go back to the case."""
    if request.method == "POST" and form.is_valid():
        try:
            said = act()
        except (ApplicationRefused, ProcedureRefused) as refused:
            form.add_error(None, refusal_sentence(refused))
        else:
            messages.success(request, said)
            return redirect("applications:case", application.pk)
    context |= {"application": application, "form": form}
    return render(request, template, context, status=422 if form.errors else 200)
