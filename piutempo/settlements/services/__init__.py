"""Statements prepared, approved, paid in batches; money recovered."""

from piutempo.settlements.services.claiming import book_claims, cancel_claim, collect, get_due_cents
from piutempo.settlements.services.forfeiting import (
    decide_forfeiture,
    drop_forfeiture,
    list_undue,
    open_forfeiture,
)
from piutempo.settlements.services.paying import create_batch, pay_batch, record_recovery
from piutempo.settlements.services.refusals import LedgerDisagrees, Refusal, SettlementRefused
from piutempo.settlements.services.stating import Approved, Prepared, approve_statements, prepare_statements

__all__ = [
    "Approved",
    "LedgerDisagrees",
    "Prepared",
    "Refusal",
    "SettlementRefused",
    "approve_statements",
    "book_claims",
    "cancel_claim",
    "collect",
    "create_batch",
    "decide_forfeiture",
    "drop_forfeiture",
    "get_due_cents",
    "list_undue",
    "open_forfeiture",
    "pay_batch",
    "prepare_statements",
    "record_recovery",
]
