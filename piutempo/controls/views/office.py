"""The office: the list of checks, one check with the declared data beside its list, the steps up to its outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from piutempo.applications.models import Application
from piutempo.applications.selectors import OFFICE_ROLES, can_handle, get_application_for, get_scope
from piutempo.controls.forms import DoubtForm, FindingForm, ItemForm, OutcomeForm, ReturnForm
from piutempo.controls.messages import REFUSALS, event_label
from piutempo.controls.models import Check, CheckOutcome, CheckState, Ground
from piutempo.controls.selectors import (
    get_check_for,
    get_report,
    has_read_today,
    list_checks_for,
    list_declared,
    list_history,
    list_items,
    list_state_counts,
)
from piutempo.controls.services import (
    ControlRefused,
    answer_item,
    conclude_check,
    note_file_read,
    open_check,
    read_facts,
    release_check,
    return_proposal,
    send_finding,
    sign_outcome,
    take_check,
)
from piutempo.controls.views.tables import check_columns, state_tag, state_text
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role, User
from piutempo.programmes.selectors import get_terms
from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.services import FileRefused
from piutempo.records.serving import file_response
from piutempo.ui.tables import Filter, Table

SIGNERS = (Role.CASE_OFFICER, Role.PROGRAMME_MANAGER)


@require_GET
@role_required(*OFFICE_ROLES)
def checks(request: PiuRequest) -> HttpResponse:
    """The checks of the office's programmes: open ones first, the nearest deadline on top."""
    rows = list_checks_for(request.roles)
    today = timezone.localdate(request.now)
    table = Table(
        request,
        rows,
        caption=_("Controlli"),
        empty=_("Nessun controllo con questi filtri. Nascono dai campioni, o da un dubbio su una domanda."),
        columns=check_columns(),
        filters=[
            Filter(
                "stato",
                _("Stato"),
                lambda found, value: (
                    found.exclude(state=CheckState.CLOSED) if value == "aperti" else found.filter(state=value)
                ),
                choices=[("aperti", _("tutti gli aperti")), *CheckState.choices],
                initial="aperti",
            ),
            Filter("esito", _("Esito"), "outcome", choices=CheckOutcome.choices),
            Filter("perche", _("Perché"), "ground", choices=Ground.choices),
            Filter(
                "termine",
                _("Termine"),
                lambda found, value: (
                    found.filter(answer_due_on__lt=today, state=CheckState.FINDING)
                    if value == "famiglia"
                    else found.filter(due_on__lte=today + timedelta(days=7))
                ),
                choices=[
                    ("famiglia", _("giorni della famiglia finiti")),
                    ("ufficio", _("scade per l'ufficio entro 7 giorni")),
                ],
            ),
            Filter(
                "mine",
                _("In carico"),
                lambda found, value: found.filter(officer=request.user if value == "me" else None),
                choices=[("me", _("a me")), ("nobody", _("a nessuno"))],
            ),
        ],
        order="due_on",
    )
    if file := table.export():
        return file
    return render(request, "controls/checks.html", {"table": table, "counts": list_state_counts(rows)})


def _get(request: PiuRequest, check_id: int) -> Check:
    try:
        return get_check_for(request.roles, check_id)
    except Check.DoesNotExist:
        raise Http404 from None


def _get_to_handle(request: PiuRequest, check_id: int) -> Check:
    check = _get(request, check_id)
    if not can_handle(request.roles, check.programme_id):
        raise PermissionDenied
    return check


def _get_to_sign(request: PiuRequest, check_id: int) -> Check:
    check = _get(request, check_id)
    if not _can_sign(request, check):
        raise PermissionDenied
    return check


def _can_sign(request: PiuRequest, check: Check) -> bool:
    scope = get_scope(request.roles, *SIGNERS)
    return scope is None or check.programme_id in scope


def _may_read(request: PiuRequest, check: Check) -> bool:
    """Tell whether what is sealed opens to this person: who carries the check, and who may sign a proposed outcome."""
    user: User = request.user
    is_signer = check.state == CheckState.PROPOSED and user.pk != check.proposed_by_id and _can_sign(request, check)
    is_carrier = check.officer_id == user.pk and can_handle(request.roles, check.programme_id)
    return is_carrier or is_signer or (check.closed_by_id == user.pk and _can_sign(request, check))


@require_GET
@role_required(*OFFICE_ROLES)
def check(request: PiuRequest, check_id: int) -> HttpResponse:
    """One check."""
    return _render(request, _get(request, check_id))


