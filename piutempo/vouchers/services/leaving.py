"""A family's benefit withdrawn as a whole: months not issued and titles not spent, in one step."""

from datetime import datetime

from django.db import transaction

from piutempo.applications.models import Application
from piutempo.applications.services import renounce
from piutempo.awards.selectors import list_awards_of
from piutempo.people.models import User
from piutempo.vouchers.models import LapseCause, Voucher
from piutempo.vouchers.services.lapse import LapseReport, lapse_award_vouchers


@transaction.atomic
def withdraw_benefit(*, application: Application, reason: str, at: datetime, by: User | None) -> list[LapseReport]:
    """
    End an approved application's awards and lapse whatever of their vouchers is unspent; all of it returns to the fund.

    What was spent stays spent. Doing it again changes nothing.

    :raises applications.services.ApplicationRefused: NO_REASON, NOT_APPROVED
    """
    # Vouchers first, then the fund: the order of whoever spends, reverses or lapses, so that nobody deadlocks.
    held = Voucher.objects.filter(award__in=list_awards_of([application.pk]).order_by().values("id"))
    len(held.order_by("id").select_for_update(of=("self",)).values_list("id"))
    awards = renounce(application=application, reason=reason, at=at, by=by)
    return [lapse_award_vouchers(award=award, cause=LapseCause.WITHDRAWN, at=at, by=by) for award in awards]
