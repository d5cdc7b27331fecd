"""Letters: their templates, the letters themselves, the one outbox, what people write to us."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from piutempo.people.models import Person, User
from piutempo.records.models import Document, RegisterEntry, StoredFile
from piutempo.records.sealed import SealedTextField


class LetterTemplate(models.Model):
    """A version of a kind's words, written by the office. Append-only; version 0 is the one in the program."""

    kind = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    subject = models.CharField(max_length=160)
    body = models.TextField()
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="letter_template_once")]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"


class Channel(models.TextChoices):
    """How a letter leaves."""

    EMAIL = "email", _("posta elettronica")
    SEND = "send", _("SEND, notifica con valore legale")
    PAPER = "paper", _("carta")


class LetterState(models.TextChoices):
    """Where a letter is."""

    TO_SIGN = "to_sign", _("da firmare")
    QUEUED = "queued", _("in partenza")
    SENT = "sent", _("inviata")
    FAILED = "failed", _("non recapitata")
    PAPER = "paper", _("da stampare e spedire")


class LetterBatch(models.Model):
    """
    Many letters of one kind that are typeset and queued in chunks.

    ``cursor`` is the last letter done: a run that is killed goes on from there.
    """

    key = models.CharField(max_length=64, null=True, unique=True, help_text="of the form that started it")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    programme_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(finished_at__isnull=True), name="batch_unfinished")]
        constraints = [models.CheckConstraint(condition=Q(done__lte=F("total")), name="batch_done_within_total")]

    def __str__(self) -> str:
        return self.title


class Letter(models.Model):
    """
    A letter: what it says is its frozen ``document``, its number is its ``entry``. Its words never change.

    ``subject`` and ``subject_id`` say what it is about (``applications.application``); ``key`` tells apart letters of
    one kind about one thing; ``programme_id`` limits which offices see it.
    """

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    key = models.CharField(max_length=80, blank=True)
    programme_id = models.BigIntegerField(null=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    to_name = models.CharField(max_length=200)
    to_email = models.EmailField(blank=True)
    title = models.CharField(max_length=200)
    template_version = models.PositiveIntegerField()
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField(RegisterEntry, on_delete=models.PROTECT, null=True, related_name="+")
    channel = models.CharField(max_length=5, choices=Channel)
    state = models.CharField(max_length=7, choices=LetterState)
    needs_signature = models.BooleanField(default=False)
    is_legal = models.BooleanField(default=False)
    batch = models.ForeignKey(LetterBatch, on_delete=models.PROTECT, null=True, related_name="letters")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True, help_text="left: taken by the mail server, by SEND, or posted on paper")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject", "subject_id", "key"], name="letter_once")]
        indexes = [
            models.Index(fields=["subject", "subject_id"], name="letter_subject"),
            models.Index(fields=["state", "id"], name="letter_state"),
            models.Index(fields=["kind", "id"], name="letter_kind"),
            models.Index(fields=["batch", "id"], name="letter_batch", condition=Q(batch__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title

    def get_state(self) -> LetterState:
        """Return where the letter is."""
        return LetterState(self.state)


class Signature(models.Model):
    """Who signed a letter: a signed file, or a hand signature on paper with its signer and day."""

    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, related_name="signature")
    is_by_hand = models.BooleanField()
    signer = models.CharField(max_length=200)
    signed_on = models.DateField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(is_by_hand=True) | Q(file__isnull=False), name="signature_has_its_file")
        ]


class OutboxState(models.TextChoices):
    """Where a message is on its way out."""

    QUEUED = "queued", _("in coda")
    SENDING = "sending", _("in invio")
    SENT = "sent", _("consegnato al server")
    FAILED = "failed", _("non riuscito")


class OutboxMessage(models.Model):
    """
    Something to send, once: a letter by e-mail or through SEND, or a plain notice by e-mail.

    A worker claims a row before it sends (``claim``, ``claimed_at``). ``reply`` is what the server answered.
    """

    channel = models.CharField(max_length=5, choices=Channel)
    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, null=True, related_name="outbox")
    subject = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    key = models.CharField(max_length=80, blank=True)
    to_address = models.CharField(max_length=254, help_text="an e-mail address; for SEND the fiscal code")
    title = models.CharField(max_length=200)
    text = SealedTextField(blank=True, help_text="of a plain notice; a letter's is its document")
    state = models.CharField(max_length=7, choices=OutboxState, default=OutboxState.QUEUED)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.CharField(max_length=32, blank=True)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    reply = models.CharField(max_length=300, blank=True)
    fault = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "subject_id", "key"], name="outbox_once")]
        indexes = [models.Index(fields=["state", "due_at"], name="outbox_due")]

    def __str__(self) -> str:
        return self.title


class MessageKind(models.TextChoices):
    """Why somebody writes to us."""

    QUESTION = "question", _("domanda")
    CORRECTION = "correction", _("correzione dei miei dati")
    ACCESSIBILITY = "accessibility", _("problema di accessibilità")


class Message(models.Model):
    """What somebody wrote to the office, registered at arrival; personal words are sealed."""

    kind = models.CharField(max_length=13, choices=MessageKind)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    text = SealedTextField()
    page = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField()
    entry = models.OneToOneField(RegisterEntry, on_delete=models.PROTECT, null=True, related_name="+")
    answer = SealedTextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(answered_at__isnull=True), name="message_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.received_at:%d/%m/%Y}"
