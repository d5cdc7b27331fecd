"""
Laws that join the ledger to the contexts, proved over all rows. Each query returns the rows that break it: none is
right.
"""

from collections.abc import Iterable

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey

from piutempo.ledger.models import Kind
from piutempo.ledger.selectors import Violation, list_violations
from piutempo.records.services import hash_json
from piutempo.reporting.models import FrozenReport
from piutempo.reporting.selectors.figures import compute_report

#: law -> SQL that returns (row, expected, found) for every offender. ``SUM(CASE …)`` so that both databases read it
#: alike.
LAWS: dict[str, str] = {
    "award-committed-as-said": """
        SELECT 'award ' || a.id, CASE WHEN a.committed_at IS NULL THEN 0 ELSE (a.months - a.months_released) *
        a.month_cents END,
               coalesce(t.cents, 0)
        FROM awards_award a
        LEFT JOIN (SELECT subject_id, sum(CASE kind WHEN 'commit' THEN amount_cents ELSE -amount_cents END) AS cents
                   FROM ledger_transfer WHERE kind IN ('commit', 'release') GROUP BY subject_id) t ON t.subject_id =
                   a.id
        WHERE coalesce(t.cents, 0) <>
              CASE WHEN a.committed_at IS NULL THEN 0 ELSE (a.months - a.months_released) * a.month_cents END""",
    "award-never-issued-beyond-its-months": """
        SELECT 'award ' || a.id, a.months - a.months_released, count(v.id)
        FROM awards_award a JOIN vouchers_voucher v ON v.award_id = a.id AND v.replacement = 0
        GROUP BY a.id, a.months, a.months_released HAVING count(v.id) > a.months - a.months_released""",
    "voucher-copies-its-award": """
        SELECT 'voucher ' || v.id, a.id, v.award_id
        FROM vouchers_voucher v JOIN awards_award a ON a.id = v.award_id
        WHERE v.programme_id <> a.programme_id OR v.pot_id <> a.pot_id OR v.holder_id <> a.beneficiary_id
           OR v.product <> a.product""",
    "voucher-issued-as-said": """
        SELECT 'voucher ' || v.id, v.value_cents, coalesce(t.cents, 0)
        FROM vouchers_voucher v
        LEFT JOIN (SELECT subject_id, sum(amount_cents) AS cents FROM ledger_transfer WHERE kind = 'issue'
                   GROUP BY subject_id) t ON t.subject_id = v.id
        WHERE v.replacement = 0 AND coalesce(t.cents, 0) <> v.value_cents""",
    "voucher-spent-as-redeemed": """
        SELECT 'voucher ' || v.id, v.spent_cents, coalesce(r.cents, 0)
        FROM vouchers_voucher v
        LEFT JOIN (SELECT r.voucher_id, sum(r.amount_cents) AS cents FROM vouchers_redemption r
                   LEFT JOIN vouchers_reversal x ON x.redemption_id = r.id WHERE x.id IS NULL
                   GROUP BY r.voucher_id) r ON r.voucher_id = v.id
        WHERE v.spent_cents <> coalesce(r.cents, 0)""",
    "redemption-booked-once": """
        SELECT 'redemption ' || r.id, r.amount_cents, coalesce(t.cents, 0)
        FROM vouchers_redemption r
        LEFT JOIN (SELECT subject_id, sum(amount_cents) AS cents FROM ledger_transfer WHERE kind = 'spend'
                   GROUP BY subject_id) t ON t.subject_id = r.id
        WHERE r.amount_cents <> coalesce(t.cents, 0)""",
    "reversal-booked-once": """
        SELECT 'redemption ' || r.id, CASE WHEN x.id IS NULL THEN 0 ELSE r.amount_cents END, coalesce(t.cents, 0)
        FROM vouchers_redemption r
        LEFT JOIN vouchers_reversal x ON x.redemption_id = r.id
        LEFT JOIN (SELECT subject_id, sum(amount_cents) AS cents FROM ledger_transfer WHERE kind = 'unspend'
                   GROUP BY subject_id) t ON t.subject_id = r.id
        WHERE coalesce(t.cents, 0) <> CASE WHEN x.id IS NULL THEN 0 ELSE r.amount_cents END""",
    "voucher-lapsed-as-said": """
        SELECT 'voucher ' || v.id, v.lapsed_cents, coalesce(l.cents, 0)
        FROM vouchers_voucher v
        LEFT JOIN (SELECT voucher_id, sum(amount_cents) AS cents FROM vouchers_lapse WHERE undone_at IS NULL
                   GROUP BY voucher_id) l ON l.voucher_id = v.id
        WHERE v.lapsed_cents <> coalesce(l.cents, 0)""",
    "lapse-booked-once": """
        SELECT 'lapse ' || l.id, CASE WHEN l.undone_at IS NULL THEN l.amount_cents ELSE 0 END, coalesce(t.cents, 0)
        FROM vouchers_lapse l
        LEFT JOIN (SELECT subject_id, sum(CASE kind WHEN 'lapse' THEN amount_cents ELSE -amount_cents END) AS cents
                   FROM ledger_transfer WHERE kind IN ('lapse', 'unlapse') GROUP BY subject_id) t ON t.subject_id = l.id
        WHERE coalesce(t.cents, 0) <> CASE WHEN l.undone_at IS NULL THEN l.amount_cents ELSE 0 END""",
    "statement-is-its-lines": """
        SELECT 'statement ' || s.id, s.amount_cents, coalesce(l.cents, 0)
        FROM settlements_statement s
        LEFT JOIN (SELECT statement_id, sum(amount_cents) AS cents FROM settlements_statementline
                   WHERE excluded_reason = '' GROUP BY statement_id) l ON l.statement_id = s.id
        WHERE s.amount_cents <> coalesce(l.cents, 0)""",
    "statement-billed-when-approved": """
        SELECT 'statement ' || s.id, CASE s.status WHEN 'prepared' THEN 0 ELSE s.amount_cents END, coalesce(t.cents, 0)
        FROM settlements_statement s
        LEFT JOIN (SELECT subject_id, sum(CASE kind WHEN 'bill' THEN amount_cents ELSE -amount_cents END) AS cents
                   FROM ledger_transfer WHERE kind IN ('bill', 'unbill') GROUP BY subject_id) t ON t.subject_id = s.id
        WHERE coalesce(t.cents, 0) <> CASE s.status WHEN 'prepared' THEN 0 ELSE s.amount_cents END""",
    "payment-booked-once": """
        SELECT 'payment ' || p.id, CASE WHEN b.paid_at IS NULL THEN 0 ELSE p.amount_cents END, coalesce(t.cents, 0)
        FROM settlements_payment p JOIN settlements_paymentbatch b ON b.id = p.batch_id
        LEFT JOIN (SELECT subject_id, sum(amount_cents) AS cents FROM ledger_transfer WHERE kind = 'pay'
                   GROUP BY subject_id) t ON t.subject_id = p.id
        WHERE coalesce(t.cents, 0) <> CASE WHEN b.paid_at IS NULL THEN 0 ELSE p.amount_cents END""",
    "allocation-booked-once": """
        SELECT 'allocation ' || a.id, a.amount_cents, coalesce(t.cents, 0)
        FROM ledger_allocation a
        LEFT JOIN (SELECT subject_id, sum(amount_cents) AS cents FROM ledger_transfer WHERE kind = 'allocate'
                   GROUP BY subject_id) t ON t.subject_id = a.id
        WHERE a.amount_cents <> coalesce(t.cents, 0)""",
    "lapse-returned-whole": """
        SELECT 'lapse ' || t.subject_id, 0, sum(CASE WHEN kind IN ('lapse', 'unreturn') THEN amount_cents
                                                ELSE -amount_cents END)
        FROM ledger_transfer t WHERE kind IN ('lapse', 'unlapse', 'return', 'unreturn')
        GROUP BY t.subject_id, t.source_id
        HAVING sum(CASE WHEN kind IN ('lapse', 'unreturn') THEN amount_cents ELSE -amount_cents END) <> 0""",
    "recovery-booked-once": """
        SELECT 'recovery ' || r.id, 2 * r.amount_cents, coalesce(t.cents, 0)
        FROM settlements_recovery r
        LEFT JOIN (SELECT subject_id, sum(amount_cents) AS cents FROM ledger_transfer
                   WHERE kind IN ('recover', 'restore') GROUP BY subject_id) t ON t.subject_id = r.id
        WHERE 2 * r.amount_cents <> coalesce(t.cents, 0)""",
    "month-issued-once-a-request": """
        SELECT 'request ' || a.application_id || ' ' || v.product || ' ' || v.month, 1, count(*)
        FROM vouchers_voucher v JOIN awards_award a ON a.id = v.award_id
        WHERE v.replacement = 0 GROUP BY a.application_id, v.product, v.month HAVING count(*) > 1""",
    "claim-is-its-lines": """
        SELECT 'claim ' || c.id, c.amount_cents, coalesce(l.cents, 0)
        FROM settlements_claim c
        LEFT JOIN (SELECT claim_id, sum(amount_cents) AS cents FROM settlements_claimline GROUP BY claim_id) l
          ON l.claim_id = c.id
        WHERE c.amount_cents <> coalesce(l.cents, 0)""",
    "claim-line-booked-once": """
        SELECT 'claim line ' || l.id,
               CASE WHEN l.booked_at IS NULL OR c.cancelled_at IS NOT NULL THEN 0 ELSE l.amount_cents END,
               coalesce(t.cents, 0)
        FROM settlements_claimline l JOIN settlements_claim c ON c.id = l.claim_id
        LEFT JOIN (SELECT subject_id, sum(CASE kind WHEN 'claim' THEN amount_cents ELSE -amount_cents END) AS cents
                   FROM ledger_transfer WHERE kind IN ('claim', 'unclaim') GROUP BY subject_id) t ON t.subject_id = l.id
        WHERE coalesce(t.cents, 0) <>
              CASE WHEN l.booked_at IS NULL OR c.cancelled_at IS NOT NULL THEN 0 ELSE l.amount_cents END""",
    "collected-as-far-as-booked": """
        SELECT 'claim ' || c.id, 2 * CASE WHEN coalesce(k.cents, 0) < coalesce(b.cents, 0) THEN coalesce(k.cents, 0)
                                          ELSE coalesce(b.cents, 0) END, coalesce(t.cents, 0)
        FROM settlements_claim c
        LEFT JOIN (SELECT claim_id, sum(amount_cents) AS cents FROM settlements_collection GROUP BY claim_id) k
          ON k.claim_id = c.id
        LEFT JOIN (SELECT claim_id, sum(amount_cents) AS cents FROM settlements_claimline
                   WHERE booked_at IS NOT NULL GROUP BY claim_id) b ON b.claim_id = c.id
        LEFT JOIN (SELECT subject_id, sum(amount_cents) AS cents FROM ledger_transfer
                   WHERE kind IN ('collect', 'reassign') GROUP BY subject_id) t ON t.subject_id = c.id
        WHERE coalesce(t.cents, 0) <> 2 * CASE WHEN coalesce(k.cents, 0) < coalesce(b.cents, 0)
                                               THEN coalesce(k.cents, 0) ELSE coalesce(b.cents, 0) END""",
    "reversal-is-exactly-opposite": """
        SELECT u.kind || ' ' || u.subject_id, o.amount_cents, u.amount_cents
        FROM ledger_transfer u
        LEFT JOIN ledger_transfer o ON o.subject_id = u.subject_id AND o.sequence = u.sequence
             AND o.source_id = u.source_id AND o.kind = substr(u.kind, 3)
        WHERE u.kind IN ('unspend', 'unlapse', 'unreturn', 'unbill', 'unclaim')
          AND (o.id IS NULL OR o.amount_cents <> u.amount_cents)""",
    "months-follow-the-shares": """
        SELECT t.kind || ' ' || t.subject_id, x.cents * s.share_bp / 10000, t.amount_cents
        FROM ledger_transfer t JOIN ledger_source s ON s.id = t.source_id
        JOIN (SELECT kind, subject_id, sequence, sum(amount_cents) AS cents FROM ledger_transfer
              WHERE kind IN ('commit', 'release', 'issue') GROUP BY kind, subject_id, sequence) x
          ON x.kind = t.kind AND x.subject_id = t.subject_id AND x.sequence = t.sequence
        WHERE t.amount_cents * 10000 <> x.cents * s.share_bp""",
    "transfer-in-its-sources-pot": """
        SELECT 'transfer ' || t.id, s.pot_id, t.pot_id
        FROM ledger_transfer t JOIN ledger_source s ON s.id = t.source_id WHERE s.pot_id <> t.pot_id""",
    "replacement-worth-what-was-moved": """
        SELECT 'award ' || award_id || ' ' || month, sum(void_cents),
               sum(CASE WHEN replacement > 0 THEN value_cents ELSE 0 END)
        FROM vouchers_voucher GROUP BY award_id, month
        HAVING sum(void_cents) <> sum(CASE WHEN replacement > 0 THEN value_cents ELSE 0 END)""",
    "line-is-its-redemption": """
        SELECT 'line ' || l.id, r.amount_cents, l.amount_cents
        FROM settlements_statementline l JOIN vouchers_redemption r ON r.id = l.redemption_id
        WHERE l.amount_cents <> r.amount_cents""",
    "redemption-settled-when-billed": """
        SELECT 'redemption ' || r.id, CASE WHEN b.redemption_id IS NULL THEN 0 ELSE 1 END,
               CASE WHEN x.id IS NULL THEN 0 ELSE -1 END
        FROM vouchers_redemption r
        LEFT JOIN vouchers_reversal x ON x.redemption_id = r.id
        LEFT JOIN (SELECT l.redemption_id FROM settlements_statementline l
                   JOIN settlements_statement st ON st.id = l.statement_id
                   WHERE st.status <> 'prepared' AND l.excluded_reason = '') b ON b.redemption_id = r.id
        WHERE (r.is_settled AND (b.redemption_id IS NULL OR x.id IS NOT NULL))
           OR (NOT r.is_settled AND b.redemption_id IS NOT NULL)""",
    "payment-is-its-statement": """
        SELECT 'payment ' || p.id, s.amount_cents, p.amount_cents
        FROM settlements_payment p JOIN settlements_statement s ON s.id = p.statement_id
        WHERE p.amount_cents <> s.amount_cents""",
}

