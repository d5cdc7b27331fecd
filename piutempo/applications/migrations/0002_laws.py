"""Decisions, their explanation and the officers' overrules are append-only: the database refuses UPDATE and DELETE."""

from typing import Any

from django.db import migrations

TABLES = ("applications_decision", "applications_criterionresult", "applications_overrule")
SQLITE = [
    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in TABLES
    for verb in ("UPDATE", "DELETE")
]
SQLITE_BACK = [f"DROP TRIGGER {table}_no_{verb}" for table in TABLES for verb in ("update", "delete")]
POSTGRES = [
    "CREATE FUNCTION applications_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION applications_refuse()"
        for table in TABLES
    ),
]
POSTGRES_BACK = [
    *(f"DROP TRIGGER {table}_append_only ON {table}" for table in TABLES),
    "DROP FUNCTION applications_refuse()",
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
    """Laws of the applications."""

    dependencies = [("applications", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
