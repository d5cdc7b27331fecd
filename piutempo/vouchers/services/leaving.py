"""A family's benefit withdrawn as a whole: months not issued and titles not spent, in one step."""

from datetime import datetime

from django.db import transaction

from piutempo.applications.models import Application
from piutempo.applications.services import renounce
from piutempo.awards.selectors import list_awards_of
from piutempo.people.models import User
from piutempo.vouchers.models import LapseCause, Voucher
from piutempo.vouchers.services.lapse import LapseReport, lapse_award_vouchers
from piutempo.vouchers.services.letters import send_renunciation_letter


@transaction.atomic
def renounce_benefit(
    *, application: Application, reason: str, gives_back: bool, at: datetime, by: User | None
) -> list[LapseReport]:
    """
    The family gives up the months not issued yet; with ``gives_back`` its unspent vouchers too. A letter confirms it.

    Twice changes nothing.

    :raises applications.services.ApplicationRefused: NO_REASON, NOT_APPROVED
    """
    done: list[LapseReport] = []
    if gives_back:
        done = end_benefit(application=application, cause=LapseCause.RENOUNCED, reason=reason, at=at, by=by)
    else:
        renounce(application=application, reason=reason, at=at, by=by)
    send_renunciation_letter(application=application, reason=reason.strip(), gives_back=gives_back, at=at, by=by)
    return done


@transaction.atomic
def end_benefit(
    *, application: Application, cause: LapseCause, reason: str, at: datetime, by: User | None
) -> list[LapseReport]:
    """
    End a benefit as a whole: months not issued and titles not spent return to the fund.

    :raises applications.services.ApplicationRefused: NO_REASON, NOT_APPROVED
    """
    # Vouchers first, then the fund: the order of whoever spends, reverses or lapses, so that nobody deadlocks.
    held = Voucher.objects.filter(award__in=list_awards_of([application.pk]).order_by().values("id"))
    len(held.order_by("id").select_for_update(of=("self",)).values_list("id"))
    awards = renounce(application=application, reason=reason, at=at, by=by)
    return [lapse_award_vouchers(award=award, cause=cause, at=at, by=by) for award in awards]
