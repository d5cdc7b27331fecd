"""A frozen report is never edited nor deleted: another supersedes it."""

from typing import Any

from django.db import migrations

SQLITE = [
    "CREATE TRIGGER reporting_frozenreport_no_update BEFORE UPDATE ON reporting_frozenreport "
    "BEGIN SELECT RAISE(ABORT, 'reporting_frozenreport is append-only'); END",
    "CREATE TRIGGER reporting_frozenreport_no_delete BEFORE DELETE ON reporting_frozenreport "
    "BEGIN SELECT RAISE(ABORT, 'reporting_frozenreport is append-only'); END",
]
SQLITE_BACK = ["DROP TRIGGER reporting_frozenreport_no_update", "DROP TRIGGER reporting_frozenreport_no_delete"]
POSTGRES = [
    "CREATE FUNCTION reporting_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    "CREATE TRIGGER reporting_frozenreport_append_only BEFORE UPDATE OR DELETE ON reporting_frozenreport "
    "FOR EACH ROW EXECUTE FUNCTION reporting_refuse()",
]
POSTGRES_BACK = [
    "DROP TRIGGER reporting_frozenreport_append_only ON reporting_frozenreport",
    "DROP FUNCTION reporting_refuse()",
]


def forwards(apps: Any, schema_editor: Any) -> None:
    """Install the law."""
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(statement, None)


def backwards(apps: Any, schema_editor: Any) -> None:
    """Remove it."""
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRES_BACK:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    """Law of the reports."""

    dependencies = [("reporting", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
