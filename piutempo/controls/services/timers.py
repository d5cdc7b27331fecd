"""What time alone does to checks: it reminds the family, and closes in its favour what the office left undone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.controls.models import Check, CheckOutcome, CheckState
from piutempo.controls.services.held import hold, record


def run_due(at: datetime) -> str:
    """Close without consequence the checks past the office's term. Running it twice changes nothing."""
    today = timezone.localdate(at)
    overdue = Check.objects.exclude(state=CheckState.CLOSED).filter(due_on__lt=today).order_by("pk")
    lapsed = 0
    for pk in list(overdue.values_list("pk", flat=True)):
        lapsed += _lapse(pk, at)
    return _("Controlli: %(lapsed)s chiusi senza conseguenze per termine scaduto.") % {"lapsed": lapsed}


@transaction.atomic
def _lapse(pk: int, at: datetime) -> bool:
    held = hold(Check(pk=pk))
    if held.state == CheckState.CLOSED or held.due_on >= timezone.localdate(at):
        return False
    held.state, held.outcome, held.closed_at = CheckState.CLOSED, CheckOutcome.LAPSED, at
    held.save(update_fields=["state", "outcome", "closed_at"])
    record("check_lapsed", held, at, None)
    return True
