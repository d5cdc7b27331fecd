"""
What a self-check's answer depends on, and which single answer would change it: the same rules, asked again with one
answer different. Nothing is named and nothing is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from piutempo.programmes.rules.eligibility import (
    MISSING,
    Evaluation,
    compile_expression,
    evaluate,
    expressions_of,
    facts_read,
)
from piutempo.programmes.rules.facts import FACT_BY_NAME, Range, build_facts
from piutempo.programmes.rules.self_check import MAX_AGE, PARTNER_FACTS, Answers, Questions, declared_from
from piutempo.programmes.rules.terms import Terms

_ISEE = re.compile(r"isee_cents\s*[<>]=?\s*(\d+)")
_AGE = re.compile(r"\b(?:age|a|e|x|eta)\s*[<>]=?\s*(\d+)")
_TRAININGS = frozenset({"training_months", "training_months_count", "first_training_month"})
#: How long a training is taken to last when somebody may follow one and gives no days.
TRAINING_DAYS = 180


@dataclass(frozen=True, slots=True)
class Variation:
    """
    One answer given differently. ``kind``: yes, no, isee_most, isee_over (``number``: cents), child (``number``: age),
    no_children, province (``text``).
    """

    field: str
    kind: str
    answers: Answers
    number: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What the rules would say with one answer different."""

    variation: Variation
    outcome: str


@dataclass(frozen=True, slots=True)
class Dependency:
    """A question not answered yet on which the outcome depends, and the answers to it that would settle it alone."""

    field: str
    effects: tuple[Effect, ...]


def check(terms: Terms, answers: Answers, day: date) -> Evaluation:
    """Return what the rules say of some answers on a day."""
    return evaluate(terms.eligibility, build_facts(declared_from(answers, day), day))


def depends_on(terms: Terms, questions: Questions, answers: Answers, day: date) -> list[Dependency]:
    """Return the questions without an answer that keep the outcome from being known, in the order of the form."""
    facts = build_facts(declared_from(answers, day), day)
    missing = [c.code for c in evaluate(terms.eligibility, facts).criteria if c.is_decisive and c.effective == MISSING]
    expressions = [c.expression for c in terms.eligibility.criteria if c.code in missing]
    unknown = {
        name
        for text in expressions
        for name in compile_expression(text).reads
        if name not in facts or isinstance(facts[name], Range)
    }
    wanted = [field for field, names in _unanswered(questions, answers) if names & unknown]
    effects = list_effects(terms, questions, answers, day)
    telling = [effect for effect in effects if effect.outcome != MISSING]
    return [Dependency(field, tuple(e for e in telling if e.variation.field == field)) for field in wanted]


def changes(terms: Terms, questions: Questions, answers: Answers, day: date) -> list[Effect]:
    """Return the answers that, each by itself given differently, would change a yes or a no."""
    outcome = check(terms, answers, day).outcome
    return [e for e in list_effects(terms, questions, answers, day) if e.outcome not in {outcome, MISSING}]


def list_effects(terms: Terms, questions: Questions, answers: Answers, day: date) -> list[Effect]:
    """Return what the rules would say with each single answer different."""
    return [Effect(v, check(terms, v.answers, day).outcome) for v in variations(terms, questions, answers, day)]


#: The facts that a simple question decides: its answer is missing when it is None or empty.
_SIMPLE: tuple[tuple[str, frozenset[str]], ...] = (
    ("has_partner", PARTNER_FACTS),
    ("short_time_work", frozenset({"parents_in_short_time_work"})),
    ("partner_short_time_work", frozenset({"parents_in_short_time_work"})),
    ("non_self_sufficient", frozenset({"non_self_sufficient_cohabiting"})),
    ("isee_cents", frozenset({"isee_cents"})),
    ("province", frozenset({"province"})),
)
_CHILDREN = frozenset({"minors_cohabiting", "child_ages", "household_size"})


def _unanswered(questions: Questions, answers: Answers) -> list[tuple[str, frozenset[str]]]:
    """Return the questions of the form without an answer, each with the facts that it decides."""
    found: list[tuple[str, frozenset[str]]] = []
    for n, (_code, has_it, assigned_on, _last) in enumerate(answers.measures):
        if has_it is None or (has_it and assigned_on is None):
            found.append((f"measure_{n}" if has_it is None else f"measure_{n}_on", frozenset({"measures"})))
    is_dated = answers.training_from and answers.training_last_day
    if answers.has_training is None or (answers.has_training and not is_dated):
        found.append(("has_training" if answers.has_training is None else "training_from", _TRAININGS))
    if answers.has_children is None or (answers.has_children and not answers.child_ages):
        found.append(("has_children" if answers.has_children is None else "child_ages", _CHILDREN))
    for field, names in _SIMPLE:
        is_moot = field == "partner_short_time_work" and answers.has_partner is False
        if getattr(answers, field) in (None, "") and not is_moot:
            found.append((field, names))
    for n, (_code, said) in enumerate(answers.benefits):
        if said is None:
            found.append((f"benefit_{n}", frozenset({"other_benefits"})))
    return [(field, names) for field, names in found if _asks(questions, field)]


