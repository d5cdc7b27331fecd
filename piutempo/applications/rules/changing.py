"""
Pure rules of a change of circumstances: what counts as changed, from when, and for how many months.

Worked examples, read by a test: docs/rules/cambiamenti.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from piutempo.kernel.periods import Month
from piutempo.programmes.rules.eligibility import NO, YES, Evaluation, evaluate
from piutempo.programmes.rules.facts import build_facts
from piutempo.programmes.rules.terms import Eligibility


class ChangeRefusal(StrEnum):
    """Why a change cannot be declared, applied or refused."""

    CHANGE_NOT_APPROVED = "CHANGE_NOT_APPROVED"
    CHANGE_BENEFIT_ENDED = "CHANGE_BENEFIT_ENDED"
    CHANGE_IN_FUTURE = "CHANGE_IN_FUTURE"
    CHANGE_BEFORE_REQUEST = "CHANGE_BEFORE_REQUEST"
    CHANGE_BEFORE_LAST = "CHANGE_BEFORE_LAST"
    CHANGE_OPEN = "CHANGE_OPEN"
    CHANGE_CLOSED = "CHANGE_CLOSED"
    CHANGE_MISSING = "CHANGE_MISSING"
    CHANGE_SAME = "CHANGE_SAME"
    CHANGE_NO_REASON = "CHANGE_NO_REASON"
    CHANGE_WRONG_FACTS = "CHANGE_WRONG_FACTS"
    CHANGE_TOO_MANY_FILES = "CHANGE_TOO_MANY_FILES"


def effective_month_for(happened_on: date) -> Month:
    """Return the first month that a change touches: the one after the event."""
    return Month.of(happened_on) + 1


def is_late(*, happened_on: date, declared_on: date, days: int) -> bool:
    """Tell whether a change was declared more than ``days`` calendar days after it happened. It only warns."""
    return declared_on > happened_on + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class SliceChange:
    """What one version's rules say of a household before and after a change, on the day it happened."""

    before: Evaluation
    after: Evaluation

    @property
    def known(self) -> dict[str, str]:
        """The outcome of each criterion from that day on."""
        return {c.code: c.effective for c in self.after.criteria}

    @property
    def changed(self) -> list[tuple[str, str, str]]:
        """The criteria whose outcome the change turns: (code, before, after)."""
        old = {c.code: c.effective for c in self.before.criteria}
        return [(c.code, old[c.code], c.effective) for c in self.after.criteria if old[c.code] != c.effective]


def slice_change(
    *,
    eligibility: Eligibility,
    facts_before: Mapping[str, object],
    facts_after: Mapping[str, object],
    known: Mapping[str, str],
    happened_on: date,
) -> SliceChange:
    """
    Evaluate both fact sheets on the day of the event, so that only the change makes a difference.

    The passing of time is no change: a criterion that answers alike with both sheets keeps the outcome that it had
    (``known``: of the decision with the officer's overrules, or of the change before this one).
    """
    old_facts, new_facts = (build_facts(dict(facts), happened_on) for facts in (facts_before, facts_after))
    old = {c.code: c.outcome for c in evaluate(eligibility, old_facts).criteria}
    new = {c.code: c.outcome for c in evaluate(eligibility, new_facts).criteria}
    kept = {code: outcome for code, outcome in known.items() if code in old and old[code] != outcome}
    same = {code: outcome for code, outcome in kept.items() if new[code] == old[code]}
    return SliceChange(evaluate(eligibility, old_facts, kept), evaluate(eligibility, new_facts, same))


def months_to_keep(
    *, left: int, used: int, before: str, after: str, months_before: int, months_after: int, most: int
) -> int:
    """
    Return how many months a family keeps from the effective month on, of one product.

    ``left``: those still to issue from that month on; ``used``: those before it and those with a voucher.
    ``before`` and ``after`` are the outcomes, ``months_…`` what the rules give with each fact sheet, ``most`` the
    product's most. Without the right: none. With it before and after: what was left, plus the difference. With the
    right found again: what the rules give, within the most. What the family has is never cut by the most alone.
    """
    if after != YES:
        return 0
    room = max(0, most - used)
    if before == YES:
        kept = max(0, left + min(months_after, most) - min(months_before, most))
        return min(kept, max(left, room))
    return max(left, min(months_after, room))


def is_right_lost(change: SliceChange) -> bool:
    """Tell whether the family had the right and the change takes it."""
    return change.before.outcome == YES and change.after.outcome == NO
