"""What happened (events, append-only) and what was filed (documents, frozen)."""

from django.db import models
from django.db.models.functions import Now


class Event(models.Model):
    """
    One fact that somebody brought about. The database refuses UPDATE and DELETE.

    ``name`` is ``context.past_participle``; ``subject`` is ``context.model`` and ``subject_id`` its id; ``actor_id``
    is a user
    (null: the program by itself); ``happened_at`` is when the fact was true, ``recorded_at`` the machine's time.
    ``data`` holds codes and amounts, never personal data.
    """

    name = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    actor_id = models.BigIntegerField(null=True)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["subject", "subject_id", "id"], name="event_subject")]

    def __str__(self) -> str:
        return f"{self.name} {self.subject}/{self.subject_id}"


class Document(models.Model):
    """
    A frozen document. ``data`` is what it says, fixed for ever; ``content`` is its PDF, typeset at first opening.

    ``sha256`` is the hash of the canonical JSON of ``data``; ``content_sha256`` of the PDF, once there.
    """

    kind = models.CharField(max_length=40)
    template = models.CharField(max_length=100)
    subject = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    data = models.JSONField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True)
    content = models.BinaryField(null=True)
    content_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject", "subject_id"], name="document_once")]
        indexes = [models.Index(fields=["subject", "subject_id"], name="document_subject")]

    def __str__(self) -> str:
        return self.title
