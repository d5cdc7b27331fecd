"""Money committed to one beneficiary: a pot, n months of an amount; or a place in the waiting list. Its suspensions."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from piutempo.ledger.models import Pot
from piutempo.people.models import Household, Person
from piutempo.programmes.models import Programme, ProgrammeVersion


class AwardStatus(models.TextChoices):
    """Committed money is in the ledger; a waiting award has none yet."""

    WAITING = "waiting", _("in lista d'attesa")
    COMMITTED = "committed", _("assegnato")
    SUSPENDED = "suspended", _("sospeso: le mensilità aspettano la ripresa")
    ENDED = "ended", _("chiuso: non ha altre mensilità da emettere")
    DROPPED = "dropped", _("uscito dalla lista d'attesa")


class Award(models.Model):
    """
    Months of one product for one beneficiary: one run of consecutive months, under one version of the programme.

    A change or a suspension never edits months: it gives the last ones back, or moves them to a new award with the next
    ``sequence`` (docs/adr/0013-time-slices.md). The runs of a request and product never share a month. A suspended
    award holds its money and has no date: ``first_month`` is only where it would have begun.
    Months run without gaps from ``first_month``. ``months_issued`` became vouchers; ``months_released`` went
    back to the fund, from the last backwards: booked months are ``months - months_released``. ``application_id`` is the
    id in ``applications`` (above).
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, related_name="+")
    pot = models.ForeignKey(Pot, on_delete=models.PROTECT, related_name="+")
    product = models.CharField(max_length=40)
    application_id = models.BigIntegerField()
    sequence = models.PositiveSmallIntegerField(default=1, db_default=1, help_text="1 is the decision's own award")
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="+")
    beneficiary = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    desk_id = models.BigIntegerField(null=True, help_text="where the vouchers are collected (network.Desk)")
    first_month = models.DateField()
    months = models.PositiveSmallIntegerField()
    months_issued = models.PositiveSmallIntegerField(default=0, help_text="kept by the issuance of vouchers")
    months_released = models.PositiveSmallIntegerField(default=0)
    month_cents = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=AwardStatus)
    waiting_key = models.JSONField(default=list, help_text="what the programme's stated order reads, for display")
    waiting_rank = models.CharField(max_length=120, blank=True, help_text="sortable text of waiting_key")
    queued_at = models.DateTimeField(null=True)
    committed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application_id", "product", "sequence"], name="award_slice_once"),
            models.CheckConstraint(condition=Q(months__gt=0), name="award_months_positive"),
            models.CheckConstraint(
                condition=Q(months__gte=F("months_issued") + F("months_released")), name="award_months_within"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "dropped"], committed_at__isnull=True)
                | Q(status__in=["committed", "suspended", "ended"], committed_at__isnull=False),
                name="award_committed_when_said",
            ),
        ]
        indexes = [
            models.Index(fields=["pot", "waiting_rank", "id"], condition=Q(status="waiting"), name="award_waiting"),
            models.Index(fields=["programme", "product", "first_month"], name="award_due"),
        ]


class SuspensionReason(models.TextChoices):
    """Why months are not issued for a time."""

    HOSPITAL = "hospital", _("ricovero o assenza della persona assistita")
    AWAY = "away", _("la famiglia è fuori per un periodo")
    OTHER_BENEFIT = "other_benefit", _("un altro contributo copre gli stessi mesi")
    WORK = "work", _("chi fa domanda è a casa dal lavoro per un periodo")
    CHECK = "check", _("controllo in corso")
    OTHER = "other", _("altro motivo, spiegato sotto")


class Suspension(models.Model):
    """
    A time, in whole months from ``since`` to ``until`` (exclusive; None: until resumed), in which none is issued.

    ``effect`` is what it moved and returned, by product, frozen; ``blocked`` the issued vouchers it blocked, as
    ``[voucher id, mask]``. ``resumed_from`` is the month from which issuance went on when it ended by a decision.
    """

    application_id = models.BigIntegerField()
    since = models.DateField()
    until = models.DateField(null=True)
    reason = models.CharField(max_length=16, choices=SuspensionReason)
    text = models.CharField(max_length=600)
    blocked = models.JSONField(default=list)
    effect = models.JSONField(default=list)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    resumed_from = models.DateField(null=True)
    resumed_at = models.DateTimeField(null=True)
    resumed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    resume_text = models.CharField(max_length=600, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application_id"],
                condition=Q(until__isnull=True, resumed_at__isnull=True),
                name="one_open_suspension",
            ),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="suspension_period"),
        ]
        indexes = [models.Index(fields=["application_id"], name="suspension_of")]
