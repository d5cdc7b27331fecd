"""What a desk may do is dated: one agreement for each task, instead of two yes-or-no columns."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("network", "0002_laws")]
    operations = [
        migrations.CreateModel(
            name="Agreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "task",
                    models.CharField(
                        choices=[("support", "aiuta a fare domanda"), ("delivery", "consegna i buoni")], max_length=10
                    ),
                ),
                ("act", models.CharField(blank=True, max_length=200, verbose_name="atto")),
                ("valid_from", models.DateField()),
                ("valid_until", models.DateField(null=True)),
                (
                    "desk",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="agreements", to="network.desk"
                    ),
                ),
            ],
            options={
                "ordering": ["task", "valid_from"],
                "constraints": [
                    models.UniqueConstraint(fields=["desk", "task", "valid_from"], name="agreement_once_a_start"),
                    models.CheckConstraint(
                        condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                        name="agreement_period",
                    ),
                ],
            },
        ),
    ]
