"""Vouchers: issuance, custody at desks, redemption, lapse and extension."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from piutempo.awards.models import Award
from piutempo.ledger.models import Pot
from piutempo.network.models import Desk, Site
from piutempo.people.models import Member, Person
from piutempo.programmes.models import Programme

#: Titles of one voucher are bits of a signed 64-bit integer; bit 0 is title 1.
MAX_TITLES = 62


class Form(models.TextChoices):
    """How a voucher is spent."""

    TITLES = "titles", _("titoli di taglio fisso")
    BALANCE = "balance", _("buono a scalare")


class IssuanceRun(models.Model):
    """The issuance of one programme's product for one month: restartable, its cursor the last award done."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    product = models.CharField(max_length=40)
    month = models.DateField()
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    cursor = models.BigIntegerField(default=0)
    issued = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "product", "month"], name="one_run_a_month"),
        ]


class SerialBook(models.Model):
    """
    The next free serial number of a programme's product. Its row is locked by whoever issues: one issuance at a time.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    product = models.CharField(max_length=40)
    next_serial = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "product"], name="serial_book_once")]


class Voucher(models.Model):
    """
    One award's month: a carnet of titles of ``face_cents``, or one balance to draw down.

    Masks (titles only): ``handed``, ``blocked``, ``spent`` and ``void`` have bit *i* - 1 set for title *i*. A
    blocked title
    may be unblocked; a void one never comes back (lost and re-issued, or lapsed after a late reversal).
    ``spent_cents`` is
    kept for both forms. A lapsed voucher (``lapsed_cents`` > 0) cannot be spent until an extension restores it.
    A balance voucher has one "title" worth its whole value: bit 0 of ``handed``, ``blocked`` and ``void`` says
    where it is, and
    ``spent`` stays 0. ``replacement`` counts re-issues of the same month: 0 is the first. ``first_serial`` is the
    serial number of title 1.

    Written ten thousand at a time from the awards that the same statement reads: a foreign key of the database would
    look every one up again, so ``verify_ledger`` proves what a voucher points to (docs/performance.md).
    """

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    pot = models.ForeignKey(Pot, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    run = models.ForeignKey(
        IssuanceRun, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    product = models.CharField(max_length=40)
    network = models.CharField(max_length=40)
    holder = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    month = models.DateField()
    replacement = models.PositiveSmallIntegerField(default=0)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    code = models.BigIntegerField(unique=True, help_text="50 random bits; see kernel.codes")
    first_serial = models.BigIntegerField()
    form = models.CharField(max_length=8, choices=Form)
    face_cents = models.PositiveIntegerField()
    title_count = models.PositiveSmallIntegerField()
    value_cents = models.PositiveIntegerField()
    issued_on = models.DateField()
    valid_from = models.DateField()
    original_valid_until = models.DateField(help_text="exclusive")
    valid_until = models.DateField(help_text="exclusive; moved by extensions")
    record_days = models.PositiveSmallIntegerField(help_text="a service may be recorded up to so many days after it")
    reversal_days = models.PositiveSmallIntegerField(help_text="a redemption may be undone up to so many days after it")
    desk = models.ForeignKey(
        Desk,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="holds the stock",
    )
    handed = models.BigIntegerField(default=0)
    blocked = models.BigIntegerField(default=0)
    spent = models.BigIntegerField(default=0)
    void = models.BigIntegerField(default=0)
    spent_cents = models.PositiveIntegerField(default=0)
    void_cents = models.PositiveIntegerField(default=0, help_text="moved to a replacement; lost titles stay in value")
    lapsed_cents = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["award", "month", "replacement"], name="voucher_once_a_month"),
            models.UniqueConstraint(fields=["programme", "product", "first_serial"], name="voucher_serial_once"),
            models.CheckConstraint(
                condition=Q(value_cents=F("face_cents") * F("title_count"))
                & Q(title_count__gte=1, title_count__lte=MAX_TITLES),
                name="voucher_value",
            ),
            models.CheckConstraint(condition=Q(valid_from__lt=F("valid_until")), name="voucher_period"),
            models.CheckConstraint(
                condition=Q(value_cents__gte=F("spent_cents") + F("void_cents") + F("lapsed_cents")),
                name="voucher_never_beyond_value",
            ),
            models.CheckConstraint(
                condition=Q(spent=F("spent").bitand(F("handed")))  # type: ignore[arg-type]  # the stubs want an int
                & Q(spent__gte=0, handed__gte=0, void__gte=0, blocked__gte=0),
                name="voucher_spent_within_handed",
            ),
            models.CheckConstraint(
                condition=Exact(F("spent").bitand(F("void")), 0),  # type: ignore[arg-type]  # the stubs want an int
                name="voucher_spent_never_void",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "valid_until"], name="voucher_expiry"),
            models.Index(fields=["desk", "month"], name="voucher_desk"),
        ]


class CustodyKind(models.TextChoices):
    """What happened to a range of serials at a desk."""

    RECEIVED = "received", _("ricevuti dallo sportello")
    HANDED = "handed", _("consegnati alla famiglia")
    RETURNED = "returned", _("restituiti")
    LOST = "lost", _("smarriti")
    BLOCKED = "blocked", _("bloccati")
    UNBLOCKED = "unblocked", _("sbloccati")
    REISSUED = "reissued", _("sostituiti")


class CustodyMove(models.Model):
    """One line of the custody book, by serial range within one voucher. Append-only."""

    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=10, choices=CustodyKind)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, null=True, related_name="+")
    first_serial = models.BigIntegerField()
    last_serial = models.BigIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    recipient = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    document_type = models.CharField(max_length=30, blank=True)
    document_number = models.CharField(max_length=40, blank=True)
    proxy_name = models.CharField(max_length=200, blank=True, help_text="who collected with a mandate")
    mandate_on = models.DateField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_serial__gte=F("first_serial")), name="custody_range"),
        ]
        indexes = [models.Index(fields=["desk", "at"], name="custody_desk_day")]


class RedemptionFile(models.Model):
    """
    A provider's file of spent titles: previewed, then confirmed once. ``sha256`` of the normalised rows, once a site.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    rows = models.JSONField(help_text="normalised rows with their errors, as previewed")
    row_count = models.PositiveIntegerField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    accepted = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "sha256"], name="file_once_a_site")]


