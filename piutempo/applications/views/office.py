"""The office: one case with its explained criteria beside the evidence, its clock, its decision."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from piutempo.applications.forms.office import DecisionForm, OverruleForm, ReasonForm
from piutempo.applications.messages import (
    conflict_sentence,
    event_label,
    event_words,
    refusal_sentence,
    sentence_for,
)
from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import (
    OFFICE_ROLES,
    assess,
    can_handle,
    get_age_days,
    get_application_for,
    get_case,
    preview_awards,
)
from piutempo.applications.selectors.casefile import can_sign, get_case_file
from piutempo.applications.services import (
    ApplicationRefused,
    assign_application,
    decide_application,
    overrule_criterion,
    propose_decision,
    sign_proposal,
    withdraw_application,
)
from piutempo.applications.services.writing import reasons_of
from piutempo.applications.views.access import get_to_handle, get_to_read
from piutempo.awards.models import AwardStatus
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.procedures.messages import clock_lines, clock_sentence
from piutempo.procedures.services import ProcedureRefused
from piutempo.programmes.rules.eligibility import MISSING, NO, YES

TAGS = {Status.SUBMITTED: "waiting", Status.APPROVED: "good", Status.REFUSED: "bad", Status.WITHDRAWN: "plain"}
OUTCOME_TAGS = {YES: "good", NO: "bad", MISSING: "waiting"}


@require_GET
@role_required(*OFFICE_ROLES)
def case(request: PiuRequest, application_id: int) -> HttpResponse:
    """One application: household, explained criteria, what can be decided, history."""
    return _render_case(request, get_to_read(request, application_id))


@require_POST
@role_required(Role.CASE_OFFICER)
def overrule(request: PiuRequest, application_id: int, code: str) -> HttpResponse:
    """Set the office's outcome of one criterion."""
    application = get_to_handle(request, application_id)
    form = OverruleForm(request.POST, prefix=code)
    if not form.is_valid():
        return _render_case(request, application, overruling=code, form=form, status=422)
    try:
        overrule_criterion(
            application=application,
            code=code,
            outcome=form.cleaned_data["outcome"],
            reason=form.cleaned_data["reason"],
            at=request.now,
            by=request.user,
        )
    except ApplicationRefused as refused:
        form.add_error(None, sentence_for(refused))
        return _render_case(request, application, overruling=code, form=form, status=422)
    messages.success(request, _t("Esito rivisto: l'esito delle regole resta visibile accanto al tuo."))
    return redirect(reverse("applications:case", args=[application.pk]) + "#requisiti")


@require_http_methods(["GET", "POST"])
@role_required(Role.CASE_OFFICER)
def decide(request: PiuRequest, application_id: int, way: str) -> HttpResponse:
    """Confirm a decision, or its proposal where two persons sign: what it says, the euro, what it does to the fund."""
    if way not in {"approva", "respingi"}:
        raise Http404
    application = get_to_handle(request, application_id)
    approve = way == "approva"
    form = DecisionForm(request.POST or None)
    assessment = assess(application)
    two_sign = assessment.terms.procedure.needs_second_signature
    if request.method == "POST" and form.is_valid():
        note = form.cleaned_data["note"]
        try:
            if two_sign:
                propose_decision(application=application, approve=approve, note=note, at=request.now, by=request.user)
                messages.success(request, _t("Proposta pronta: la firma un'altra persona dell'ufficio."))
            else:
                decision = decide_application(
                    application=application, approve=approve, note=note, at=request.now, by=request.user
                )
                _tell_decision(request, application, is_approved=decision.is_approved)
        except (ApplicationRefused, ProcedureRefused) as refused:
            form.add_error(None, refusal_sentence(refused))
        else:
            return redirect("applications:case", application.pk)
    if application.status != Status.SUBMITTED and not form.errors:
        return redirect("applications:case", application.pk)
    return render(
        request,
        "applications/office/decide.html",
        {
            "application": application,
            "assessment": assessment,
            "form": form,
            "approve": approve,
            "two_sign": two_sign,
            "reasons": reasons_of(assessment),
            "previews": preview_awards(application, assessment, decided_on=timezone.localdate(request.now))
            if approve
            else [],
        },
        status=422 if form.errors else 200,
    )


@require_POST
@role_required(Role.CASE_OFFICER, Role.PROGRAMME_MANAGER)
def sign(request: PiuRequest, application_id: int, proposal_id: int) -> HttpResponse:
    """Sign what another person proposed."""
    application = get_to_read(request, application_id)
    if not can_sign(request.roles, application.programme_id):
        raise PermissionDenied
    proposal = application.proposals.filter(pk=proposal_id).first()
    if proposal is None:
        raise Http404
    try:
        decision = sign_proposal(proposal=proposal, at=request.now, by=request.user)
    except (ApplicationRefused, ProcedureRefused) as refused:
        messages.error(request, refusal_sentence(refused))
    else:
        _tell_decision(request, application, is_approved=decision.is_approved)
    return redirect("applications:case", application.pk)


