"""The words of letters: read, edited with preview, versioned."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from piutempo.correspondence.forms import TemplateForm
from piutempo.correspondence.kinds import LetterKind, get_kind, list_kinds
from piutempo.correspondence.messages import REFUSALS, sentence_for
from piutempo.correspondence.selectors import Words, get_current_words, list_templates
from piutempo.correspondence.services import LetterRefused, preview_words, save_template
from piutempo.correspondence.views.scope import READERS, is_everywhere
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.records.serving import bytes_response
from piutempo.ui.tables import Column, Filter, Table


def _kind_or_404(code: str) -> LetterKind:
    try:
        return get_kind(code)
    except KeyError:
        raise Http404(code) from None


def _may_edit(request: PiuRequest) -> bool:
    """Words are the whole body's: who manages one programme only does not change them."""
    return is_everywhere(request, Role.PROGRAMME_MANAGER)


@role_required(*READERS)
@require_GET
def templates(request: PiuRequest) -> HttpResponse:
    """List the kinds of letters with the version of their words."""
    kinds = list_kinds()
    words = get_current_words([kind.code for kind in kinds])
    rows = [
        {
            "pk": kind.code,
            "title": str(kind.title),
            "subject": words[kind.code].subject,
            "version": words[kind.code].version,
            "signature": _t("con firma") if kind.needs_signature else "",
        }
        for kind in kinds
    ]
    table = Table(
        request,
        rows,
        caption=_("Modelli delle lettere"),
        empty=_("Nessun modello con queste parole: cambia la ricerca."),
        columns=[
            Column("title", _("Lettera"), url=lambda row: reverse("correspondence:template", args=[row["pk"]])),
            Column("subject", _("Oggetto")),
            Column("signature", _("Firma")),
            Column(
                "version",
                _("Versione"),
                value=lambda row: _t("del programma") if row["version"] == 0 else str(row["version"]),
                order="",
            ),
        ],
        filters=[Filter("q", _("Cerca"), ["title", "subject"])],
        page_size=50,
    )
    if file := table.export():
        return file
    return render(request, "correspondence/templates.html", {"table": table})


@role_required(*READERS)
@require_http_methods(["GET", "POST"])
def template(request: PiuRequest, code: str) -> HttpResponse:
    """Show and edit the words of one kind; what was typed is never lost, whatever is refused."""
    kind = _kind_or_404(code)
    current = get_current_words([code])[code]
    if request.method == "POST" and not _may_edit(request):
        return HttpResponse(status=403)
    start = _version_or_404(kind, request.GET["da"]) if request.GET.get("da") else current
    form = TemplateForm(
        request.POST if request.method == "POST" else None,
        initial={"base_version": current.version, "subject": start.subject, "body": start.body},
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            row = save_template(
                kind=code,
                subject=said["subject"],
                body=said["body"],
                base_version=said["base_version"],
                note=said["note"],
                at=request.now,
                by=request.user,
            )
        except LetterRefused as refused:
            _tell(form, refused)
            # The next save starts from the version that the page now shows beside the text.
            typed = request.POST.copy()
            typed["base_version"] = str(current.version)
            form.data = typed
        else:
            messages.success(
                request,
                _t("Salvata la versione %(version)s: la usano le lettere da adesso in poi.") % {"version": row.version},
            )
            return redirect("correspondence:template", code)
    context = {
        "kind": kind,
        "form": form,
        "current": current,
        "fields": [(name, label, example) for name, (label, example) in kind.known.items()],
        "versions": list(list_templates(code)),
        "may_edit": _may_edit(request),
    }
    return render(request, "correspondence/template.html", context, status=422 if form.errors else 200)


def _tell(form: TemplateForm, refused: LetterRefused) -> None:
    for fault in refused.faults:
        form.add_error("subject" if fault.found in form.cleaned_data["subject"] else "body", sentence_for(fault))
    if not refused.faults:
        form.add_error(None, str(REFUSALS[refused.code]))


def _version_or_404(kind: LetterKind, number: str) -> Words:
    if number == "0":
        return Words(0, kind.subject, kind.body)
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise Http404(number)
    row = list_templates(kind.code).filter(version=int(number)).first()
    if row is None:
        raise Http404(number)
    return Words(row.version, row.subject, row.body)


@role_required(*READERS)
@require_GET
def version(request: PiuRequest, code: str, number: int) -> HttpResponse:
    """Show one version of the words."""
    kind = _kind_or_404(code)
    words = _version_or_404(kind, str(number))
    context = {"kind": kind, "words": words, "may_edit": _may_edit(request)}
    return render(request, "correspondence/version.html", context)


@role_required(*READERS)
@require_POST
def preview(request: PiuRequest, code: str) -> HttpResponse:
    """Give the PDF of the words being typed, with examples; nothing is stored."""
    kind = _kind_or_404(code)
    form = TemplateForm(request.POST)
    if form.is_valid():
        try:
            pdf = preview_words(
                kind=code, subject=form.cleaned_data["subject"], body=form.cleaned_data["body"], at=request.now
            )
        except LetterRefused as refused:
            _tell(form, refused)
        else:
            return bytes_response(pdf, name="anteprima.pdf", media_type="application/pdf", inline=True)
    context = {
        "kind": kind,
        "form": form,
        "current": get_current_words([code])[code],
        "fields": [(name, label, example) for name, (label, example) in kind.known.items()],
        "versions": list(list_templates(code)),
        "may_edit": _may_edit(request),
    }
    return render(request, "correspondence/template.html", context, status=422)
