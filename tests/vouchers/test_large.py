"""Amounts whose products pass 32 bits: PostgreSQL computes in the width of its columns, SQLite always in 64 bits."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from piutempo.kernel.periods import Month
from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.network.models import Grant
from piutempo.settlements.services import prepare_statements
from piutempo.vouchers.rules.file_rows import FileRow
from piutempo.vouchers.services import import_rows, lapse_expired, redeem
from tests.vouchers import factories
from tests.vouchers.factories import NOW, ROME, TODAY, World, build_family, build_world, code_of, issued

pytestmark = pytest.mark.django_db
#: 25 titles of 250 euro: 625,000 cents x 4,200 basis points is more than 2^31; so are 32,767 hours at 1,000 euro.
MOST = 32_767


@pytest.fixture
def world(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    text = factories.PROGRAMME.read_text(encoding="utf-8")
    large = text.replace(
        'face = "10,00"\ntitle_count = 25\nmonth = "250,00"', 'face = "250,00"\ntitle_count = 25\nmonth = "6.250,00"'
    )
    assert large != text
    (tmp_path / "prova.toml").write_text(large, encoding="utf-8")
    monkeypatch.setattr(factories, "PROGRAMME", tmp_path / "prova.toml")
    world = build_world()
    Grant.objects.update(unit_ceiling_cents=100_000)
    return world


def test_a_large_voucher_is_issued_spent_billed_and_lapses(world: World) -> None:
    voucher = issued(world, build_family(world, months=1))
    redeem(
        site=world.site, codes=[code_of(voucher)], service="pulizie", quantity=MOST, served_on=TODAY, at=NOW, by=None,
        key="k",
    )  # fmt: skip
    row = FileRow(2, voucher.code, 2, 22, 0, "pulizie", MOST, TODAY)
    done = import_rows(site=world.site, programme=world.programme, name="marzo.csv", rows=[row], at=NOW, by=None)
    assert done.accepted == 1
    late = NOW + timedelta(days=30)
    prepared = prepare_statements(programme=world.programme, month=Month(2011, 3), at=late, by=None)
    assert (prepared.amount_cents, prepared.excluded_cents) == (23 * 25_000, 0)
    issued(world, other := build_family(world, months=1))
    over = datetime(2011, 10, 1, 12, tzinfo=ROME)
    assert lapse_expired(programme=world.programme, on=over.date(), at=over).cents == 2 * 25_000 + 625_000
    assert other.award.month_cents == 625_000
    totals = get_account_totals([world.pot.pk])
    assert (totals[Account.ISSUED], totals[Account.OWED]) == (0, 23 * 25_000)
    assert list_violations() == []
