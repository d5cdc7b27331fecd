"""Statements, their lines, batches and payments, always within the reader's scope."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from piutempo.kernel.periods import Month
from piutempo.network.models import Site
from piutempo.network.selectors.sites import list_sites_for
from piutempo.programmes.models import Programme, ProgrammeVersion
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_current_terms
from piutempo.settlements.models import Payment, PaymentBatch, Statement, StatementLine, StatementStatus
from piutempo.settlements.rules import expected_payment_on

#: Which programmes a reader reaches; None: all.
Programmes = Collection[int] | None


class Queue(NamedTuple):
    """What waits in one programme: how many statements and cents to approve, to put in a batch, and batches to pay."""

    programme: Programme
    to_approve: int
    to_approve_cents: int
    to_pay: int
    to_pay_cents: int
    without_iban: int
    open_batches: int
    open_batches_cents: int


def list_programmes_for(ids: Programmes) -> QuerySet[Programme]:
    """Return the programmes of a reader."""
    rows = Programme.objects.order_by("title", "pk")
    return rows if ids is None else rows.filter(pk__in=ids)


def list_statements_for(ids: Programmes) -> QuerySet[Statement]:
    """Return the statements of a reader's programmes, the newest month first, with provider, programme and payment."""
    rows = Statement.objects.select_related("provider", "programme", "payment__batch").order_by(
        "-month", "provider__name", "pk"
    )
    return rows if ids is None else rows.filter(programme_id__in=ids)


def list_lines_of(statement: Statement) -> QuerySet[StatementLine]:
    """Return a statement's lines with site and redemption, oldest first."""
    return (
        StatementLine.objects.filter(statement=statement)
        .select_related("redemption__site", "redemption__voucher")
        .order_by("redemption__redeemed_at", "pk")
    )


def list_waiting_for(
    ids: Programmes, *, programme_id: int | None = None, month: date | None = None
) -> QuerySet[Statement]:
    """Return the statements that wait for approval."""
    rows = list_statements_for(ids).filter(status=StatementStatus.PREPARED)
    if programme_id is not None:
        rows = rows.filter(programme_id=programme_id)
    return rows if month is None else rows.filter(month=month)


def list_queues(ids: Programmes) -> list[Queue]:
    """Return what waits in each programme. Three queries."""
    unpaid = Q(status=StatementStatus.APPROVED, payment__isnull=True, amount_cents__gt=0)
    waiting = Q(status=StatementStatus.PREPARED)
    counted = {
        row["programme_id"]: row
        for row in Statement.objects.values("programme_id")
        .annotate(
            to_approve=Count("pk", filter=waiting),
            to_approve_cents=Coalesce(Sum("amount_cents", filter=waiting), 0),
            to_pay=Count("pk", filter=unpaid & ~Q(provider__iban="")),
            to_pay_cents=Coalesce(Sum("amount_cents", filter=unpaid & ~Q(provider__iban="")), 0),
            without_iban=Count("pk", filter=unpaid & Q(provider__iban="")),
        )
        .order_by("programme_id")
    }
    batches = {
        row["programme_id"]: (row["n"], row["cents"])
        for row in PaymentBatch.objects.filter(paid_at__isnull=True)
        .values("programme_id")
        .annotate(n=Count("pk"), cents=Sum("amount_cents"))
        .order_by("programme_id")
    }
    found = []
    for programme in list_programmes_for(ids):
        row = counted.get(programme.pk)
        open_batches, open_cents = batches.get(programme.pk, (0, 0))
        found.append(
            Queue(
                programme,
                row["to_approve"] if row else 0,
                row["to_approve_cents"] if row else 0,
                row["to_pay"] if row else 0,
                row["to_pay_cents"] if row else 0,
                row["without_iban"] if row else 0,
                open_batches,
                open_cents or 0,
            )
        )
    return found


