"""Preparing and approving statements: set-based, so that a thousand providers are few queries."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, time
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from piutempo.kernel.periods import Month
from piutempo.ledger.models import Kind
from piutempo.ledger.services import Posting, post_all
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.records.services import record_event
from piutempo.settlements.models import Statement, StatementLine, StatementStatus
from piutempo.settlements.rules import Exclusion
from piutempo.settlements.services.refusals import LedgerDisagrees, Refusal, SettlementRefused
from piutempo.vouchers.models import Redemption


class Prepared(NamedTuple):
    """What one preparation did: statements made, their lines, cents to pay and excluded."""

    statements: int
    lines: int
    amount_cents: int
    excluded_cents: int


class Approved(NamedTuple):
    """What one approval did: statements approved, cents now payable, lines excluded because reversed meanwhile."""

    statements: int
    amount_cents: int
    reversed_lines: int


#: Between which ids the redemptions lie that are recorded before an instant, standing, and in no statement yet.
_RANGE = """
    SELECT min(r.id), max(r.id) FROM vouchers_redemption r
    WHERE NOT r.is_settled AND r.redeemed_at < %s
      AND NOT EXISTS (SELECT 1 FROM settlements_statementline l WHERE l.redemption_id = r.id)
      AND NOT EXISTS (SELECT 1 FROM vouchers_reversal x WHERE x.redemption_id = r.id)
"""
#: Those of one programme. The plus signs keep SQLite from starting at the vouchers: the range of ids is far smaller.
_CANDIDATES = """
    FROM vouchers_redemption r
    JOIN vouchers_voucher v ON v.id = r.voucher_id
    JOIN network_site s ON s.id = r.site_id
    LEFT JOIN vouchers_reversal x ON x.redemption_id = r.id
    LEFT JOIN settlements_statementline l ON l.redemption_id = r.id
"""
_WHERE = """
    WHERE r.id BETWEEN %s AND %s AND NOT r.is_settled AND r.redeemed_at < %s AND +v.programme_id = %s
      AND x.id IS NULL AND l.id IS NULL
"""

_INSERT_STATEMENTS = f"""
    INSERT INTO settlements_statement
      (programme_id, pot_id, provider_id, month, status, amount_cents, excluded_cents, line_count, prepared_at,
       prepared_by_id)
    SELECT v.programme_id, v.pot_id, s.provider_id, %s, 'prepared', 0, 0, 0, %s, CAST(%s AS bigint)
    {_CANDIDATES} {_WHERE}
    GROUP BY v.programme_id, v.pot_id, s.provider_id
    ON CONFLICT (provider_id, pot_id, month) DO NOTHING
"""

_INSERT_LINES = f"""
    INSERT INTO settlements_statementline (statement_id, redemption_id, amount_cents, excluded_reason)
    SELECT c.statement_id, c.redemption_id, c.amount_cents,
           CASE WHEN c.ceiling_cents IS NULL THEN '{Exclusion.NOT_ACCREDITED}'
                WHEN c.amount_cents > CAST(c.quantity AS bigint) * c.ceiling_cents THEN '{Exclusion.ABOVE_CEILING}'
                ELSE '' END
    FROM (
      SELECT st.id AS statement_id, r.id AS redemption_id, r.amount_cents, r.quantity,
             (SELECT max(g.unit_ceiling_cents) FROM network_grant g
              WHERE g.site_id = r.site_id AND g.programme_id = v.programme_id AND g.network = v.network
                AND g.service = r.service AND g.valid_from <= r.served_on
                AND (g.valid_until IS NULL OR r.served_on < g.valid_until)) AS ceiling_cents
      {_CANDIDATES}
      JOIN settlements_statement st
        ON st.provider_id = s.provider_id AND st.pot_id = v.pot_id AND +st.programme_id = +v.programme_id
       AND st.month = %s AND +st.id > %s
      {_WHERE}
    ) c