@require_http_methods(["GET", "POST"])
@role_required(Role.CASE_OFFICER)
def new_check(request: PiuRequest, application_id: int) -> HttpResponse:
    """Open a check of one request for a founded doubt."""
    try:
        application = get_application_for(request.roles, application_id)
    except Application.DoesNotExist:
        raise Http404 from None
    if not can_handle(request.roles, application.programme_id):
        raise PermissionDenied
    form = DoubtForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            opened = open_check(
                application=application, reason=form.cleaned_data["reason"], at=request.now, by=request.user
            )
        except ControlRefused as refused:
            form.add_error(None, str(REFUSALS[refused.code]))
        else:
            messages.success(request, _t("Controllo aperto. Lo svolge chi non ha deciso la domanda."))
            return redirect("controls:check", opened.pk)
    context = {"application": application, "form": form}
    return render(request, "controls/new_check.html", context, status=422 if form.errors else 200)


@require_POST
@role_required(Role.CASE_OFFICER)
def carry(request: PiuRequest, check_id: int) -> HttpResponse:
    """Take a check, or give back one's own."""
    found = _get_to_handle(request, check_id)
    try:
        if request.POST.get("to") == "me":
            take_check(check=found, at=request.now, by=request.user)
        else:
            release_check(check=found, at=request.now, by=request.user)
    except ControlRefused as refused:
        messages.error(request, str(REFUSALS[refused.code]))
    return redirect("controls:check", found.pk)


@require_POST
@role_required(*SIGNERS)
def open_facts(request: PiuRequest, check_id: int) -> HttpResponse:
    """Open the sealed fact sheet, leaving a trace."""
    found = _get(request, check_id)
    if not _may_read(request, found):
        raise PermissionDenied
    read_facts(check=found, at=request.now, by=request.user)
    return redirect(reverse("controls:check", args=[found.pk]) + "#dichiarato")


@require_POST
@role_required(*SIGNERS)
def item(request: PiuRequest, check_id: int, position: int) -> HttpResponse:
    """Say what was found of one item."""
    found = _get_to_sign(request, check_id)
    form = ItemForm(request.POST, request.FILES, prefix=f"v{position}")

    def step() -> None:
        name, content = _file(form.cleaned_data["file"])
        answer_item(
            check=found,
            position=position,
            outcome=form.cleaned_data["outcome"],
            note=form.cleaned_data["note"],
            name=name,
            content=content,
            at=request.now,
            by=request.user,
        )

    if _do(form, step):
        return redirect(reverse("controls:check", args=[found.pk]) + f"#voce-{position}")
    return _render(request, found, answering=position, form=form, status=422)


