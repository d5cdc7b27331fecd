"""A family's request, what the rules said of it, and who decided."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from piutempo.network.models import Desk
from piutempo.people.models import Household, Person
from piutempo.people.sealed import SealedTextField
from piutempo.programmes.models import Programme, ProgrammeVersion


class Status(models.TextChoices):
    """Where a request stands. A waiting list is a state of the award, not of the request."""

    DRAFT = "draft", _("bozza")
    SUBMITTED = "submitted", _("presentata")
    APPROVED = "approved", _("approvata")
    REFUSED = "refused", _("respinta")
    WITHDRAWN = "withdrawn", _("ritirata")


class Application(models.Model):
    """A household's request to a programme. ``number`` is given at submission, per programme, without gaps."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(null=True)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    facts = SealedTextField(help_text="JSON fact sheet as declared (programmes.facts)")
    facts_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True, help_text="decided or withdrawn")
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="application_number_once"),
            models.UniqueConstraint(
                fields=["programme", "household"],
                condition=Q(status__in=["submitted", "approved"]),
                name="one_application_a_household",
            ),
            models.UniqueConstraint(
                fields=["programme", "applicant"],
                condition=Q(status__in=["submitted", "approved"]),
                name="one_application_an_applicant",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(submitted_at__isnull=False, number__isnull=False),
                name="application_numbered_when_submitted",
            ),
        ]
        indexes = [models.Index(fields=["programme", "status", "submitted_at"], name="application_queue")]


class Counter(models.Model):
    """The next application number of a programme: locked last, so that numbers have no gaps."""

    programme = models.OneToOneField(Programme, on_delete=models.PROTECT, related_name="+")
    last = models.PositiveIntegerField(default=0)


class Outcome(models.TextChoices):
    """What a criterion, or a whole rule set, says."""

    YES = "yes", _("sì")
    NO = "no", _("no")
    MISSING = "missing", _("manca un dato")


class Decision(models.Model):
    """Approved or refused, once per application, under one version of the programme. Append-only."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="decision")
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, related_name="+")
    is_approved = models.BooleanField()
    proposed = models.CharField(max_length=10, choices=Outcome, help_text="what the rules alone said")
    months = models.PositiveSmallIntegerField(default=0)
    first_month = models.DateField(null=True)
    note = models.TextField(blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")


class CriterionResult(models.Model):
    """One line of the explanation stored with a decision. An overruled line keeps both outcomes."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="criteria")
    code = models.CharField(max_length=60)
    group = models.CharField(max_length=60, blank=True, help_text="alternatives share a group: one yes is enough")
    outcome = models.CharField(max_length=10, choices=Outcome)
    overruled = models.CharField(max_length=10, choices=Outcome, blank=True, help_text="the officer's outcome")
    overrule_reason = models.TextField(blank=True)
    value = models.CharField(max_length=300, blank=True, help_text="what was read, without names")
    sentence = models.TextField(help_text="the Italian reason shown to the citizen")
    source = models.CharField(max_length=200, help_text="the norm")
    is_decisive = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["decision", "code"], name="criterion_once_a_decision")]
        indexes = [models.Index(fields=["code", "outcome"], name="criterion_code")]


class Overrule(models.Model):
    """An officer's outcome for one criterion before the decision is taken, with a reason."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="overrules")
    code = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
