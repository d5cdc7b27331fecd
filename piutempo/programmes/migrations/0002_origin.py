"""Where a version was written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the origin; rows there already came from files."""

    dependencies = [("programmes", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="programmeversion",
            name="origin",
            field=models.CharField(choices=[("file", "file"), ("pages", "pagine")], default="file", max_length=5),
            preserve_default=False,
        ),
    ]
