"""The office: queue of applications, one case with its explained criteria, decisions, waiting list and fund."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from piutempo.applications.forms.office import DecisionForm, OverruleForm, ReasonForm
from piutempo.applications.messages import event_label, sentence_for
from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import (
    OFFICE_ROLES,
    assess,
    can_handle,
    get_age_days,
    get_application_for,
    get_case,
    list_applications_for,
    list_queue_counts,
    preview_awards,
)
from piutempo.applications.services import (
    ApplicationRefused,
    assign_application,
    decide_application,
    overrule_criterion,
    renounce,
    withdraw_application,
)
from piutempo.awards.models import AwardStatus
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.programmes.rules.eligibility import MISSING, NO, YES
from piutempo.ui.tables import Column, Filter, Table

TAGS = {Status.SUBMITTED: "waiting", Status.APPROVED: "good", Status.REFUSED: "bad", Status.WITHDRAWN: "plain"}
OUTCOME_TAGS = {YES: "good", NO: "bad", MISSING: "waiting"}


@require_GET
@role_required(*OFFICE_ROLES)
def queue(request: PiuRequest) -> HttpResponse:
    """The applications of the office's programmes: those to decide first, the oldest on top."""
    rows = list_applications_for(request.roles)
    table = Table(
        request,
        rows,
        caption=_("Domande"),
        empty=_(
            "Nessuna domanda con questi filtri. Le nuove arrivano dagli sportelli e dai cittadini: "
            "togli i filtri per vederle tutte."
        ),
        columns=[
            Column("number", _("Numero"), kind="count", url=lambda a: reverse("applications:case", args=[a.pk])),
            Column("applicant", _("Chi fa domanda"), order=["applicant__family_name", "applicant__given_name"]),
            Column(
                "fiscal_code", _("Codice fiscale"), value=lambda a: a.applicant.fiscal_code, order="", is_shown=False
            ),
            Column("programme", _("Programma"), order="programme__title", is_exported=True),
            Column("desk", _("Sportello"), order="desk__name"),
            Column("submitted_at", _("Presentata"), kind="day"),
            Column(
                "age", _("Giorni"), kind="count", value=lambda a: get_age_days(a, request.now), order="-submitted_at"
            ),
            Column("status", _("Stato"), value=lambda a: a.get_status_display(), tag=lambda a: TAGS[a.status]),
            Column("assigned_to", _("In carico a"), order="assigned_to__full_name"),
        ],
        filters=[
            Filter(
                "q",
                _("Cognome o codice fiscale"),
                ["applicant__family_name__icontains", "applicant__fiscal_code__istartswith"],
            ),
            Filter(
                "status",
                _("Stato"),
                "status",
                choices=[(s.value, s.label) for s in Status if s != Status.DRAFT],
                initial=Status.SUBMITTED.value,
            ),
            Filter(
                "mine",
                _("In carico"),
                lambda found, value: found.filter(assigned_to=request.user if value == "me" else None),
                choices=[("me", _("a me")), ("nobody", _("a nessuno"))],
            ),
            Filter("from", _("Presentate dal"), "submitted_at__date__gte", kind="date"),
        ],
        order="submitted_at",
    )
    if file := table.export():
        return file
    counts = [(c, TAGS[Status(c.status)]) for c in list_queue_counts(rows)]
    return render(request, "applications/office/queue.html", {"table": table, "counts": counts})


@require_GET
@role_required(*OFFICE_ROLES)
def case(request: PiuRequest, application_id: int) -> HttpResponse:
    """One application: household, explained criteria, what can be decided, history."""
    return _render_case(request, _get(request, application_id))


@require_POST
@role_required(Role.CASE_OFFICER)
def overrule(request: PiuRequest, application_id: int, code: str) -> HttpResponse:
    """Set the office's outcome of one criterion."""
    application = _get_to_handle(request, application_id)
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
    """Confirm a decision: what it says, the months and euro, what it does to the fund."""
    if way not in {"approva", "respingi"}:
        raise Http404
    application = _get_to_handle(request, application_id)
    approve = way == "approva"
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            decision = decide_application(
                application=application,
                approve=approve,
                note=form.cleaned_data["note"],
                at=request.now,
                by=request.user,
            )
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        else:
            _tell_decision(request, application, is_approved=decision.is_approved)
            return redirect("applications:case", application.pk)
    if application.status != Status.SUBMITTED and not form.errors:
        return redirect("applications:case", application.pk)
    assessment = assess(application)
    return render(
        request,
        "applications/office/decide.html",
        {
            "application": application,
            "assessment": assessment,
            "form": form,
            "approve": approve,
            "reasons": [c for c in assessment.effective.criteria if c.is_decisive],
            "previews": preview_awards(application, assessment, decided_on=timezone.localdate(request.now))
            if approve
            else [],
        },
        status=422 if form.errors else 200,
    )


@require_POST
@role_required(Role.CASE_OFFICER)
def assign(request: PiuRequest, application_id: int) -> HttpResponse:
    """Take a case, or give it back."""
    application = _get_to_handle(request, application_id)
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
    """Withdraw an application, or end the benefit of an approved one, with a reason."""
    application = _get_to_handle(request, application_id)
    is_ending = application.status == Status.APPROVED
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        step = renounce if is_ending else withdraw_application
        try:
            step(application=application, reason=form.cleaned_data["reason"], at=request.now, by=request.user)
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        else:
            messages.success(
                request,
                _t("Beneficio chiuso: le mensilità non emesse sono rientrate nel fondo.")
                if is_ending
                else _t("Domanda ritirata."),
            )
            return redirect("applications:case", application.pk)
    return render(
        request,
        "applications/office/leave.html",
        {"application": application, "form": form, "is_ending": is_ending},
        status=422 if form.errors else 200,
    )


def _get(request: PiuRequest, application_id: int) -> Application:
    try:
        return get_application_for(request.roles, application_id)
    except Application.DoesNotExist:
        raise Http404 from None


def _get_to_handle(request: PiuRequest, application_id: int) -> Application:
    application = _get(request, application_id)
    if not can_handle(request.roles, application.programme_id):
        raise PermissionDenied
    return application


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
    history = [
        {
            "label": event_label(e.name),
            "at": e.happened_at,
            "actor": found.actors.get(e.actor_id or 0, ""),
            "data": e.data,
        }
        for e in found.history
    ]
    return render(
        request,
        "applications/office/case.html",
        {
            "case": found,
            "application": application,
            "tag": TAGS[Status(application.status)],
            "age_days": get_age_days(application, request.now),
            "lines": lines,
            "results": [(r, OUTCOME_TAGS[r.overruled or r.outcome]) for r in found.results],
            "outcome_tag": OUTCOME_TAGS[found.assessment.effective.outcome] if found.assessment else "",
            "previews": (
                preview_awards(application, found.assessment, decided_on=timezone.localdate(request.now))
                if found.assessment and found.assessment.effective.outcome == YES
                else []
            ),
            "history": history,
            "may_handle": may_handle,
            "is_submitted": application.status == Status.SUBMITTED,
            "may_end": application.status == Status.APPROVED
            and any(a.status in {AwardStatus.COMMITTED, AwardStatus.WAITING} for a in found.awards),
            "is_mine": application.assigned_to_id == request.user.pk,
        },
        status=status,
    )
