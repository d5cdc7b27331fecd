"""Checks of self-declarations in the demonstration: a sample drawn in the open, and a question to the citizen."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from piutempo.applications.models import Application, Status
from piutempo.controls.models import Sample
from piutempo.controls.services import (
    ControlRefused,
    answer_item,
    draw_sample,
    open_check,
    open_sample,
    send_finding,
    take_check,
)
from piutempo.kernel.periods import Month
from piutempo.people.models import Person, User
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_terms, get_version_at


def open_controls(*, programme: Programme, citizen: Person, at: datetime, opener: User, checker: User) -> None:
    """
    Draw the sample of the months gone by, fix the seed of this one, and ask the citizen for a clarification. Once.

    A programme without risk classes or a list has no checks.
    """
    today = timezone.localdate(at)
    if Sample.objects.filter(programme=programme).exists():
        return
    checks = get_terms(get_version_at(programme, today).pk).checks
    if not checks.risk_classes or not checks.checklist:
        return
    month = Month.of(today)
    asked = Application.objects.filter(programme=programme, applicant=citizen, status=Status.APPROVED).first()
    if asked is not None:
        days_ago = at - timedelta(days=3)
        check = open_check(
            application=asked, reason="L'anagrafe segnala un cambio di residenza.", at=days_ago, by=opener
        )
        take_check(check=check, at=days_ago, by=checker)
        for position in range(len(checks.checklist)):
            is_wrong = position == 1
            answer_item(
                check=check,
                position=position,
                outcome="not_ok" if is_wrong else "ok",
                note="Nell'anagrafe l'indirizzo è un altro." if is_wrong else "Verificato nella banca dati.",
                at=days_ago,
                by=checker,
            )
        send_finding(
            check=check,
            text="Nell'anagrafe il tuo indirizzo è diverso da quello della domanda. Se hai cambiato casa, dicci da "
            "quando: basta una riga, oppure la ricevuta del Comune.",
            at=days_ago,
            by=checker,
        )
    first = Application.objects.filter(programme=programme).aggregate(at=Min("submitted_at"))["at"]
    if first is not None and (since := Month.of(timezone.localdate(first)).first) < month.first:
        gone = open_sample(programme=programme, period_from=since, period_until=month.first, at=at, by=opener)
        with suppress(ControlRefused):  # nobody of those months waits or was approved: nothing to draw
            draw_sample(sample=gone, at=at, by=opener)
    open_sample(programme=programme, period_from=month.first, period_until=(month + 1).first, at=at, by=opener)
