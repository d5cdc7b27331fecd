"""What happened (events, append-only) and what was filed (documents, frozen)."""

import json
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from piutempo.records.sealed import SealedBinaryField, SealedTextField


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

    ``sha256`` is the hash of the canonical JSON of what it says; ``content_sha256`` of the PDF, once there.
    What holds personal data is sealed: ``sealed`` and ``sealed_content`` stand for ``data`` and ``content``.
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
    # mypy: the sealed fields take their types from a non-null field of the stubs
    sealed = SealedTextField(  # type: ignore[misc]
        null=True, help_text="canonical JSON of a document with personal data; data is then empty"
    )
    content = models.BinaryField(null=True)
    sealed_content = SealedBinaryField(null=True)  # type: ignore[misc]
    content_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject", "subject_id"], name="document_once")]
        indexes = [models.Index(fields=["subject", "subject_id"], name="document_subject")]

    def __str__(self) -> str:
        return self.title

    def read(self) -> dict[str, Any]:
        """Return what the document says, unsealed when it is sealed."""
        said: dict[str, Any] = self.data if self.sealed is None else json.loads(self.sealed)
        return said


class StoredFile(models.Model):
    """
    A file somebody handed in (evidence, mandate, signed letter), encrypted. Never changed, never overwritten.

    ``sha256`` is of the plain bytes; ``media_type`` was read from the content, not from the name.
    """

    name = models.CharField(max_length=150)
    media_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = SealedBinaryField()
    stored_at = models.DateTimeField()
    stored_by_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.name


class Direction(models.TextChoices):
    """Whether a registered document came in, went out or stayed inside."""

    IN = "in", _("in arrivo")
    OUT = "out", _("in partenza")
    INTERNAL = "internal", _("interno")


class RegisterCounter(models.Model):
    """The last number of a register's year: locked last, so that numbers have no gaps and nobody waits long."""

    register = models.CharField(max_length=16)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["register", "year"], name="register_counter_once")]


class RegisterEntry(models.Model):
    """
    One line of the protocol register (*protocollo*): a number without gaps per register and year. Append-only.

    ``external_number`` is the number that the body's own register gave later, through its adapter: set once.
    ``title`` and ``correspondent`` hold no health data.
    """

    register = models.CharField(max_length=16)
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    direction = models.CharField(max_length=8, choices=Direction)
    title = models.CharField(max_length=200)
    correspondent = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, help_text="of the registered document")
    registered_at = models.DateTimeField()
    registered_by_id = models.BigIntegerField(null=True)
    external_number = models.CharField(max_length=40, blank=True)
    external_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["register", "year", "number"], name="register_number_once")]
        indexes = [
            models.Index(fields=["subject", "subject_id"], name="register_subject"),
            models.Index(fields=["registered_at"], name="register_instant"),
            models.Index(fields=["id"], condition=Q(external_number=""), name="register_to_forward"),
        ]

    def __str__(self) -> str:
        return f"{self.register} {self.year}/{self.number:07}"

    @property
    def label(self) -> str:
        """The number as people quote it."""
        return str(self)
