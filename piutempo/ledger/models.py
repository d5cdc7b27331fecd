"""
Double-entry transfers, append-only.

A row moves ``amount_cents`` (> 0) from one account to another, so it balances by itself; an account's balance is what
it
received minus what it gave. Sign convention, accounts and guards: docs/adr/0003-ledger.md. The database refuses
UPDATE and DELETE of transfers, and refuses that ``Holding`` goes under its floor (migration 0002).
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Account(models.TextChoices):
    """Where money is. Only ``world`` may go negative, and ``available`` down to minus the stated over-commitment."""

    WORLD = "world", _("finanziatore")
    AVAILABLE = "available", _("disponibile")
    COMMITTED = "committed", _("impegnato")
    ISSUED = "issued", _("in circolazione")
    OWED = "owed", _("speso, dovuto agli operatori")
    PAYABLE = "payable", _("liquidato, da pagare")
    PAID = "paid", _("pagato")
    LAPSED = "lapsed", _("scaduto e rientrato")
    CLAIMED = "claimed", _("da restituire dalle famiglie")
    RECOVERED = "recovered", _("recuperato")


class Kind(models.TextChoices):
    """The business fact behind a transfer; ``subject_id`` is the id of the row named in the comment."""

    ALLOCATE = "allocate", _("stanziamento")  # ledger.Allocation: world -> available
    COMMIT = "commit", _("impegno")  # awards.Award: available -> committed
    RELEASE = "release", _("disimpegno")  # awards.Award: committed -> available
    ISSUE = "issue", _("emissione")  # vouchers.Voucher: committed -> issued
    SPEND = "spend", _("utilizzo")  # vouchers.Redemption: issued -> owed
    UNSPEND = "unspend", _("storno di utilizzo")  # vouchers.Redemption: owed -> issued
    LAPSE = "lapse", _("decadenza")  # vouchers.Lapse: issued -> lapsed
    UNLAPSE = "unlapse", _("ripristino")  # vouchers.Lapse: lapsed -> issued
    RETURN = "return", _("rientro nel fondo")  # vouchers.Lapse: lapsed -> available
    UNRETURN = "unreturn", _("storno di rientro")  # vouchers.Lapse: available -> lapsed
    BILL = "bill", _("liquidazione")  # settlements.Statement: owed -> payable
    UNBILL = "unbill", _("storno di liquidazione")  # settlements.Statement: payable -> owed
    PAY = "pay", _("pagamento")  # settlements.Payment: payable -> paid
    RECOVER = "recover", _("recupero")  # settlements.Recovery: paid -> recovered
    RESTORE = "restore", _("riassegnazione di somme recuperate")  # settlements.Recovery: recovered -> available
    CLAIM = "claim", _("credito verso una famiglia")  # settlements.ClaimLine: paid -> claimed
    UNCLAIM = "unclaim", _("annullamento di un credito")  # settlements.ClaimLine: claimed -> paid
    COLLECT = "collect", _("incasso da una famiglia")  # settlements.Claim: claimed -> recovered
    REASSIGN = "reassign", _("riassegnazione di un incasso")  # settlements.Claim: recovered -> available


#: The only accounts each kind of transfer may join (also a CHECK in the database).
ROUTES: dict[Kind, tuple[Account, Account]] = {
    Kind.ALLOCATE: (Account.WORLD, Account.AVAILABLE),
    Kind.COMMIT: (Account.AVAILABLE, Account.COMMITTED),
    Kind.RELEASE: (Account.COMMITTED, Account.AVAILABLE),
    Kind.ISSUE: (Account.COMMITTED, Account.ISSUED),
    Kind.SPEND: (Account.ISSUED, Account.OWED),
    Kind.UNSPEND: (Account.OWED, Account.ISSUED),
    Kind.LAPSE: (Account.ISSUED, Account.LAPSED),
    Kind.UNLAPSE: (Account.LAPSED, Account.ISSUED),
    Kind.RETURN: (Account.LAPSED, Account.AVAILABLE),
    Kind.UNRETURN: (Account.AVAILABLE, Account.LAPSED),
    Kind.BILL: (Account.OWED, Account.PAYABLE),
    Kind.UNBILL: (Account.PAYABLE, Account.OWED),
    Kind.PAY: (Account.PAYABLE, Account.PAID),
    Kind.RECOVER: (Account.PAID, Account.RECOVERED),
    Kind.RESTORE: (Account.RECOVERED, Account.AVAILABLE),
    Kind.CLAIM: (Account.PAID, Account.CLAIMED),
    Kind.UNCLAIM: (Account.CLAIMED, Account.PAID),
    Kind.COLLECT: (Account.CLAIMED, Account.RECOVERED),
    Kind.REASSIGN: (Account.RECOVERED, Account.AVAILABLE),
}

#: A reversal posts this kind with the reversed transfer's subject and sequence.
REVERSES: dict[Kind, Kind] = {
    Kind.UNSPEND: Kind.SPEND,
    Kind.UNLAPSE: Kind.LAPSE,
    Kind.UNRETURN: Kind.RETURN,
    Kind.UNBILL: Kind.BILL,
    Kind.UNCLAIM: Kind.CLAIM,
}


class Pot(models.Model):
    """A sum of money with one purpose: a fund of a programme, later a company's budget."""

    code = models.CharField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    overcommit_bp = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.title


