"""Writing applications: submitting, deciding, leaving; one by one and in bulk."""

from piutempo.applications.services.deciding import (
    decide_application,
    decide_applications,
    evaluate_application,
    overrule_criterion,
)
from piutempo.applications.services.handling import (
    assign_application,
    assign_applications,
    notify_refusal,
    notify_refusals,
    request_missing,
    settle_conflict,
    take_next,
)
from piutempo.applications.services.judging import DecisionInput
from piutempo.applications.services.leaving import renounce, withdraw_application
from piutempo.applications.services.proposing import (
    propose_decision,
    propose_decisions,
    return_proposal,
    sign_proposal,
    sign_proposals,
)
from piutempo.applications.services.refused import ApplicationRefused
from piutempo.applications.services.reviewing import answer_review, ask_review, drop_review, reopen_case
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
    "answer_review",
    "ask_review",
    "assign_application",
    "assign_applications",
    "decide_application",
    "decide_applications",
    "drop_review",
    "evaluate_application",
    "notify_refusal",
    "notify_refusals",
    "overrule_criterion",
    "propose_decision",
    "propose_decisions",
    "renounce",
    "reopen_case",
    "request_missing",
    "return_proposal",
    "save_facts",
    "settle_conflict",
    "sign_proposal",
    "sign_proposals",
    "start_application",
    "submit_application",
    "submit_applications",
    "take_next",
    "withdraw_application",
]
