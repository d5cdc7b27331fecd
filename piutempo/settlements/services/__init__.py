"""Statements prepared, approved, paid in batches; money recovered."""

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
    "create_batch",
    "pay_batch",
    "prepare_statements",
    "record_recovery",
]
