"""Frozen reports: published once, superseded, never edited."""

from django.conf import settings
from django.db import models

from piutempo.programmes.models import Programme


class FrozenReport(models.Model):
    """
    The figures of a period as of a date.

    ``data`` is the whole report; ``sha256`` its hash; ``watermark`` the last ledger transfer it knew; ``version_ids``
    the programme
    versions in force. Recomputing from the same (as_of, watermark) must give the same hash. Append-only.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=[("quarter", "trimestrale"), ("final", "finale")])
    period_from = models.DateField()
    period_until = models.DateField(help_text="exclusive")
    as_of = models.DateField(help_text="exclusive: facts before this day")
    watermark = models.BigIntegerField()
    data = models.JSONField()
    sha256 = models.CharField(max_length=64)
    version_ids = models.JSONField(default=list)
    frozen_at = models.DateTimeField()
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
