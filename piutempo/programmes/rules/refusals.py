"""Why a version of a programme is not accepted: stable codes; the sentences are in ``messages``."""

from enum import StrEnum


class Refusal(StrEnum):
    """One reason."""

    NOT_HEAD = "not_head"
    WRONG_BASE = "wrong_base"
    NOT_LATER = "not_later"
    IN_THE_PAST = "in_the_past"
    NOTHING_CHANGED = "nothing_changed"
    STALE_DRAFT = "stale_draft"
    OTHER_SOURCES = "other_sources"
    BUDGET_SAME_ACT = "budget_same_act"
    BUDGET_LOWER = "budget_lower"
    OVERCOMMITTED = "overcommitted"
    PUBLISHED = "published"
    OTHER_CODE = "other_code"
