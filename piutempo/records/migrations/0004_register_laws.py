"""The register is append-only (the body's own number may be added once), files and sealed documents are frozen."""

from typing import Any

from django.db import migrations

ENTRY = "register, year, number, direction, title, correspondent, subject, subject_id, sha256, registered_at, registered_by_id"
#: name, table, when it fires, its condition, what it says
LAWS = [
    ("records_registerentry_frozen", "records_registerentry", f"UPDATE OF {ENTRY}", "", "append-only"),
    (
        "records_registerentry_external_once",
        "records_registerentry",
        "UPDATE OF external_number, external_at",
        "OLD.external_number <> ''",
        "append-only",
    ),
    ("records_registerentry_no_delete", "records_registerentry", "DELETE", "", "append-only"),
    ("records_registercounter_forward", "records_registercounter", "UPDATE", "NEW.last < OLD.last", "append-only"),
    ("records_registercounter_no_delete", "records_registercounter", "DELETE", "", "append-only"),
    ("records_storedfile_no_update", "records_storedfile", "UPDATE", "", "append-only"),
    ("records_storedfile_no_delete", "records_storedfile", "DELETE", "", "append-only"),
    ("records_document_sealed_frozen", "records_document", "UPDATE OF sealed", "", "append-only"),
    (
        "records_document_sealed_once",
        "records_document",
        "UPDATE OF sealed_content, content_sha256",
        "OLD.sealed_content IS NOT NULL",
        "append-only",
    ),
]


def forwards(apps: Any, schema_editor: Any) -> None:
    """Install the laws."""
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for name, table, fires, condition, said in LAWS:
        when = f"WHEN ({condition}) " if condition else ""
        body = (
            f"BEGIN SELECT RAISE(ABORT, '{table} is {said}'); END" if is_sqlite else "EXECUTE FUNCTION records_refuse()"
        )
        schema_editor.execute(f"CREATE TRIGGER {name} BEFORE {fires} ON {table} FOR EACH ROW {when}{body}", None)


def backwards(apps: Any, schema_editor: Any) -> None:
    """Remove them."""
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for name, table, *_ in LAWS:
        schema_editor.execute(f"DROP TRIGGER {name}" + ("" if is_sqlite else f" ON {table}"), None)


class Migration(migrations.Migration):
    """Laws of the register and of the files."""

    dependencies = [("records", "0003_register_and_files")]
    operations = [migrations.RunPython(forwards, backwards)]
