"""Rankings: the office draws them up and publishes them; everybody reads them, under codes."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from piutempo.applications.forms.office import ReasonForm
from piutempo.applications.messages import PLACE_STATES, sentence_for
from piutempo.applications.models import Ranking
from piutempo.applications.rules.ranking import Ranked, rank
from piutempo.applications.selectors import OFFICE_ROLES, get_scope
from piutempo.applications.selectors.rankings import (
    Round,
    count_states,
    get_draft,
    get_published,
    get_round,
    get_standing,
    list_entering,
    list_places,
    list_published,
    list_rankings,
    list_returned,
)
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.ranking import check_ranking, draw_ranking, publish_ranking, return_ranking
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.programmes.messages import order_label
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import list_programmes_for
from piutempo.ui.tables import Column, Filter, Table

TAGS = {"assigned": "good", "waiting": "waiting", "admitted": "good", "refused": "bad", "not_admitted": "bad"}
#: Who may draw up, publish and send back.
WRITERS = (Role.CASE_OFFICER, Role.PROGRAMME_MANAGER)
#: How many rows a rehearsal shows.
SHOWN = 50


def _programme_or_404(request: PiuRequest, code: str, *roles: Role) -> Programme:
    scope = get_scope(request.roles, *roles)
    try:
        return list_programmes_for(scope).get(code=code)
    except Programme.DoesNotExist:
        raise Http404(code) from None


def _round_or_404(programme: Programme, cut_off: str, ranking: Ranking | None = None) -> Round:
    found = get_round(programme, cut_off, version=ranking.version if ranking else None)
    if found is None:
        raise Http404(cut_off)
    return found


def _place_columns(*, is_office: bool) -> list[Column]:
    columns = [
        Column("position", _("Posto"), kind="count", value=lambda p: p.position, order="position"),
        Column("code", _("Codice"), order="code"),
        Column("points", _("Punti"), kind="count", value=lambda p: p.points if p.position else None, order="points"),
        Column(
            "state",
            _("Esito"),
            value=lambda p: PLACE_STATES[p.state],
            order="",
            tag=lambda p: TAGS.get(p.state, "plain"),
        ),
    ]
    if is_office:
        number = Column(
            "number",
            _("Domanda n."),
            kind="count",
            order="number",
            url=lambda p: reverse("applications:case", args=[p.application_id]),
        )
        columns.insert(1, number)
    return columns


def _place_table(request: HttpRequest, ranking: Ranking, title: str, *, is_office: bool) -> Table:
    shown = ["assigned", "waiting", "ended", "withdrawn", "refused"]
    if ranking.published_at is None:
        shown = ["admitted", "not_admitted", "withdrawn"]
    return Table(
        request,
        list_places(ranking),
        caption=title,
        empty=_("Nessuna domanda con questi filtri: toglili per vederle tutte."),
        columns=_place_columns(is_office=is_office),
        filters=[
            Filter("codice", _("Codice"), "code__iexact"),
            Filter("esito", _("Esito"), "state", choices=[(state, PLACE_STATES[state]) for state in shown]),
        ],
        file_name=f"graduatoria-{ranking.programme.code}-{ranking.cut_off}",
    )


@require_GET
@role_required(*OFFICE_ROLES)
def rankings(request: PiuRequest) -> HttpResponse:
    """The rankings of the office's programmes: which are due, drawn up, published."""
    programmes = list(list_programmes_for(get_scope(request.roles, *OFFICE_ROLES)))
    rows = list_rankings(programmes)
    return render(request, "applications/office/rankings.html", {"rows": rows, "now": request.now})


@require_GET
@role_required(*OFFICE_ROLES)
def ranking(request: PiuRequest, code: str, cut_off: str) -> HttpResponse:
    """One ranking: before it is drawn up what stands in the way; then its places, and who signs."""
    programme = _programme_or_404(request, code, *OFFICE_ROLES)
    standing = get_standing(programme, cut_off)
    found = _round_or_404(programme, cut_off, standing)
    if standing is not None:
        table = _place_table(request, standing, found.span.cut_off.title, is_office=True)
        if file := table.export():
            return file
        return _show(request, programme, found, standing, table=table)
    return _show(request, programme, found, None)


