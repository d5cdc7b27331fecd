"""The exception that every service of this context raises."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why an award cannot be changed."""

    NOT_COMMITTED = "NOT_COMMITTED"
    NOT_WAITING = "NOT_WAITING"
    NO_REASON = "NO_REASON"
    TOO_MANY_MONTHS = "TOO_MANY_MONTHS"
    NOTHING_TO_SUSPEND = "NOTHING_TO_SUSPEND"
    ALREADY_SUSPENDED = "ALREADY_SUSPENDED"
    NOT_SUSPENDED = "NOT_SUSPENDED"
    WRONG_PERIOD = "WRONG_PERIOD"


class AwardRefused(Exception):
    """The award may not be changed this way. ``code`` is stable."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code.value)
        self.code = code
