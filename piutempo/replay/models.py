"""What was replayed, so that a second demo starts at once."""

from django.db import models

from piutempo.programmes.models import Programme


class ReplayRun(models.Model):
    """One replay of a scenario into this database."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    scenario = models.CharField(max_length=60)
    seed = models.BigIntegerField()
    scale_bp = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict)