def list_batches_for(ids: Programmes) -> QuerySet[PaymentBatch]:
    """Return payment batches with how many payments each has, the newest first."""
    counted = (
        Payment.objects.filter(batch=OuterRef("pk")).order_by().values("batch").annotate(n=Count("pk")).values("n")
    )
    rows = (
        PaymentBatch.objects.select_related("programme", "created_by", "paid_by")
        .annotate(payment_count=Coalesce(Subquery(counted), 0))
        .order_by("-created_at", "-pk")
    )
    return rows if ids is None else rows.filter(programme_id__in=ids)


def list_payments_for(ids: Programmes) -> QuerySet[Payment]:
    """Return payments with statement, provider and what was recovered of each."""
    rows = (
        Payment.objects.select_related("batch", "statement__provider", "statement__programme")
        .annotate(recovered_cents=Coalesce(Sum("recoveries__amount_cents"), 0))
        .order_by("statement__provider__name", "pk")
    )
    return rows if ids is None else rows.filter(batch__programme_id__in=ids)


def get_recoverable_cents(payment: Payment) -> int:
    """Return how much of a payment may still be recovered."""
    return payment.amount_cents - (payment.recoveries.aggregate(total=Sum("amount_cents"))["total"] or 0)


def list_own_sites(site_ids: Collection[int] | None, provider_ids: Collection[int] | None) -> QuerySet[Site]:
    """Return the sites whose lines a provider's operator may see; see ``network.selectors``."""
    return list_sites_for(site_ids, provider_ids).order_by("pk")


def list_statements_of_sites(sites: QuerySet[Site]) -> QuerySet[Statement]:
    """
    Return the statements that hold lines of some sites, with the cents of those sites only.

    Adds ``own_cents``, ``own_excluded_cents`` and ``own_lines``. A statement not yet approved is shown as prepared.
    """
    own = (
        StatementLine.objects.filter(statement=OuterRef("pk"), redemption__site__in=sites.values("pk"))
        .order_by()
        .values("statement")
    )
    return (
        Statement.objects.filter(provider__in=sites.order_by().values("provider_id"))
        .annotate(
            own_lines=Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), 0),
            own_cents=Coalesce(
                Subquery(own.annotate(n=Sum("amount_cents", filter=Q(excluded_reason=""))).values("n")), 0
            ),
            own_excluded_cents=Coalesce(
                Subquery(own.annotate(n=Sum("amount_cents", filter=~Q(excluded_reason=""))).values("n")), 0
            ),
        )
        .filter(own_lines__gt=0)
        .select_related("provider", "programme", "payment__batch")
        .order_by("-month", "provider__name", "pk")
    )


def list_lines_of_sites(statement: Statement, sites: QuerySet[Site]) -> QuerySet[StatementLine]:
    """Return the lines of one statement that belong to some sites."""
    return list_lines_of(statement).filter(redemption__site__in=sites.values("pk"))


def list_latest_terms(programme_ids: Collection[int], on: date) -> dict[int, Terms]:
    """Return the terms in force on a day by programme id; programmes without any are left out."""
    found: dict[int, Terms] = {}
    for programme in Programme.objects.filter(
        pk__in=ProgrammeVersion.objects.filter(status="published", valid_from__lte=on).values("programme_id"),
        id__in=programme_ids,
    ):
        found[programme.pk] = get_current_terms(programme, on)
    return found


def get_expected_payment(statement: Statement, terms: Terms | None) -> date | None:
    """Return when a statement was paid or may be expected to be; None when its programme says nothing."""
    payment = getattr(statement, "payment", None)
    if payment is not None and payment.batch.paid_at is not None:
        return timezone.localdate(payment.batch.paid_at)
    if terms is None:
        return None
    return expected_payment_on(
        month_end=Month.of(statement.month).end,
        statement_days=terms.providers.statement_days,
        payment_days=terms.providers.payment_days,
        approved_on=timezone.localdate(statement.approved_at) if statement.approved_at else None,
    )


def get_month_to_prepare(today: date) -> date:
    """Return the first day of the month before: the one whose statements are due."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
