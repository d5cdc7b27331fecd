"""
What the database refuses, whoever writes: what a step said is never changed, a family's last day only moves later.

Answers are append-only; a step is answered, received and closed once; no procedure, step or answer is deleted.
"""

from typing import Any

from django.db import migrations

FIXED = ("procedure_id", "round", "kind", "ground", "content", "days", "sent_at", "by_id")
ONCE = ("answered_at", "received_on", "closed_at", "closed_by_id")
DELETED = ("procedures_procedure", "procedures_step", "procedures_answer")

SQLITE = [
    *(
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in DELETED
    ),
    "CREATE TRIGGER procedures_answer_no_update BEFORE UPDATE ON procedures_answer "
    "BEGIN SELECT RAISE(ABORT, 'procedures_answer is append-only'); END",
    "CREATE TRIGGER procedures_step_keeps_its_word BEFORE UPDATE ON procedures_step WHEN "
    + " OR ".join(
        [
            *(f"NEW.{column} IS NOT OLD.{column}" for column in FIXED),
            *(f"(OLD.{column} IS NOT NULL AND NEW.{column} IS NOT OLD.{column})" for column in ONCE),
        ]
    )
    + " BEGIN SELECT RAISE(ABORT, 'procedures_step is append-only in what it said'); END",
    "CREATE TRIGGER procedures_step_gives_all_days BEFORE UPDATE ON procedures_step WHEN NEW.due_on < OLD.due_on "
    "BEGIN SELECT RAISE(ABORT, 'procedures_step never takes days from a family'); END",
]
SQLITE_BACK = [
    *(f"DROP TRIGGER {table}_no_delete" for table in DELETED),
    "DROP TRIGGER procedures_answer_no_update",
    "DROP TRIGGER procedures_step_keeps_its_word",
    "DROP TRIGGER procedures_step_gives_all_days",
]
POSTGRES = [
    "CREATE FUNCTION procedures_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    *(
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION procedures_refuse()"
        for table in DELETED
    ),
    "CREATE TRIGGER procedures_answer_no_update BEFORE UPDATE ON procedures_answer "
    "FOR EACH ROW EXECUTE FUNCTION procedures_refuse()",
    "CREATE FUNCTION procedures_step_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
    + " OR ".join(
        [
            *(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in FIXED),
            *(f"(OLD.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column})" for column in ONCE),
        ]
    )
    + " THEN RAISE EXCEPTION 'procedures_step is append-only in what it said'; END IF; "
    "IF NEW.due_on < OLD.due_on THEN RAISE EXCEPTION 'procedures_step never takes days from a family'; END IF; "
    "RETURN NEW; END $$",
    "CREATE TRIGGER procedures_step_keep BEFORE UPDATE ON procedures_step "
    "FOR EACH ROW EXECUTE FUNCTION procedures_step_keep()",
]
POSTGRES_BACK = [
    *(f"DROP TRIGGER {table}_no_delete ON {table}" for table in DELETED),
    "DROP TRIGGER procedures_answer_no_update ON procedures_answer",
    "DROP TRIGGER procedures_step_keep ON procedures_step",
    "DROP FUNCTION procedures_step_keep()",
    "DROP FUNCTION procedures_refuse()",
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
    """Laws of the procedures."""

    dependencies = [("procedures", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
