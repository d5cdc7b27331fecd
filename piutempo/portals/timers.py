"""
What the program does by itself when its time comes. Run by ``manage.py run_due``.

Each timer takes the instant, does what is due, is safe to run again and beside itself, and returns a sentence of what
it did (empty: nothing).
"""

from collections.abc import Callable
from datetime import datetime

from piutempo.applications.services import timers as applications
from piutempo.controls.services import timers as controls
from piutempo.correspondence.services import deliver_outbox, run_batches
from piutempo.reception.services import reminders as reception
from piutempo.records.services import forward_entries as forward
from piutempo.vouchers.services.suspending import unblock_ended

Timer = Callable[[datetime], str]


def deliver(at: datetime) -> str:
    """Deliver the outbox."""
    report = deliver_outbox(at=at)
    counts = (("sent", report.sent), ("to retry", report.retried), ("failed", report.failed))
    said = [f"{count} {name}" for name, count in counts if count]
    return ", ".join(said + [f"{channel} does not answer: {fault}" for channel, fault in report.faults.items()])


def prepare_batches(at: datetime) -> str:
    """Typeset and queue the letters of unfinished batches."""
    done = run_batches(at=at)
    return f"{done} letters prepared" if done else ""


def forward_entries(at: datetime) -> str:
    """Forward the register to the body's own."""
    report = forward(at)
    said = [f"{report.forwarded} forwarded"] if report.forwarded else []
    return ", ".join(said + ([f"the register does not answer: {report.fault}"] if report.fault else []))


def end_suspensions(at: datetime) -> str:
    """Unblock the vouchers of suspensions whose stated end has come."""
    ended = unblock_ended(at)
    return f"{ended} suspensions ended" if ended else ""


#: In order: what writes letters comes before what delivers them.
TIMERS: tuple[tuple[str, Timer], ...] = (
    ("applications", applications.run_due),
    ("controls", controls.run_due),
    ("reception", reception.run_due),
    ("end_suspensions", end_suspensions),
    ("prepare_batches", prepare_batches),
    ("deliver_outbox", deliver),
    ("forward_entries", forward_entries),
)
