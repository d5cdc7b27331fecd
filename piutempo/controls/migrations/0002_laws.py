"""What the database itself refuses: another seed, a second draw, an answer rewritten, a closed check touched."""

from typing import Any

from django.db import migrations

SAMPLE, CHECK = "controls_sample", "controls_check"
BOOKS = ("controls_itemanswer", "controls_familyanswer")
SEED = "programme_id, period_from, period_until, seed_way, seed, seed_source, seeded_at, seeded_by_id"
WHOSE = (
    "application_id, programme_id, sample_id, risk_class, ground, doubt, version_id, checklist, opened_at, opened_by_id"
)

SQLITE = [
    *(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in BOOKS
        for verb in ("UPDATE", "DELETE")
    ),
    f"CREATE TRIGGER {SAMPLE}_seed BEFORE UPDATE OF {SEED} ON {SAMPLE} "
    f"BEGIN SELECT RAISE(ABORT, '{SAMPLE} keeps its seed'); END",
    f"CREATE TRIGGER {SAMPLE}_once BEFORE UPDATE ON {SAMPLE} WHEN OLD.drawn_at IS NOT NULL "
    f"BEGIN SELECT RAISE(ABORT, '{SAMPLE} is drawn once'); END",
    f"CREATE TRIGGER {CHECK}_whose BEFORE UPDATE OF {WHOSE} ON {CHECK} "
    f"BEGIN SELECT RAISE(ABORT, '{CHECK} keeps its ground'); END",
    f"CREATE TRIGGER {CHECK}_closed BEFORE UPDATE ON {CHECK} WHEN OLD.state = 'closed' "
    f"BEGIN SELECT RAISE(ABORT, '{CHECK} is closed'); END",
    *(
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is never deleted'); END"
        for table in (SAMPLE, CHECK)
    ),
]
SQLITE_BACK = [
    *(f"DROP TRIGGER {table}_no_{verb}" for table in BOOKS for verb in ("update", "delete")),
    *(f"DROP TRIGGER {SAMPLE}_{name}" for name in ("seed", "once", "no_delete")),
    *(f"DROP TRIGGER {CHECK}_{name}" for name in ("whose", "closed", "no_delete")),
]
POSTGRES = [
    """CREATE FUNCTION controls_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION controls_refuse()"
        for table in BOOKS
    ),
    f"CREATE TRIGGER {SAMPLE}_seed BEFORE UPDATE OF {SEED} ON {SAMPLE} FOR EACH ROW EXECUTE FUNCTION controls_refuse()",
    f"CREATE TRIGGER {SAMPLE}_once BEFORE UPDATE ON {SAMPLE} "
    "FOR EACH ROW WHEN (OLD.drawn_at IS NOT NULL) EXECUTE FUNCTION controls_refuse()",
    f"CREATE TRIGGER {CHECK}_whose BEFORE UPDATE OF {WHOSE} ON {CHECK} FOR EACH ROW EXECUTE FUNCTION controls_refuse()",
    f"CREATE TRIGGER {CHECK}_closed BEFORE UPDATE ON {CHECK} "
    "FOR EACH ROW WHEN (OLD.state = 'closed') EXECUTE FUNCTION controls_refuse()",
    *(
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION controls_refuse()"
        for table in (SAMPLE, CHECK)
    ),
]
POSTGRES_BACK = [
    *(f"DROP TRIGGER {table}_append_only ON {table}" for table in BOOKS),
    *(f"DROP TRIGGER {SAMPLE}_{name} ON {SAMPLE}" for name in ("seed", "once", "no_delete")),
    *(f"DROP TRIGGER {CHECK}_{name} ON {CHECK}" for name in ("whose", "closed", "no_delete")),
    "DROP FUNCTION controls_refuse()",
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
    """Laws of checks."""

    dependencies = [("controls", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
