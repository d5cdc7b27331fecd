"""Writing to the family: what does not match, a reminder, how the check ended. Called last in a transaction."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from piutempo.controls.letters import FINDING, OUTCOME, REMINDER
from piutempo.controls.models import Check, CheckOutcome
from piutempo.controls.services.held import SUBJECT
from piutempo.correspondence.kinds import LetterKind
from piutempo.correspondence.services import send_letter
from piutempo.people.models import User
from piutempo.programmes.selectors import get_terms


def tell_finding(check: Check, at: datetime, by: User | None) -> None:
    """Send the finding with the family's last day."""
    _send(FINDING, check, {"rilievo": check.finding, "termine": _day(check.answer_due_on)}, at, by)


def remind(check: Check, days: int, at: datetime) -> None:
    """Remind the family ``days`` before its last day, once for each of the programme's reminders."""
    _send(REMINDER, check, {"termine": _day(check.answer_due_on)}, at, None, key=str(days))


def tell_outcome(check: Check, at: datetime, by: User | None) -> None:
    """Say how the check ended, to a family that had been asked something."""
    reasons, follows = {
        CheckOutcome.REGULAR: (_("Quello che hai dichiarato è in regola."), _("Non devi fare nulla.")),
        CheckOutcome.LAPSED: (
            _("L'ufficio non ha concluso in tempo. Per te non cambia nulla."),
            _("Non devi fare nulla."),
        ),
        CheckOutcome.CURABLE: (
            check.reasons,
            _("Il beneficio resta. Se nei motivi ti chiediamo un documento, mandalo appena puoi."),
        ),
        CheckOutcome.FALSE: (
            check.reasons,
            get_terms(check.version_id).procedure.appeal
            or _("Se non sei d'accordo puoi chiedere all'ufficio come fare ricorso."),
        ),
    }[CheckOutcome(check.outcome)]
    fields = {"esito": str(check.get_outcome_display()), "motivi": reasons, "seguito": follows}
    _send(OUTCOME, check, fields, at, by)


def _day(day: date | None) -> str:
    return date_format(day, "j F Y").lower() if day else ""


def _send(kind: LetterKind, check: Check, fields: dict[str, str], at: datetime, by: User | None, key: str = "") -> None:
    application = check.application
    send_letter(
        kind=kind.code,
        person=application.applicant,
        fields={"programma": check.programme.title, "numero": str(application.number), **fields},
        subject=SUBJECT,
        subject_id=check.pk,
        key=key,
        at=at,
        by=by,
        programme_id=check.programme_id,
    )
