"""What the rules in force say of an application, and what approving it would commit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from piutempo.applications.models import Application, Overrule
from piutempo.applications.rules import first_month_for
from piutempo.awards.rules import rank_for
from piutempo.awards.selectors import Preview, preview_commit
from piutempo.kernel.periods import Month
from piutempo.programmes.models import Programme, ProgrammeVersion
from piutempo.programmes.rules.eligibility import MISSING, CriterionOutcome, Evaluation, evaluate
from piutempo.programmes.rules.facts import build_facts
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_fund_pot, get_terms, get_version_at


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One criterion: ``line`` keeps the rule's outcome and the officer's, ``overrule`` says who and why."""

    line: CriterionOutcome
    overrule: Overrule | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules in force say of one application. ``proposed`` is without overrules, ``effective`` with them."""

    version: ProgrammeVersion
    terms: Terms
    facts: Mapping[str, Any]
    proposed: Evaluation
    effective: Evaluation
    overrules: Mapping[str, Overrule]

    @property
    def criteria(self) -> list[CriterionView]:
        """The criteria in the programme's order."""
        return [CriterionView(c, self.overrules.get(c.code) if c.overruled else None) for c in self.effective.criteria]

    @property
    def missing(self) -> list[CriterionOutcome]:
        """The criteria for which something is still missing and that keep the outcome from being known."""
        return [c for c in self.effective.criteria if c.is_decisive and c.effective == MISSING]


def get_declared(application: Application) -> dict[str, Any]:
    """Return the fact sheet as declared."""
    declared: dict[str, Any] = json.loads(application.facts)
    return declared


#: What a programme says on a day, kept while one batch lasts: (programme id, day) -> version and terms.
RulesByDay = dict[tuple[int, date], tuple[ProgrammeVersion, Terms]]


def get_rules(programme: Programme, day: date, known: RulesByDay | None = None) -> tuple[ProgrammeVersion, Terms]:
    """Return the version in force on a day and what it says; ``known`` saves the queries of a batch."""
    key = (programme.pk, day)
    if known is not None and key in known:
        return known[key]
    version = get_version_at(programme, day)
    found = version, get_terms(version.pk)
    if known is not None:
        known[key] = found
    return found


def assess(
    application: Application,
    *,
    on: date | None = None,
    overrules: Iterable[Overrule] | None = None,
    known: RulesByDay | None = None,
) -> Assessment:
    """
    Evaluate an application by the version in force on the day it was submitted.

    ``on`` stands for that day while it is a draft. ``overrules`` and ``known`` save queries when they are at hand.

    :raises ValueError: a draft and no day
    """
    if application.submitted_at is not None:
        on = timezone.localdate(application.submitted_at)
    if on is None:
        raise ValueError(f"application {application.pk} is a draft: say on which day to evaluate it")
    version, terms = get_rules(application.programme, on, known)
    facts = build_facts(get_declared(application), on)
    last: dict[str, Overrule] = {}
    for item in (
        Overrule.objects.filter(application=application).select_related("by") if overrules is None else overrules
    ):
        last[item.code] = item
    proposed = evaluate(terms.eligibility, facts)
    rule = {c.code: c.outcome for c in proposed.criteria}
    changed = {code: o.outcome for code, o in last.items() if rule.get(code, o.outcome) != o.outcome}
    effective = evaluate(terms.eligibility, facts, changed) if changed else proposed
    return Assessment(version, terms, facts, proposed, effective, last)


def waiting_fields_of(application: Application, assessment: Assessment) -> dict[str, object]:
    """Return what a stated waiting order may read: known facts, the instant and number of submission."""
    known: dict[str, object] = {
        name: value for name, value in assessment.facts.items() if isinstance(value, int | str | date | datetime)
    }
    return known | {"submitted_at": application.submitted_at, "number": application.number}


@dataclass(frozen=True, slots=True)
class AwardPreview:
    """What approving would commit for one product, and what it does to the fund."""

    product_title: str
    months: int
    month_cents: int
    first_month: Month
    fund: Preview


def preview_awards(application: Application, assessment: Assessment, *, decided_on: date) -> list[AwardPreview]:
    """Return what approving on a day would commit: one line per product granted on approval."""
    _key, rank = rank_for(assessment.terms.waiting_order, waiting_fields_of(application, assessment))
    found: list[AwardPreview] = []
    for product in assessment.terms.products:
        months = min(assessment.effective.months, product.max_months)
        if product.is_granted_on_approval and months:
            pot = get_fund_pot(application.programme, product.fund)
            found.append(
                AwardPreview(
                    product_title=product.title,
                    months=months,
                    month_cents=product.month_cents,
                    first_month=first_month_for(assessment.effective.first_month, decided_on),
                    fund=preview_commit(
                        pot=pot,
                        amount_cents=months * product.month_cents,
                        rank=rank,
                        after=[one.fund for one in found],
                    ),
                )
            )
    return found
