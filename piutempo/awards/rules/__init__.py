"""Pure rules of awards: the waiting list and the money, the months and their slices."""

from piutempo.awards.rules.slices import (
    Kept,
    Placed,
    Rearrangement,
    Run,
    State,
    end_of,
    last_month_for,
    move,
    shrink,
    taken_months,
)
from piutempo.awards.rules.waiting import (
    MAX_ORDER_FIELDS,
    Forecast,
    Place,
    Risk,
    first_month_for,
    forecast_for,
    is_served_at_once,
    months_to_release,
    rank_for,
    served_count,
)

__all__ = [
    "MAX_ORDER_FIELDS",
    "Forecast",
    "Kept",
    "Place",
    "Placed",
    "Rearrangement",
    "Risk",
    "Run",
    "State",
    "end_of",
    "first_month_for",
    "forecast_for",
    "is_served_at_once",
    "last_month_for",
    "months_to_release",
    "move",
    "rank_for",
    "served_count",
    "shrink",
    "taken_months",
]
