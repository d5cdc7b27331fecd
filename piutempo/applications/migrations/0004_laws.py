"""The decision in force is the one there was; places of a ranking and what was identified are append-only."""

from typing import Any

from django.db import migrations

TABLES = ("applications_place", "applications_identification")
FROZEN = "programme_id, version_id, cut_off, drawn_at, drawn_by_id, sha256"
SQLITE = [
    *(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in TABLES
        for verb in ("UPDATE", "DELETE")
    ),
    f"CREATE TRIGGER applications_ranking_frozen BEFORE UPDATE OF {FROZEN} ON applications_ranking "
    "BEGIN SELECT RAISE(ABORT, 'applications_ranking is frozen'); END",
    "CREATE TRIGGER applications_ranking_published_once BEFORE UPDATE ON applications_ranking "
    "WHEN OLD.published_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'applications_ranking is published'); END",
    "CREATE TRIGGER applications_ranking_no_delete BEFORE DELETE ON applications_ranking "
    "BEGIN SELECT RAISE(ABORT, 'applications_ranking is frozen'); END",
]
SQLITE_BACK = [
    *(f"DROP TRIGGER {table}_no_{verb}" for table in TABLES for verb in ("update", "delete")),
    *(f"DROP TRIGGER applications_ranking_{name}" for name in ("frozen", "published_once", "no_delete")),
]
POSTGRES = [
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION applications_refuse()"
        for table in TABLES
    ),
    f"CREATE TRIGGER applications_ranking_frozen BEFORE UPDATE OF {FROZEN} ON applications_ranking "
    "FOR EACH ROW EXECUTE FUNCTION applications_refuse()",
    "CREATE TRIGGER applications_ranking_published_once BEFORE UPDATE ON applications_ranking "
    "FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION applications_refuse()",
    "CREATE TRIGGER applications_ranking_no_delete BEFORE DELETE ON applications_ranking "
    "FOR EACH ROW EXECUTE FUNCTION applications_refuse()",
]
POSTGRES_BACK = [
    *(f"DROP TRIGGER {table}_append_only ON {table}" for table in TABLES),
    *(
        f"DROP TRIGGER applications_ranking_{name} ON applications_ranking"
        for name in ("frozen", "published_once", "no_delete")
    ),
]


def forwards(apps: Any, schema_editor: Any) -> None:
    """Install the laws; a case decided before has its only decision in force."""
    schema_editor.execute(
        "UPDATE applications_application SET decision_id = "
        "(SELECT id FROM applications_decision d WHERE d.application_id = applications_application.id)",
        None,
    )
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(statement, None)


def backwards(apps: Any, schema_editor: Any) -> None:
    """Remove them."""
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRES_BACK:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    """Laws of casework."""

    dependencies = [("applications", "0003_casework")]
    operations = [migrations.RunPython(forwards, backwards)]
