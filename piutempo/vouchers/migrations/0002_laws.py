"""
What the database itself refuses, and the one-round-trip redemption of PostgreSQL.

Redemptions (but ``is_settled``), reversals and the custody book are append-only; a settled redemption is never reversed, a reversed one
never settled. ``vouchers_redeem`` wraps sql/redeem.sql: a change of that text needs a new migration (a test compares them).
"""

from typing import Any

from django.db import migrations

from piutempo.vouchers.sql import REDEEM, with_names

BOOKS = ("vouchers_reversal", "vouchers_custodymove")
#: Every column of a redemption but ``is_settled``.
FIXED = (
    "id", "voucher_id", "site_id", "service", "quantity", "person_cared_id", "mask", "amount_cents", "served_on", "redeemed_at",
    "redeemed_by_id", "key", "key_hash", "file_id",
)  # fmt: skip

SQLITE = [
    f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
    for table in BOOKS
    for verb in ("UPDATE", "DELETE")
] + [
    """CREATE TRIGGER vouchers_redemption_no_delete BEFORE DELETE ON vouchers_redemption
    BEGIN SELECT RAISE(ABORT, 'vouchers_redemption is append-only: reverse it'); END""",
    f"""CREATE TRIGGER vouchers_redemption_no_update BEFORE UPDATE ON vouchers_redemption
    WHEN {" OR ".join(f'OLD."{c}" IS NOT NEW."{c}"' for c in FIXED)}
    BEGIN SELECT RAISE(ABORT, 'vouchers_redemption is append-only: reverse it'); END""",
    """CREATE TRIGGER vouchers_redemption_settle BEFORE UPDATE OF is_settled ON vouchers_redemption
    WHEN NEW.is_settled AND EXISTS (SELECT 1 FROM vouchers_reversal r WHERE r.redemption_id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a reversed redemption is never settled'); END""",
    """CREATE TRIGGER vouchers_reversal_unsettled BEFORE INSERT ON vouchers_reversal
    WHEN EXISTS (SELECT 1 FROM vouchers_redemption r WHERE r.id = NEW.redemption_id AND r.is_settled)
    BEGIN SELECT RAISE(ABORT, 'a settled redemption is never reversed'); END""",
]
SQLITE_BACK = [f"DROP TRIGGER {table}_no_{verb}" for table in BOOKS for verb in ("update", "delete")] + [
    "DROP TRIGGER vouchers_redemption_no_delete",
    "DROP TRIGGER vouchers_redemption_no_update",
    "DROP TRIGGER vouchers_redemption_settle",
    "DROP TRIGGER vouchers_reversal_unsettled",
]

FUNCTION = f"""
CREATE FUNCTION vouchers_redeem(
    p_code bigint, p_programme bigint, p_mask bigint, p_custody bigint, p_titles bigint, p_amount bigint, p_site bigint,
    p_service varchar, p_quantity integer, p_person bigint, p_holder varchar, p_served_on date, p_delay integer,
    p_in_catalogue integer, p_versions_seen bigint, p_needs_person integer, p_born_until date, p_born_after date,
    p_at timestamptz, p_by bigint, p_key varchar, p_key_hash varchar, p_file bigint, p_booked_on date,
    OUT outcome text, OUT redemption bigint, OUT voucher bigint, OUT amount bigint
) LANGUAGE plpgsql AS $$
DECLARE
    stored_hash text;
    the_pot bigint;
    face bigint;
BEGIN
    SELECT r.id, r.key_hash, r.voucher_id, r.amount_cents INTO redemption, stored_hash, voucher, amount
    FROM vouchers_redemption r WHERE r.site_id = p_site AND r.key = p_key;
    IF FOUND THEN
        outcome := CASE WHEN stored_hash = p_key_hash THEN 'replay' ELSE 'reused' END;
        RETURN;
    END IF;
    {with_names(REDEEM, prefix="p_")}
    RETURNING v.id, v.pot_id, v.face_cents INTO voucher, the_pot, face;
    IF NOT FOUND THEN
        -- Perhaps the same key spent it while this call waited for the row.
        SELECT r.id, r.key_hash, r.voucher_id, r.amount_cents INTO redemption, stored_hash, voucher, amount
        FROM vouchers_redemption r WHERE r.site_id = p_site AND r.key = p_key;
        outcome := CASE WHEN redemption IS NULL THEN 'refused' WHEN stored_hash = p_key_hash THEN 'replay' ELSE 'reused' END;
        RETURN;
    END IF;
    amount := p_titles * face;
    INSERT INTO vouchers_redemption (voucher_id, site_id, service, quantity, person_cared_id, mask, amount_cents, served_on,
        redeemed_at, redeemed_by_id, key, key_hash, file_id, is_settled)
    VALUES (voucher, p_site, p_service, p_quantity, nullif(p_person, 0), p_mask, amount, p_served_on,
        p_at, p_by, p_key, p_key_hash, p_file, false)
    ON CONFLICT (site_id, key) DO NOTHING
    RETURNING id INTO redemption;
    IF redemption IS NULL THEN
        -- The same key, a moment earlier, for another voucher: give the titles back and answer what is stored.
        UPDATE vouchers_voucher v SET spent = v.spent & ~p_mask, spent_cents = v.spent_cents - amount WHERE v.id = voucher;
        SELECT r.id, r.key_hash, r.voucher_id, r.amount_cents INTO redemption, stored_hash, voucher, amount
        FROM vouchers_redemption r WHERE r.site_id = p_site AND r.key = p_key;
        outcome := CASE WHEN stored_hash = p_key_hash THEN 'replay' ELSE 'reused' END;
        RETURN;
    END IF;
    INSERT INTO ledger_transfer (kind, subject_id, sequence, pot_id, source_id, from_account, to_account, amount_cents,
        booked_on, effective_on)
    SELECT 'spend', redemption, 0, the_pot, s.id, 'issued', 'owed', amount * s.share_bp / 10000, p_booked_on, p_served_on
    FROM ledger_source s WHERE s.pot_id = the_pot;
    outcome := 'spent';
END $$
"""

