"""A ranking that was drawn up may be sent back with a reason, and another drawn up."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FROZEN = "programme_id, version_id, cut_off, drawn_at, drawn_by_id, sha256"
# A remade table loses its triggers on SQLite: the laws of rankings are lifted, and given back.
LAWS = [
    f"CREATE TRIGGER applications_ranking_frozen BEFORE UPDATE OF {FROZEN} ON applications_ranking "
    "BEGIN SELECT RAISE(ABORT, 'applications_ranking is frozen'); END",
    "CREATE TRIGGER applications_ranking_published_once BEFORE UPDATE ON applications_ranking "
    "WHEN OLD.published_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'applications_ranking is published'); END",
    "CREATE TRIGGER applications_ranking_no_delete BEFORE DELETE ON applications_ranking "
    "BEGIN SELECT RAISE(ABORT, 'applications_ranking is frozen'); END",
]
LIFTED = [f"DROP TRIGGER applications_ranking_{name}" for name in ("frozen", "published_once", "no_delete")]
RETURNED = (
    "CREATE TRIGGER applications_ranking_returned_once BEFORE UPDATE ON applications_ranking "
    "WHEN OLD.returned_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'applications_ranking is closed'); END"
)
RETURNED_POSTGRES = (
    "CREATE TRIGGER applications_ranking_returned_once BEFORE UPDATE ON applications_ranking "
    "FOR EACH ROW WHEN (OLD.returned_at IS NOT NULL) EXECUTE FUNCTION applications_refuse()"
)


def _run(schema_editor: Any, sqlite: list[str], postgres: list[str]) -> None:
    for statement in sqlite if schema_editor.connection.vendor == "sqlite" else postgres:
        schema_editor.execute(statement, None)


def lift(apps: Any, schema_editor: Any) -> None:
    """Lift the laws of rankings, on SQLite."""
    _run(schema_editor, LIFTED, [])


def unlift(apps: Any, schema_editor: Any) -> None:
    """Give them back, as they were."""
    _run(schema_editor, LAWS, [])


def give_back(apps: Any, schema_editor: Any) -> None:
    """Give the laws back, and one more: what was sent back stays so."""
    _run(schema_editor, [*LAWS, RETURNED], [RETURNED_POSTGRES])


def take(apps: Any, schema_editor: Any) -> None:
    """Take them away before the table goes back to what it was."""
    drop = "DROP TRIGGER applications_ranking_returned_once"
    _run(schema_editor, [*LIFTED, drop], [f"{drop} ON applications_ranking"])


class Migration(migrations.Migration):
    """Rankings sent back."""

    dependencies = [
        ("applications", "0007_source_laws"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RunPython(lift, unlift),
        migrations.RemoveConstraint(model_name="ranking", name="ranking_once_a_cut_off"),
        migrations.AddField(model_name="ranking", name="returned_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="ranking",
            name="returned_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="ranking",
            name="return_reason",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="ranking",
            constraint=models.UniqueConstraint(
                condition=models.Q(("returned_at__isnull", True)),
                fields=("programme", "cut_off"),
                name="ranking_once_a_cut_off",
            ),
        ),
        migrations.AddConstraint(
            model_name="ranking",
            constraint=models.CheckConstraint(
                condition=models.Q(("returned_at__isnull", True), ("published_at__isnull", True), _connector="OR"),
                name="ranking_ends_once",
            ),
        ),
        migrations.RunPython(give_back, take),
    ]
