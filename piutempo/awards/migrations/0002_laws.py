"""Room on each page for what issuance changes: every month's batch counts one more issued month on every award."""

from typing import Any

from django.db import migrations


def forwards(apps: Any, schema_editor: Any) -> None:
    """Leave half of each page free, so that an update stays on it and touches no index."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE awards_award SET (fillfactor = 50)")


def backwards(apps: Any, schema_editor: Any) -> None:
    """Fill pages again."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE awards_award RESET (fillfactor)")


class Migration(migrations.Migration):
    """How the table of awards is stored."""

    dependencies = [("awards", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
