"""Reviews: a family asks to look again at a decision."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import piutempo.records.sealed


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0004_laws"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", piutempo.records.sealed.SealedTextField(help_text="the family's words")),
                ("asked_at", models.DateTimeField()),
                ("is_reopened", models.BooleanField(help_text="null: nobody has answered yet", null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer", models.TextField(blank=True, help_text="why the case was, or was not, opened again")),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="applications.application",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="applications.decision"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True)),
                        fields=("application",),
                        name="one_open_review",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", True), ("is_reopened__isnull", True)),
                            models.Q(("answered_at__isnull", False), ("is_reopened__isnull", False)),
                            _connector="OR",
                        ),
                        name="review_answered_whole",
                    ),
                ],
            },
        ),
    ]
