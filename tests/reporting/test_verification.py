"""Verification can fail: every lie told to a settled history is found by the law that it breaks."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from piutempo.kernel.periods import Month
from piutempo.ledger.models import Allocation, Holding, Kind, Source
from piutempo.ledger.services import open_pot, post
from piutempo.network.models import Provider
from piutempo.reporting.selectors.verification import SUBJECTS, list_all_violations
from piutempo.settlements.models import Payment, Recovery, Statement, StatementLine
from piutempo.settlements.services import (
    approve_statements,
    create_batch,
    pay_batch,
    prepare_statements,
    record_recovery,
)
from piutempo.vouchers.models import Lapse, Redemption, Voucher
from piutempo.vouchers.services import lapse_expired, redeem, reissue, reverse_redemption
from tests.vouchers.factories import NOW, ROME, TODAY, World, build_family, build_world, code_of, issued

pytestmark = pytest.mark.django_db
PAID = NOW + timedelta(days=30)
OVER = datetime(2011, 10, 1, 12, tzinfo=ROME)


@pytest.fixture
def world(db: None) -> World:
    """One title billed, paid and given back; one reversed; a carnet replaced; the rest lapsed; a family to issue to."""
    world = build_world()
    Provider.objects.update(iban="IT60X0542811101000000123456")
    build_family(world, first_month=Month(2011, 12))
    voucher = issued(world, build_family(world, months=1))
    for title in (1, 2):
        redeem(
            site=world.site, codes=[code_of(voucher, title)], service="pulizie", quantity=9, served_on=TODAY, at=NOW,
            by=None, key=f"k{title}",
        )  # fmt: skip
    reverse_redemption(redemption=Redemption.objects.get(key="k2"), reason="errore", at=NOW, by=None)
    reissue(voucher=voucher, desk=None, reason="smarrito", at=NOW, by=None)
    prepare_statements(programme=world.programme, month=Month(2011, 3), at=PAID, by=None)
    approve_statements(ids=list(Statement.objects.values_list("pk", flat=True)), at=PAID, by=None)
    pay_batch(batch=create_batch(programme=world.programme, at=PAID, by=None), at=PAID, by=None)
    record_recovery(
        payment=Payment.objects.get(), amount_cents=100, reason="errore", on=PAID.date(), at=PAID, by=None
    )  # fmt: skip
    lapse_expired(programme=world.programme, on=OVER.date(), at=OVER)
    assert list_all_violations() == []
    return world


def lie(kind: Kind, subject_id: int, *, pot_id: int | None = None) -> None:
    """Book a cent of the first source for a fact that did not happen."""
    source = Source.objects.order_by("id")[0]
    post(
        kind=kind, subject_id=subject_id, pot_id=pot_id or source.pot_id, amount_cents=1, booked_on=TODAY, sequence=9,
        parts=((source.pk, 1),),
    )  # fmt: skip


def elsewhere() -> None:
    """Book a source's cent in another pot."""
    other = open_pot(code="altro", title="Altro", overcommit_bp=0, sources=[("x", "X", 10_000)])
    lie(Kind.SPEND, Redemption.objects.earliest("id").pk, pot_id=other.pk)


def add_line() -> None:
    """List a redemption with a cent too few."""
    statement, redemption = Statement.objects.get(), Redemption.objects.get(key="k2")
    StatementLine.objects.create(
        statement=statement, redemption=redemption, amount_cents=999, excluded_reason="reversed"
    )


LIES: list[tuple[str, Callable[[], object]]] = [
    ("allocation-booked-once", lambda: lie(Kind.ALLOCATE, Allocation.objects.earliest("id").pk)),
    ("lapse-returned-whole", lambda: lie(Kind.LAPSE, Lapse.objects.earliest("id").pk)),
    ("recovery-booked-once", lambda: lie(Kind.RECOVER, Recovery.objects.get().pk)),
    ("reversal-is-exactly-opposite", lambda: lie(Kind.UNSPEND, Redemption.objects.earliest("id").pk)),
    ("months-follow-the-shares", lambda: lie(Kind.ISSUE, Voucher.objects.earliest("id").pk)),
    ("transfer-in-its-sources-pot", elsewhere),
    ("replacement-worth-what-was-moved", lambda: Voucher.objects.filter(replacement=0).update(void_cents=0)),
    ("line-is-its-redemption", add_line),
    ("redemption-settled-when-billed", lambda: Redemption.objects.filter(key="k1").update(is_settled=False)),
    ("titles-worth-what-was-spent", lambda: Voucher.objects.filter(replacement=1).update(handed=1, spent=1)),
    ("holding-for-every-source", lambda: Holding.objects.filter(pk=Holding.objects.earliest("id").pk).delete()),
]


@pytest.mark.parametrize(("law", "tell"), LIES, ids=[law for law, _ in LIES])
def test_a_lie_is_found(world: World, law: str, tell: Callable[[], object]) -> None:
    tell()
    assert law in {v.law for v in list_all_violations()}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_transfer_about_nothing_is_found(world: World, kind: Kind) -> None:
    assert sum(kind in kinds for kinds in SUBJECTS.values()) == 1
    lie(kind, 10**9)
    assert ("transfer-has-its-fact", f"{kind.value} {10**9}") in {(v.law, v.row) for v in list_all_violations()}
