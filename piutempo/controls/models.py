"""Samples of self-declarations, the checks made on them, what was found and what the family answered."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from piutempo.applications.models import Application
from piutempo.programmes.models import Programme, ProgrammeVersion
from piutempo.records.models import StoredFile
from piutempo.records.sealed import SealedTextField


class SeedWay(models.TextChoices):
    """Where a seed comes from: nobody chooses it."""

    SYSTEM = "system", _("sorteggiato dal programma")
    PUBLIC = "public", _("preso da un sorteggio pubblico")


class Sample(models.Model):
    """
    One random sample of the requests submitted in a period, end exclusive. Append-only.

    First the seed is fixed, then, the period being over, the population is read and the sample drawn, once.
    ``population`` is what the hash is of: ``number;class`` lines (rules.sampling), ``shares`` how it was drawn:
    [[class, title, share_bp, size, drawn], …]. Periods of a programme never overlap: nobody draws until it suits.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    period_from = models.DateField()
    period_until = models.DateField()
    seed_way = models.CharField(max_length=8, choices=SeedWay)
    seed = models.CharField(max_length=100)
    seed_source = models.CharField(max_length=200, blank=True, help_text="which public draw, and where it is published")
    seeded_at = models.DateTimeField()
    seeded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, null=True, related_name="+")
    algorithm = models.CharField(max_length=20, blank=True)
    population = models.TextField(blank=True)
    population_hash = models.CharField(max_length=64, blank=True)
    population_size = models.PositiveIntegerField(default=0)
    drawn_count = models.PositiveIntegerField(default=0)
    shares = models.JSONField(default=list)
    drawn_at = models.DateTimeField(null=True)
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_from__lt=F("period_until")), name="sample_period"),
            models.UniqueConstraint(fields=["programme", "period_from"], name="sample_once_a_period"),
        ]


class Ground(models.TextChoices):
    """Why a request is checked."""

    SAMPLE = "sample", _("a campione")
    DOUBT = "doubt", _("per un dubbio fondato")


class CheckState(models.TextChoices):
    """Where a check stands."""

    OPEN = "open", _("da svolgere")
    FINDING = "finding", _("in attesa della famiglia")
    ANSWERED = "answered", _("la famiglia ha risposto")
    PROPOSED = "proposed", _("esito da firmare")
    CLOSED = "closed", _("chiuso")


class CheckOutcome(models.TextChoices):
    """How a check ended."""

    REGULAR = "regular", _("regolare")
    CURABLE = "curable", _("irregolarità sanabile")
    FALSE = "false", _("falsa dichiarazione")
    LAPSED = "lapsed", _("chiuso senza conseguenze: termine dell'ufficio scaduto")


#: Outcomes that a person may give only after the family was heard.
ADVERSE = (CheckOutcome.CURABLE, CheckOutcome.FALSE)


class Check(models.Model):
    """
    A check of one request's self-declarations. A closed one never changes.

    ``due_on`` is the office's last day: past it the check closes without consequence. ``answer_due_on`` the family's:
    past it a person may decide, nothing happens by itself. ``outcome`` is proposed while PROPOSED, final once CLOSED.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, null=True, related_name="checks")
    risk_class = models.CharField(max_length=40, blank=True)
    ground = models.CharField(max_length=8, choices=Ground)
    doubt = SealedTextField(blank=True, help_text="why an officer doubts")
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, related_name="+")
    checklist = models.JSONField(help_text="the items, as the programme's version had them")
    state = models.CharField(max_length=8, choices=CheckState, default=CheckState.OPEN)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    due_on = models.DateField()
    finding = SealedTextField(blank=True)
    finding_at = models.DateTimeField(null=True)
    answer_due_on = models.DateField(null=True)
    reminded_days = models.PositiveSmallIntegerField(null=True, help_text="the last reminder: days before the deadline")
    outcome = models.CharField(max_length=8, choices=CheckOutcome, blank=True)
    reasons = SealedTextField(blank=True)
    proposed_at = models.DateTimeField(null=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "application"], name="check_once_a_sample"),
            models.UniqueConstraint(
                fields=["application"], condition=~Q(state="closed"), name="one_open_check_a_request"
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_at__isnull=False) & ~Q(outcome=""), name="check_closed_whole"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "regular", "lapsed"])
                | Q(finding_at__isnull=False, proposed_by__isnull=False),
                name="check_adverse_heard_and_by_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed", outcome__in=["regular", "curable", "false"]) | Q(closed_by__isnull=False),
                name="check_closed_by_a_person",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "state", "due_on"], name="check_queue"),
            models.Index(fields=["due_on"], condition=~Q(state="closed"), name="check_office_term"),
            models.Index(fields=["answer_due_on"], condition=Q(state="finding"), name="check_family_term"),
        ]


class ItemOutcome(models.TextChoices):
    """What was found of one item of the list."""

    OK = "ok", _("in regola")
    NOT_OK = "not_ok", _("non in regola")
    NOT_APPLICABLE = "na", _("non riguarda questo caso")


class ItemAnswer(models.Model):
    """
    What was found of one item. Append-only: the last one counts.

    ``position`` is the item's place in the check's list from 0; one past the end is the report to the authority, which
    a person notes after a false declaration.
    """

    check_case = models.ForeignKey(Check, on_delete=models.PROTECT, related_name="answers")
    position = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=8, choices=ItemOutcome)
    note = SealedTextField(blank=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]


class FamilyAnswer(models.Model):
    """What the family answered to a finding, by itself or with a desk's help. Append-only."""

    check_case = models.ForeignKey(Check, on_delete=models.PROTECT, related_name="family_answers")
    text = SealedTextField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    key = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["check_case", "key"], name="family_answer_once")]
