"""Where a draft was left; what outside sources say."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import piutempo.records.sealed


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0005_reviews"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Bookmark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("step", models.CharField(max_length=12)),
                ("left", piutempo.records.sealed.SealedTextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "application",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bookmark",
                        to="applications.application",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SourceCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=20)),
                ("code", models.CharField(help_text="the criterion", max_length=60)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("confirmed", "corrisponde"),
                            ("different", "è diverso"),
                            ("flawed", "ha omissioni o difformità"),
                            ("expired", "non vale più"),
                            ("not_found", "non risulta"),
                        ],
                        max_length=10,
                    ),
                ),
                ("data", piutempo.records.sealed.SealedTextField()),
                ("at", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="source_checks",
                        to="applications.application",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
    ]
