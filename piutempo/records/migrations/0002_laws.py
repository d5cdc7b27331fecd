"""Events are append-only; a document's words never change (its PDF may be added once)."""

from typing import Any

from django.db import migrations

FROZEN = "kind, template, subject, subject_id, title, data, sha256, created_at, created_by_id"
SQLITE = [
    (
        "CREATE TRIGGER records_event_no_update BEFORE UPDATE ON records_event "
        "BEGIN SELECT RAISE(ABORT, 'records_event is append-only'); END"
    ),
    (
        "CREATE TRIGGER records_event_no_delete BEFORE DELETE ON records_event "
        "BEGIN SELECT RAISE(ABORT, 'records_event is append-only'); END"
    ),
    (
        f"CREATE TRIGGER records_document_frozen BEFORE UPDATE OF {FROZEN} ON records_document "
        "BEGIN SELECT RAISE(ABORT, 'records_document is frozen'); END"
    ),
    (
        "CREATE TRIGGER records_document_no_delete BEFORE DELETE ON records_document "
        "BEGIN SELECT RAISE(ABORT, 'records_document is frozen'); END"
    ),
    (
        "CREATE TRIGGER records_document_content_once BEFORE UPDATE OF content, content_sha256 ON records_document "
        "WHEN OLD.content IS NOT NULL BEGIN SELECT RAISE(ABORT, 'records_document is frozen'); END"
    ),
]
SQLITE_BACK = [
    "DROP TRIGGER records_event_no_update",
    "DROP TRIGGER records_event_no_delete",
    "DROP TRIGGER records_document_frozen",
    "DROP TRIGGER records_document_no_delete",
    "DROP TRIGGER records_document_content_once",
]
POSTGRES = [
    (
        "CREATE FUNCTION records_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    ),
    (
        "CREATE TRIGGER records_event_append_only BEFORE UPDATE OR DELETE ON records_event "
        "FOR EACH ROW EXECUTE FUNCTION records_refuse()"
    ),
    (
        f"CREATE TRIGGER records_document_frozen BEFORE UPDATE OF {FROZEN} ON records_document "
        "FOR EACH ROW EXECUTE FUNCTION records_refuse()"
    ),
    (
        "CREATE TRIGGER records_document_no_delete BEFORE DELETE ON records_document "
        "FOR EACH ROW EXECUTE FUNCTION records_refuse()"
    ),
    (
        "CREATE TRIGGER records_document_content_once BEFORE UPDATE OF content, content_sha256 ON records_document "
        "FOR EACH ROW WHEN (OLD.content IS NOT NULL) EXECUTE FUNCTION records_refuse()"
    ),
]
POSTGRES_BACK = [
    "DROP TRIGGER records_event_append_only ON records_event",
    "DROP TRIGGER records_document_frozen ON records_document",
    "DROP TRIGGER records_document_no_delete ON records_document",
    "DROP TRIGGER records_document_content_once ON records_document",
    "DROP FUNCTION records_refuse()",
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
    """Laws of the records."""

    dependencies = [("records", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
