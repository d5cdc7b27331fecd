"""What is due for issuance."""

from django.db.models import Exists, ExpressionWrapper, F, IntegerField, OuterRef, Q, QuerySet
from django.db.models.functions import ExtractMonth, ExtractYear

from piutempo.awards.models import Award, AwardStatus
from piutempo.kernel.periods import Month
from piutempo.vouchers.models import IssuanceRun, Voucher


def due_awards(
    programme_id: int, product: str, month: Month, *, after: int = 0, until: int | None = None
) -> QuerySet[Award]:
    """
    Return the committed awards that have this month booked and no voucher for it yet. They are issued in id order.

    ``after`` < id <= ``until`` cuts a chunk out; the bounds stand on the vouchers too, so that a chunk's cost does not
    grow with what was issued before it.
    """
    elapsed = ExpressionWrapper(
        month.year * 12 + month.number - ExtractYear("first_month") * 12 - ExtractMonth("first_month"),
        output_field=IntegerField(),
    )
    issued = Voucher.objects.filter(award_id=OuterRef("pk"), month=month.first, replacement=0, award_id__gt=after)
    chunk = Q(id__gt=after)
    if until is not None:
        issued = issued.filter(award_id__lte=until)
        chunk &= Q(id__lte=until)
    return (
        Award.objects.filter(
            programme_id=programme_id, product=product, status=AwardStatus.COMMITTED, first_month__lte=month.first
        )
        .alias(elapsed=elapsed)
        .filter(elapsed__lt=F("months") - F("months_released"))
        .filter(chunk)
        .filter(~Exists(issued))
    )


def list_runs(programme_id: int) -> QuerySet[IssuanceRun]:
    """Return the issuance runs of a programme, the newest month first."""
    return (
        IssuanceRun.objects.filter(programme_id=programme_id).select_related("started_by").order_by("-month", "product")
    )
