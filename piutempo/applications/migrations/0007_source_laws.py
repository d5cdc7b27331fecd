"""What an outside source said is append-only: the database refuses UPDATE and DELETE."""

from typing import Any

from django.db import migrations

TABLE = "applications_sourcecheck"
SQLITE = [
    f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
    f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
    for verb in ("UPDATE", "DELETE")
]
SQLITE_BACK = [f"DROP TRIGGER {TABLE}_no_{verb}" for verb in ("update", "delete")]
POSTGRES = [
    f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} "
    "FOR EACH ROW EXECUTE FUNCTION applications_refuse()"
]
POSTGRES_BACK = [f"DROP TRIGGER {TABLE}_append_only ON {TABLE}"]


def forwards(apps: Any, schema_editor: Any) -> None:
    """Install the law."""
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(statement, None)


def backwards(apps: Any, schema_editor: Any) -> None:
    """Remove it."""
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRES_BACK:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    """Law of what outside sources say."""

    dependencies = [("applications", "0006_steps_and_sources")]
    operations = [migrations.RunPython(forwards, backwards)]
