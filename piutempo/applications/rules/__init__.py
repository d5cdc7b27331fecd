"""Pure rules of applications."""

from piutempo.applications.rules.deciding import (
    Refusal,
    WindowRefusal,
    decision_refusal_for,
    first_month_for,
    window_refusal_for,
)

__all__ = ["Refusal", "WindowRefusal", "decision_refusal_for", "first_month_for", "window_refusal_for"]
