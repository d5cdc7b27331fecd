"""The reminder of tomorrow's appointments, sent by ``manage.py run_due``."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from piutempo.correspondence.services import send_letter
from piutempo.reception.letters import REMINDER
from piutempo.reception.models import Appointment
from piutempo.reception.selectors import list_due_reminders
from piutempo.reception.services.appointments import letter_fields


def run_due(at: datetime) -> str:
    """Remind, once each, whoever has an appointment tomorrow and an address; say how many (empty: none)."""
    tomorrow = timezone.localdate(at) + timedelta(days=1)
    sent = sum(_remind(one, at) for one in list_due_reminders(tomorrow))
    return f"{sent} people reminded" if sent else ""


@transaction.atomic
def _remind(appointment: Appointment, at: datetime) -> bool:
    """Send one reminder; False when another run, or a change of the appointment, came first."""
    same = Appointment.objects.filter(
        pk=appointment.pk, starts_at=appointment.starts_at, status=appointment.status, reminded_at=None
    )
    if not same.update(reminded_at=at):
        return False
    send_letter(
        kind=REMINDER.code,
        person=appointment.person,
        fields=letter_fields(appointment),
        subject="reception.appointment",
        subject_id=appointment.pk,
        key=appointment.starts_at.strftime("%Y%m%d%H%M"),
        at=at,
        by=None,
        to_name=appointment.name,
        to_email=appointment.email,
        register=False,
    )
    return True
