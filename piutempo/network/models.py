"""Where families are helped (desks) and where vouchers are spent (providers, sites, accreditation)."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from piutempo.people.models import Municipality
from piutempo.programmes.models import Programme


class Task(models.TextChoices):
    """What an agreement lets a desk do, one by one."""

    SUPPORT = "support", _("aiuta a fare domanda")
    DELIVERY = "delivery", _("consegna i buoni")


class Desk(models.Model):
    """A counter that helps families. What it may do, and since when, is in its agreements."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=20)
    name = models.CharField(_("nome"), max_length=200)
    body = models.CharField(_("ente"), max_length=100)
    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(_("indirizzo"), max_length=200, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="desk_code_once"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")), name="desk_period"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Agreement(models.Model):
    """
    A task that a desk's body agreed to do in a period, by an act (*convenzione*).

    No two periods of a (desk, task) share a day: the database refuses it.
    """

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="agreements")
    task = models.CharField(max_length=10, choices=Task)
    act = models.CharField(_("atto"), max_length=200, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        ordering = ["task", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["desk", "task", "valid_from"], name="agreement_once_a_start"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")), name="agreement_period"
            ),
        ]

    def is_in_force_on(self, day: date) -> bool:
        """Tell whether the period contains ``day``."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


class Provider(models.Model):
    """An organisation that offers services at its sites and is paid for them."""

    name = models.CharField(_("denominazione"), max_length=200)
    vat_number = models.CharField(_("partita IVA"), max_length=11, unique=True)
    iban = models.CharField("IBAN", max_length=34, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place where a provider offers services (*sede*): the unit that is accredited."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="sites")
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(_("nome della sede"), max_length=200)
    unit_type = models.CharField(_("tipo di unità"), max_length=60, blank=True)
    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(_("indirizzo"), max_length=200, blank=True)
    phone = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """
    What a site may do: one service of one programme's network, in one period, up to a ceiling per unit.

    The one dated table that the redemption reads: ``unit_ceiling_cents`` is the lower of the site's price and the
    catalogue's ceiling of that period, cut where the ceiling changes. No two periods of a (site, service) overlap.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="grants")
    network = models.CharField(max_length=40, help_text="the programme's network the site belongs to")
    service = models.CharField(max_length=40, help_text="a service code of the programme's catalogue")
    unit = models.CharField(max_length=20)
    unit_ceiling_cents = models.PositiveIntegerField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "programme", "network", "service", "valid_from"], name="grant_once_a_start"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")), name="grant_period"
            ),
            models.CheckConstraint(condition=Q(unit_ceiling_cents__gt=0), name="grant_ceiling_positive"),
        ]
        indexes = [models.Index(fields=["programme", "service"], name="grant_service")]

    def is_in_force_on(self, day: date) -> bool:
        """Tell whether the period contains ``day``."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)
