"""What agreements say is no longer said twice."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("network", "0004_agreement_laws")]
    operations = [
        migrations.RemoveField(model_name="desk", name="supports"),
        migrations.RemoveField(model_name="desk", name="delivers"),
    ]
