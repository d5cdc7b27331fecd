"""Writing reception: opening hours, appointments, the queue of the day, reminders."""

from piutempo.reception.services.appointments import (
    book_appointment,
    cancel_appointment,
    move_appointment,
)
from piutempo.reception.services.opening import add_hours, close_on, end_hours, receive_on
from piutempo.reception.services.queue import (
    call_next,
    check_in,
    close_day,
    finish_visit,
    leave_queue,
    mark_no_show,
    take_ticket,
)
from piutempo.reception.services.refused import ReceptionRefused
from piutempo.reception.services.reminders import run_due

__all__ = [
    "ReceptionRefused",
    "add_hours",
    "book_appointment",
    "call_next",
    "cancel_appointment",
    "check_in",
    "close_day",
    "close_on",
    "end_hours",
    "finish_visit",
    "leave_queue",
    "mark_no_show",
    "move_appointment",
    "receive_on",
    "run_due",
    "take_ticket",
]
