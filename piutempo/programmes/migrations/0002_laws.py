"""A published version never changes and is never deleted: the database refuses."""

from typing import Any

from django.db import migrations

TABLE = "programmes_programmeversion"
SQLITE = [
    f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} WHEN OLD.status = 'published' "
    "BEGIN SELECT RAISE(ABORT, 'a published programme version never changes'); END"
    for verb in ("UPDATE", "DELETE")
]
SQLITE_BACK = [f"DROP TRIGGER {TABLE}_no_{verb}" for verb in ("update", "delete")]
POSTGRES = [
    "CREATE FUNCTION programmes_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION 'a published programme version never changes'; END $$",
    f"CREATE TRIGGER {TABLE}_published BEFORE UPDATE OR DELETE ON {TABLE} "
    "FOR EACH ROW WHEN (OLD.status = 'published') EXECUTE FUNCTION programmes_refuse()",
]
POSTGRES_BACK = [f"DROP TRIGGER {TABLE}_published ON {TABLE}", "DROP FUNCTION programmes_refuse()"]


def forwards(apps: Any, schema_editor: Any) -> None:
    """Install the law."""
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(statement)


def backwards(apps: Any, schema_editor: Any) -> None:
    """Remove it."""
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRES_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    """Law of the programmes."""

    dependencies = [("programmes", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
