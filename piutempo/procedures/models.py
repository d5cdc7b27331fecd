"""The administrative procedure of a case: its term, what was asked of the family, what the family answered."""

import json
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from piutempo.programmes.models import Programme
from piutempo.records.sealed import SealedTextField


class ProcedureStatus(models.TextChoices):
    """Whether the office still owes a decision."""

    OPEN = "open", _("in corso")
    CLOSED = "closed", _("concluso")


class Outcome(models.TextChoices):
    """How a round ended."""

    APPROVED = "approved", _("accolta")
    REFUSED = "refused", _("respinta")
    WITHDRAWN = "withdrawn", _("ritirata")


class Ground(models.TextChoices):
    """Why a closed procedure was opened again."""

    REVIEW = "review", _("richiesta di riesame")
    APPEAL = "appeal", _("ricorso")
    OFFICE = "office", _("iniziativa dell'ufficio")


class Procedure(models.Model):
    """
    The procedure of one case. ``subject`` is ``context.model`` above, ``subject_id`` its id.

    ``started_on``, ``term_days``, ``outcome`` and ``closed_at`` are of the current round; events keep the earlier ones.
    ``due_on`` is the office's last day, kept up to date at every step; ``paused_until`` the day from which the term
    runs again (a day gone by: it runs).
    """

    subject = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField(default=1)
    started_on = models.DateField()
    term_days = models.PositiveSmallIntegerField()
    office = models.CharField(max_length=200, blank=True)
    responsible = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=8, choices=ProcedureStatus, default=ProcedureStatus.OPEN)
    due_on = models.DateField()
    paused_until = models.DateField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "subject_id"], name="procedure_once_a_case"),
            models.CheckConstraint(condition=Q(due_on__gte=F("started_on")), name="procedure_due_after_start"),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True, outcome="")
                | (Q(status="closed", closed_at__isnull=False) & ~Q(outcome="")),
                name="procedure_closed_with_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "status", "due_on"], name="procedure_due"),
            models.Index(fields=["responsible", "status", "due_on"], name="procedure_due_of"),
            models.Index(fields=["due_on", "subject_id"], condition=Q(status="open"), name="procedure_open_due"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}/{self.subject_id}"

    def is_paused_on(self, day: date) -> bool:
        """Tell whether the office's term stands still on ``day``."""
        return self.paused_until is not None and day < self.paused_until


class StepKind(models.TextChoices):
    """What the office did: the same codes as ``rules.clock.Kind``."""

    INTEGRATION = "integration", _("richiesta di documenti")
    NOTICE = "notice", _("preavviso di rigetto")
    REVIEW = "review", _("riapertura")


class Step(models.Model):
    """
    One step of a round. What it says is append-only; a family's last day ``due_on`` only moves later.

    ``content`` is a JSON list of sentences: the documents asked for, the reasons of a notice, the reason of a review.
    ``due_on`` is the family's last day (for a review: the first last day of the office). ``received_on`` is known when
    the letter did not arrive at once. ``answered_at`` is the first answer.
    """

    procedure = models.ForeignKey(Procedure, on_delete=models.PROTECT, related_name="steps")
    round = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=StepKind)
    ground = models.CharField(max_length=8, choices=Ground, blank=True)
    content = SealedTextField(help_text="JSON list of sentences")
    days = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField()
    received_on = models.DateField(null=True)
    due_on = models.DateField()
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["due_on"],
                condition=Q(closed_at__isnull=True, kind__in=["integration", "notice"]),
                name="step_running",
            )
        ]

    @property
    def items(self) -> list[str]:
        """The documents asked for, or the reasons."""
        return read_sentences(self.content)

    @property
    def answer(self) -> str:
        """What the family wrote, all answers in order ("" before the first)."""
        return "\n\n".join(answer.text for answer in self.answers.all() if answer.text)


class Answer(models.Model):
    """What the family answered to a step, once or more. Append-only. Its files are the upper context's."""

    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="answers")
    text = SealedTextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]


class Reminder(models.Model):
    """A day on which the family is reminded of a step that it has not answered."""

    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="reminders")
    on = models.DateField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["on", "id"]
        constraints = [models.UniqueConstraint(fields=["step", "on"], name="reminder_once_a_day")]
        indexes = [models.Index(fields=["on"], condition=Q(sent_at__isnull=True), name="reminder_to_send")]


def read_sentences(content: str) -> list[str]:
    """Read a step's JSON list."""
    sentences: Any = json.loads(content)
    return [str(sentence) for sentence in sentences]
