"""Writing applications: submitting, deciding, leaving; one by one and in bulk."""

from piutempo.applications.services.deciding import (
    DecisionInput,
    assign_application,
    decide_application,
    decide_applications,
    evaluate_application,
    overrule_criterion,
)
from piutempo.applications.services.leaving import renounce, withdraw_application
from piutempo.applications.services.refused import ApplicationRefused
from piutempo.applications.services.submitting import (
    ApplicationInput,
    save_facts,
    start_application,
    submit_application,
    submit_applications,
)

__all__ = [
    "ApplicationInput",
    "ApplicationRefused",
    "DecisionInput",
    "assign_application",
    "decide_application",
    "decide_applications",
    "evaluate_application",
    "overrule_criterion",
    "renounce",
    "save_facts",
    "start_application",
    "submit_application",
    "submit_applications",
    "withdraw_application",
]
