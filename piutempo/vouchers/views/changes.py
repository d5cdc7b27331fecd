"""The office and changes of circumstances: which wait, what each would do, month by month; apply it or turn it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.applications.messages import change_sentence
from piutempo.applications.models import Change, ChangeKind, ChangeStatus
from piutempo.applications.selectors import OFFICE_ROLES, can_handle
from piutempo.applications.selectors.changes import (
    assess_change,
    get_current_facts,
    list_change_files,
    list_changes_for,
)
from piutempo.applications.services.changing import ChangeRefused
from piutempo.kernel.money import format_euro
from piutempo.kernel.periods import Month
from piutempo.people.access import PiuRequest, role_required
from piutempo.ui.charts import Chart, bar_chart
from piutempo.ui.tables import Column, Filter, Table
from piutempo.vouchers.forms import ReasonForm
from piutempo.vouchers.selectors.schedule import DUE, ISSUED, WAITING, Schedule
from piutempo.vouchers.services.changing import Effect, apply_change, preview_change, turn_down_change
from piutempo.vouchers.services.letters import effect_sentence

TAGS = {ChangeStatus.DECLARED: "waiting", ChangeStatus.APPLIED: "good", ChangeStatus.REFUSED: "bad"}
STATES = {ISSUED: _("emessa"), DUE: _("da emettere"), WAITING: _("in lista d'attesa")}


@require_GET
@role_required(*OFFICE_ROLES)
def changes(request: PiuRequest) -> HttpResponse:
    """The list of changes, those to examine first, with their counts."""
    rows = list_changes_for(request.roles)
    found = dict(rows.order_by().values_list("status").annotate(n=Count("id")))
    table = Table(
        request,
        rows,
        caption=_("Cambiamenti comunicati"),
        empty=_("Nessun cambiamento qui. Quando una famiglia ne comunica uno, compare in questa lista."),
        columns=[
            Column(
                "application",
                _("Domanda"),
                value=lambda c: f"n. {c.application.number}",
                order="application__number",
                url=lambda c: reverse("vouchers:change", args=[c.pk]),
            ),
            Column("applicant", _("Richiedente"), value=lambda c: str(c.application.applicant),
                   order="application__applicant__family_name"),
            Column("kind", _("Che cosa è cambiato"), value=lambda c: str(ChangeKind(c.kind).label)),
            Column("happened_on", _("Dal"), kind="day"),
            Column("declared_at", _("Comunicato"), kind="moment"),
            Column("programme", _("Programma"), value=lambda c: c.application.programme.title,
                   order="application__programme__title"),
            Column("state", _("Stato"), value=lambda c: c.get_status_display(), order="status",
                   tag=lambda c: TAGS[ChangeStatus(c.status)]),
        ],
        filters=[
            Filter("stato", _("Stato"), "status", choices=ChangeStatus.choices, initial=ChangeStatus.DECLARED.value),
            Filter("tipo", _("Che cosa"), "kind", choices=ChangeKind.choices),
            Filter("q", _("Cognome"), ["application__applicant__family_name__icontains"]),
        ],
        order="declared_at",
    )  # fmt: skip
    if file := table.export():
        return file
    counts = [(status.value, status.label, found.get(status.value, 0), TAGS[status]) for status in ChangeStatus]
    return render(request, "vouchers/changes.html", {"table": table, "counts": counts})


@require_http_methods(["GET", "POST"])
@role_required(*OFFICE_ROLES)
def change(request: PiuRequest, change_id: int) -> HttpResponse:
    """One change: what the family says, what the rules say, what it would do; then a person's decision."""
    found = list_changes_for(request.roles).filter(pk=change_id).first()
    if found is None:
        raise Http404
    may_handle = can_handle(request.roles, found.application.programme_id)
    form = ReasonForm(request.POST if request.POST.get("action") == "refuse" else None)
    refusal = ""
    if request.method == "POST":
        if not may_handle:
            raise Http404
        try:
            if request.POST.get("action") == "apply":
                effect = apply_change(change=found, at=request.now, by=request.user)
                messages.success(request, _t("Cambiamento applicato: la lettera alla famiglia è partita."))
                for line in effect:
                    messages.info(request, effect_sentence(line))
                return redirect("vouchers:change", found.pk)
            if form.is_valid():
                turn_down_change(change=found, reason=form.cleaned_data["reason"], at=request.now, by=request.user)
                messages.success(request, _t("Cambiamento non accolto: la famiglia riceve il motivo."))
                return redirect("vouchers:change", found.pk)
        except ChangeRefused as refused:
            refusal = change_sentence(refused)
    preview: Effect | None = None
    if found.status == ChangeStatus.DECLARED:
        try:
            preview = preview_change(change=found, at=request.now)
        except ChangeRefused as refused:
            refusal = refusal or change_sentence(refused)
    assessment = preview.assessment if preview else assess_change(found)
    context = {
        "change": found,
        "application": found.application,
        "label": ChangeKind(found.kind).label,
        "tag": TAGS[ChangeStatus(found.status)],
        "files": list_change_files(found),
        "assessment": assessment,
        "criteria": _criteria(assessment.change.before.criteria, assessment.change.after.criteria),
        "differences": _differences(found, assessment.facts),
        "lines": [effect_sentence(line) for line in _lines(found, preview)],
        "months": _months(preview) if preview else [],
        "chart": _chart(preview) if preview else None,
        "refusal": refusal,
        "form": form,
        "may_handle": may_handle,
    }
    return render(request, "vouchers/change.html", context, status=422 if refusal or form.errors else 200)