"""  # noqa: S608 - our own text, no values

_TOTALS = """
    UPDATE settlements_statement SET
      amount_cents = (SELECT coalesce(sum(l.amount_cents), 0) FROM settlements_statementline l
                      WHERE l.statement_id = settlements_statement.id AND l.excluded_reason = ''),
      excluded_cents = (SELECT coalesce(sum(l.amount_cents), 0) FROM settlements_statementline l
                        WHERE l.statement_id = settlements_statement.id AND l.excluded_reason <> ''),
      line_count = (SELECT count(*) FROM settlements_statementline l WHERE l.statement_id = settlements_statement.id)
    WHERE programme_id = %s AND status = 'prepared' AND month = %s AND id > %s
"""

_SPENT_PARTS = """
    SELECT l.statement_id, t.source_id, sum(t.amount_cents)
    FROM settlements_statementline l
    JOIN settlements_statement st ON st.id = l.statement_id
    JOIN ledger_transfer t ON t.subject_id = l.redemption_id AND t.kind = 'spend'
    WHERE st.programme_id = %s AND st.status = 'prepared' AND l.excluded_reason = ''
      AND l.statement_id BETWEEN %s AND %s
    GROUP BY l.statement_id, t.source_id
    ORDER BY l.statement_id, t.source_id
