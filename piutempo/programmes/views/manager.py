"""A programme's versions as its manager reads them."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from piutempo.people.access import PiuRequest, Roles, role_required
from piutempo.people.models import Role, Scope
from piutempo.programmes.forms.drafts import LABELS, NoteForm
from piutempo.programmes.messages import order_label
from piutempo.programmes.models import Programme, ProgrammeVersion, VersionStatus
from piutempo.programmes.rules.reading import read_terms
from piutempo.programmes.rules.writing import write_toml
from piutempo.programmes.selectors import (
    NoVersionInForce,
    get_head,
    get_version_at,
    get_version_for,
    list_programmes_for,
    list_versions,
)
from piutempo.programmes.services import compare
from piutempo.ui.tables import Column, Filter, Table

READERS = (Role.PROGRAMME_MANAGER, Role.CASE_OFFICER, Role.AUDITOR, Role.AUTHORITY_READER, Role.ADMINISTRATOR)


def scope_of(roles: Roles, *wanted: Role) -> set[int] | None:
    """Return the ids of the programmes in which one of the roles is held; None: everywhere."""
    found: set[int] = set()
    for role in wanted:
        ids = roles.scope_ids(role, Scope.PROGRAMME)
        if ids is None:
            return None
        found |= ids
    return found


def programme_or_404(request: HttpRequest, code: str, *roles: Role) -> Programme:
    """Return a programme within the account's reach."""
    try:
        return list_programmes_for(scope_of(cast(PiuRequest, request).roles, *roles)).get(code=code)
    except Programme.DoesNotExist:
        raise Http404(code) from None


def version_or_404(programme: Programme, number: int) -> ProgrammeVersion:
    """Return one version or draft."""
    try:
        return get_version_for(programme, number)
    except ProgrammeVersion.DoesNotExist:
        raise Http404(str(number)) from None


@role_required(*READERS)
@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """List the programmes of the account."""
    asked = cast(PiuRequest, request)
    table = Table(
        request,
        list_programmes_for(scope_of(asked.roles, *READERS)),
        caption=_("Programmi"),
        empty=_("Nessun programma: caricane uno con «manage.py load_programmes»."),
        columns=[
            Column("title", _("Programma"), url=lambda p: reverse("programmes:versions", args=[p.code])),
            Column("code", _("Codice")),
        ],
        filters=[Filter("q", _("Cerca per nome"), ["title__icontains", "code__icontains"])],
        order="title",
    )
    if file := table.export():
        return file
    return render(request, "programmes/manager/list.html", {"table": table})


def version_url(version: ProgrammeVersion) -> str:
    """Return where a version is read, or a draft edited."""
    name = "programmes:draft" if version.status == VersionStatus.DRAFT else "programmes:version"
    return reverse(name, args=[version.programme.code, version.number])


def _status(version: ProgrammeVersion, current_id: int | None) -> str:
    if version.pk == current_id:
        return _t("in vigore")
    return str(version.get_status_display())


@role_required(*READERS)
@require_safe
def versions(request: HttpRequest, code: str) -> HttpResponse:
    """List a programme's versions and drafts."""
    asked = cast(PiuRequest, request)
    programme = programme_or_404(request, code, *READERS)
    try:
        current: int | None = get_version_at(programme, timezone.localdate(asked.now)).pk
    except NoVersionInForce:
        current = None
    is_manager = asked.roles.covers(Role.PROGRAMME_MANAGER, Scope.PROGRAMME, programme.pk)
    table = Table(
        request,
        list_versions(programme),
        caption=_("Versioni e bozze"),
        empty=_("Nessuna versione."),
        columns=[
            Column("number", _("Numero"), kind="count", url=version_url),
            Column(
                "status",
                _("Stato"),
                value=lambda v: _status(v, current),
                order="status",
                tag=lambda v: "good" if v.pk == current else "waiting" if v.status == VersionStatus.DRAFT else "plain",
            ),
            Column("valid_from", _("Vale da"), kind="day"),
            Column("note", _("Perché")),
            Column("published_at", _("Pubblicata"), kind="moment"),
            Column("published_by", _("Da chi"), value=lambda v: v.published_by or v.created_by or _t("file"), order=""),
        ],
        order="-number",
    )
    if file := table.export():
        return file
    context = {
        "programme": programme,
        "table": table,
        "numbers": list(list_versions(programme).values_list("number", flat=True)),
        "is_manager": is_manager,
        "form": NoteForm(),
    }
    return render(request, "programmes/manager/versions.html", context)


@role_required(*READERS)
@require_safe
def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show what a version says, as pages."""
    programme = programme_or_404(request, code, *READERS)
    shown = version_or_404(programme, number)
    terms = read_terms(shown.data, file=str(shown))
    groups = {g.code: g.title for g in terms.eligibility.groups}
    context = {
        "programme": programme,
        "version": shown,
        "terms": terms,
        "criteria": [(c, groups.get(c.group, "")) for c in terms.eligibility.criteria],
        "services": [(s, LABELS.get(s.unit, s.unit)) for s in terms.services],
        "forms": LABELS,
        "allocation": LABELS[terms.procedure.allocation],
        "ties": [order_label(entry) for entry in terms.ranking.tie_break],
        "waiting": [order_label(entry) for entry in terms.waiting_order],
    }
    return render(request, "programmes/manager/version.html", context)


@role_required(*READERS)
@require_safe
def export(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Give a version as TOML; the file names the version that it starts from."""
    programme = programme_or_404(request, code, *READERS)
    shown = version_or_404(programme, number)
    base = shown if shown.status == VersionStatus.PUBLISHED else get_head(programme)
    text = write_toml(shown.data, based_on=base.number if base else None)
    answer = HttpResponse(text, content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{programme.code}-v{shown.number}.toml"'
    return answer


@role_required(*READERS)
@require_safe
def comparison(request: HttpRequest, code: str) -> HttpResponse:
    """Say how two versions differ: ``?da=1&a=2``."""
    programme = programme_or_404(request, code, *READERS)
    numbers = sorted(list_versions(programme).values_list("number", flat=True))
    before, after = (request.GET.get(name, "") for name in ("da", "a"))
    context = {"programme": programme, "numbers": numbers, "differences": None}
    if before.isdecimal() and after.isdecimal():
        first, second = version_or_404(programme, int(before)), version_or_404(programme, int(after))
        context |= {"first": first, "second": second, "differences": compare(first, second)}
    return render(request, "programmes/manager/comparison.html", context)
