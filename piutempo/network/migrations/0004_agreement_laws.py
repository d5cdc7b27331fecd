"""The desks' columns become agreements; the database refuses two agreements of one (desk, task) that share a day."""

from typing import Any

from django.db import migrations

SAME = """
    SELECT 1 FROM network_agreement AS g
    WHERE g.desk_id = NEW.desk_id AND g.task = NEW.task AND g.id <> COALESCE(NEW.id, -1)
      AND (NEW.valid_until IS NULL OR g.valid_from < NEW.valid_until)
      AND (g.valid_until IS NULL OR g.valid_until > NEW.valid_from)
"""
SQLITE = [
    f"""
    CREATE TRIGGER network_agreement_no_overlap_{verb.lower()} AFTER {verb} ON network_agreement
    WHEN EXISTS ({SAME})
    BEGIN SELECT RAISE(ABORT, 'network_agreement_no_overlap'); END
    """
    for verb in ("INSERT", "UPDATE")
]
SQLITE_BACK = [f"DROP TRIGGER IF EXISTS network_agreement_no_overlap_{verb}" for verb in ("insert", "update")]

# The desk's row is locked first, so that two transactions cannot each miss the other's row.
POSTGRES = [
    f"""
    CREATE FUNCTION network_agreement_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM network_desk WHERE id = NEW.desk_id FOR NO KEY UPDATE;
        IF EXISTS ({SAME}) THEN
            RAISE EXCEPTION 'network_agreement_no_overlap' USING ERRCODE = 'exclusion_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER network_agreement_no_overlap BEFORE INSERT OR UPDATE ON network_agreement
    FOR EACH ROW EXECUTE FUNCTION network_agreement_no_overlap()
    """,
]
POSTGRES_BACK = [
    "DROP TRIGGER IF EXISTS network_agreement_no_overlap ON network_agreement",
    "DROP FUNCTION IF EXISTS network_agreement_no_overlap()",
]
COLUMNS = {"support": "supports", "delivery": "delivers"}


def forwards(apps: Any, schema_editor: Any) -> None:
    """Copy what each desk may do, for as long as the desk is open; then install the law."""
    for task, column in COLUMNS.items():
        schema_editor.execute(
            "INSERT INTO network_agreement (desk_id, task, act, valid_from, valid_until) "
            f"SELECT id, '{task}', '', valid_from, valid_until FROM network_desk WHERE {column}",
            None,
        )
    for sql in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(sql, None)


def backwards(apps: Any, schema_editor: Any) -> None:
    """Take the law away and write the columns back: what a desk was ever allowed to do."""
    for sql in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRES_BACK:
        schema_editor.execute(sql, None)
    for task, column in COLUMNS.items():
        schema_editor.execute(
            f"UPDATE network_desk SET {column} = EXISTS "
            f"(SELECT 1 FROM network_agreement a WHERE a.desk_id = network_desk.id AND a.task = '{task}')",
            None,
        )
    schema_editor.execute("DELETE FROM network_agreement", None)


class Migration(migrations.Migration):
    """The law of agreements."""

    dependencies = [("network", "0003_agreements")]
    operations = [migrations.RunPython(forwards, backwards)]
