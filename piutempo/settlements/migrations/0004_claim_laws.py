"""What the database itself refuses, whoever writes: collections never change, a claim keeps its amount, nor is it deleted."""

from typing import Any

from django.db import migrations

BOOK, CLAIM, LINE = "settlements_collection", "settlements_claim", "settlements_claimline"
FIXED = {
    CLAIM: ("id", "forfeiture_id", "pot_id", "amount_cents"),
    LINE: ("id", "claim_id", "redemption_id", "amount_cents"),
}

SQLITE = [
    *[
        f"""CREATE TRIGGER {BOOK}_no_{verb.lower()} BEFORE {verb} ON {BOOK}
        BEGIN SELECT RAISE(ABORT, '{BOOK} is append-only'); END"""
        for verb in ("UPDATE", "DELETE")
    ],
    *[
        f"""CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} is never deleted'); END"""
        for table in FIXED
    ],
    *[
        f"""CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table}
        WHEN {" OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)}
        BEGIN SELECT RAISE(ABORT, '{table} keeps its amount'); END"""
        for table, columns in FIXED.items()
    ],
]
SQLITE_BACK = [
    *[f"DROP TRIGGER {BOOK}_no_{verb}" for verb in ("update", "delete")],
    *[f"DROP TRIGGER {table}_{name}" for table in FIXED for name in ("no_delete", "fixed")],
]
POSTGRES = [
    f"""CREATE TRIGGER {BOOK}_append_only BEFORE UPDATE OR DELETE ON {BOOK}
    FOR EACH ROW EXECUTE FUNCTION settlements_refuse()""",
    *[
        f"""CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION settlements_refuse()"""
        for table in FIXED
    ],
    *[
        f"""CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table} FOR EACH ROW
        WHEN ({" OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)})
        EXECUTE FUNCTION settlements_refuse()"""
        for table, columns in FIXED.items()
    ],
]
POSTGRES_BACK = [
    f"DROP TRIGGER {BOOK}_append_only ON {BOOK}",
    *[f"DROP TRIGGER {table}_{name} ON {table}" for table in FIXED for name in ("no_delete", "fixed")],
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
    """Laws of claims."""

    dependencies = [("settlements", "0003_claims")]
    operations = [migrations.RunPython(forwards, backwards)]
