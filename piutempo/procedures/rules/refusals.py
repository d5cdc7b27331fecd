"""Why a step of a procedure cannot be taken."""

from enum import StrEnum


class Refusal(StrEnum):
    """Stable codes; the sentences are in ``messages``."""

    PROCEDURE_CLOSED = "PROCEDURE_CLOSED"
    PROCEDURE_OPEN = "PROCEDURE_OPEN"
    NOTICE_NEEDED = "NOTICE_NEEDED"
    NOTICE_RUNNING = "NOTICE_RUNNING"
    REQUEST_RUNNING = "REQUEST_RUNNING"
    NOTHING_ASKED = "NOTHING_ASKED"
    NO_GROUNDS = "NO_GROUNDS"
    WRONG_DAYS = "WRONG_DAYS"
    EMPTY_ANSWER = "EMPTY_ANSWER"
    NOT_TO_BE_ANSWERED = "NOT_TO_BE_ANSWERED"
    STEP_CLOSED = "STEP_CLOSED"
    BEFORE_SENDING = "BEFORE_SENDING"
