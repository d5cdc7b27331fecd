"""
Eligibility: CEL expressions over the fact sheet, combined in three-valued logic (yes, no, missing).

Alternatives between criteria are data (``group``), never CEL: a missing datum raises inside an expression, and that
is "missing".
Doubles are refused (an int compared with a double passes silently), so money stays in cents.
Source: docs/rules/eligibility.md, with worked examples that run as tests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import cel

from piutempo.kernel.money import format_euro
from piutempo.kernel.periods import Month
from piutempo.programmes.rules.facts import FACT_BY_NAME, FOREVER, Range
from piutempo.programmes.rules.problems import closest
from piutempo.programmes.rules.terms import Criterion, Eligibility

YES, NO, MISSING = "yes", "no", "missing"
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_DOUBLE = re.compile(r"\d\.\d|\d[eE][+-]?\d|\bdouble\b")
#: What a fact that is not known looks like among the values read.
_ABSENT = object()
_MACRO = re.compile(r"(?:\b(\w+)\s*)?\.\s*(?:exists|exists_one|all|filter|map)\s*\(\s*(\w+)\s*,")


class ExpressionWrong(ValueError):
    """A CEL expression that cannot be used; ``str()`` is the Italian reason."""


@dataclass(frozen=True, slots=True)
class CriterionOutcome:
    """One line of the explanation. ``outcome`` is the rule's, ``overruled`` the officer's (empty if none)."""

    code: str
    title: str
    group: str
    outcome: str
    value: str
    sentence: str
    evidence: str
    source: str
    is_decisive: bool
    overruled: str = ""

    @property
    def effective(self) -> str:
        """The outcome that counts."""
        return self.overruled or self.outcome


@dataclass(frozen=True, slots=True)
class Evaluation:
    """
    What the rules say of one household.

    ``months`` is 0 and ``first_month`` None where they cannot be computed; ``months`` is read only when the outcome
    is yes.
    """

    outcome: str
    criteria: tuple[CriterionOutcome, ...]
    months: int
    first_month: Month | None


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression and the facts that it reads."""

    program: Any
    reads: tuple[str, ...]


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """
    Compile an expression once.

    :raises ExpressionWrong: syntax error, a double, an unknown fact or a field that items of a list do not have
    """
    bare = _STRING.sub("''", text)
    if _DOUBLE.search(bare):
        raise ExpressionWrong("usa numeri con la virgola: gli importi si scrivono in centesimi, come 2500000")
    try:
        program = cel.compile(text)
    except ValueError as error:
        lines = str(error).splitlines()
        raise ExpressionWrong(f"l'espressione non si legge: {lines[0].split('ERROR: ')[-1]}") from None
    bound: dict[str, set[str]] = {}
    for source, name in _MACRO.findall(bare):
        bound.setdefault(name, set()).add(source)
    reads = tuple(sorted(v for v in program.variables() if v not in bound and not v.startswith("@")))
    for name in reads:
        if name not in FACT_BY_NAME:
            raise ExpressionWrong(f"legge «{name}», che non esiste nella scheda dei dati.{closest(name, FACT_BY_NAME)}")
    for name, sources in bound.items():
        keys = {key for source in sources if source in FACT_BY_NAME for key in FACT_BY_NAME[source].keys}
        for key in re.findall(rf"\b{name}\.(\w+)\b(?!\s*\()", bare):
            if keys and key not in keys:
                raise ExpressionWrong(f"legge «{name}.{key}», che negli elenchi non esiste.{closest(key, keys)}")
    return Expression(program, reads)


class _Map(tuple[tuple[str, str], ...]):
    """One item of a list of maps, as a value that hashes."""

    __slots__ = ()


def _thaw(value: Any) -> Any:
    if isinstance(value, tuple):
        return [dict(item) if isinstance(item, _Map) else item for item in value]
    return value


def _run(text: str, facts: Mapping[str, Any]) -> Any:
    """Return an expression's value, or None where a datum is missing (or where the answer depends on it)."""
    return _answer(text, _values_read(text, facts))


