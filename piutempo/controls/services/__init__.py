"""Drawing samples, making checks, hearing the family, concluding."""

from piutempo.controls.rules.checking import ControlRefused
from piutempo.controls.services.checking import (
    answer_item,
    note_file_read,
    open_check,
    read_facts,
    release_check,
    send_finding,
    take_check,
)
from piutempo.controls.services.concluding import conclude_check, return_proposal, sign_outcome
from piutempo.controls.services.hearing import answer_finding
from piutempo.controls.services.sampling import draw_sample, note_recount, open_sample
from piutempo.controls.services.timers import run_due

__all__ = [
    "ControlRefused",
    "answer_finding",
    "answer_item",
    "conclude_check",
    "draw_sample",
    "note_file_read",
    "note_recount",
    "open_check",
    "open_sample",
    "read_facts",
    "release_check",
    "return_proposal",
    "run_due",
    "send_finding",
    "sign_outcome",
    "take_check",
]