def _show(
    request: PiuRequest,
    programme: Programme,
    found: Round,
    standing: Ranking | None,
    *,
    table: Table | None = None,
    form: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    title = found.span.cut_off.title
    if standing is not None and table is None:
        table = _place_table(request, standing, title, is_office=True)
    scope = get_scope(request.roles, *WRITERS)
    is_second = not found.terms.procedure.needs_second_signature or (
        standing is not None and request.user.pk != standing.drawn_by_id
    )
    context: dict[str, Any] = {
        "programme": programme,
        "round": found,
        "title": title,
        "ranking": standing,
        "order": [order_label(entry) for entry in found.terms.ranking.tie_break],
        "returned": list_returned(programme, found.span.cut_off.code),
        "may_write": scope is None or programme.pk in scope,
        "may_sign": is_second,
        "is_closed": request.now >= found.span.before,
        "form": form or ReasonForm(),
    }
    if standing is None:
        context["count"] = list_entering(programme, found.span).count()
        if request.GET.get("prova"):
            context |= _rehearsal(programme, found, request)
    else:
        context |= {
            "table": table,
            "states": [(PLACE_STATES[s], n, TAGS.get(s, "plain")) for s, n in count_states(standing).items()],
            "check": check_ranking(ranking=standing) if request.GET.get("verifica") else None,
        }
    return render(request, "applications/office/ranking.html", context, status=status)


def _rehearsal(programme: Programme, found: Round, request: PiuRequest) -> dict[str, Any]:
    """Return the ranking as it would be now, and the requests that keep it from being drawn up."""
    draft = get_draft(programme, found, on=timezone.localdate(request.now))
    rows: list[Ranked] = rank(found.terms.ranking, draft.candidates)
    by_number = {number: pk for pk, number in draft.numbers.items()}
    titles = {c.code: c.title for c in found.terms.eligibility.criteria} | {"months": _t("nessuna mensilità")}
    apart = [r for r in rows if r.position is None]
    return {
        "rehearsal": [r for r in rows if r.position is not None][:SHOWN],
        "apart": [(r, [titles.get(code, code) for code, _outcome in r.lines]) for r in apart[:SHOWN]],
        "admitted_count": len(rows) - len(apart),
        "apart_count": len(apart),
        "running": [(number, by_number[number]) for number in sorted(draft.running)[:SHOWN]],
        "unasked": [(number, by_number[number]) for number in sorted(draft.unasked)[:SHOWN]],
    }


@require_POST
@role_required(*WRITERS)
def draw(request: PiuRequest, code: str, cut_off: str) -> HttpResponse:
    """Draw the ranking up and freeze it."""
    programme = _programme_or_404(request, code, *WRITERS)
    _round_or_404(programme, cut_off)
    try:
        draw_ranking(programme=programme, cut_off=cut_off, at=request.now, by=request.user)
    except ApplicationRefused as refused:
        messages.error(request, sentence_for(refused))
    else:
        messages.success(request, _t("Graduatoria formata: ora non cambia più. Controllala e fai pubblicare."))
    return redirect("applications:ranking", code, cut_off)


@require_POST
@role_required(*WRITERS)
def publish(request: PiuRequest, code: str, cut_off: str) -> HttpResponse:
    """Publish the ranking: every request of it is decided."""
    programme = _programme_or_404(request, code, *WRITERS)
    standing = get_standing(programme, cut_off)
    if standing is None:
        raise Http404(cut_off)
    try:
        publish_ranking(ranking=standing, at=request.now, by=request.user)
    except ApplicationRefused as refused:
        messages.error(request, sentence_for(refused))
    else:
        messages.success(request, _t("Graduatoria pubblicata: le domande sono decise e chi ha i fondi li riceve."))
    return redirect("applications:ranking", code, cut_off)


@require_POST
@role_required(*WRITERS)
def send_back(request: PiuRequest, code: str, cut_off: str) -> HttpResponse:
    """Send the ranking back, with a reason."""
    programme = _programme_or_404(request, code, *WRITERS)
    standing = get_standing(programme, cut_off)
    if standing is None:
        raise Http404(cut_off)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _show(request, programme, _round_or_404(programme, cut_off, standing), standing, form=form, status=422)
    try:
        return_ranking(ranking=standing, reason=form.cleaned_data["reason"], at=request.now, by=request.user)
    except ApplicationRefused as refused:
        messages.error(request, sentence_for(refused))
    else:
        messages.success(request, _t("Graduatoria rinviata: le domande si possono di nuovo lavorare."))
    return redirect("applications:ranking", code, cut_off)


@require_safe
def public_rankings(request: HttpRequest) -> HttpResponse:
    """The published rankings of all programmes."""
    rows = [(r, found.span.cut_off.title) for r in list_published() if (found := _round_of(r))]
    return render(request, "applications/public/rankings.html", {"rows": rows})


def _round_of(ranking: Ranking) -> Round | None:
    return get_round(ranking.programme, ranking.cut_off, version=ranking.version)


@require_safe
def public_ranking(request: HttpRequest, code: str, cut_off: str) -> HttpResponse:
    """One published ranking, under codes only, with what became of each place."""
    try:
        shown = get_published(code, cut_off)
    except Ranking.DoesNotExist:
        raise Http404(code) from None
    found = _round_or_404(shown.programme, cut_off, shown)
    table = _place_table(request, shown, found.span.cut_off.title, is_office=False)
    if file := table.export():
        return file
    context = {
        "programme": shown.programme,
        "title": found.span.cut_off.title,
        "ranking": shown,
        "terms": found.terms,
        "order": [order_label(entry) for entry in found.terms.ranking.tie_break],
        "table": table,
        "states": [(PLACE_STATES[s], n, TAGS.get(s, "plain")) for s, n in count_states(shown).items()],
        "now": cast(PiuRequest, request).now,
    }
    return render(request, "applications/public/ranking.html", context)