def _values_read(text: str, facts: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what an expression reads, in its order, as values that hash; ``_ABSENT`` for what is not known."""
    found = []
    for name in compile_expression(text).reads:
        value = facts.get(name, _ABSENT)
        if isinstance(value, list):
            value = tuple(_Map(item.items()) if isinstance(item, dict) else item for item in value)
        found.append(value)
    return tuple(found)


@lru_cache(maxsize=20_000)
def _answer(text: str, read: tuple[Any, ...]) -> Any:
    """
    Execute an expression on what it reads.

    An answer follows from these values alone and most households share them (counts, months, measures), so answers are
    kept: executing an expression costs ten times a look-up.
    """
    expression = compile_expression(text)
    values = {name: _thaw(value) for name, value in zip(expression.reads, read, strict=True) if value is not _ABSENT}
    ranges = {name: value for name, value in values.items() if isinstance(value, Range)}
    answer: Any = None
    for corner in product(*((value.low, value.high) for value in ranges.values())):
        values.update(zip(ranges, corner, strict=True))
        try:
            found = expression.program.execute(values)
        except (RuntimeError, TypeError, ValueError, KeyError, IndexError):
            return None
        if answer is not None and found != answer:
            return None
        answer = found
    return None if isinstance(answer, float) else answer


def describe_value(name: str, value: object) -> str:
    """Return a fact as an Italian reads it."""
    if isinstance(value, Range):
        return f"da {value.low} a {value.high}"
    if name.endswith("_cents") and isinstance(value, int):
        return format_euro(value)
    if isinstance(value, list):
        if not value:
            return "nessuno"
        if isinstance(value[0], dict):
            return ", ".join(_describe_item(item) for item in value)
        return ", ".join(str(item) for item in value)
    return str(value)


def _day(text: str) -> str:
    return "/".join(reversed(text.split("-")))


def _describe_item(item: Mapping[str, str]) -> str:
    end = "senza scadenza" if item["valid_until"] == FOREVER else f"fino al {_day(item['valid_until'])} escluso"
    return f"{item['code']} dal {_day(item['valid_from'])} {end}, assegnata il {_day(item['assigned_on'])}"


def value_text(criterion: Criterion, facts: Mapping[str, Any]) -> str:
    """
    Return what a criterion read, in Italian and without names: ``genitori conviventi: 2; …`` (at most 300
    characters).
    """
    return _value_text(criterion.expression, _values_read(criterion.expression, facts))


@lru_cache(maxsize=20_000)
def _value_text(text: str, read: tuple[Any, ...]) -> str:
    parts = [
        f"{FACT_BY_NAME[name].label}: {'non indicato' if value is _ABSENT else describe_value(name, _thaw(value))}"
        for name, value in zip(compile_expression(text).reads, read, strict=True)
    ]
    found = "; ".join(parts)
    return found if len(found) <= 300 else found[:299] + "…"


def _all(outcomes: list[str]) -> str:
    return NO if NO in outcomes else MISSING if MISSING in outcomes else YES


def _any(outcomes: list[str]) -> str:
    return YES if YES in outcomes else MISSING if MISSING in outcomes else NO


def _decisive(criteria: tuple[Criterion, ...], effective: dict[str, str], outcome: str) -> set[str]:
    """Return the codes that made the outcome: what was refused or missing, or the conditions that opened the door."""
    decisive: set[str] = set()
    groups: dict[str, list[str]] = {}
    for criterion in criteria:
        if criterion.group:
            groups.setdefault(criterion.group, []).append(criterion.code)
        elif effective[criterion.code] == outcome:
            decisive.add(criterion.code)
    for codes in groups.values():
        if _any([effective[code] for code in codes]) == outcome:
            matching = [code for code in codes if effective[code] == outcome]
            decisive.update(matching[:1] if outcome == YES else matching)
    return decisive


@lru_cache(maxsize=1024)
def _month(text: str) -> Month:
    return Month.parse(text)


@lru_cache(maxsize=20_000)
def _line(criterion: Criterion, outcome: str, value: str, is_decisive: bool, overruled: str) -> CriterionOutcome:
    return CriterionOutcome(
        code=criterion.code,
        title=criterion.title,
        group=criterion.group,
        outcome=outcome,
        value=value,
        sentence={YES: criterion.yes, NO: criterion.no, MISSING: criterion.missing}[outcome],
        evidence=criterion.evidence,
        source=criterion.source,
        is_decisive=is_decisive,
        overruled=overruled,
    )


def evaluate(
    eligibility: Eligibility, facts: Mapping[str, Any], overrules: Mapping[str, str] | None = None
) -> Evaluation:
    """
    Apply a programme's rules to the facts of ``facts.build_facts``.

    ``overrules`` maps a criterion's code to the officer's outcome (``yes`` or ``no``): the combination reads it, both
    are kept.
    """
    overrules = overrules or {}
    outcomes: dict[str, str] = {}
    values: dict[str, str] = {}
    for criterion in eligibility.criteria:
        read = _values_read(criterion.expression, facts)
        answer = _answer(criterion.expression, read)
        outcomes[criterion.code] = YES if answer is True else NO if answer is False else MISSING
        values[criterion.code] = _value_text(criterion.expression, read)
    effective = {code: overrules.get(code) or outcome for code, outcome in outcomes.items()}
    groups: dict[str, list[str]] = {}
    singles: list[str] = []
    for criterion in eligibility.criteria:
        if criterion.group:
            groups.setdefault(criterion.group, []).append(effective[criterion.code])
        else:
            singles.append(effective[criterion.code])
    outcome = _all(singles + [_any(members) for members in groups.values()])
    decisive = _decisive(eligibility.criteria, effective, outcome)
    months, first = _run(eligibility.months, facts), _run(eligibility.first_month, facts)
    return Evaluation(
        outcome=outcome,
        criteria=tuple(
            _line(c, outcomes[c.code], values[c.code], c.code in decisive, overrules.get(c.code, ""))
            for c in eligibility.criteria
        ),
        months=months if isinstance(months, int) and not isinstance(months, bool) and months > 0 else 0,
        first_month=_month(first) if isinstance(first, str) else None,
    )


def compute(text: str, facts: Mapping[str, Any]) -> Any:
    """Return an expression's value over the facts; None where a datum is missing and the answer depends on it."""
    return _run(text, facts)


def is_certain(expression: str, facts: Mapping[str, Any]) -> bool:
    """Tell whether a yes-or-no expression is true of the facts, whatever is still missing in them."""
    return _run(expression, facts) is True


def expressions_of(eligibility: Eligibility) -> tuple[str, ...]:
    """Return every expression of a rule set."""
    return (*(c.expression for c in eligibility.criteria), eligibility.months, eligibility.first_month)


def facts_read(eligibility: Eligibility) -> frozenset[str]:
    """Return the names of the facts that a rule set reads."""
    return frozenset(name for text in expressions_of(eligibility) for name in compile_expression(text).reads)
