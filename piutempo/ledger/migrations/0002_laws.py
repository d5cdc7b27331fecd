"""
What the database itself refuses and keeps, whoever writes: docs/adr/0003-ledger.md.

Transfers are append-only. ``Holding`` follows them: a row trigger on SQLite, a statement trigger on PostgreSQL, so that a batch of
ten thousand transfers updates each holding once.
"""

from typing import Any

from django.db import migrations

SQLITE = [
    """
    CREATE TRIGGER ledger_allocation_no_update BEFORE UPDATE ON ledger_allocation
    BEGIN SELECT RAISE(ABORT, 'ledger_allocation is append-only'); END
    """,
    """
    CREATE TRIGGER ledger_allocation_no_delete BEFORE DELETE ON ledger_allocation
    BEGIN SELECT RAISE(ABORT, 'ledger_allocation is append-only'); END
    """,
    """
    CREATE TRIGGER ledger_transfer_no_update BEFORE UPDATE ON ledger_transfer
    BEGIN SELECT RAISE(ABORT, 'ledger_transfer is append-only: post a counter-entry'); END
    """,
    """
    CREATE TRIGGER ledger_transfer_no_delete BEFORE DELETE ON ledger_transfer
    BEGIN SELECT RAISE(ABORT, 'ledger_transfer is append-only: post a counter-entry'); END
    """,
    """
    CREATE TRIGGER ledger_transfer_hold AFTER INSERT ON ledger_transfer
    WHEN NEW.from_account IN ('available', 'committed') OR NEW.to_account IN ('available', 'committed')
    BEGIN
      UPDATE ledger_holding SET
        available_cents = available_cents
          + NEW.amount_cents * ((NEW.to_account = 'available') - (NEW.from_account = 'available')),
        committed_cents = committed_cents
          + NEW.amount_cents * ((NEW.to_account = 'committed') - (NEW.from_account = 'committed'))
      WHERE source_id = NEW.source_id;
    END
    """,
]
SQLITE_BACK = [
    "DROP TRIGGER ledger_allocation_no_update",
    "DROP TRIGGER ledger_allocation_no_delete",
    "DROP TRIGGER ledger_transfer_no_update",
    "DROP TRIGGER ledger_transfer_no_delete",
    "DROP TRIGGER ledger_transfer_hold",
]
POSTGRES = [
    """
    CREATE FUNCTION ledger_transfer_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only: post a counter-entry', TG_TABLE_NAME; END $$
    """,
    """
    CREATE TRIGGER ledger_transfer_append_only BEFORE UPDATE OR DELETE ON ledger_transfer
    FOR EACH ROW EXECUTE FUNCTION ledger_transfer_refuse()
    """,
    """
    CREATE TRIGGER ledger_allocation_append_only BEFORE UPDATE OR DELETE ON ledger_allocation
    FOR EACH ROW EXECUTE FUNCTION ledger_transfer_refuse()
    """,
    """
    CREATE FUNCTION ledger_transfer_hold() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE ledger_holding h
      SET available_cents = h.available_cents + moved.available, committed_cents = h.committed_cents + moved.committed
      FROM (
        SELECT source_id,
          sum(amount_cents * ((to_account = 'available')::int - (from_account = 'available')::int)) AS available,
          sum(amount_cents * ((to_account = 'committed')::int - (from_account = 'committed')::int)) AS committed
        FROM added
        WHERE from_account IN ('available', 'committed') OR to_account IN ('available', 'committed')
        GROUP BY source_id
      ) moved
      WHERE h.source_id = moved.source_id;
      RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER ledger_transfer_hold AFTER INSERT ON ledger_transfer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_transfer_hold()
    """,
]
POSTGRES_BACK = [
    "DROP TRIGGER ledger_transfer_hold ON ledger_transfer",
    "DROP FUNCTION ledger_transfer_hold()",
    "DROP TRIGGER ledger_allocation_append_only ON ledger_allocation",
    "DROP TRIGGER ledger_transfer_append_only ON ledger_transfer",
    "DROP FUNCTION ledger_transfer_refuse()",
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
    """Laws of the ledger."""

    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
