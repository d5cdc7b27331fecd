"""Samples: fixing the seed, drawing once, drawing again to see that it is the same."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from piutempo.applications.selectors import OFFICE_ROLES, get_scope
from piutempo.controls.forms import SampleForm
from piutempo.controls.messages import REFUSALS
from piutempo.controls.models import Sample, SeedWay
from piutempo.controls.selectors import (
    get_sample_for,
    list_checks_for,
    list_programmes_to_sample,
    list_samples_for,
    recount_sample,
)
from piutempo.controls.services import ControlRefused, draw_sample, note_recount, open_sample
from piutempo.controls.views.tables import check_columns
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.ui.charts import Chart, bar_chart
from piutempo.ui.tables import Column, Table

DRAWERS = (Role.CASE_OFFICER, Role.PROGRAMME_MANAGER)


def _get(request: PiuRequest, sample_id: int, *, to_draw: bool = False) -> Sample:
    try:
        found = get_sample_for(request.roles, sample_id)
    except Sample.DoesNotExist:
        raise Http404 from None
    scope = get_scope(request.roles, *DRAWERS) if to_draw else None
    if scope is not None and found.programme_id not in scope:
        raise Http404
    return found


@require_GET
@role_required(*OFFICE_ROLES)
def samples(request: PiuRequest) -> HttpResponse:
    """The samples drawn and to be drawn."""
    table = Table(
        request,
        list_samples_for(request.roles),
        caption=_("Campioni"),
        empty=_("Nessun campione. Fissa il seme per un periodo: quando finisce, si estrae."),
        columns=[
            Column("programme", _("Programma"), order="programme__title"),
            Column("period_from", _("Dal"), kind="day", url=lambda s: reverse("controls:sample", args=[s.pk])),
            Column("period_until", _("Al"), kind="last_day"),
            Column("seed_way", _("Seme"), value=lambda s: s.get_seed_way_display(), order=""),
            Column("seeded_at", _("Seme fissato"), kind="moment"),
            Column("population_size", _("Popolazione"), kind="count"),
            Column("drawn_count", _("Estratte"), kind="count"),
            Column(
                "state",
                _("Stato"),
                value=lambda s: _t("estratto") if s.drawn_at else _t("da estrarre"),
                order="drawn_at",
                tag=lambda s: "good" if s.drawn_at else "waiting",
            ),
        ],
        order="-period_from",
    )
    if file := table.export():
        return file
    return render(request, "controls/samples.html", {"table": table, "may_draw": request.roles.has(*DRAWERS)})


@require_http_methods(["GET", "POST"])
@role_required(*DRAWERS)
def new_sample(request: PiuRequest) -> HttpResponse:
    """Fix the seed of a period."""
    form = SampleForm(request.POST or None, programmes=list_programmes_to_sample(request.roles))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            sample = open_sample(
                programme=data["programme"],
                period_from=data["period_from"],
                period_until=data["period_last"] + timedelta(days=1),
                seed=data["seed"],
                seed_source=data["seed_source"],
                is_public=data["seed_way"] == SeedWay.PUBLIC,
                at=request.now,
                by=request.user,
            )
        except ControlRefused as refused:
            form.add_error(None, str(REFUSALS[refused.code]))
        else:
            messages.success(request, _t("Seme fissato: da ora non cambia più."))
            return redirect("controls:sample", sample.pk)
    return render(request, "controls/new_sample.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@role_required(*OFFICE_ROLES)
def sample(request: PiuRequest, sample_id: int) -> HttpResponse:
    """One sample: seed, population and shares, the checks that came of it."""
    return _render(request, _get(request, sample_id))


@require_POST
@role_required(*DRAWERS)
def draw(request: PiuRequest, sample_id: int) -> HttpResponse:
    """Draw a sample, once."""
    found = _get(request, sample_id, to_draw=True)
    try:
        drawn = draw_sample(sample=found, at=request.now, by=request.user)
    except ControlRefused as refused:
        messages.error(request, str(REFUSALS[refused.code]))
    else:
        messages.success(
            request,
            _t("Estratte %(drawn)s domande su %(all)s: i controlli sono aperti.")
            % {"drawn": drawn.drawn_count, "all": drawn.population_size},
        )
    return redirect("controls:sample", found.pk)


@require_POST
@role_required(*OFFICE_ROLES)
def recount(request: PiuRequest, sample_id: int) -> HttpResponse:
    """Draw the sample again from what is stored and say whether it is the same."""
    found = _get(request, sample_id)
    if found.drawn_at is None:
        return redirect("controls:sample", found.pk)
    result = recount_sample(found)
    note_recount(sample=found, recount=result, at=request.now, by=request.user)
    if result.is_same:
        messages.success(
            request,
            _t("Identico: dal seme e dalla popolazione escono le stesse %(n)s domande, con le classi di allora.")
            % {"n": len(result.drawn)},
        )
    else:
        messages.error(request, " ".join(_differences(result.is_hash_same, result.is_draw_same)))
        for text, numbers in (
            (_t("Estratte ma senza controllo: domande n. %(numbers)s."), result.missing),
            (_t("Con dati diversi da allora: domande n. %(numbers)s."), result.changed),
        ):
            if numbers:
                messages.error(request, text % {"numbers": ", ".join(str(n) for n in numbers[:50])})
    return redirect("controls:sample", found.pk)


def _differences(is_hash_same: bool, is_draw_same: bool) -> list[str]:
    found = [_t("Non è identico.")]
    if not is_hash_same:
        found.append(_t("L'impronta della popolazione non corrisponde: l'elenco conservato è stato cambiato."))
    if not is_draw_same:
        found.append(_t("Dal seme escono altre domande."))
    return found


@require_GET
@role_required(*OFFICE_ROLES)
def population(request: PiuRequest, sample_id: int) -> HttpResponse:
    """The population as it was hashed: one ``number;class`` a line."""
    found = _get(request, sample_id)
    if found.drawn_at is None:
        raise Http404
    answer = HttpResponse(found.population, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="popolazione-{found.pk}.csv"'
    return answer


def _chart(sample: Sample) -> Chart:
    return bar_chart(
        title=_("Domande e domande estratte, per classe di rischio"),
        description=_("Per ogni classe, quante domande ci sono nel periodo e quante ne sono state estratte."),
        x_label=_("Classe di rischio"),
        y_label=_("Domande"),
        rows=[(title, size, drawn) for _code, title, _share, size, drawn in sample.shares],
        series=[_("nella popolazione"), _("estratte")],
    )


def _render(request: PiuRequest, found: Sample) -> HttpResponse:
    table = Table(
        request,
        list_checks_for(request.roles).filter(sample=found),
        caption=_("Controlli del campione"),
        empty=_("Nessun controllo: il campione non è ancora estratto."),
        columns=check_columns(),
        order="application__number",
        file_name=f"campione-{found.pk}",
    )
    if file := table.export():
        return file
    classified = sum(row[3] for row in found.shares)
    scope = get_scope(request.roles, *DRAWERS)
    return render(
        request,
        "controls/sample.html",
        {
            "sample": found,
            "chart": _chart(found) if found.drawn_at else None,
            "shares": [
                {"title": title, "share_bp": share, "size": size, "drawn": drawn}
                for _code, title, share, size, drawn in found.shares
            ],
            "without_class": found.population_size - classified,
            "is_seed_before": timezone.localdate(found.seeded_at) < found.period_until,
            "may_draw": found.drawn_at is None
            and request.roles.has(*DRAWERS)
            and (scope is None or found.programme_id in scope),
            "table": table,
        },
    )
