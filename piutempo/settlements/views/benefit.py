"""One family's benefit as a whole: its months, suspensions, what was taken away and has to be given back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from piutempo.applications.messages import sentence_for as application_sentence
from piutempo.applications.models import Application
from piutempo.applications.selectors import (
    OFFICE_ROLES,
    can_handle,
    get_application_for,
    get_application_of,
)
from piutempo.applications.services import ApplicationRefused
from piutempo.awards.messages import REFUSALS as AWARD_REFUSALS
from piutempo.awards.models import Suspension
from piutempo.awards.services import AwardRefused
from piutempo.awards.services.slicing import find_standing_suspension
from piutempo.kernel.periods import Month
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.people.selectors import get_person_for
from piutempo.procedures.messages import SENTENCES as PROCEDURE_SENTENCES
from piutempo.procedures.models import Step
from piutempo.procedures.selectors import get_procedure, list_running_steps, list_steps
from piutempo.procedures.services import ProcedureRefused, answer_step
from piutempo.programmes.selectors import get_terms
from piutempo.settlements.forms import AnswerForm, NoticeForm, OutcomeForm, ResumeForm, SuspensionForm
from piutempo.settlements.messages import REFUSALS
from piutempo.settlements.models import Claim, Forfeiture, ForfeitureStatus
from piutempo.settlements.services import (
    SettlementRefused,
    decide_forfeiture,
    drop_forfeiture,
    get_due_cents,
    list_undue,
    open_forfeiture,
)
from piutempo.settlements.services.forfeiting import SUBJECT
from piutempo.vouchers.selectors.schedule import DUE, ISSUED, WAITING, get_benefits, schedule_of
from piutempo.vouchers.services.letters import period_words
from piutempo.vouchers.services.suspending import resume_benefit, suspend_benefit

STATES = {
    ISSUED: (gettext_lazy("emessa"), "good"),
    DUE: (gettext_lazy("da emettere"), "plain"),
    WAITING: (gettext_lazy("in lista d'attesa"), "waiting"),
}


@dataclass(frozen=True, slots=True)
class ProductView:
    """The months of one product as the page lists them."""

    title: str
    months: list[tuple[Month, str, str]]
    suspended: int
    month_cents: int


def _products(application: Application) -> list[ProductView]:
    found = []
    for benefit in get_benefits(application.pk):
        schedule = schedule_of(benefit)
        title = get_terms(benefit.awards[-1].version_id).product(benefit.product).title
        months = [(month, str(STATES[state][0]), STATES[state][1]) for month, state in schedule.months.items()]
        found.append(ProductView(title, months, schedule.suspended, schedule.month_cents))
    return found


@dataclass(frozen=True, slots=True)
class ForfeitureView:
    """One forfeiture with its procedure's notice and its claims."""

    row: Forfeiture
    notice: Step | None
    answer: str
    can_answer: bool
    claims: list[tuple[Claim, int]]


def _forfeitures(request: PiuRequest, application: Application) -> list[ForfeitureView]:
    found = []
    for row in Forfeiture.objects.filter(application=application).select_related("closed_by").order_by("-id"):
        procedure = get_procedure(SUBJECT, row.pk)
        steps = list_steps(procedure) if procedure else []
        running = list_running_steps(procedure, timezone.localdate(request.now)) if procedure else []
        claims = [(c, get_due_cents(c)) for c in row.claims.select_related("pot")]
        notice = steps[0] if steps else None
        found.append(ForfeitureView(row, notice, notice.answer if notice else "", bool(running), claims))
    return found


def _context(request: PiuRequest, application: Application) -> dict[str, Any]:
    now = Month.of(timezone.localdate(request.now))
    standing = find_standing_suspension(application.pk, now)
    return {
        "application": application,
        "products": _products(application),
        "suspensions": [
            {"row": s, "period": period_words(s)}
            for s in Suspension.objects.filter(application_id=application.pk).select_related("by").order_by("-id")
        ],
        "standing": standing,
        "forfeitures": _forfeitures(request, application),
    }


