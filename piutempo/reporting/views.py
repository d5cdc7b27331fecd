"""Reports: what the funder reads, and the rows behind every number."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from piutempo.applications.selectors import OFFICE_ROLES
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role, Scope
from piutempo.records.services import hash_json
from piutempo.reporting.forms import FreezeForm
from piutempo.reporting.messages import REFUSALS
from piutempo.reporting.models import FrozenReport
from piutempo.reporting.selectors.figures import compute_report
from piutempo.reporting.selectors.labels import FIGURES, TABLES
from piutempo.reporting.selectors.rows import NoSuchFigure, rows_behind
from piutempo.reporting.services.exports import MEDIA_TYPES, export_report, title_of
from piutempo.reporting.services.freezing import ReportRefused, freeze_report
from piutempo.reporting.services.wording import KEY_FIGURES, charts_of, shown_figures, shown_tables
from piutempo.ui.tables import Column, Filter, Table

READERS = (
    Role.AUTHORITY_READER, Role.AUDITOR, Role.PROGRAMME_MANAGER, Role.CASE_OFFICER, Role.ACCOUNTING_OFFICER,
)  # fmt: skip
#: Tables whose rows say why single families applied (health, hardship): only who works on cases opens them.
OF_CASES = frozenset({"by_condition", "refused_by_reason"})


def _programme_ids(request: PiuRequest, *roles: Role) -> set[int] | None:
    """Return the programmes the reader's roles reach; None means all."""
    found: set[int] = set()
    for role in roles:
        if request.roles.has(role):
            ids = request.roles.scope_ids(role, Scope.PROGRAMME)
            if ids is None:
                return None
            found |= ids
    return found


def _reports_for(request: PiuRequest) -> QuerySet[FrozenReport]:
    ids = _programme_ids(request, *READERS)
    rows = FrozenReport.objects.select_related("programme")
    return rows if ids is None else rows.filter(programme_id__in=ids)


@role_required(*READERS)
@require_GET
def reports(request: PiuRequest) -> HttpResponse:
    """List the frozen reports; those superseded are marked."""
    table = Table(
        request,
        _reports_for(request).select_related("superseded_by").defer("data"),
        caption=_("Rapporti congelati"),
        empty=_(
            "Non c'è ancora nessun rapporto. Il responsabile del programma li congela alla fine di ogni trimestre."
        ),
        columns=[
            Column("programme", _("Programma"), order="programme__title"),
            Column("kind", _("Tipo"), value=_kind, order="kind"),
            Column("period_from", _("Dal"), kind="day"),
            Column("period_until", _("Al"), kind="last_day"),
            Column("frozen_at", _("Congelato il"), kind="moment"),
            Column(
                "state",
                _("Stato"),
                value=lambda r: _t("sostituito") if hasattr(r, "superseded_by") else _t("valido"),
                order="",
                tag=lambda r: "plain" if hasattr(r, "superseded_by") else "good",
            ),
            Column(
                "open",
                _("Rapporto"),
                value=lambda r: _t("Apri"),
                url=lambda r: reverse("reporting:report", args=[r.pk]),
                order="",
                is_exported=False,
            ),
        ],
        filters=[
            Filter("programma", _("Programma"), "programme__title__icontains"),
            Filter("tipo", _("Tipo"), "kind", choices=[("quarter", _("Trimestrale")), ("final", _("Finale"))]),
        ],
        order="-period_until",
    )
    if file := table.export():
        return file
    return render(
        request, "reporting/reports.html", {"table": table, "may_freeze": request.roles.has(Role.PROGRAMME_MANAGER)}
    )


def _kind(report: FrozenReport) -> str:
    return _t("Finale") if report.kind == "final" else _t("Trimestrale")


def _reads_cases(request: PiuRequest, report: FrozenReport) -> bool:
    return any(request.roles.covers(role, Scope.PROGRAMME, report.programme_id) for role in OFFICE_ROLES)


def _report_for(request: PiuRequest, report_id: int) -> FrozenReport:
    return get_object_or_404(_reports_for(request), pk=report_id)


