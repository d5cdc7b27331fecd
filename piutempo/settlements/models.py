"""What providers are owed, approved by a second person, and paid once; what families have to give back."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from piutempo.applications.models import Application
from piutempo.ledger.models import Pot
from piutempo.network.models import Provider
from piutempo.programmes.models import Programme
from piutempo.records.sealed import SealedTextField
from piutempo.vouchers.models import Redemption


class StatementStatus(models.TextChoices):
    """A statement is prepared by one person, approved by another, then paid in a batch."""

    PREPARED = "prepared", _("da approvare")
    APPROVED = "approved", _("approvato")
    PAID = "paid", _("pagato")


class Statement(models.Model):
    """What one provider redeemed in one month and pot and is owed (*rendiconto*)."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    pot = models.ForeignKey(Pot, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    status = models.CharField(max_length=10, choices=StatementStatus, default=StatementStatus.PREPARED)
    amount_cents = models.PositiveBigIntegerField()
    excluded_cents = models.PositiveBigIntegerField(default=0)
    line_count = models.PositiveIntegerField()
    prepared_at = models.DateTimeField()
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "pot", "month"], name="statement_once_a_month"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(prepared_by__isnull=True) | ~Q(approved_by=F("prepared_by")),
                name="statement_four_eyes",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "month"], name="statement_queue"),
            models.Index(fields=["month", "id"], name="statement_month"),
        ]


class StatementLine(models.Model):
    """One redemption in a statement: a redemption is in one statement only, so that nothing is paid twice."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    redemption = models.OneToOneField(Redemption, on_delete=models.PROTECT, related_name="+")
    amount_cents = models.PositiveIntegerField()
    excluded_reason = models.CharField(max_length=60, blank=True)


class PaymentBatch(models.Model):
    """Approved statements paid together."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    paid_at = models.DateTimeField(null=True)
    paid_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    amount_cents = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "number"], name="batch_number_once")]


class Payment(models.Model):
    """One statement's money in a batch: once a statement."""

    batch = models.ForeignKey(PaymentBatch, on_delete=models.PROTECT, related_name="payments")
    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, related_name="payment")
    amount_cents = models.PositiveBigIntegerField()
    iban = models.CharField(max_length=34)


class Recovery(models.Model):
    """
    Money that a provider gave back after payment, with the reason.

    ``key``, once a payment, is the filling of the form that recorded it: sent twice, it is one recovery.
    """

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="recoveries")
    amount_cents = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=300)
    on = models.DateField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    key = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "key"], condition=~Q(key=""), name="recovery_key_once"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="recovery_positive"),
        ]


class ForfeitureStatus(models.TextChoices):
    """Announced to the family, then decided or dropped by a person."""

    NOTIFIED = "notified", _("avviata: la famiglia può rispondere")
    DECIDED = "decided", _("decisa")
    DROPPED = "dropped", _("archiviata")


class Forfeiture(models.Model):
    """
    A benefit taken away (*decadenza*) because it was not due from ``since`` on. Its procedure has this row's id.

    ``reasons`` are what the notice says; ``outcome`` the reason of the decision, for or against.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    since = models.DateField(help_text="what was spent on services from this day on is claimed")
    reasons = SealedTextField()
    status = models.CharField(max_length=10, choices=ForfeitureStatus, default=ForfeitureStatus.NOTIFIED)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = SealedTextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(status__in=["notified", "decided"]), name="one_forfeiture"
            ),
        ]


class Claim(models.Model):
    """
    What a family has to give back to one pot: the sum of its lines. Its amount never changes; it may be cancelled.

    The providers acted in good faith and are paid anyway: a line enters the ledger (paid -> claimed) once its provider
    has been paid.
    """

    forfeiture = models.ForeignKey(Forfeiture, on_delete=models.PROTECT, related_name="claims")
    pot = models.ForeignKey(Pot, on_delete=models.PROTECT, related_name="+")
    amount_cents = models.PositiveBigIntegerField()
    due_on = models.DateField()
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    cancel_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["forfeiture", "pot"], name="claim_once_a_pot"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="claim_positive"),
        ]


class ClaimLine(models.Model):
    """One redemption claimed back, once. ``booked_at``: when it entered the ledger."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="lines")
    redemption = models.ForeignKey(Redemption, on_delete=models.PROTECT, related_name="+")
    amount_cents = models.PositiveIntegerField()
    booked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["claim", "redemption"], name="claim_line_once")]
        indexes = [models.Index(fields=["redemption"], condition=Q(booked_at__isnull=True), name="claim_line_unbooked")]


class Collection(models.Model):
    """
    Money that a family gave back, whole or in instalments. Append-only.

    ``key``, once a claim, is the filling of the form that recorded it: sent twice, it is one collection.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="collections")
    amount_cents = models.PositiveBigIntegerField()
    on = models.DateField()
    reference = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    key = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "key"], name="collection_key_once"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="collection_positive"),
        ]
