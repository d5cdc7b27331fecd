"""
Pure rules of applications: when one may be submitted, what an officer may decide, when the months start.

Whether a family is entitled is not here: that is the programme's own eligibility (``programmes.rules.eligibility``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from piutempo.kernel.periods import Month
from piutempo.programmes.rules.eligibility import MISSING, NO, YES
from piutempo.programmes.rules.terms import Window


class Refusal(StrEnum):
    """Why a step is refused; stable, with an Italian sentence in ``messages``."""

    NOT_YET_OPEN = "NOT_YET_OPEN"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    NO_WINDOW = "NO_WINDOW"
    ALREADY_APPLIED = "ALREADY_APPLIED"
    NOT_DRAFT = "NOT_DRAFT"
    NOT_SUBMITTED = "NOT_SUBMITTED"
    ALREADY_DECIDED = "ALREADY_DECIDED"
    NOT_APPROVED = "NOT_APPROVED"
    NOT_WITHDRAWABLE = "NOT_WITHDRAWABLE"
    NOT_THE_APPLICANT = "NOT_THE_APPLICANT"
    WRONG_FACTS = "WRONG_FACTS"
    CANNOT_APPROVE_AGAINST_RULES = "CANNOT_APPROVE_AGAINST_RULES"
    CANNOT_REFUSE_AGAINST_RULES = "CANNOT_REFUSE_AGAINST_RULES"
    CANNOT_APPROVE_MISSING = "CANNOT_APPROVE_MISSING"
    NEEDS_OFFICER = "NEEDS_OFFICER"
    NO_MONTHS = "NO_MONTHS"
    NO_REASON = "NO_REASON"
    UNKNOWN_CRITERION = "UNKNOWN_CRITERION"
    UNKNOWN_OUTCOME = "UNKNOWN_OUTCOME"
    NOTHING_TO_OVERRULE = "NOTHING_TO_OVERRULE"
    BEFORE_SUBMISSION = "BEFORE_SUBMISSION"
    TOO_MANY_FILES = "TOO_MANY_FILES"
    NO_SUPPORT = "NO_SUPPORT"
    NOT_IDENTIFIED = "NOT_IDENTIFIED"
    DOCUMENT_KIND = "DOCUMENT_KIND"
    DOCUMENT_NUMBER = "DOCUMENT_NUMBER"
    DOCUMENT_EXPIRED = "DOCUMENT_EXPIRED"
    NO_MANDATE = "NO_MANDATE"
    MANDATE_IN_FUTURE = "MANDATE_IN_FUTURE"
    MANDATE_ENDED = "MANDATE_ENDED"
    NOT_PROTOCOLLED = "NOT_PROTOCOLLED"
    NOT_DECLARED = "NOT_DECLARED"
    SOURCE_SILENT = "SOURCE_SILENT"
    NOTHING_TO_NOTIFY = "NOTHING_TO_NOTIFY"
    CONFLICT_OPEN = "CONFLICT_OPEN"
    PROPOSAL_NEEDED = "PROPOSAL_NEEDED"
    PROPOSAL_NOT_NEEDED = "PROPOSAL_NOT_NEEDED"
    PROPOSAL_OPEN = "PROPOSAL_OPEN"
    PROPOSAL_CLOSED = "PROPOSAL_CLOSED"
    PROPOSAL_STALE = "PROPOSAL_STALE"
    SAME_PERSON = "SAME_PERSON"
    NOT_DECIDED = "NOT_DECIDED"
    REVIEW_TOO_LATE = "REVIEW_TOO_LATE"
    REVIEW_OPEN = "REVIEW_OPEN"
    REVIEW_CLOSED = "REVIEW_CLOSED"
    ANOTHER_STANDS = "ANOTHER_STANDS"
    VOUCHERS_ISSUED = "VOUCHERS_ISSUED"
    BENEFIT_ENDED = "BENEFIT_ENDED"
    MONTHS_DIFFER = "MONTHS_DIFFER"
    NOT_A_RANKING = "NOT_A_RANKING"
    CUT_OFF_OPEN = "CUT_OFF_OPEN"
    EARLIER_RANKING_FIRST = "EARLIER_RANKING_FIRST"
    REQUEST_RUNNING_IN_RANKING = "REQUEST_RUNNING_IN_RANKING"
    REQUEST_NEEDED_FOR_RANKING = "REQUEST_NEEDED_FOR_RANKING"
    DECIDED_BY_RANKING = "DECIDED_BY_RANKING"
    RANKING_DRAWN = "RANKING_DRAWN"
    RANKING_RETURNED = "RANKING_RETURNED"
    RANKING_PUBLISHED = "RANKING_PUBLISHED"
    RANKING_CHANGED = "RANKING_CHANGED"
    OBSERVATIONS_UNANSWERED = "OBSERVATIONS_UNANSWERED"
    NEW_GROUNDS = "NEW_GROUNDS"
    LETTER_NOT_SENT = "LETTER_NOT_SENT"


@dataclass(frozen=True, slots=True)
class WindowRefusal:
    """Why nothing can be submitted now, and the window the sentence talks about."""

    code: Refusal
    window: Window | None


def window_refusal_for(windows: Sequence[Window], at: datetime) -> WindowRefusal | None:
    """Return why nothing is received at ``at``: the next window to open if any, else the last that closed."""
    if any(w.opens_at <= at < w.closes_at for w in windows):
        return None
    coming = sorted((w for w in windows if at < w.opens_at), key=lambda w: w.opens_at)
    if coming:
        return WindowRefusal(Refusal.NOT_YET_OPEN, coming[0])
    past = sorted(windows, key=lambda w: w.closes_at)
    return WindowRefusal(Refusal.WINDOW_CLOSED, past[-1]) if past else WindowRefusal(Refusal.NO_WINDOW, None)


def decision_refusal_for(*, outcome: str, months: int, approve: bool | None) -> Refusal | None:
    """
    Return why a decision is not possible, or None. ``approve`` None follows the rules.

    An officer deviates from the rules only by overruling a criterion. While something is missing nobody approves, and
    nothing is refused by itself: an officer may refuse, and the missing items are the reason.
    """
    if outcome == MISSING:
        if approve:
            return Refusal.CANNOT_APPROVE_MISSING
        return Refusal.NEEDS_OFFICER if approve is None else None
    if outcome == NO and approve:
        return Refusal.CANNOT_APPROVE_AGAINST_RULES
    if outcome == YES and approve is False:
        return Refusal.CANNOT_REFUSE_AGAINST_RULES
    if outcome == YES and months < 1:
        return Refusal.NO_MONTHS
    return None


def first_month_for(planned: Month | None, decided_on: date) -> Month:
    """Return the vouchers' first month: as the programme's rule says, never before the month after the decision."""
    after = Month.of(decided_on) + 1
    return after if planned is None else max(planned, after)