"""


@transaction.atomic
def prepare_statements(*, programme: Programme, month: Month, at: datetime, by: User | None) -> Prepared:
    """
    Draw up a month's statements, one a provider and pot, from the redemptions recorded until its end.

    Late redemptions, and those recorded after a statement of their month was drawn up, fall into the next month's. Each
    line is checked again against accreditation and ceiling on the day of service; a line that fails is listed with its
    reason and not paid. A second call adds nothing to a statement; a redemption is in one statement only.

    :raises SettlementRefused: FUTURE_MONTH
    """
    if timezone.localdate(at) < month.first:
        raise SettlementRefused(Refusal.FUTURE_MONTH)
    _lock(programme)
    newest = Statement.objects.filter(programme=programme).aggregate(last=Max("pk"))["last"] or 0
    adapt = connection.ops.adapt_datetimefield_value
    first = connection.ops.adapt_datefield_value(month.first)
    end = timezone.make_aware(datetime.combine(month.end, time()))
    with connection.cursor() as cursor:
        cursor.execute(_RANGE, [adapt(end)])
        lowest, highest = cursor.fetchone()
        if lowest is None:
            return Prepared(0, 0, 0, 0)
        candidates = [lowest, highest, adapt(end), programme.pk]
        cursor.execute(_INSERT_STATEMENTS, [first, adapt(at), by.pk if by else None, *candidates])
        cursor.execute(_INSERT_LINES, [first, newest, *candidates])
        cursor.execute(_TOTALS, [programme.pk, first, newest])
        cursor.execute(
            "SELECT count(*), coalesce(sum(line_count), 0), coalesce(sum(amount_cents), 0), "
            "coalesce(sum(excluded_cents), 0) FROM settlements_statement "
            "WHERE programme_id = %s AND month = %s AND id > %s",
            [programme.pk, first, newest],
        )
        prepared = Prepared(*(int(value) for value in cursor.fetchone()))
    if prepared.statements:
        record_event(
            name="settlements.statements_prepared",
            subject="programmes.Programme",
            subject_id=programme.pk,
            at=at,
            by_id=by.pk if by else None,
            data={"month": str(month), **prepared._asdict()},
        )
    return prepared


def approve_statements(*, ids: Collection[int], at: datetime, by: User | None) -> Approved:
    """
    Approve prepared statements: what they hold becomes payable, and their redemptions can no longer be reversed.

    A redemption reversed since the preparation is excluded first. Statements approved already are left as they are, so
    that a second click does nothing; if none of the given ones is waiting for approval that is said.

    :raises SettlementRefused: SAME_PERSON (one of them was prepared by ``by``; nothing is done), NOTHING_SELECTED
    :raises LedgerDisagrees: the ledger's spending differs from the lines (nothing is done)
    """
    programmes = Programme.objects.filter(
        pk__in=Statement.objects.filter(pk__in=ids, status=StatementStatus.PREPARED).values("programme_id")
    )
    with transaction.atomic():
        done = [_approve_in(programme, ids, at, by) for programme in programmes.order_by("pk")]
        if not any(approved.statements for approved in done):
            raise SettlementRefused(Refusal.NOTHING_SELECTED)
    return Approved(*(sum(values) for values in zip(*done, strict=True)))


def _approve_in(programme: Programme, ids: Collection[int], at: datetime, by: User | None) -> Approved:
    _lock(programme)
    statements = Statement.objects.filter(programme=programme, pk__in=ids, status=StatementStatus.PREPARED)
    waiting = list(statements.order_by("pk"))
    if not waiting:
        return Approved(0, 0, 0)
    if by is not None and any(statement.prepared_by_id == by.pk for statement in waiting):
        raise SettlementRefused(Refusal.SAME_PERSON)
    lines = StatementLine.objects.filter(statement__in=statements, excluded_reason="")
    # The redemptions are locked first: whoever reverses one at this moment comes wholly before or wholly after.
    standing = Redemption.objects.filter(pk__in=lines.values("redemption_id"))
    locked = list(standing.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    reversed_ids = list(lines.filter(redemption__reversal__isnull=False).values_list("redemption_id", flat=True))
    if reversed_ids:
        StatementLine.objects.filter(redemption_id__in=reversed_ids).update(excluded_reason=Exclusion.REVERSED)
        for statement in Statement.objects.filter(lines__redemption_id__in=reversed_ids).distinct().order_by("pk"):
            _recount(statement)
        waiting = list(statements.order_by("pk"))
    if len(locked) > len(reversed_ids):
        standing.update(is_settled=True)
    _bill(programme, waiting, at)
    statements.update(status=StatementStatus.APPROVED, approved_at=at, approved_by=by)
    approved = Approved(len(waiting), sum(s.amount_cents for s in waiting), len(reversed_ids))
    record_event(
        name="settlements.statements_approved",
        subject="programmes.Programme",
        subject_id=programme.pk,
        at=at,
        by_id=by.pk if by else None,
        data=approved._asdict(),
    )
    return approved


def _bill(programme: Programme, statements: list[Statement], at: datetime) -> None:
    """Post owed -> payable, by source exactly what the redemptions moved to owed."""
    parts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_SPENT_PARTS, [programme.pk, statements[0].pk, statements[-1].pk])
        for statement_id, source_id, cents in cursor.fetchall():
            parts[statement_id].append((source_id, int(cents)))
    wrong = [s.pk for s in statements if sum(cents for _, cents in parts[s.pk]) != s.amount_cents]
    if wrong:
        raise LedgerDisagrees(f"spending of the statements {wrong[:10]} differs between lines and ledger")
    booked_on = timezone.localdate(at)
    post_all(
        Kind.BILL,
        [
            Posting(s.pk, s.pot_id, s.amount_cents, booked_on, parts=tuple(parts[s.pk]))
            for s in statements
            if s.amount_cents
        ],
    )


def _recount(statement: Statement) -> None:
    """Sum a prepared statement's lines again."""
    lines = list(statement.lines.values_list("amount_cents", "excluded_reason"))
    Statement.objects.filter(pk=statement.pk).update(
        amount_cents=sum(cents for cents, reason in lines if not reason),
        excluded_cents=sum(cents for cents, reason in lines if reason),
    )


def _lock(programme: Programme) -> None:
    """One settlement at a time in a programme: the others wait here. On SQLite the transaction is the only writer."""
    Programme.objects.select_for_update(of=("self",), no_key=True).get(pk=programme.pk)