POSTGRES = [
    FUNCTION,
    """CREATE FUNCTION vouchers_book_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    *[
        f"""CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION vouchers_book_refuse()"""
        for table in BOOKS
    ],
    """CREATE TRIGGER vouchers_redemption_no_delete BEFORE DELETE ON vouchers_redemption
    FOR EACH ROW EXECUTE FUNCTION vouchers_book_refuse()""",
    f"""CREATE TRIGGER vouchers_redemption_no_update BEFORE UPDATE ON vouchers_redemption FOR EACH ROW
    WHEN ({" OR ".join(f'OLD."{c}" IS DISTINCT FROM NEW."{c}"' for c in FIXED)})
    EXECUTE FUNCTION vouchers_book_refuse()""",
    """CREATE FUNCTION vouchers_redemption_settle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM vouchers_reversal r WHERE r.redemption_id = NEW.id) THEN
            RAISE EXCEPTION 'a reversed redemption is never settled' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER vouchers_redemption_settle BEFORE UPDATE OF is_settled ON vouchers_redemption FOR EACH ROW
    WHEN (NEW.is_settled AND NOT OLD.is_settled) EXECUTE FUNCTION vouchers_redemption_settle()""",
    """CREATE FUNCTION vouchers_reversal_unsettled() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM vouchers_redemption r WHERE r.id = NEW.redemption_id AND r.is_settled FOR SHARE;
        IF FOUND THEN
            RAISE EXCEPTION 'a settled redemption is never reversed' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER vouchers_reversal_unsettled BEFORE INSERT ON vouchers_reversal FOR EACH ROW
    EXECUTE FUNCTION vouchers_reversal_unsettled()""",
    # Hot updates stay on their page: nothing that a redemption changes is indexed.
    "ALTER TABLE vouchers_voucher SET (fillfactor = 75)",
]
POSTGRES_BACK = [
    "ALTER TABLE vouchers_voucher RESET (fillfactor)",
    "DROP TRIGGER vouchers_reversal_unsettled ON vouchers_reversal",
    "DROP FUNCTION vouchers_reversal_unsettled()",
    "DROP TRIGGER vouchers_redemption_settle ON vouchers_redemption",
    "DROP FUNCTION vouchers_redemption_settle()",
    "DROP TRIGGER vouchers_redemption_no_update ON vouchers_redemption",
    "DROP TRIGGER vouchers_redemption_no_delete ON vouchers_redemption",
    *[f"DROP TRIGGER {table}_append_only ON {table}" for table in BOOKS],
    "DROP FUNCTION vouchers_book_refuse()",
    "DROP FUNCTION vouchers_redeem",
]


def forwards(apps: Any, schema_editor: Any) -> None:
    """Install the laws."""
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(statement, None)


def backwards(apps: Any, schema_editor: Any) -> None:
    """Remove them."""
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRES_BACK:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    """Laws of the vouchers."""

    dependencies = [
        ("vouchers", "0001_initial"),
        ("awards", "0001_initial"),
        ("ledger", "0002_laws"),
        ("network", "0001_initial"),
        ("people", "0001_initial"),
        ("programmes", "0001_initial"),
    ]
    operations = [migrations.RunPython(forwards, backwards)]