@require_http_methods(["GET", "POST"])
@role_required(Role.CASE_OFFICER)
def finding(request: PiuRequest, check_id: int) -> HttpResponse:
    """Write to the family what does not match."""
    found = _get_to_handle(request, check_id)
    initial = "\n".join(
        f"- {i.text}: {i.answer.note}"
        for i in list_items(found)
        if i.is_failed and i.answer and _may_read(request, found)
    )
    form = FindingForm(request.POST or None, initial={"text": initial})

    def step() -> None:
        send_finding(check=found, text=form.cleaned_data["text"], at=request.now, by=request.user)

    if request.method == "POST" and _do(form, step):
        messages.success(request, _t("Rilievo mandato: la famiglia lo trova nella sua pagina."))
        return redirect("controls:check", found.pk)
    if found.finding_at is not None and not form.errors:
        return redirect("controls:check", found.pk)
    terms = get_terms(found.version_id).checks
    context = {"check": found, "form": form, "days": terms.answer_days}
    return render(request, "controls/finding.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.CASE_OFFICER)
def outcome(request: PiuRequest, check_id: int) -> HttpResponse:
    """Conclude a check."""
    found = _get_to_handle(request, check_id)
    form = OutcomeForm(request.POST or None)

    def step() -> None:
        conclude_check(
            check=found,
            outcome=form.cleaned_data["outcome"],
            reasons=form.cleaned_data["reasons"],
            at=request.now,
            by=request.user,
        )

    if request.method == "POST" and _do(form, step):
        found.refresh_from_db()
        messages.success(
            request,
            _t("Esito proposto: lo firma un'altra persona.")
            if found.state == CheckState.PROPOSED
            else _t("Controllo chiuso."),
        )
        return redirect("controls:check", found.pk)
    if found.state in {CheckState.CLOSED, CheckState.PROPOSED} and not form.errors:
        return redirect("controls:check", found.pk)
    context = {
        "check": found,
        "form": form,
        "needs_signature": get_terms(found.version_id).procedure.needs_second_signature,
    }
    return render(request, "controls/outcome.html", context, status=422 if form.errors else 200)


@require_POST
@role_required(*SIGNERS)
def sign(request: PiuRequest, check_id: int) -> HttpResponse:
    """Sign a proposed outcome."""
    found = _get_to_sign(request, check_id)
    try:
        sign_outcome(check=found, at=request.now, by=request.user)
    except ControlRefused as refused:
        messages.error(request, str(REFUSALS[refused.code]))
    else:
        messages.success(request, _t("Esito firmato: il controllo è chiuso."))
    return redirect("controls:check", found.pk)


@require_POST
@role_required(*SIGNERS)
def send_back(request: PiuRequest, check_id: int) -> HttpResponse:
    """Send a proposed outcome back."""
    found = _get_to_sign(request, check_id)
    form = ReturnForm(request.POST)

    def step() -> None:
        return_proposal(check=found, reason=form.cleaned_data["reason"], at=request.now, by=request.user)

    if _do(form, step):
        messages.success(request, _t("Esito rimandato a chi ha svolto il controllo."))
        return redirect("controls:check", found.pk)
    return _render(request, found, return_form=form, status=422)


@require_GET
@role_required(*SIGNERS)
def file(request: PiuRequest, check_id: int, file_id: int) -> HttpResponse:
    """Open a file of a check, leaving a trace."""
    found = _get(request, check_id)
    if not _may_read(request, found):
        raise PermissionDenied
    for answers in (found.answers, found.family_answers):
        row = answers.filter(file__pk=file_id).select_related("file").first()
        if row is not None and row.file is not None:
            note_file_read(check=found, file_id=file_id, at=request.now, by=request.user)
            return file_response(row.file)
    raise Http404


def _file(upload: UploadedFile[bytes] | None) -> tuple[str, bytes | None]:
    return (upload.name or "", upload.read()) if upload is not None else ("", None)


def _do(form: Form, step: Callable[[], None]) -> bool:
    """Run a step on a valid form; what it refuses is said on the form."""
    if not form.is_valid():
        return False
    try:
        step()
    except ControlRefused as refused:
        form.add_error(None, str(REFUSALS[refused.code]))
    except FileRefused as refused:
        form.add_error("file", str(FILE_REFUSALS[refused.code]))
    return not form.errors


def _render(
    request: PiuRequest,
    found: Check,
    *,
    answering: int = -1,
    form: ItemForm | None = None,
    return_form: ReturnForm | None = None,
    status: int = 200,
) -> HttpResponse:
    may_read = _may_read(request, found)
    is_carrier = found.officer_id == request.user.pk and can_handle(request.roles, found.programme_id)
    is_working = is_carrier and found.state not in {CheckState.CLOSED, CheckState.PROPOSED}
    has_opened = may_read and has_read_today(found, request.user, request.now)
    views = list_items(found)
    items = [
        {
            "view": view,
            "tag": {"ok": "good", "not_ok": "bad", "na": "plain"}[view.answer.outcome] if view.answer else "waiting",
            "form": form if answering == view.position else ItemForm(prefix=f"v{view.position}"),
            "is_open": answering == view.position,
        }
        for view in views
    ]
    is_false = found.state == CheckState.CLOSED and found.outcome == CheckOutcome.FALSE
    report_position = len(found.checklist)
    today = timezone.localdate(request.now)
    context: dict[str, Any] = {
        "check": found,
        "tag": state_tag(found),
        "state": state_text(found),
        "items": items,
        "may_read": may_read,
        "has_opened": has_opened,
        "declared": list_declared(found) if has_opened else None,
        "is_working": is_working,
        "is_carrier": is_carrier,
        "may_take": found.officer_id is None
        and found.state != CheckState.CLOSED
        and can_handle(request.roles, found.programme_id),
        "may_sign": found.state == CheckState.PROPOSED
        and _can_sign(request, found)
        and request.user.pk not in {found.proposed_by_id, found.officer_id},
        "all_seen": all(view.answer for view in views),
        "any_failed": any(view.is_failed for view in views),
        "family_is_over": found.answer_due_on is not None and today > found.answer_due_on,
        "days_left": (found.due_on - today).days,
        "family_answers": list(found.family_answers.select_related("by", "file").defer("file__content")),
        "return_form": return_form or ReturnForm(),
        "is_false": is_false,
        "report": get_report(found) if is_false else None,
        "report_position": report_position,
        "report_form": form if answering == report_position else ItemForm(prefix=f"v{report_position}"),
        "may_report": is_false and request.user.pk in {found.officer_id, found.closed_by_id} and may_read,
        "history": [(e, event_label(e.name), actor) for e, actor in list_history(found)],
    }
    return render(request, "controls/check.html", context, status=status)
