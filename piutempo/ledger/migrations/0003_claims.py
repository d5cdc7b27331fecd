"""Claims on families: what was spent without the right, asked back and collected."""

from typing import Any

from django.db import migrations, models

#: A remade table loses its triggers on SQLite: the laws of the transfers (0002) are lifted, and given back.
LAWS = [
    """
    CREATE TRIGGER ledger_transfer_no_update BEFORE UPDATE ON ledger_transfer
    BEGIN SELECT RAISE(ABORT, 'ledger_transfer is append-only: post a counter-entry'); END
    """,
    """
    CREATE TRIGGER ledger_transfer_no_delete BEFORE DELETE ON ledger_transfer
    BEGIN SELECT RAISE(ABORT, 'ledger_transfer is append-only: post a counter-entry'); END
    """,
    """
    CREATE TRIGGER ledger_transfer_hold AFTER INSERT ON ledger_transfer
    WHEN NEW.from_account IN ('available', 'committed') OR NEW.to_account IN ('available', 'committed')
    BEGIN
      UPDATE ledger_holding SET
        available_cents = available_cents
          + NEW.amount_cents * ((NEW.to_account = 'available') - (NEW.from_account = 'available')),
        committed_cents = committed_cents
          + NEW.amount_cents * ((NEW.to_account = 'committed') - (NEW.from_account = 'committed'))
      WHERE source_id = NEW.source_id;
    END
    """,
]
NAMES = ("ledger_transfer_no_update", "ledger_transfer_no_delete", "ledger_transfer_hold")


def lift(apps: Any, schema_editor: Any) -> None:
    """Lift the laws of the transfers, on SQLite."""
    for name in NAMES if schema_editor.connection.vendor == "sqlite" else ():
        schema_editor.execute(f"DROP TRIGGER {name}", None)


def give_back(apps: Any, schema_editor: Any) -> None:
    """Give them back."""
    for statement in LAWS if schema_editor.connection.vendor == "sqlite" else []:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_laws"),
    ]

    operations = [
        migrations.RunPython(lift, give_back),
        migrations.RemoveConstraint(
            model_name="transfer",
            name="transfer_route",
        ),
        migrations.AlterField(
            model_name="monthtotal",
            name="kind",
            field=models.CharField(
                choices=[
                    ("allocate", "stanziamento"),
                    ("commit", "impegno"),
                    ("release", "disimpegno"),
                    ("issue", "emissione"),
                    ("spend", "utilizzo"),
                    ("unspend", "storno di utilizzo"),
                    ("lapse", "decadenza"),
                    ("unlapse", "ripristino"),
                    ("return", "rientro nel fondo"),
                    ("unreturn", "storno di rientro"),
                    ("bill", "liquidazione"),
                    ("unbill", "storno di liquidazione"),
                    ("pay", "pagamento"),
                    ("recover", "recupero"),
                    ("restore", "riassegnazione di somme recuperate"),
                    ("claim", "credito verso una famiglia"),
                    ("unclaim", "annullamento di un credito"),
                    ("collect", "incasso da una famiglia"),
                    ("reassign", "riassegnazione di un incasso"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="from_account",
            field=models.CharField(
                choices=[
                    ("world", "finanziatore"),
                    ("available", "disponibile"),
                    ("committed", "impegnato"),
                    ("issued", "in circolazione"),
                    ("owed", "speso, dovuto agli operatori"),
                    ("payable", "liquidato, da pagare"),
                    ("paid", "pagato"),
                    ("lapsed", "scaduto e rientrato"),
                    ("claimed", "da restituire dalle famiglie"),
                    ("recovered", "recuperato"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("allocate", "stanziamento"),
                    ("commit", "impegno"),
                    ("release", "disimpegno"),
                    ("issue", "emissione"),
                    ("spend", "utilizzo"),
                    ("unspend", "storno di utilizzo"),
                    ("lapse", "decadenza"),
                    ("unlapse", "ripristino"),
                    ("return", "rientro nel fondo"),
                    ("unreturn", "storno di rientro"),
                    ("bill", "liquidazione"),
                    ("unbill", "storno di liquidazione"),
                    ("pay", "pagamento"),
                    ("recover", "recupero"),
                    ("restore", "riassegnazione di somme recuperate"),
                    ("claim", "credito verso una famiglia"),
                    ("unclaim", "annullamento di un credito"),
                    ("collect", "incasso da una famiglia"),
                    ("reassign", "riassegnazione di un incasso"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="to_account",
            field=models.CharField(
                choices=[
                    ("world", "finanziatore"),
                    ("available", "disponibile"),
                    ("committed", "impegnato"),
                    ("issued", "in circolazione"),
                    ("owed", "speso, dovuto agli operatori"),
                    ("payable", "liquidato, da pagare"),
                    ("paid", "pagato"),
                    ("lapsed", "scaduto e rientrato"),
                    ("claimed", "da restituire dalle famiglie"),
                    ("recovered", "recuperato"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("from_account", "world"), ("kind", "allocate"), ("to_account", "available")),
                    models.Q(("from_account", "available"), ("kind", "commit"), ("to_account", "committed")),
                    models.Q(("from_account", "committed"), ("kind", "release"), ("to_account", "available")),
                    models.Q(("from_account", "committed"), ("kind", "issue"), ("to_account", "issued")),
                    models.Q(("from_account", "issued"), ("kind", "spend"), ("to_account", "owed")),
                    models.Q(("from_account", "owed"), ("kind", "unspend"), ("to_account", "issued")),
                    models.Q(("from_account", "issued"), ("kind", "lapse"), ("to_account", "lapsed")),
                    models.Q(("from_account", "lapsed"), ("kind", "unlapse"), ("to_account", "issued")),
                    models.Q(("from_account", "lapsed"), ("kind", "return"), ("to_account", "available")),
                    models.Q(("from_account", "available"), ("kind", "unreturn"), ("to_account", "lapsed")),
                    models.Q(("from_account", "owed"), ("kind", "bill"), ("to_account", "payable")),
                    models.Q(("from_account", "payable"), ("kind", "unbill"), ("to_account", "owed")),
                    models.Q(("from_account", "payable"), ("kind", "pay"), ("to_account", "paid")),
                    models.Q(("from_account", "paid"), ("kind", "recover"), ("to_account", "recovered")),
                    models.Q(("from_account", "recovered"), ("kind", "restore"), ("to_account", "available")),
                    models.Q(("from_account", "paid"), ("kind", "claim"), ("to_account", "claimed")),
                    models.Q(("from_account", "claimed"), ("kind", "unclaim"), ("to_account", "paid")),
                    models.Q(("from_account", "claimed"), ("kind", "collect"), ("to_account", "recovered")),
                    models.Q(("from_account", "recovered"), ("kind", "reassign"), ("to_account", "available")),
                    _connector="OR",
                ),
                name="transfer_route",
            ),
        ),
        migrations.RunPython(give_back, lift),
    ]