def _asks(questions: Questions, field: str) -> bool:
    """Tell whether the form of this programme has a question."""
    if field == "has_partner":
        return questions.asks_partner
    behind = {
        "has_children": "members.birth_date",
        "child_ages": "members.birth_date",
        "short_time_work": "members.short_time_work",
        "partner_short_time_work": "members.short_time_work",
        "non_self_sufficient": "members.non_self_sufficient",
        "has_training": "trainings.from",
        "training_from": "trainings.from",
        "isee_cents": "isee_cents",
        "province": "province",
    }
    return field not in behind or behind[field] in questions.fields


def variations(terms: Terms, questions: Questions, answers: Answers, day: date) -> Iterator[Variation]:
    """Yield each answer of the form given differently, one at a time, in the order of the form."""
    for variation in _all_variations(terms, answers, day):
        if _asks(questions, variation.field) and variation.answers != answers:
            yield variation


def _all_variations(terms: Terms, answers: Answers, day: date) -> Iterator[Variation]:
    yield from _vary_measures(answers, day)
    yield from _vary_training(answers, day)
    yield from _yes_no(answers, "has_partner")
    yield from _vary_children(terms, answers)
    for field in ("short_time_work", "partner_short_time_work", "non_self_sufficient"):
        yield from _yes_no(answers, field)
    yield from _vary_isee(terms, answers)
    if "province" in facts_read(terms.eligibility):
        for province in terms.provinces:
            yield Variation("province", "province", replace(answers, province=province), text=province)
    for n, (code, _had) in enumerate(answers.benefits):
        for said in (True, False):
            benefits = (*answers.benefits[:n], (code, said), *answers.benefits[n + 1 :])
            yield Variation(f"benefit_{n}", _word(said), replace(answers, benefits=benefits))


def _vary_measures(answers: Answers, day: date) -> Iterator[Variation]:
    for n, (code, has_it, assigned_on, last) in enumerate(answers.measures):
        for said in (True, False):
            if said is not has_it:
                measure = (code, said, assigned_on or day, last) if said else (code, False, None, None)
                measures = (*answers.measures[:n], measure, *answers.measures[n + 1 :])
                yield Variation(f"measure_{n}", _word(said), replace(answers, measures=measures))


def _vary_training(answers: Answers, day: date) -> Iterator[Variation]:
    if answers.has_training is not True:
        ends = day + timedelta(days=TRAINING_DAYS)
        dated = replace(answers, has_training=True, training_from=day, training_last_day=ends)
        yield Variation("has_training", "yes", dated)
    if answers.has_training is not False:
        none = replace(answers, has_training=False, training_from=None, training_last_day=None)
        yield Variation("has_training", "no", none)


def _vary_children(terms: Terms, answers: Answers) -> Iterator[Variation]:
    for age in _ages(terms):
        with_one = replace(answers, has_children=True, child_ages=(*answers.child_ages, age))
        yield Variation("has_children", "child", with_one, number=age)
    if answers.has_children is not False:
        yield Variation("has_children", "no_children", replace(answers, has_children=False, child_ages=()))


def _vary_isee(terms: Terms, answers: Answers) -> Iterator[Variation]:
    for limit in _limits(terms):
        if answers.isee_cents is None or answers.isee_cents > limit:
            yield Variation("isee_cents", "isee_most", replace(answers, isee_cents=limit), number=limit)
        if answers.isee_cents is None or answers.isee_cents <= limit:
            yield Variation("isee_cents", "isee_over", replace(answers, isee_cents=limit + 1), number=limit)


def _word(said: bool) -> str:
    return "yes" if said else "no"


def _yes_no(answers: Answers, field: str) -> Iterator[Variation]:
    for said in (True, False):
        given: dict[str, Any] = {field: said}
        yield Variation(field, _word(said), replace(answers, **given))


def _limits(terms: Terms) -> list[int]:
    """Return the amounts that the rules compare the ISEE with, in cents."""
    return sorted({int(found) for text in expressions_of(terms.eligibility) for found in _ISEE.findall(text)})


def _ages(terms: Terms) -> list[int]:
    """Return one age below each limit that the rules know (adulthood among them): a child more is of that age."""
    reads = {fact.name for fact in FACT_BY_NAME.values() if "members.birth_date" in fact.reads}
    texts = [text for text in expressions_of(terms.eligibility) if reads & set(compile_expression(text).reads)]
    limits = {int(found) for text in texts for found in _AGE.findall(text) if 0 < int(found) <= MAX_AGE}
    if any("minors_cohabiting" in compile_expression(text).reads for text in texts):
        limits.add(18)
    return sorted(limit - 1 for limit in limits)
