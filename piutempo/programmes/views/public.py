"""What anybody may read of a programme, and the self-check without sign-in (nothing is stored)."""

from __future__ import annotations

from datetime import date
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from piutempo.people.access import PiuRequest
from piutempo.programmes.forms.drafts import LABELS
from piutempo.programmes.forms.self_check import (
    SelfCheckForm,
    change_sentence,
    dependency_label,
    effect_sentence,
    field_anchor,
)
from piutempo.programmes.messages import order_label
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.eligibility import MISSING, NO, YES, CriterionOutcome, Evaluation
from piutempo.programmes.rules.self_check import day_for, questions_for
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.rules.what_if import changes, check, depends_on
from piutempo.programmes.selectors import NoVersionInForce, get_current_terms, get_programme, list_open_programmes

TAGS = {YES: "good", NO: "bad", MISSING: "waiting"}


def _today(request: HttpRequest) -> date:
    return timezone.localdate(cast(PiuRequest, request).now)


def _terms_or_404(code: str, today: date) -> tuple[Programme, Terms]:
    try:
        programme = get_programme(code)
        return programme, get_current_terms(programme, today)
    except (Programme.DoesNotExist, NoVersionInForce):
        raise Http404(code) from None


def group_lines(terms: Terms, evaluation: Evaluation) -> list[tuple[str, list[tuple[CriterionOutcome, str]]]]:
    """
    Return the explanation as shown: (title of the alternatives or "", lines with their tag), in the programme's
    order.
    """
    titles = {group.code: group.title for group in terms.eligibility.groups}
    found: dict[str, list[tuple[CriterionOutcome, str]]] = {}
    for line in evaluation.criteria:
        found.setdefault(titles.get(line.group, ""), []).append((line, TAGS[line.effective]))
    return list(found.items())


@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """List the programmes, those running now first."""
    now = cast(PiuRequest, request).now
    found = [(p, terms, terms.window_at(now)) for p, terms in list_open_programmes(_today(request))]
    return render(request, "programmes/public/list.html", {"programmes": found})


@require_safe
def programme(request: HttpRequest, code: str) -> HttpResponse:
    """Tell what a programme gives, to whom, when and for which services."""
    today = _today(request)
    shown, terms = _terms_or_404(code, today)
    day = min(max(today, terms.starts_on), date.fromordinal(terms.ends_on.toordinal() - 1))
    services = [
        (s, LABELS.get(s.unit, s.unit), s.ceiling_on(day))
        for s in terms.services
        if s.valid_from <= day and (s.valid_until is None or day < s.valid_until)
    ]
    groups = [("", [c for c in terms.eligibility.criteria if not c.group])]
    groups += [
        (g.title, [c for c in terms.eligibility.criteria if c.group == g.code]) for g in terms.eligibility.groups
    ]
    context = {
        "programme": shown,
        "terms": terms,
        "services": services,
        "groups": groups,
        "window": terms.window_at(cast(PiuRequest, request).now),
        "networks": {n.code: n.title for n in terms.networks},
        "ties": [order_label(entry) for entry in terms.ranking.tie_break],
    }
    return render(request, "programmes/public/programme.html", context)


@require_safe
def self_checks(request: HttpRequest) -> HttpResponse:
    """List the programmes that can be checked."""
    now = cast(PiuRequest, request).now
    found = [(p, terms, terms.window_at(now)) for p, terms in list_open_programmes(_today(request))]
    return render(request, "programmes/public/self_checks.html", {"programmes": found})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def self_check(request: HttpRequest, code: str) -> HttpResponse:
    """Ask what the rules read and say yes, no, or what it depends on, with the reasons. Nothing is stored."""
    today = _today(request)
    shown, terms = _terms_or_404(code, today)
    day = day_for(terms, today)
    form = SelfCheckForm(
        request.POST if request.method == "POST" else None, questions=questions_for(terms), provinces=terms.provinces
    )
    context = {
        "programme": shown,
        "terms": terms,
        "form": form,
        "day": day,
        "window": terms.window_at(cast(PiuRequest, request).now),
    }
    status = 200
    if request.method == "POST":
        if form.is_valid():
            answers = form.answers()
            evaluation = check(terms, answers, day)
            wanted = {YES: {YES}, MISSING: {YES, MISSING}, NO: set()}[evaluation.outcome]
            context |= {
                "evaluation": evaluation,
                "tag": TAGS[evaluation.outcome],
                "lines": group_lines(terms, evaluation),
                "to_bring": [
                    c.evidence for c in evaluation.criteria if c.evidence and c.is_decisive and c.outcome in wanted
                ],
                "reasons": [c for c in evaluation.criteria if c.is_decisive],
                "depends": [
                    (dependency_label(form, d), field_anchor(form, d.field), [effect_sentence(e) for e in d.effects])
                    for d in depends_on(terms, form.questions, answers, day)
                ],
                "changes": []
                if evaluation.outcome == MISSING
                else [change_sentence(form, e) for e in changes(terms, form.questions, answers, day)],
                "today": today,
            }
        else:
            status = 422
    return render(request, "programmes/public/self_check.html", context, status=status)
