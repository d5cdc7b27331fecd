"""Money committed to one beneficiary: a pot, n months of an amount; or a place in the waiting list."""

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
    ENDED = "ended", _("chiuso: le mensilità non emesse sono rientrate nel fondo")
    DROPPED = "dropped", _("uscito dalla lista d'attesa")


class Award(models.Model):
    """
    Months of one product for one beneficiary.

    Months run without gaps from ``first_month``. ``months_issued`` became vouchers; ``months_released`` went
    back to the fund, from the last backwards: booked months are ``months - months_released``. ``application_id`` is the
    id in ``applications`` (above).
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, related_name="+")
    pot = models.ForeignKey(Pot, on_delete=models.PROTECT, related_name="+")
    product = models.CharField(max_length=40)
    application_id = models.BigIntegerField()
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
            models.UniqueConstraint(fields=["application_id", "product"], name="award_once_an_application"),
            models.CheckConstraint(condition=Q(months__gt=0), name="award_months_positive"),
            models.CheckConstraint(
                condition=Q(months__gte=F("months_issued") + F("months_released")), name="award_months_within"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "dropped"], committed_at__isnull=True)
                | Q(status__in=["committed", "ended"], committed_at__isnull=False),
                name="award_committed_when_said",
            ),
        ]
        indexes = [
            models.Index(fields=["pot", "waiting_rank", "id"], condition=Q(status="waiting"), name="award_waiting"),
            models.Index(fields=["programme", "product", "first_month"], name="award_due"),
        ]