def _lines(change: Change, preview: Effect | None) -> list[dict[str, Any]]:
    if preview is None:
        done: list[dict[str, Any]] = change.effect
        return done
    return [{name: getattr(line, name) for name in line.__slots__} for line in preview.lines]


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """One criterion before and after."""

    title: str
    before: str
    after: str
    sentence: str
    value: str
    is_changed: bool


def _criteria(before: Sequence[Any], after: Sequence[Any]) -> list[CriterionRow]:
    old = {c.code: c.effective for c in before}
    return [
        CriterionRow(c.title, old.get(c.code, ""), c.effective, c.sentence, c.value, old.get(c.code) != c.effective)
        for c in after
    ]


def _differences(change: Change, facts: dict[str, Any]) -> list[str]:
    """Return what the family's sheet says differently: how many people, the ISEE."""
    before = get_current_facts(change.application) if change.status == ChangeStatus.DECLARED else {}
    found = []
    old, new = len(before.get("members") or []), len(facts.get("members") or [])
    if before and old != new:
        found.append(_t("Persone nella famiglia: prima %(old)s, ora %(new)s") % {"old": old, "new": new})
    elif new:
        found.append(_t("Persone nella famiglia: %(new)s") % {"new": new})
    if facts.get("isee_cents") is not None:
        text = _t("ISEE: %(new)s") % {"new": format_euro(facts["isee_cents"])}
        if before.get("isee_cents") not in (None, facts["isee_cents"]):
            text += _t(" (prima %(old)s)") % {"old": format_euro(before["isee_cents"])}
        found.append(text)
    return found


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One month of one product, before and after."""

    month: Month
    product: str
    before: str
    after: str
    is_changed: bool


def _months(effect: Effect) -> list[MonthRow]:
    before, after = ({s.product: s for s in schedules} for schedules in (effect.before, effect.after))
    titles = {line.product: line.title for line in effect.lines}
    rows = []
    for product in sorted(before.keys() | after.keys()):
        old, new = _states(before.get(product)), _states(after.get(product))
        rows += [
            MonthRow(
                month,
                titles.get(product, product),
                str(STATES[old[month]]) if month in old else "—",
                str(STATES[new[month]]) if month in new else "—",
                old.get(month) != new.get(month),
            )
            for month in sorted(old.keys() | new.keys())
        ]
    return rows


def _states(schedule: Schedule | None) -> dict[Month, str]:
    return schedule.months if schedule else {}


def _chart(effect: Effect) -> Chart | None:
    """Euro by month with money, before and after: two bars a month."""
    values: dict[Month, list[int]] = {}
    for column, schedules in enumerate((effect.before, effect.after)):
        for schedule in schedules:
            for month, state in schedule.months.items():
                if state != WAITING:
                    values.setdefault(month, [0, 0])[column] += schedule.month_cents
    if not values:
        return None
    return bar_chart(
        title=_t("Euro al mese, prima e dopo"),
        description=_t("Per ogni mese il valore dei buoni emessi o da emettere, prima e dopo il cambiamento."),
        x_label=_t("Mese"),
        y_label=_t("Euro"),
        rows=[(f"{month.number:02d}/{month.year}", *cents) for month, cents in sorted(values.items())],
        kind="euro",
        series=[_t("prima"), _t("dopo")],
    )
