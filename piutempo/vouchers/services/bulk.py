"""Many redemptions of titles at once, under the same guard as one (sql/redeem.sql)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from piutempo.vouchers.models import RedemptionFile
from piutempo.vouchers.sql import GUARD, REDEEM, with_names

#: What a row brings, with its type on PostgreSQL.
_COLUMNS = {
    "code": "bigint",
    "mask": "bigint",
    "titles": "integer",
    "service": "varchar",
    "quantity": "integer",
    "person": "bigint",
    "holder": "varchar",
    "served_on": "date",
    "delay": "integer",
    "in_catalogue": "integer",
    "needs_person": "integer",
    "born_until": "date",
    "born_after": "date",
    "key": "varchar",
    "key_hash": "varchar",
    "voucher": "bigint",
}


def write_rows(
    params: Sequence[dict[str, Any]], *, file: RedemptionFile, at: datetime, on: date, by_id: int | None
) -> int:
    """
    Spend the titles of many rows in the caller's transaction; return how many rows the guard let through.

    ``params`` are ``Request.params`` with ``key``, ``key_hash`` and ``voucher`` (its id). Fewer than given means
    that nothing may be
    kept: the caller raises. On PostgreSQL the caller holds the vouchers' rows.
    """
    if connection.vendor == "postgresql":
        return _write_postgres(params, file, at, on, by_id)
    return _write_sqlite(params, file, at, on, by_id)


_LEGS = """
    INSERT INTO ledger_transfer (kind, subject_id, sequence, pot_id, source_id, from_account, to_account, amount_cents,
        booked_on, effective_on)
    SELECT 'spend', r.id, 0, s.pot_id, s.id, 'issued', 'owed',
        CAST(r.amount_cents AS bigint) * s.share_bp / 10000,
        {booked_on}, r.served_on
    FROM {redemptions} r
    JOIN vouchers_voucher v ON v.id = r.voucher_id
    JOIN ledger_source s ON s.pot_id = v.pot_id
"""


def _write_sqlite(
    params: Sequence[dict[str, Any]], file: RedemptionFile, at: datetime, on: date, by_id: int | None
) -> int:
    instant = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as db:
        # One writer: ids above this one are ours.
        db.execute("SELECT coalesce(max(id), 0) FROM vouchers_redemption")
        before = db.fetchone()[0]
        db.executemany(REDEEM, params)
        if db.rowcount != len(params):
            return int(db.rowcount)
        db.executemany(
            """INSERT INTO vouchers_redemption (voucher_id, site_id, service, quantity, person_cared_id, mask,
                amount_cents, served_on, redeemed_at, redeemed_by_id, key, key_hash, file_id, is_settled)
            SELECT v.id, %s, %s, %s, nullif(%s, 0), %s, %s * v.face_cents, %s, %s, %s, %s, %s, %s, 0
            FROM vouchers_voucher v WHERE v.id = %s""",
            [
                (
                    file.site_id,
                    p["service"],
                    p["quantity"],
                    p["person"],
                    p["mask"],
                    p["titles"],
                    p["served_on"],
                    instant,
                    by_id,
                    p["key"],
                    p["key_hash"],
                    file.pk,
                    p["voucher"],
                )
                for p in params
            ],
        )
        db.execute(_LEGS.format(booked_on="%s", redemptions="vouchers_redemption") + " WHERE r.id > %s", [on, before])
    return len(params)


#: Columns that hold what a user wrote.
_FREE_TEXT = frozenset({"service", "holder"})
_INPUT = ", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values())
#: The guard for each input row; constants of the file come as parameters of their own.
_ROW_GUARD = with_names(
    GUARD,
    {name: f"b.{name}" for name in _COLUMNS}
    | {
        "programme": "c.programme",
        "site": "c.site",
        "versions_seen": "c.versions_seen",
        "custody": "b.mask",
        "amount": "0",
    },
)
_POSTGRES = f"""
WITH c AS (SELECT %s::bigint AS programme, %s::bigint AS site, %s::bigint AS versions_seen),
b AS (SELECT * FROM unnest({_INPUT}) AS b({", ".join(_COLUMNS)})),
passed AS MATERIALIZED (
    SELECT b.*, v.face_cents FROM b CROSS JOIN c JOIN vouchers_voucher v ON v.id = b.voucher
    WHERE {_ROW_GUARD}
),
sums AS MATERIALIZED (
    SELECT voucher, bit_or(mask) AS mask, sum(titles * face_cents) AS amount, sum(titles) AS titles
    FROM passed GROUP BY voucher
),
spent AS (
    UPDATE vouchers_voucher v SET spent = v.spent | s.mask, spent_cents = v.spent_cents + s.amount
    FROM sums s
    WHERE v.id = s.voucher AND (v.spent & s.mask) = 0 AND (v.handed & s.mask) = s.mask
      AND v.spent_cents + v.void_cents + v.lapsed_cents + s.amount <= v.value_cents
    RETURNING v.id
),
added AS (
    INSERT INTO vouchers_redemption (voucher_id, site_id, service, quantity, person_cared_id, mask, amount_cents,
        served_on, redeemed_at, redeemed_by_id, key, key_hash, file_id, is_settled)
    SELECT p.voucher, %s, p.service, p.quantity, nullif(p.person, 0), p.mask, p.titles * p.face_cents, p.served_on,
        %s, %s, p.key, p.key_hash, %s, false
    FROM passed p
    RETURNING id, amount_cents, served_on, (SELECT v.pot_id FROM vouchers_voucher v WHERE v.id = voucher_id) AS pot_id
),
legs AS (
    INSERT INTO ledger_transfer (kind, subject_id, sequence, pot_id, source_id, from_account, to_account, amount_cents,
        booked_on, effective_on)
    SELECT 'spend', r.id, 0, s.pot_id, s.id, 'issued', 'owed',
        CAST(r.amount_cents AS bigint) * s.share_bp / 10000, %s, r.served_on
    FROM added r JOIN ledger_source s ON s.pot_id = r.pot_id
)
SELECT CASE WHEN (SELECT count(*) FROM spent) = (SELECT count(*) FROM sums) THEN count(*) ELSE 0 END FROM added
"""  # noqa: S608 - our own text, no values


def _array(values: Iterable[object]) -> str:
    """Return numbers, days or keys of ours as an array's text: a list would be quoted item by item."""
    return "{" + ",".join(map(str, values)) + "}"


def _write_postgres(
    params: Sequence[dict[str, Any]], file: RedemptionFile, at: datetime, on: date, by_id: int | None
) -> int:
    first = params[0]
    columns = [
        [p[name] for p in params] if name in _FREE_TEXT else _array(p[name] for p in params) for name in _COLUMNS
    ]
    values = [first["programme"], first["site"], first["versions_seen"], *columns, file.site_id, at, by_id, file.pk, on]
    with connection.cursor() as db:
        db.execute(_POSTGRES, values)
        return int(db.fetchone()[0])
