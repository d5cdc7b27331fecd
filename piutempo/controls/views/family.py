"""What a family sees of a check, and its answer; the desk that helped it does the same for it."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.controls.forms import AnswerForm
from piutempo.controls.messages import REFUSALS
from piutempo.controls.models import ADVERSE, Check, CheckState
from piutempo.controls.selectors import list_checks_of, list_checks_of_desks
from piutempo.controls.services import ControlRefused, answer_finding
from piutempo.controls.views.tables import state_tag, state_text
from piutempo.network.selectors import list_desks_for
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role, Scope
from piutempo.people.selectors import get_person_for
from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.services import FileRefused
from piutempo.ui.tables import Column, Table


def _own(request: PiuRequest) -> QuerySet[Check]:
    person = get_person_for(request.user)
    return list_checks_of(person) if person else Check.objects.none()


def _of_desk(request: PiuRequest) -> QuerySet[Check]:
    ids, today = request.roles.scope_ids(Role.DESK_OPERATOR, Scope.DESK), timezone.localdate(request.now)
    return list_checks_of_desks((desk.pk for desk in list_desks_for(ids, on=today)), on=today)


@require_GET
@role_required(Role.CITIZEN)
def own_checks(request: PiuRequest) -> HttpResponse:
    """The checks of my requests: what is asked and by when."""
    return render(
        request,
        "controls/own_checks.html",
        {"checks": [{"check": c, "tag": state_tag(c), "state": _state(c)} for c in _own(request)[:50]]},
    )


@require_GET
@role_required(Role.CITIZEN)
def own_panel(request: PiuRequest) -> HttpResponse:
    """The open checks of my requests in a few lines, for the page of a family; nothing when there is none."""
    rows = list(_own(request).exclude(state=CheckState.CLOSED)[:5])
    return render(request, "controls/own_panel.html", {"checks": rows})


@require_http_methods(["GET", "POST"])
@role_required(Role.CITIZEN)
def own_check(request: PiuRequest, check_id: int) -> HttpResponse:
    """One check of mine, with the answer."""
    return _page(request, _own(request), check_id, "controls:own_check", is_desk=False)


@require_GET
@role_required(Role.DESK_OPERATOR)
def desk_checks(request: PiuRequest) -> HttpResponse:
    """The checks in which something is asked to a family that this desk helped."""
    table = Table(
        request,
        _of_desk(request),
        caption=_("Controlli delle famiglie aiutate qui"),
        empty=_("Nessuna famiglia aiutata da questo sportello deve rispondere a un controllo."),
        columns=[
            Column(
                "number",
                _("Domanda"),
                kind="count",
                value=lambda c: c.application.number,
                order="application__number",
                url=lambda c: reverse("controls:desk_check", args=[c.pk]),
            ),
            Column("applicant", _("Chi fa domanda"), value=lambda c: c.application.applicant, order=""),
            Column("state", _("Stato"), value=_state, tag=state_tag),
            Column("answer_due_on", _("Risponde entro"), kind="day"),
        ],
        order="answer_due_on",
    )
    if file := table.export():
        return file
    return render(request, "controls/desk_checks.html", {"table": table})


@require_http_methods(["GET", "POST"])
@role_required(Role.DESK_OPERATOR)
def desk_check(request: PiuRequest, check_id: int) -> HttpResponse:
    """One check of a family that this desk helped, with the answer given for it."""
    return _page(request, _of_desk(request), check_id, "controls:desk_check", is_desk=True)


def _state(check: Check) -> str:
    """Return where a check stands, as a family reads it: a proposal not yet signed says nothing."""
    if check.state == CheckState.OPEN:
        return _t("in corso: per ora non devi fare nulla")
    if check.state == CheckState.FINDING:
        return _t("aspettiamo la tua risposta")
    if check.state in {CheckState.ANSWERED, CheckState.PROPOSED}:
        return _t("l'ufficio sta valutando")
    return state_text(check)


def _page(request: PiuRequest, rows: QuerySet[Check], check_id: int, name: str, *, is_desk: bool) -> HttpResponse:
    found = rows.filter(pk=check_id).first()
    if found is None:
        raise Http404
    form = AnswerForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            answer_finding(
                check=found,
                text=form.cleaned_data["text"],
                key=form.cleaned_data["request_key"],
                name=upload.name if upload else "",
                content=upload.read() if upload else None,
                at=request.now,
                by=request.user,
            )
        except ControlRefused as refused:
            form.add_error(None, str(REFUSALS[refused.code]))
        except FileRefused as refused:
            form.add_error("file", str(FILE_REFUSALS[refused.code]))
        else:
            messages.success(request, _t("Risposta ricevuta. L'ufficio la legge prima di decidere."))
            return redirect(name, found.pk)
    today = timezone.localdate(request.now)
    context = {
        "check": found,
        "is_desk": is_desk,
        "tag": state_tag(found),
        "state": _state(found),
        "form": form,
        "may_answer": found.finding_at is not None and found.state != CheckState.CLOSED,
        "is_late": found.answer_due_on is not None and today > found.answer_due_on,
        "is_adverse": found.state == CheckState.CLOSED and found.outcome in ADVERSE,
        "answers": list(found.family_answers.select_related("file").defer("file__content")),
        "list_url": reverse("controls:desk_checks" if is_desk else "controls:own_checks"),
    }
    return render(request, "controls/own_check.html", context, status=422 if form.errors else 200)
