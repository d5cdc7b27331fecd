"""What a settlement refuses."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a settlement's step is refused. Stable: shown by ``settlements.messages``."""

    FUTURE_MONTH = "FUTURE_MONTH"
    SAME_PERSON = "SAME_PERSON"
    NOTHING_SELECTED = "NOTHING_SELECTED"
    NOTHING_TO_PAY = "NOTHING_TO_PAY"
    NOT_PAID = "NOT_PAID"
    ABOVE_PAID = "ABOVE_PAID"
    NO_REASON = "NO_REASON"
    KEY_REUSED = "KEY_REUSED"
    NO_BENEFIT = "NO_BENEFIT"
    FORFEITURE_RUNNING = "FORFEITURE_RUNNING"
    FORFEITURE_CLOSED = "FORFEITURE_CLOSED"
    LETTER_NOT_SENT = "LETTER_NOT_SENT"
    SIGNED_BY_OPENER = "SIGNED_BY_OPENER"
    WRONG_DAY = "WRONG_DAY"
    ABOVE_CLAIM = "ABOVE_CLAIM"
    CLAIM_CANCELLED = "CLAIM_CANCELLED"
    ALREADY_COLLECTED = "ALREADY_COLLECTED"


class SettlementRefused(Exception):
    """The step may not be done. ``code`` is stable and safe to show."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code.value)
        self.code = code


class LedgerDisagrees(RuntimeError):
    """The ledger holds another amount than a statement's redemptions: nothing was done, ask who keeps the program."""
