"""
What the database itself refuses, whoever writes: payments and recoveries never change, nor do the lines of a statement
once approved; an approved statement keeps its amount.
"""

from typing import Any

from django.db import migrations

BOOKS = ("settlements_payment", "settlements_recovery")
LINE, STATEMENT = "settlements_statementline", "settlements_statement"
#: What an approved statement keeps.
FIXED_IN_STATEMENT = (
    "id",
    "programme_id",
    "pot_id",
    "provider_id",
    "month",
    "amount_cents",
    "excluded_cents",
    "approved_by_id",
)

_APPROVED_LINE = f"EXISTS (SELECT 1 FROM {STATEMENT} s WHERE s.id = OLD.statement_id AND s.status <> 'prepared')"

SQLITE = [
    *[
        f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
        for table in BOOKS
        for verb in ("UPDATE", "DELETE")
    ],
    f"""CREATE TRIGGER {LINE}_no_delete BEFORE DELETE ON {LINE}
    BEGIN SELECT RAISE(ABORT, '{LINE} is append-only'); END""",
    f"""CREATE TRIGGER {LINE}_no_update BEFORE UPDATE ON {LINE}
    WHEN {_APPROVED_LINE}
    BEGIN SELECT RAISE(ABORT, '{LINE} is append-only once approved'); END""",
    f"""CREATE TRIGGER {STATEMENT}_no_delete BEFORE DELETE ON {STATEMENT}
    BEGIN SELECT RAISE(ABORT, '{STATEMENT} is never deleted'); END""",
    f"""CREATE TRIGGER {STATEMENT}_no_update BEFORE UPDATE ON {STATEMENT}
    WHEN OLD.status <> 'prepared'
     AND (NEW.status = 'prepared' OR {" OR ".join(f"OLD.{c} IS NOT NEW.{c}" for c in FIXED_IN_STATEMENT)})
    BEGIN SELECT RAISE(ABORT, '{STATEMENT}: an approved statement keeps its amount'); END""",
]
SQLITE_BACK = [
    f"DROP TRIGGER {table}_no_{verb}" for table in (*BOOKS, LINE, STATEMENT) for verb in ("update", "delete")
]
POSTGRES = [
    """CREATE FUNCTION settlements_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    *[
        f"""CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION settlements_refuse()"""
        for table in BOOKS
    ],
    *[
        f"""CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION settlements_refuse()"""
        for table in (LINE, STATEMENT)
    ],
    f"""CREATE FUNCTION settlements_line_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF {_APPROVED_LINE} THEN
            RAISE EXCEPTION '{LINE} is append-only once approved' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$""",
    f"""CREATE TRIGGER {LINE}_no_update BEFORE UPDATE ON {LINE}
    FOR EACH ROW EXECUTE FUNCTION settlements_line_kept()""",
    f"""CREATE TRIGGER {STATEMENT}_no_update BEFORE UPDATE ON {STATEMENT} FOR EACH ROW
    WHEN (OLD.status <> 'prepared'
      AND (NEW.status = 'prepared' OR {" OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in FIXED_IN_STATEMENT)}))
    EXECUTE FUNCTION settlements_refuse()""",
]
POSTGRES_BACK = [
    *[f"DROP TRIGGER {table}_no_{verb} ON {table}" for table in (LINE, STATEMENT) for verb in ("update", "delete")],
    "DROP FUNCTION settlements_line_kept()",
    *[f"DROP TRIGGER {table}_append_only ON {table}" for table in BOOKS],
    "DROP FUNCTION settlements_refuse()",
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
    """Laws of the settlements."""

    dependencies = [("settlements", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