@require_http_methods(["GET", "POST"])
@role_required(*OFFICE_ROLES)
def office_benefit(request: PiuRequest, application_id: int) -> HttpResponse:
    """The office's page: suspend, resume, announce and decide a forfeiture. One form at a time, by ``action``."""
    try:
        application = get_application_for(request.roles, application_id)
    except Application.DoesNotExist:
        raise Http404 from None
    may_handle = can_handle(request.roles, application.programme_id)
    action = request.POST.get("action", "") if request.method == "POST" else ""
    forms: dict[str, Any] = {
        "suspend": SuspensionForm(request.POST if action == "suspend" else None, prefix="s"),
        "resume": ResumeForm(request.POST if action == "resume" else None, prefix="r"),
        "notice": NoticeForm(request.POST if action == "notice" else None, prefix="n"),
        "decide": OutcomeForm(request.POST if action in {"decide", "drop"} else None, prefix="d"),
    }
    if request.method == "POST":
        act = _ACTS.get(action)
        if not may_handle or act is None:
            raise Http404
        form = forms["decide" if action == "drop" else action]
        if form.is_valid():
            try:
                messages.success(request, act(request, application, form.cleaned_data))
                return redirect("settlements:benefit", application.pk)
            except ApplicationRefused as refused:
                form.add_error(None, application_sentence(refused))
            except AwardRefused as refused:
                form.add_error(None, str(AWARD_REFUSALS[refused.code]))
            except SettlementRefused as refused:
                form.add_error(None, str(REFUSALS[refused.code]))
            except ProcedureRefused as refused:
                form.add_error(None, str(PROCEDURE_SENTENCES[refused.code]))
    context = _context(request, application) | {"forms": forms, "may_handle": may_handle}
    running = next((f for f in context["forfeitures"] if f.row.status == ForfeitureStatus.NOTIFIED), None)
    context["running"] = running
    if running:
        context["undue_cents"] = sum(cents for _r, _p, cents in list_undue(application.pk, running.row.since))
    context["can_open"] = not any(f.row.status != ForfeitureStatus.DROPPED for f in context["forfeitures"])
    return render(request, "settlements/benefit.html", context, status=422 if action else 200)


def _suspend(request: PiuRequest, application: Application, data: dict[str, Any]) -> str:
    suspend_benefit(
        application=application,
        since=data["since"],
        until=data["until"],
        reason=data["reason"],
        text=data["text"],
        blocks_vouchers=data["blocks"] == "yes",
        at=request.now,
        by=request.user,
    )
    return _("Beneficio sospeso: la lettera alla famiglia è partita.")


def _resume(request: PiuRequest, application: Application, data: dict[str, Any]) -> str:
    resume_benefit(application=application, first=data["first"], text=data["text"], at=request.now, by=request.user)
    return _("Beneficio ripreso: la lettera alla famiglia è partita.")


def _notify(request: PiuRequest, application: Application, data: dict[str, Any]) -> str:
    open_forfeiture(
        application=application,
        since=data["since"],
        reasons=data["reasons"].splitlines(),
        at=request.now,
        by=request.user,
    )
    return _("Preavviso mandato: la famiglia ha i suoi giorni per rispondere, poi si decide.")


def _decide(request: PiuRequest, application: Application, data: dict[str, Any]) -> str:
    decide_forfeiture(forfeiture=_last(application), text=data["text"], at=request.now, by=request.user)
    return _("Decadenza decisa: mensilità e titoli non spesi sono rientrati, la lettera è partita.")


def _drop(request: PiuRequest, application: Application, data: dict[str, Any]) -> str:
    drop_forfeiture(forfeiture=_last(application), text=data["text"], at=request.now, by=request.user)
    return _("Decadenza archiviata: la famiglia riceve la buona notizia.")


def _last(application: Application) -> Forfeiture:
    found = Forfeiture.objects.filter(application=application).order_by("-id").first()
    if found is None:
        raise Http404
    return found


_ACTS: dict[str, Callable[[PiuRequest, Application, dict[str, Any]], str]] = {
    "suspend": _suspend,
    "resume": _resume,
    "notice": _notify,
    "decide": _decide,
    "drop": _drop,
}


@require_http_methods(["GET", "POST"])
@role_required(Role.CITIZEN)
def own_benefit(request: PiuRequest, application_id: int) -> HttpResponse:
    """The family's page: months one by one, what is suspended and why, a notice to answer, what to give back."""
    person = get_person_for(request.user)
    if person is None:
        return redirect("applications:citizen_identity")
    try:
        application = get_application_of(person, application_id)
    except Application.DoesNotExist:
        raise Http404 from None
    context = _context(request, application)
    if application.number is None or not context["products"]:
        raise Http404
    running = next((f for f in context["forfeitures"] if f.can_answer), None)
    form = AnswerForm(request.POST or None)
    if request.method == "POST":
        if running is None or running.notice is None:
            raise Http404
        if form.is_valid():
            try:
                answer_step(step=running.notice, text=form.cleaned_data["text"], at=request.now, by=request.user)
            except ProcedureRefused as refused:
                form.add_error(None, str(PROCEDURE_SENTENCES[refused.code]))
            else:
                messages.success(request, _("Grazie: l'ufficio legge la tua risposta prima di decidere."))
                return redirect("settlements:own_benefit", application.pk)
    context |= {"form": form, "running": running}
    return render(request, "settlements/own_benefit.html", context, status=422 if form.errors else 200)
