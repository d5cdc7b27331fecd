"""Casework: rounds of decisions, evidence, conflicts, mandates, rankings, changes of circumstances."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import piutempo.records.sealed

# A remade table loses its triggers on SQLite: the law of the decisions is lifted, and given back.
LIFTED = [f"DROP TRIGGER applications_decision_no_{verb}" for verb in ("update", "delete")]
GIVEN_BACK = [
    f"CREATE TRIGGER applications_decision_no_{verb.lower()} BEFORE {verb} ON applications_decision "
    "BEGIN SELECT RAISE(ABORT, 'applications_decision is append-only'); END"
    for verb in ("UPDATE", "DELETE")
]


def lift(apps: Any, schema_editor: Any) -> None:
    """Lift the law of the decisions, on SQLite."""
    for statement in LIFTED if schema_editor.connection.vendor == "sqlite" else []:
        schema_editor.execute(statement, None)


def give_back(apps: Any, schema_editor: Any) -> None:
    """Give it back."""
    for statement in GIVEN_BACK if schema_editor.connection.vendor == "sqlite" else []:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0002_laws"),
        ("network", "0002_laws"),
        ("people", "0001_initial"),
        ("programmes", "0002_laws"),
        ("records", "0003_register_and_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(lift, give_back),
        migrations.AlterField(
            model_name="decision",
            name="application",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="applications.application"
            ),
        ),
        migrations.AddField(
            model_name="application",
            name="channel",
            field=models.CharField(
                choices=[("online", "in rete"), ("desk", "allo sportello"), ("paper", "su carta")],
                default="online",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="application",
            name="decision",
            field=models.OneToOneField(
                help_text="the one in force",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="applications.decision",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="proposed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="round",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(fields=("application", "round"), name="decision_once_a_round"),
        ),
        migrations.RunPython(give_back, lift),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("evidence", "prova di un requisito"),
                            ("paper", "domanda su carta"),
                            ("mandate", "delega"),
                            ("answer", "risposta a una richiesta"),
                            ("review", "richiesta di riesame"),
                            ("change", "cambiamento"),
                        ],
                        max_length=10,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=60)),
                ("ref_id", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("happened_on", models.DateField()),
                ("facts", piutempo.records.sealed.SealedTextField(help_text="JSON fact sheet from that day")),
                ("note", piutempo.records.sealed.SealedTextField(blank=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("declared", "comunicato"), ("applied", "applicato"), ("refused", "non accolto")],
                        default="declared",
                        max_length=10,
                    ),
                ),
                ("declared_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True, help_text="why it was not accepted")),
                ("effect", models.JSONField(default=list)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Conflict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("same_family", "la stessa famiglia ha già una domanda"),
                            ("two_households", "una persona è in due nuclei"),
                            ("same_child", "un altro contributo per la stessa persona negli stessi mesi"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "data",
                    models.JSONField(
                        default=dict, help_text="what the sentence needs: months, benefit code, never names"
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("settlement", models.TextField(blank=True, help_text="the officer's words")),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(help_text="the criterion", max_length=60)),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("upload", "documento allegato"),
                            ("declaration", "autocertificazione"),
                            ("held", "lo ha già un ufficio pubblico"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "note",
                    piutempo.records.sealed.SealedTextField(
                        blank=True, help_text="which office holds it, or what is declared"
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Identification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document_kind", models.CharField(max_length=60)),
                ("document_number", piutempo.records.sealed.SealedTextField()),
                ("expires_on", models.DateField()),
                ("checked_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Mandate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("signed_on", models.DateField()),
                ("valid_until", models.DateField(null=True)),
                ("at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(help_text="what is published instead of the name", max_length=12)),
                ("position", models.PositiveIntegerField(null=True)),
                ("points", models.IntegerField(default=0)),
                (
                    "lines",
                    models.JSONField(default=list, help_text="[[code, points], …] then the tie-break values read"),
                ),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_approval", models.BooleanField()),
                ("note", models.TextField(blank=True)),
                ("proposed_at", models.DateTimeField()),
                ("signed_at", models.DateTimeField(null=True)),
                ("returned_at", models.DateTimeField(null=True)),
                ("return_reason", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Ranking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cut_off", models.CharField(max_length=40)),
                ("drawn_at", models.DateTimeField()),
                ("sha256", models.CharField(max_length=64)),
                ("published_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="attachment",
            name="application",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="attachments", to="applications.application"
            ),
        ),
        migrations.AddField(
            model_name="attachment",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="attachment",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.storedfile"
            ),
        ),
        migrations.AddField(
            model_name="change",
            name="application",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="applications.application"
            ),
        ),
        migrations.AddField(
            model_name="change",
            name="closed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="change",
            name="declared_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="conflict",
            name="application",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="conflicts", to="applications.application"
            ),
        ),
        migrations.AddField(
            model_name="conflict",
            name="other",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="applications.application"
            ),
        ),
        migrations.AddField(
            model_name="conflict",
            name="person",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person"
            ),
        ),
        migrations.AddField(
            model_name="conflict",
            name="settled_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="application",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="applications.application"
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="identification",
            name="checked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="identification",
            name="desk",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="network.desk"),
        ),
        migrations.AddField(
            model_name="identification",
            name="person",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person"),
        ),
        migrations.AddField(
            model_name="mandate",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="mandate",
            name="desk",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="network.desk"),
        ),
        migrations.AddField(
            model_name="mandate",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.storedfile"
            ),
        ),
        migrations.AddField(
            model_name="mandate",
            name="person",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person"),
        ),
        migrations.AddField(
            model_name="place",
            name="application",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="applications.application"
            ),
        ),
        migrations.AddField(
            model_name="proposal",
            name="application",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="proposals", to="applications.application"
            ),
        ),
        migrations.AddField(
            model_name="proposal",
            name="closed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="proposal",
            name="proposed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="ranking",
            name="drawn_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="ranking",
            name="programme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="programmes.programme"
            ),
        ),
        migrations.AddField(
            model_name="ranking",
            name="published_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="ranking",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="programmes.programmeversion"
            ),
        ),
        migrations.AddField(
            model_name="place",
            name="ranking",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="places", to="applications.ranking"
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.UniqueConstraint(fields=("application", "code"), name="evidence_once_a_criterion"),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("returned_at__isnull", True), ("signed_at__isnull", True)),
                fields=("application",),
                name="one_open_proposal",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("signed_at__isnull", True),
                    models.Q(("closed_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="proposal_signed_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="ranking",
            constraint=models.UniqueConstraint(fields=("programme", "cut_off"), name="ranking_once_a_cut_off"),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.UniqueConstraint(fields=("ranking", "application"), name="place_once_a_request"),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.UniqueConstraint(fields=("ranking", "position"), name="place_once_a_position"),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.UniqueConstraint(fields=("ranking", "code"), name="place_code_once"),
        ),
    ]
