"""Writing awards: committing, serving the waiting list, ending; rearranging their months."""

from piutempo.awards.services.committing import (
    AwardRequest,
    commit_award,
    commit_awards,
    drop_waiting,
    end_award,
    serve_waiting_list,
)
from piutempo.awards.services.refused import AwardRefused, Refusal
from piutempo.awards.services.slicing import (
    Benefit,
    extend_benefit,
    lock_benefits,
    resume_benefits,
    shrink_benefit,
    suspend_benefits,
)

__all__ = [
    "AwardRefused",
    "AwardRequest",
    "Benefit",
    "Refusal",
    "commit_award",
    "commit_awards",
    "drop_waiting",
    "end_award",
    "extend_benefit",
    "lock_benefits",
    "resume_benefits",
    "serve_waiting_list",
    "shrink_benefit",
    "suspend_benefits",
]
