"""Pure rules of applications."""

from piutempo.applications.rules.casework import (
    Granted,
    Proposed,
    last_review_day,
    round_refusal_for,
    signature_refusal_for,
)
from piutempo.applications.rules.deciding import (
    Refusal,
    WindowRefusal,
    decision_refusal_for,
    first_month_for,
    window_refusal_for,
)

__all__ = [
    "Granted",
    "Proposed",
    "Refusal",
    "WindowRefusal",
    "decision_refusal_for",
    "first_month_for",
    "last_review_day",
    "round_refusal_for",
    "signature_refusal_for",
    "window_refusal_for",
]