#: Whose row each kind of transfer is about.
SUBJECTS: dict[str, tuple[Kind, ...]] = {
    "ledger_allocation": (Kind.ALLOCATE,),
    "awards_award": (Kind.COMMIT, Kind.RELEASE),
    "vouchers_voucher": (Kind.ISSUE,),
    "vouchers_redemption": (Kind.SPEND, Kind.UNSPEND),
    "vouchers_lapse": (Kind.LAPSE, Kind.UNLAPSE, Kind.RETURN, Kind.UNRETURN),
    "settlements_statement": (Kind.BILL, Kind.UNBILL),
    "settlements_payment": (Kind.PAY,),
    "settlements_recovery": (Kind.RECOVER, Kind.RESTORE),
    "settlements_claimline": (Kind.CLAIM, Kind.UNCLAIM),
    "settlements_claim": (Kind.COLLECT, Kind.REASSIGN),
}
LAWS["transfer-has-its-fact"] = " UNION ALL ".join(
    f"""
        SELECT t.kind || ' ' || t.subject_id, 0, t.amount_cents
        FROM ledger_transfer t LEFT JOIN {table} p ON p.id = t.subject_id
        WHERE t.kind IN ({", ".join(f"'{kind.value}'" for kind in kinds)}) AND p.id IS NULL"""  # noqa: S608 - our own names
    for table, kinds in SUBJECTS.items()
)


