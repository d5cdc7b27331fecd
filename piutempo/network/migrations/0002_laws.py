"""The database refuses two grants of one (site, programme, network, service) that share a day."""

from typing import Any

from django.db import migrations

SAME = """
    SELECT 1 FROM network_grant AS g
    WHERE g.site_id = NEW.site_id AND g.programme_id = NEW.programme_id
      AND g.network = NEW.network AND g.service = NEW.service AND g.id <> COALESCE(NEW.id, -1)
      AND (NEW.valid_until IS NULL OR g.valid_from < NEW.valid_until)
      AND (g.valid_until IS NULL OR g.valid_until > NEW.valid_from)
"""

# The trigger runs after the row is written so that NEW.id is known on SQLite; the statement is undone as a whole.
SQLITE = [
    f"""
    CREATE TRIGGER network_grant_no_overlap_{verb.lower()} AFTER {verb} ON network_grant
    WHEN EXISTS ({SAME})
    BEGIN SELECT RAISE(ABORT, 'network_grant_no_overlap'); END
    """
    for verb in ("INSERT", "UPDATE")
]
SQLITE_BACK = [f"DROP TRIGGER IF EXISTS network_grant_no_overlap_{verb}" for verb in ("insert", "update")]

# The site's row is locked first, so that two transactions cannot each miss the other's row.
POSTGRES = [
    f"""
    CREATE FUNCTION network_grant_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM network_site WHERE id = NEW.site_id FOR NO KEY UPDATE;
        IF EXISTS ({SAME}) THEN
            RAISE EXCEPTION 'network_grant_no_overlap' USING ERRCODE = 'exclusion_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER network_grant_no_overlap BEFORE INSERT OR UPDATE ON network_grant
    FOR EACH ROW EXECUTE FUNCTION network_grant_no_overlap()
    """,
]
POSTGRES_BACK = [
    "DROP TRIGGER IF EXISTS network_grant_no_overlap ON network_grant",
    "DROP FUNCTION IF EXISTS network_grant_no_overlap()",
]


def forwards(apps: Any, schema_editor: Any) -> None:
    """Create the triggers."""
    for sql in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(sql)


def backwards(apps: Any, schema_editor: Any) -> None:
    """Take the triggers away."""
    for sql in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRES_BACK:
        schema_editor.execute(sql)


class Migration(migrations.Migration):
    """The law of the network."""

    dependencies = [("network", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
