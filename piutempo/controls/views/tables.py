"""Columns that several lists of checks share."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from piutempo.controls.models import Check, CheckOutcome, CheckState
from piutempo.ui.tables import Column

OUTCOME_TAGS = {
    CheckOutcome.REGULAR: "good",
    CheckOutcome.CURABLE: "waiting",
    CheckOutcome.FALSE: "bad",
    CheckOutcome.LAPSED: "plain",
}


def state_tag(check: Check) -> str:
    """Return the tag of a check's state."""
    if check.state == CheckState.CLOSED:
        return OUTCOME_TAGS[CheckOutcome(check.outcome)]
    return "waiting"


def state_text(check: Check) -> str:
    """Return where a check stands, or how it ended."""
    return str(check.get_outcome_display() if check.state == CheckState.CLOSED else check.get_state_display())


def check_columns() -> list[Column]:
    """Return the columns of the office's lists of checks."""
    return [
        Column(
            "number",
            _("Domanda"),
            kind="count",
            value=lambda c: c.application.number,
            order="application__number",
            url=lambda c: reverse("controls:check", args=[c.pk]),
        ),
        Column(
            "applicant",
            _("Chi fa domanda"),
            value=lambda c: c.application.applicant,
            order=["application__applicant__family_name", "application__applicant__given_name"],
        ),
        Column("programme", _("Programma"), order="programme__title"),
        Column("ground", _("Perché"), value=lambda c: c.get_ground_display()),
        Column("state", _("Stato"), value=state_text, tag=state_tag),
        Column("due_on", _("Termine dell'ufficio"), kind="day"),
        Column("answer_due_on", _("La famiglia risponde entro"), kind="day"),
        Column("officer", _("In carico a"), order="officer__full_name"),
    ]
