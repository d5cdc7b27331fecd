"""The officer's queues: saved views by state and deadline, assignment one by one and in bulk, the list to sign."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from piutempo.applications.forms.office import AssignForm
from piutempo.applications.messages import refusal_sentence, view_label
from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import OFFICE_ROLES, get_age_days, get_scope, list_applications_for
from piutempo.applications.selectors.casefile import list_officers, list_to_sign
from piutempo.applications.selectors.queues import View, count_views, in_view, only_waiting, with_deadline
from piutempo.applications.services import ApplicationRefused, assign_applications, sign_proposals, take_next
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.procedures.services import ProcedureRefused
from piutempo.ui.tables import Column, Filter, Table

TAGS = {Status.SUBMITTED: "waiting", Status.APPROVED: "good", Status.REFUSED: "bad", Status.WITHDRAWN: "plain"}
SIGNERS = (Role.PROGRAMME_MANAGER, Role.CASE_OFFICER)
#: How many cases one click assigns or signs.
AT_MOST = 500


@require_GET
@role_required(*OFFICE_ROLES)
def queue(request: PiuRequest) -> HttpResponse:
    """The cases of the office's programmes: saved views, the one due first on top."""
    today = timezone.localdate(request.now)
    scope = get_scope(request.roles, *OFFICE_ROLES)
    can_assign = request.roles.has(Role.CASE_OFFICER)
    table = Table(
        request,
        with_deadline(list_applications_for(request.roles)).defer("facts"),
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
            Column(
                "due_on",
                _("Da decidere entro"),
                value=lambda a: _deadline(a, today),
                order="due_on",
                tag=lambda a: _due_tag(a, today),
            ),
            Column("status", _("Stato"), value=lambda a: a.get_status_display(), tag=lambda a: TAGS[a.status]),
            Column("assigned_to", _("In carico a"), order="assigned_to__full_name"),
        ],
        filters=[
            Filter(
                "view",
                _("Coda"),
                lambda found, value: in_view(found, value, user_id=request.user.pk, on=today),
                choices=[(view.value, view_label(view)) for view in View],
            ),
            Filter(
                "q",
                _("Cognome o codice fiscale"),
                ["applicant__family_name__icontains", "applicant__fiscal_code__istartswith"],
            ),
            Filter(
                "status",
                _("Stato"),
                lambda found, value: only_waiting(found) if value == Status.SUBMITTED else found.filter(status=value),
                choices=[(s.value, s.label) for s in Status if s != Status.DRAFT],
                initial="" if "view" in request.GET else Status.SUBMITTED.value,
            ),
            Filter("from", _("Presentate dal"), "submitted_at__date__gte", kind="date"),
        ],
        order="due_on",
        check="case" if can_assign else "",
        check_form="assign",
    )
    if file := table.export():
        return file
    views = [
        {"code": c.view.value, "label": view_label(c.view), "count": c.count, "is_waiting": c.view in URGENT}
        for c in count_views(scope, user_id=request.user.pk, on=today)
    ]
    context = {
        "table": table,
        "views": views,
        "current": request.GET.get("view", ""),
        "can_assign": can_assign,
        "form": AssignForm(officers=list_officers(get_scope(request.roles, Role.CASE_OFFICER), today)),
    }
    return render(request, "applications/office/queue.html", context)


#: The views in which something is owed to a family soon.
URGENT = {View.SOON, View.LATE}


def _deadline(application: Application, today: date) -> str:
    due_on = getattr(application, "due_on", None)
    if due_on is None or application.status != Status.SUBMITTED:
        return ""
    paused_until = getattr(application, "paused_until", None)
    shown = f"{due_on:%d/%m/%Y}"
    return _t("%(due)s, conto fermo") % {"due": shown} if paused_until and today < paused_until else shown


def _due_tag(application: Application, today: date) -> str:
    if not _deadline(application, today):
        return ""
    due_on, paused_until = application.due_on, application.paused_until  # type: ignore[attr-defined]  # with_deadline
    if paused_until and today < paused_until:
        return "plain"
    return "bad" if due_on < today else "waiting"