def list_all_violations() -> list[Violation]:
    """Prove every law: the ledger's own, those between contexts, title masks, and that frozen reports recompute."""
    found = list_violations()
    with connection.cursor() as cursor:
        for law, sql in LAWS.items():
            cursor.execute(sql)
            found += [
                Violation(law, row, f"expected {expected}, found {got}") for row, expected, got in cursor.fetchall()
            ]
    found += _orphans()
    found += _masks()
    found += _reports()
    return found


def _orphans() -> Iterable[Violation]:
    """What hot rows point to exists: these foreign keys have no constraint in the database (docs/performance.md)."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if not isinstance(field, ForeignKey) or field.db_constraint:  # type: ignore[attr-defined]  # missing in the stubs
                    continue
                table, column = model._meta.db_table, field.column
                parent, key = field.related_model._meta.db_table, field.target_field.column
                cursor.execute(
                    f"SELECT t.id, t.{column} FROM {table} t LEFT JOIN {parent} p ON p.{key} = t.{column}"  # noqa: S608 - our own models
                    f" WHERE t.{column} IS NOT NULL AND p.{key} IS NULL ORDER BY t.id"
                )
                for row_id, missing in cursor.fetchall():
                    yield Violation(
                        "row-points-to-what-exists", f"{table} {row_id}", f"{column} {missing}: no such row"
                    )


def _masks() -> Iterable[Violation]:
    """Spent titles are worth what the voucher says was spent, and each is in exactly one standing redemption."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, spent, face_cents, spent_cents FROM vouchers_voucher WHERE form = 'titles'"
            " AND (spent_cents > 0 OR spent <> 0)"
        )
        vouchers = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(
            "SELECT r.voucher_id, r.mask FROM vouchers_redemption r JOIN vouchers_voucher v ON v.id = r.voucher_id"
            " LEFT JOIN vouchers_reversal x ON x.redemption_id = r.id WHERE x.id IS NULL AND v.form = 'titles'"
        )
        redeemed: dict[int, int] = {}
        for voucher_id, mask in cursor.fetchall():
            if redeemed.get(voucher_id, 0) & mask:
                yield Violation("title-spent-once", f"voucher {voucher_id}", f"mask {mask} twice")
            redeemed[voucher_id] = redeemed.get(voucher_id, 0) | mask
    for voucher_id, (spent, face, cents) in vouchers.items():
        if spent.bit_count() * face != cents:
            yield Violation(
                "titles-worth-what-was-spent", f"voucher {voucher_id}", f"{spent.bit_count()} titles, {cents}"
            )
        if redeemed.get(voucher_id, 0) != spent:
            yield Violation(
                "titles-spent-as-redeemed", f"voucher {voucher_id}", f"{redeemed.get(voucher_id, 0)} {spent}"
            )


def _reports() -> Iterable[Violation]:
    for report in FrozenReport.objects.filter(superseded_by__isnull=True).select_related("programme").order_by("id"):
        if hash_json(report.data) != report.sha256:
            yield Violation("report-says-what-was-frozen", f"report {report.pk}", "hash of its data differs")
        again = compute_report(
            programme=report.programme,
            kind=report.kind,
            period_from=report.period_from,
            period_until=report.period_until,
            as_of=report.as_of,
            watermark=report.watermark,
        )
        if hash_json(again.as_data()) != report.sha256:
            yield Violation("report-recomputes", f"report {report.pk}", _difference(report.data, again.as_data()))


def _difference(frozen: dict[str, object], computed: dict[str, object]) -> str:
    return "differs in " + ", ".join(key for key in frozen if frozen[key] != computed.get(key))