@role_required(*READERS)
@require_GET
def report(request: PiuRequest, report_id: int) -> HttpResponse:
    """Show a report: key figures, charts with their tables, every number a link to its rows."""
    frozen = _report_for(request, report_id)
    figures = shown_figures(frozen)
    context: dict[str, Any] = {
        "report": frozen,
        "title": title_of(frozen),
        "last_day": frozen.as_of - timedelta(days=1),
        "key_figures": [f for f in figures if f.code in KEY_FIGURES],
        "figures": figures,
        "tables": shown_tables(frozen),
        "charts": charts_of(frozen),
        "versions": frozen.data["versions"],
        "superseded_by": FrozenReport.objects.filter(supersedes=frozen).only("pk").first(),
        "forms": list(MEDIA_TYPES),
        "counts_only": frozenset() if _reads_cases(request, frozen) else OF_CASES,
    }
    return render(request, "reporting/report.html", context)


@role_required(*READERS)
@require_GET
def rows(request: PiuRequest, report_id: int, code: str) -> HttpResponse:
    """Show the rows behind a figure or a line (``?riga=…``), of the period (``?periodo=1``) or of all."""
    frozen = _report_for(request, report_id)
    if code in OF_CASES and not _reads_cases(request, frozen):
        raise PermissionDenied
    key = request.GET.get("riga", "")
    try:
        behind = rows_behind(frozen, code, key, in_period=request.GET.get("periodo") == "1")
    except NoSuchFigure:
        raise Http404 from None
    title = str(FIGURES.get(code) or TABLES.get(code, code))
    if key:
        labels = {
            row_key: label for table in shown_tables(frozen) if table.code == code for row_key, label, _c in table.rows
        }
        title = f"{title}: {labels.get(key, key)}"
    table = Table(
        request,
        behind.queryset,
        caption=title,
        empty=_("Nessuna riga: il dato è zero."),
        columns=behind.columns,
        order=behind.order,
    )
    if file := table.export():
        return file
    return render(request, "reporting/rows.html", {"report": frozen, "table": table, "title": title})


@role_required(*READERS)
@require_GET
def download(request: PiuRequest, report_id: int, form: str) -> HttpResponse:
    """Hand out the report as a file."""
    frozen = _report_for(request, report_id)
    if form not in MEDIA_TYPES:
        raise Http404
    response = HttpResponse(export_report(frozen, form), content_type=MEDIA_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{slugify(title_of(frozen))}.{form}"'
    return response


@role_required(*READERS)
@require_POST
def recompute(request: PiuRequest, report_id: int) -> HttpResponse:
    """Compute the report again from its evidence and say whether the hash is the same."""
    frozen = _report_for(request, report_id)
    again = compute_report(
        programme=frozen.programme,
        kind=frozen.kind,
        period_from=frozen.period_from,
        period_until=frozen.period_until,
        as_of=frozen.as_of,
        watermark=frozen.watermark,
    )
    if hash_json(again.as_data()) == frozen.sha256:
        messages.success(request, _t("Ricalcolato dai dati: l'impronta è la stessa, il rapporto è confermato."))
    else:
        messages.error(
            request,
            _t("Ricalcolato dai dati: l'impronta è diversa. Avvisa il revisore e fai eseguire verify_ledger."),
        )
    return redirect("reporting:report", report_id=frozen.pk)


@role_required(Role.PROGRAMME_MANAGER)
@require_http_methods(["GET", "POST"])
def freeze(request: PiuRequest) -> HttpResponse:
    """Freeze a report of a period that has ended."""
    form = FreezeForm(request.POST or None, programme_ids=_programme_ids(request, Role.PROGRAMME_MANAGER))
    if request.method == "POST" and form.is_valid():
        until = form.cleaned_data["until"] + timedelta(days=1)
        try:
            frozen = freeze_report(
                programme=form.cleaned_data["programme"],
                kind=form.cleaned_data["kind"],
                period_from=form.cleaned_data["since"],
                period_until=until,
                as_of=until,
                at=request.now,
                by=request.user,
            )
        except ReportRefused as refused:
            form.add_error("until", REFUSALS[refused.code])
        else:
            messages.success(request, _t("Rapporto congelato. La sua impronta è in fondo alla pagina."))
            return redirect("reporting:report", report_id=frozen.pk)
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "reporting/freeze.html", {"form": form}, status=status)
