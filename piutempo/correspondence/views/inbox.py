"""What people write to us, and our answers."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.correspondence.forms import AnswerForm
from piutempo.correspondence.messages import REFUSALS
from piutempo.correspondence.models import MessageKind
from piutempo.correspondence.selectors import list_letters, list_messages
from piutempo.correspondence.services import LetterRefused, answer_message
from piutempo.correspondence.views.scope import OFFICE, READERS, check_whole_body
from piutempo.people.access import PiuRequest, role_required
from piutempo.ui.tables import Column, Filter, Table


@role_required(*READERS)
@require_GET
def inbox(request: PiuRequest) -> HttpResponse:
    """List the messages; those to answer come first."""
    check_whole_body(request)
    table = Table(
        request,
        list_messages(),
        caption=_("Messaggi"),
        empty=_("Nessun messaggio da leggere con questi filtri."),
        columns=[
            Column(
                "kind",
                _("Motivo"),
                value=lambda m: m.get_kind_display(),
                url=lambda m: reverse("correspondence:message", args=[m.pk]),
            ),
            Column("name", _("Da"), value=lambda m: m.name or _t("senza nome")),
            Column("received_at", _("Arrivato"), kind="moment"),
            Column("entry", _("Protocollo"), value=lambda m: str(m.entry or ""), order=""),
            Column(
                "answered_at",
                _("Stato"),
                value=lambda m: _t("risposto") if m.answered_at else _t("da leggere"),
                tag=lambda m: "good" if m.answered_at else "waiting",
            ),
        ],
        filters=[
            Filter("q", _("Cerca per nome"), ["name__icontains", "email__icontains"]),
            Filter("motivo", _("Motivo"), "kind", choices=MessageKind.choices),
            Filter(
                "stato",
                _("Stato"),
                lambda rows, value: rows.filter(answered_at__isnull=value == "aperti"),
                choices=[("aperti", _("da leggere")), ("risposti", _("risposti"))],
                initial="aperti",
            ),
        ],
    )
    if file := table.export():
        return file
    return render(request, "correspondence/inbox.html", {"table": table})


@role_required(*READERS)
@require_http_methods(["GET", "POST"])
def message(request: PiuRequest, message_id: int) -> HttpResponse:
    """Show a message and answer it."""
    check_whole_body(request)
    found = get_object_or_404(list_messages(), pk=message_id)
    may_answer = request.roles.has(*OFFICE)
    if request.method == "POST" and not may_answer:
        return HttpResponse(status=403)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            answer_message(message=found, answer=form.cleaned_data["answer"], at=request.now, by=request.user)
        except LetterRefused as refused:
            form.add_error(None, str(REFUSALS[refused.code]))
        else:
            messages.success(request, _t("Risposta protocollata e in partenza."))
            return redirect("correspondence:message", found.pk)
    context = {
        "message_found": found,
        "form": form if may_answer and not found.answered_at else None,
        "letters": list_letters(subject="correspondence.message", subject_id=found.pk),
    }
    return render(request, "correspondence/message.html", context, status=422 if form.errors else 200)