class Redemption(models.Model):
    """
    Titles, or an amount, of one voucher spent at one site. Its row is the audit record; only ``Reversal`` undoes it.

    ``key`` is the caller's idempotency key, unique per site; ``key_hash`` the hash of the inputs that came with it.
    ``is_settled`` is set (once, by settlements) when an approved statement contains it: from then on it cannot be
    reversed. It is the
    only column the database lets change.

    Voucher, site, person and file are what the guard of the same statement has just read; a foreign key of the database
    would lock their rows once more at every redemption, so ``verify_ledger`` proves them instead.
    """

    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="redemptions", db_constraint=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    service = models.CharField(max_length=40)
    quantity = models.PositiveSmallIntegerField(help_text="units of the service: hours, days, meals …")
    person_cared = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    mask = models.BigIntegerField(default=0, help_text="the titles spent; 0 for a balance voucher")
    amount_cents = models.PositiveIntegerField()
    served_on = models.DateField(help_text="date of service")
    redeemed_at = models.DateTimeField()
    redeemed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    key = models.CharField(max_length=64)
    key_hash = models.CharField(max_length=64)
    file = models.ForeignKey(
        RedemptionFile, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    is_settled = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "key"], name="redemption_key_once_a_site"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="redemption_positive"),
        ]
        indexes = [models.Index(fields=["site", "redeemed_at"], name="redemption_site_day")]


class Reversal(models.Model):
    """A redemption undone, once, with a reason. Append-only."""

    redemption = models.OneToOneField(Redemption, on_delete=models.PROTECT, related_name="reversal")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")


class LapseCause(models.TextChoices):
    """Why money left a voucher unspent."""

    EXPIRED = "expired", _("scadenza")
    RENOUNCED = "renounced", _("rinuncia")
    WITHDRAWN = "withdrawn", _("revoca")


class Lapse(models.Model):
    """Unspent money that left one voucher (issued -> lapsed -> available). ``undone_at``: an extension restored it."""

    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="lapses")
    cause = models.CharField(max_length=10, choices=LapseCause)
    amount_cents = models.PositiveIntegerField()
    on = models.DateField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["voucher"], condition=Q(undone_at__isnull=True), name="one_standing_lapse_a_voucher"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="lapse_positive"),
        ]


class Extension(models.Model):
    """
    An act that moves the expiry of a scope of vouchers, with what it touched. Undone once; ``kept`` vouchers stay
    extended.

    A voucher stays extended when it was spent after its old expiry, or when a later extension moved it again.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    decree = models.CharField(_("estremi dell'atto"), max_length=200)
    reason = models.CharField(_("motivo"), max_length=300)
    product = models.CharField(max_length=40, blank=True)
    expiring_from = models.DateField(help_text="vouchers whose valid_until lies in [from, until)")
    expiring_until = models.DateField()
    new_valid_until = models.DateField(help_text="exclusive")
    restores_lapsed = models.BooleanField(default=True)
    vouchers = models.PositiveIntegerField()
    restored = models.PositiveIntegerField(default=0, help_text="vouchers whose lapsed money came back")
    kept = models.PositiveIntegerField(default=0, help_text="vouchers that the undoing left extended")
    unspent_cents = models.PositiveBigIntegerField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    undo_reason = models.CharField(max_length=300, blank=True)


class ExtensionLine(models.Model):
    """What an extension did to one voucher, so that undo restores exactly that."""

    extension = models.ForeignKey(Extension, on_delete=models.PROTECT, related_name="lines")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="+")
    old_valid_until = models.DateField()
    restored_cents = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["extension", "voucher"], name="extension_line_once")]


class ApiKey(models.Model):
    """
    A site's key to the JSON API. Only the SHA-256 of the secret is kept: it has 256 random bits, so a slow hash
    adds nothing.

    ``prefix`` is the readable start of the key, to tell keys apart in a list.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