class Source(models.Model):
    """Who funds a pot, and for which part. A pot's parts sum to 10000 and never change (a new act is a new pot)."""

    pot = models.ForeignKey(Pot, on_delete=models.PROTECT, related_name="sources")
    code = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    share_bp = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["pot", "code"], name="source_once_a_pot"),
            models.UniqueConstraint(fields=["pot", "position"], name="source_position_once_a_pot"),
            models.CheckConstraint(condition=Q(share_bp__gt=0, share_bp__lte=10_000), name="source_share_range"),
        ]

    def __str__(self) -> str:
        return self.title


class Allocation(models.Model):
    """Money that a funder puts into a pot by an act."""

    pot = models.ForeignKey(Pot, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=200)
    amount_cents = models.PositiveBigIntegerField()
    on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pot", "act"], name="allocation_once_an_act")]


class Holding(models.Model):
    """
    What a pot still has, by source: kept by the database from the transfers, never written by the program.

    Two CHECKs are the last guard of the fund: nothing is committed beyond the stated over-commitment, and nothing is
    issued
    beyond what was allocated, whatever was committed.
    """

    pot = models.ForeignKey(Pot, on_delete=models.PROTECT, related_name="holdings")
    source = models.OneToOneField(Source, on_delete=models.PROTECT, related_name="holding")
    available_cents = models.BigIntegerField(default=0)
    committed_cents = models.BigIntegerField(default=0)
    overcommit_cents = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(available_cents__gte=-F("overcommit_cents")), name="holding_never_overcommitted"
            ),
            models.CheckConstraint(condition=Q(committed_cents__gte=0), name="holding_committed_not_negative"),
            models.CheckConstraint(
                condition=Q(available_cents__gte=-F("committed_cents")), name="holding_never_issued_beyond_allocated"
            ),
        ]


class Transfer(models.Model):
    """
    One movement of one source's cents. Append-only; unique by ``(kind, subject_id, sequence, source)``.

    Pot and source come from the same statement's join with ``Source``; a foreign key of the database would lock those
    few rows at every posting, so ``verify_ledger`` proves them instead (docs/performance.md).
    """

    kind = models.CharField(max_length=10, choices=Kind)
    subject_id = models.BigIntegerField()
    sequence = models.PositiveSmallIntegerField(default=0)
    pot = models.ForeignKey(Pot, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    from_account = models.CharField(max_length=10, choices=Account)
    to_account = models.CharField(max_length=10, choices=Account)
    amount_cents = models.BigIntegerField()
    booked_on = models.DateField()
    effective_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "kind", "sequence", "source"], name="transfer_once"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="transfer_positive"),
            models.CheckConstraint(
                condition=Q(
                    *[
                        Q(kind=kind.value, from_account=giver.value, to_account=taker.value)
                        for kind, (giver, taker) in ROUTES.items()
                    ],
                    _connector=Q.OR,
                ),
                name="transfer_route",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}: {self.from_account} -> {self.to_account} {self.amount_cents}"


class MonthTotal(models.Model):
    """Transfers summed by month up to the watermark, so that reports never scan the ledger. Rebuilt from it at will."""

    pot = models.ForeignKey(Pot, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    month = models.DateField(help_text="first day of the accounting month")
    amount_cents = models.BigIntegerField()
    rows = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pot", "source", "kind", "month"], name="month_total_once")]


class Watermark(models.Model):
    """The last transfer that ``MonthTotal`` contains. One row, id 1."""

    transfer_id = models.BigIntegerField(default=0)
