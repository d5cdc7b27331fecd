"""Receiving people at a desk: when it is open, who has an appointment, who waits, what came of the visit."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from piutempo.network.models import Desk
from piutempo.people.models import Person
from piutempo.reception.rules import Stretch
from piutempo.records.sealed import SealedTextField


class Reason(models.TextChoices):
    """Why somebody comes."""

    APPLY = "apply", _("fare domanda")
    FOLLOW = "follow", _("sapere a che punto è la domanda")
    DOCUMENTS = "documents", _("portare documenti")
    VOUCHERS = "vouchers", _("ritirare i buoni")
    CHANGE = "change", _("comunicare un cambiamento")
    INFORMATION = "information", _("avere informazioni")


class Outcome(models.TextChoices):
    """What came of a visit."""

    DONE = "done", _("fatto")
    TO_RETURN = "to_return", _("deve tornare")
    ELSEWHERE = "elsewhere", _("indirizzato altrove")
    NOTHING = "nothing", _("non si è potuto fare niente")


class Hours(models.Model):
    """Opening hours of a desk on a weekday (0 is Monday), in a period, cut in slots."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()
    slot_minutes = models.PositiveSmallIntegerField(default=30)
    capacity = models.PositiveSmallIntegerField(default=1, help_text="people received at the same time")
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        ordering = ["weekday", "opens", "valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday"),
            models.CheckConstraint(condition=Q(opens__lt=F("closes")), name="hours_order"),
            models.CheckConstraint(condition=Q(capacity__gte=1, slot_minutes__gte=5), name="hours_slot"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")), name="hours_period"
            ),
            models.UniqueConstraint(fields=["desk", "weekday", "opens", "valid_from"], name="hours_once_a_start"),
        ]

    @property
    def stretch(self) -> Stretch:
        """What the rules read."""
        return Stretch(
            self.weekday, self.opens, self.closes, self.slot_minutes, self.capacity, self.valid_from, self.valid_until
        )


class Closure(models.Model):
    """A day on which a desk does not receive, whatever its hours."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["desk", "on"], name="closure_once_a_day")]


class AppointmentStatus(models.TextChoices):
    """What became of an appointment."""

    BOOKED = "booked", _("fissato")
    KEPT = "kept", _("rispettato")
    MISSED = "missed", _("mancato")
    CANCELLED = "cancelled", _("annullato")


class Appointment(models.Model):
    """
    A time kept for somebody. ``seat`` is one of the slot's places: no two open appointments share one.

    ``person`` is null for whoever called and is not registered; ``name`` and contacts are as they were told.
    """

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    name = SealedTextField()
    phone = SealedTextField(blank=True)
    email = models.EmailField(blank=True)
    reason = models.CharField(max_length=12, choices=Reason)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    seat = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=AppointmentStatus, default=AppointmentStatus.BOOKED)
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["starts_at", "seat"]
        constraints = [
            models.UniqueConstraint(
                fields=["desk", "starts_at", "seat"],
                condition=~Q(status="cancelled"),
                name="appointment_once_a_seat",
            ),
            models.UniqueConstraint(
                fields=["desk", "person"],
                condition=Q(status="booked", person__isnull=False),
                name="one_open_appointment_a_desk",
            ),
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="appointment_order"),
        ]
        indexes = [models.Index(fields=["status", "starts_at"], name="appointment_due")]


class Day(models.Model):
    """A desk's day: its tickets' counter, and whether it was closed."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    last_number = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "on"], name="desk_day_once")]


class TicketStatus(models.TextChoices):
    """Where somebody's visit stands."""

    WAITING = "waiting", _("in attesa")
    CALLED = "called", _("chiamato")
    SERVED = "served", _("servito")
    NO_SHOW = "no_show", _("non si è presentato")
    LEFT = "left", _("andato via")


OPEN_TICKET = Q(status__in=["waiting", "called"])


class Ticket(models.Model):
    """Somebody's turn: a number of the day, called on the screen without a name."""

    day = models.ForeignKey(Day, on_delete=models.PROTECT, related_name="tickets")
    on = models.DateField()
    number = models.PositiveIntegerField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    name = SealedTextField(blank=True)
    reason = models.CharField(max_length=12, choices=Reason)
    appointment = models.OneToOneField(Appointment, on_delete=models.PROTECT, null=True, related_name="ticket")
    status = models.CharField(max_length=10, choices=TicketStatus, default=TicketStatus.WAITING)
    taken_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="the hour of the appointment, else taken_at")
    called_at = models.DateTimeField(null=True)
    called_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    counter = models.CharField(max_length=20, blank=True, help_text="where the person was called to")
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    note = SealedTextField(blank=True)

    class Meta:
        ordering = ["due_at", "number"]
        constraints = [
            models.UniqueConstraint(fields=["day", "number"], name="ticket_number_once"),
            models.UniqueConstraint(
                fields=["on", "person"],
                condition=OPEN_TICKET & Q(person__isnull=False),
                name="one_open_ticket_a_person",
            ),
            models.CheckConstraint(condition=~Q(status="served") | ~Q(outcome=""), name="ticket_served_with_outcome"),
        ]
