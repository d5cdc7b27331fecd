"""
The short self-check: which questions a programme's rules make necessary, and the fact sheet that the answers amount to.

Nobody is named and nothing is kept; an answer left out is "not said yet", so that the result may be "it depends".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from piutempo.programmes.rules.eligibility import compile_expression, expressions_of, facts_read
from piutempo.programmes.rules.facts import fields_read
from piutempo.programmes.rules.terms import Terms

_CODE = re.compile(r"\.code\s*==\s*[\"']([^\"']+)[\"']")
_BENEFIT = re.compile(r"[\"']([^\"']+)[\"']\s+in\s+other_benefits")
MAX_AGE = 120
#: The facts that change when a spouse or partner lives there.
PARTNER_FACTS = frozenset({"parents", "household_size", "parents_in_short_time_work"})


@dataclass(frozen=True, slots=True)
class Questions:
    """What to ask: the declared data that the rules read, and the measures and benefits they name (code, title)."""

    fields: frozenset[str]
    measures: tuple[tuple[str, str], ...]
    benefits: tuple[str, ...]
    facts: frozenset[str]

    @property
    def asks_partner(self) -> bool:
        """Whether it matters that a spouse or partner lives there."""
        return bool(self.facts & PARTNER_FACTS)


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody said; ``None`` everywhere means "I do not know yet"."""

    has_partner: bool | None = None
    has_children: bool | None = None
    child_ages: tuple[int, ...] = ()
    short_time_work: bool | None = None
    partner_short_time_work: bool | None = None
    non_self_sufficient: bool | None = None
    measures: tuple[tuple[str, bool | None, date | None, date | None], ...] = ()
    has_training: bool | None = None
    training_from: date | None = None
    training_last_day: date | None = None
    isee_cents: int | None = None
    province: str = ""
    benefits: tuple[tuple[str, bool | None], ...] = ()


def questions_for(terms: Terms) -> Questions:
    """Return what a programme's rules read."""
    measures: dict[str, str] = {}
    benefits: dict[str, None] = {}
    for criterion in terms.eligibility.criteria:
        if "measures" in compile_expression(criterion.expression).reads:
            for code in _CODE.findall(criterion.expression):
                measures.setdefault(code, criterion.title)
    for text in expressions_of(terms.eligibility):
        benefits.update(dict.fromkeys(_BENEFIT.findall(text)))
    read = facts_read(terms.eligibility)
    return Questions(fields_read(read), tuple(measures.items()), tuple(benefits), read)


def day_for(terms: Terms, today: date) -> date:
    """
    Return the day by which to check: today, or the nearest day on which applications are (were, will be) received.
    """
    days = [(w.opens_at.date(), _last_day(w.closes_at)) for w in terms.windows]
    nearest = [min(max(today, first), last) for first, last in days]
    return min(nearest, key=lambda day: abs((day - today).days))


def _last_day(closes_at: datetime) -> date:
    return (closes_at - timedelta(minutes=1)).date()


def _birth_date(age: int, on: date) -> str:
    """Return a day on which somebody of this age may have been born."""
    return date(on.year - age, on.month, min(on.day, 28)).isoformat()


def declared_from(answers: Answers, on: date) -> dict[str, Any]:
    """Return the fact sheet that the answers amount to on ``on``."""
    dependent = answers.non_self_sufficient
    others = None if dependent is None else False
    members: list[dict[str, Any]] = [
        {"relation": "applicant", "short_time_work": answers.short_time_work, "non_self_sufficient": others}
    ]
    if answers.has_partner is not False:
        members.append(
            {
                "relation": "partner",
                "cohabiting": answers.has_partner,
                "short_time_work": answers.partner_short_time_work,
                "non_self_sufficient": False,
            }
        )
    ages: tuple[int | None, ...] = answers.child_ages
    if answers.has_children is None or (answers.has_children and not ages):
        ages = (None, None)
    members.extend(
        {
            "relation": "child",
            "birth_date": None if age is None else _birth_date(age, on),
            "cohabiting": True if answers.has_children and age is not None else None,
            "non_self_sufficient": False,
        }
        for age in (ages if answers.has_children is not False else ())
    )
    if dependent:
        members.append({"relation": "other", "cohabiting": True, "non_self_sufficient": True})
    declared: dict[str, Any] = {"members": members}
    measures = [_measure(*measure) for measure in answers.measures]
    if measures and None not in measures:
        declared["measures"] = [measure for measure in measures if measure]
    if answers.has_training is False:
        declared["trainings"] = []
    elif answers.training_from and answers.training_last_day:
        end = answers.training_last_day + timedelta(days=1)
        declared["trainings"] = [{"from": answers.training_from.isoformat(), "until": end.isoformat()}]
    if answers.isee_cents is not None:
        declared["isee_cents"] = answers.isee_cents
    if answers.province:
        declared["province"] = answers.province
    if answers.benefits and all(said is not None for _code, said in answers.benefits):
        declared["other_benefits"] = [{"code": code} for code, said in answers.benefits if said]
    return declared


def _measure(code: str, has_it: bool | None, assigned_on: date | None, last_day: date | None) -> dict[str, Any] | None:
    """Return a measure as declared; empty when there is none, None when it is not known."""
    if has_it is False:
        return {}
    if has_it is None or assigned_on is None:
        return None
    end = (last_day + timedelta(days=1)).isoformat() if last_day else None
    day = assigned_on.isoformat()
    return {"code": code, "assigned_on": day, "valid_from": day, "valid_until": end}
