"""Programmes and their immutable, dated versions. What a version says is read through ``rules.Terms``."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from piutempo.ledger.models import Pot


class Programme(models.Model):
    """A measure that gives families service vouchers."""

    code = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.title


class VersionStatus(models.TextChoices):
    """A draft may change; a published version never does (the database refuses)."""

    DRAFT = "draft", _("bozza")
    PUBLISHED = "published", _("pubblicata")


class Origin(models.TextChoices):
    """
    Where a version was written: a changed file may follow a version of the same file, never undo one made in the
    pages.
    """

    FILE = "file", _("file")
    PAGES = "pages", _("pagine")


class ProgrammeVersion(models.Model):
    """What a programme says from ``valid_from`` until the next version. ``data`` is the whole file as JSON."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=VersionStatus)
    valid_from = models.DateField(null=True)
    data = models.JSONField()
    data_hash = models.CharField(max_length=64)
    origin = models.CharField(max_length=5, choices=Origin)
    based_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["programme_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["programme", "valid_from"], condition=Q(status="published"), name="version_from_once"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(valid_from__isnull=False, published_at__isnull=False),
                name="version_published_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} v{self.number}"


class Fund(models.Model):
    """A programme's money: joins a fund of the file to its pot in the ledger."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="funds")
    code = models.CharField(max_length=40)
    pot = models.OneToOneField(Pot, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="fund_once_a_programme")]
