"""A family's benefit withdrawn as a whole: months not issued and titles not spent, in one step."""

from datetime import datetime

from django.db import transaction

from piutempo.applications.models import Application
from piutempo.applications.services import renounce
from piutempo.people.models import User
from piutempo.vouchers.models import LapseCause
from piutempo.vouchers.services.lapse import LapseReport, lapse_award_vouchers


@transaction.atomic
def withdraw_benefit(*, application: Application, reason: str, at: datetime, by: User | None) -> list[LapseReport]:
    """
    End an approved application's awards and lapse whatever of their vouchers is unspent; all of it returns to the fund.

    What was spent stays spent. Doing it again changes nothing.

    :raises applications.services.ApplicationRefused: NO_REASON, NOT_APPROVED
    """
    awards = renounce(application=application, reason=reason, at=at, by=by)
    return [lapse_award_vouchers(award=award, cause=LapseCause.WITHDRAWN, at=at, by=by) for award in awards]