@require_POST
@role_required(Role.CASE_OFFICER)
def assign(request: PiuRequest, application_id: int) -> HttpResponse:
    """Take a case, or give it back."""
    application = get_to_handle(request, application_id)
    try:
        assign_application(
            application=application,
            to=request.user if request.POST.get("to") == "me" else None,
            at=request.now,
            by=request.user,
        )
    except ApplicationRefused as refused:
        messages.error(request, sentence_for(refused))
    return redirect("applications:case", application.pk)


@require_http_methods(["GET", "POST"])
@role_required(Role.CASE_OFFICER)
def leave(request: PiuRequest, application_id: int) -> HttpResponse:
    """Write down that a family withdraws its application; it gets the letter. An approved one is renounced instead."""
    application = get_to_handle(request, application_id)
    if application.status == Status.APPROVED:
        return redirect("vouchers:office_renounce", application.pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_application(
                application=application, reason=form.cleaned_data["reason"], at=request.now, by=request.user
            )
        except (ApplicationRefused, ProcedureRefused) as refused:
            form.add_error(None, refusal_sentence(refused))
        else:
            messages.success(request, _t("Domanda ritirata."))
            return redirect("applications:case", application.pk)
    return render(
        request,
        "applications/office/leave.html",
        {"application": application, "form": form},
        status=422 if form.errors else 200,
    )


def _tell_decision(request: PiuRequest, application: Application, *, is_approved: bool) -> None:
    if not is_approved:
        messages.success(request, _t("Domanda respinta: i motivi sono nella decisione."))
    elif any(
        a.status == AwardStatus.WAITING for a in get_case(get_application_for(request.roles, application.pk)).awards
    ):
        messages.warning(request, _t("Domanda approvata. Il fondo non basta: il beneficio è in lista d'attesa."))
    else:
        messages.success(request, _t("Domanda approvata: le mensilità sono impegnate nel fondo."))


def _render_case(
    request: PiuRequest,
    application: Application,
    *,
    overruling: str = "",
    form: OverruleForm | None = None,
    status: int = 200,
) -> HttpResponse:
    found = get_case(application)
    may_handle = can_handle(request.roles, application.programme_id)
    lines: list[dict[str, Any]] = []
    if found.assessment:
        groups = {g.code: g.title for g in found.assessment.terms.eligibility.groups}
        satisfied = {v.line.group for v in found.assessment.criteria if v.line.group and v.line.effective == YES}
        lines = [
            {
                "line": view.line,
                # where an alternative already holds, another one that does not is no obstacle
                "tag": "plain"
                if view.line.group in satisfied and view.line.effective != YES
                else OUTCOME_TAGS[view.line.effective],
                "group": groups.get(view.line.group, ""),
                "overrule": view.overrule,
                "form": form if form and overruling == view.line.code else OverruleForm(prefix=view.line.code),
                "is_open": overruling == view.line.code,
            }
            for view in found.assessment.criteria
        ]
    today = timezone.localdate(request.now)
    around = get_case_file(application, found.assessment, on=today)
    is_submitted = application.status == Status.SUBMITTED
    proposal = around.proposal
    for item in lines:
        item["proof"] = around.proofs.get(item["line"].code)
    return render(
        request,
        "applications/office/case.html",
        {
            "case": found,
            "around": around,
            "application": application,
            "tag": TAGS[Status(application.status)],
            "age_days": get_age_days(application, request.now),
            "lines": lines,
            "conflicts": [(c, conflict_sentence(c, seen_from=application)) for c in around.conflicts],
            "clock_words": clock_sentence(around.clock) if around.clock else "",
            "clock_lines": clock_lines(around.clock) if around.clock else [],
            "results": [(r, OUTCOME_TAGS[r.overruled or r.outcome]) for r in found.results],
            "outcome_tag": OUTCOME_TAGS[found.assessment.effective.outcome] if found.assessment else "",
            "previews": (
                preview_awards(application, found.assessment, decided_on=today)
                if found.assessment and found.assessment.effective.outcome == YES
                else []
            ),
            "history": [
                {
                    "label": event_label(e.name),
                    "at": e.happened_at,
                    "actor": found.actors.get(e.actor_id or 0, ""),
                    "cents": e.data.get("cents"),
                    "words": event_words(e, found.actors),
                }
                for e in found.history
            ],
            "may_handle": may_handle,
            "may_sign": proposal is not None
            and proposal.proposed_by_id != request.user.pk
            and can_sign(request.roles, application.programme_id),
            "is_submitted": is_submitted,
            "is_ranked": bool(found.assessment and found.assessment.terms.procedure.allocation == "ranking"),
            "may_end": application.status == Status.APPROVED
            and any(
                a.status in {AwardStatus.COMMITTED, AwardStatus.SUSPENDED, AwardStatus.WAITING} for a in found.awards
            ),
            "may_reopen": application.status in {Status.APPROVED, Status.REFUSED},
            "is_mine": application.assigned_to_id == request.user.pk,
        },
        status=status,
    )
