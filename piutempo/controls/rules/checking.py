"""
When a step of a check may be taken. Only a person closes a check against a family, and only after its days have run.

Source: DPR 445/2000 artt. 71 (checks; what is irregular but not false is put right by the person), 75 (forfeiture).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Refusal(StrEnum):
    """Why a step is refused. Stable: shown by ``controls.messages``."""

    NO_RISK_CLASSES = "NO_RISK_CLASSES"
    WRONG_PERIOD = "WRONG_PERIOD"
    OVERLAPS = "OVERLAPS"
    NO_SEED = "NO_SEED"
    PERIOD_NOT_OVER = "PERIOD_NOT_OVER"
    NO_POPULATION = "NO_POPULATION"
    NO_REASON = "NO_REASON"
    ALREADY_OPEN = "ALREADY_OPEN"
    NOT_CHECKABLE = "NOT_CHECKABLE"
    DECIDED_BY_YOU = "DECIDED_BY_YOU"
    NOT_YOURS = "NOT_YOURS"
    CLOSED = "CLOSED"
    TAKEN = "TAKEN"
    WRONG_ITEM = "WRONG_ITEM"
    ITEMS_LEFT = "ITEMS_LEFT"
    ITEM_FAILED = "ITEM_FAILED"
    NOTHING_FAILED = "NOTHING_FAILED"
    FINDING_NEEDED = "FINDING_NEEDED"
    FAMILY_DAYS_RUNNING = "FAMILY_DAYS_RUNNING"
    LETTER_NOT_SENT = "LETTER_NOT_SENT"
    NO_FINDING = "NO_FINDING"
    SIGN_PENDING = "SIGN_PENDING"
    NOTHING_TO_SIGN = "NOTHING_TO_SIGN"
    SAME_PERSON = "SAME_PERSON"
    WRONG_STEP = "WRONG_STEP"


class ControlRefused(Exception):
    """The step may not be taken. ``code`` is stable and safe to show."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class CheckCase:
    """
    What a conclusion depends on.

    ``left`` and ``failed`` count the items of the list not yet looked at, and those that are not in order.
    ``answer_due_on`` is the family's last day (None: no finding was sent).
    """

    is_closed: bool
    left: int
    failed: int
    answer_due_on: date | None
    is_answered: bool
    on: date


def conclusion_refusal(case: CheckCase, *, is_adverse: bool) -> Refusal | None:
    """
    Tell why a check may not be concluded today, or None.

    In order: every item was looked at and none failed. Otherwise (``is_adverse``): something failed, the family was
    told, and it answered or its days have run. Silence alone concludes nothing: this only says what a person may do.
    """
    if case.is_closed:
        return Refusal.CLOSED
    if case.left:
        return Refusal.ITEMS_LEFT
    if not is_adverse:
        return Refusal.ITEM_FAILED if case.failed else None
    if not case.failed:
        return Refusal.NOTHING_FAILED
    if case.answer_due_on is None:
        return Refusal.FINDING_NEEDED
    if not case.is_answered and case.on <= case.answer_due_on:
        return Refusal.FAMILY_DAYS_RUNNING
    return None