@require_POST
@role_required(Role.CASE_OFFICER)
def assign_many(request: PiuRequest) -> HttpResponse:
    """Give the chosen cases to one officer, or back to everybody."""
    scope = get_scope(request.roles, Role.CASE_OFFICER)
    form = AssignForm(request.POST, officers=list_officers(scope, timezone.localdate(request.now)))
    chosen = _chosen(request, "case")
    if not chosen:
        messages.error(request, _t("Scegli almeno una domanda con le caselle della tabella."))
    elif not form.is_valid():
        messages.error(request, _t("Questa persona non segue le domande di questi programmi: scegline un'altra."))
    else:
        own = list_applications_for(request.roles).filter(pk__in=chosen)
        own = own if scope is None else own.filter(programme_id__in=scope)
        count = assign_applications(
            application_ids=list(own.values_list("pk", flat=True)),
            to=form.cleaned_data["to"],
            at=request.now,
            by=request.user,
        )
        messages.success(
            request,
            ngettext("%(count)s domanda assegnata.", "%(count)s domande assegnate.", count) % {"count": count},
        )
    return redirect(_back(request))


@require_POST
@role_required(Role.CASE_OFFICER)
def take(request: PiuRequest) -> HttpResponse:
    """Take the next case: the one due first among those nobody has."""
    found = take_next(scope=get_scope(request.roles, Role.CASE_OFFICER), at=request.now, by=request.user)
    if found is None:
        messages.success(request, _t("Non c'è niente da prendere in carico: tutte le domande hanno già chi le segue."))
        return redirect("applications:queue")
    return redirect("applications:case", found.pk)


@require_http_methods(["GET", "POST"])
@role_required(*SIGNERS)
def to_sign(request: PiuRequest) -> HttpResponse:
    """The proposals that wait for a signature; one click and a confirmation sign a whole list."""
    scope = get_scope(request.roles, *SIGNERS)
    proposals = list_to_sign(scope)
    mine = proposals.exclude(proposed_by=request.user)
    if request.method == "POST":
        chosen = list(mine.filter(pk__in=_chosen(request, "proposal")))
        if not chosen:
            messages.error(request, _t("Scegli almeno una proposta che non hai preparato tu."))
            return redirect("applications:to_sign")
        if "confirmed" not in request.POST:
            counts = {True: 0, False: 0}
            for one in chosen:
                counts[one.is_approval] += 1
            context = {"chosen": chosen, "approvals": counts[True], "refusals": counts[False]}
            return render(request, "applications/office/sign.html", context)
        return _sign(request, [p.pk for p in chosen])
    table = Table(
        request,
        proposals,
        caption=_("Proposte da firmare"),
        empty=_("Nessuna proposta da firmare. Quando un collega ne prepara una la trovi qui."),
        columns=[
            Column(
                "number",
                _("Domanda"),
                kind="count",
                value=lambda p: p.application.number,
                order="application__number",
                url=lambda p: reverse("applications:case", args=[p.application_id]),
            ),
            Column(
                "applicant",
                _("Chi fa domanda"),
                value=lambda p: p.application.applicant,
                order="application__applicant__family_name",
            ),
            Column("programme", _("Programma"), value=lambda p: p.application.programme, order=""),
            Column(
                "is_approval",
                _("Proposta"),
                value=lambda p: _t("approvare") if p.is_approval else _t("respingere"),
                tag=lambda p: "good" if p.is_approval else "bad",
            ),
            Column("proposed_by", _("Preparata da"), order="proposed_by__full_name"),
            Column("proposed_at", _("Il"), kind="moment"),
        ],
        order="proposed_at",
        check="proposal",
        check_form="sign",
    )
    return render(request, "applications/office/to_sign.html", {"table": table, "signable": mine.count()})


def _sign(request: PiuRequest, ids: list[int]) -> HttpResponse:
    try:
        signed = sign_proposals(proposal_ids=ids, at=request.now, by=request.user)
    except (ApplicationRefused, ProcedureRefused) as refused:
        messages.error(request, _t("Nessuna firmata. %(why)s") % {"why": refusal_sentence(refused)})
    else:
        count = len(signed)
        messages.success(
            request,
            ngettext(
                "%(count)s decisione firmata: la lettera è partita.",
                "%(count)s decisioni firmate: le lettere sono partite.",
                count,
            )
            % {"count": count},
        )
    return redirect("applications:to_sign")


def _chosen(request: PiuRequest, name: str) -> list[int]:
    """Return the ids ticked; anything that is no number is left out."""
    ids = [
        int(value) for value in request.POST.getlist(name) if value.isascii() and value.isdigit() and len(value) < 19
    ]
    if len(ids) > AT_MOST:
        raise PermissionDenied
    return ids


def _back(request: PiuRequest) -> str:
    """Return the queue as it was shown."""
    query = QueryDict(request.POST.get("back", "")[:500]).urlencode()
    return reverse("applications:queue") + (f"?{query}" if query else "")
