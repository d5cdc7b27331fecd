"""What was written stays: letters keep their words, templates and signatures are append-only, what was sent is final."""

from typing import Any

from django.db import migrations

LETTER = (
    "kind, subject, subject_id, key, programme_id, person_id, to_name, title, template_version, document_id, entry_id, "
    "needs_signature, is_legal, created_at, created_by_id"
)
#: name, table, when it fires, its condition, what it says
LAWS = [
    ("letter_frozen", "correspondence_letter", f"UPDATE OF {LETTER}", ""),
    ("letter_no_delete", "correspondence_letter", "DELETE", ""),
    ("template_no_update", "correspondence_lettertemplate", "UPDATE", ""),
    ("template_no_delete", "correspondence_lettertemplate", "DELETE", ""),
    ("signature_no_update", "correspondence_signature", "UPDATE", ""),
    ("signature_no_delete", "correspondence_signature", "DELETE", ""),
    ("outbox_sent_is_final", "correspondence_outboxmessage", "UPDATE", "OLD.state = 'sent'"),
    ("outbox_no_delete", "correspondence_outboxmessage", "DELETE", ""),
    ("message_frozen", "correspondence_message", "UPDATE OF kind, person_id, name, email, text, page, received_at", ""),
    ("message_answered_once", "correspondence_message", "UPDATE OF answer, answered_at", "OLD.answered_at IS NOT NULL"),
    ("message_no_delete", "correspondence_message", "DELETE", ""),
]


def forwards(apps: Any, schema_editor: Any) -> None:
    """Install the laws."""
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for name, table, fires, condition in LAWS:
        when = f"WHEN ({condition}) " if condition else ""
        body = (
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            if is_sqlite
            else "EXECUTE FUNCTION records_refuse()"
        )
        schema_editor.execute(
            f"CREATE TRIGGER correspondence_{name} BEFORE {fires} ON {table} FOR EACH ROW {when}{body}", None
        )


def backwards(apps: Any, schema_editor: Any) -> None:
    """Remove them."""
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for name, table, *_ in LAWS:
        schema_editor.execute(f"DROP TRIGGER correspondence_{name}" + ("" if is_sqlite else f" ON {table}"), None)


class Migration(migrations.Migration):
    """Laws of the letters."""

    dependencies = [("correspondence", "0001_initial"), ("records", "0004_register_laws")]
    operations = [migrations.RunPython(forwards, backwards)]
