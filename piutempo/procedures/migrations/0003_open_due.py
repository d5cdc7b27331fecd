"""The open procedures by deadline: the order of every officer's queue."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One index more."""

    dependencies = [("procedures", "0002_laws")]
    operations = [
        migrations.AddIndex(
            model_name="procedure",
            index=models.Index(condition=models.Q(("status", "open")), fields=["due_on"], name="procedure_open_due"),
        )
    ]
