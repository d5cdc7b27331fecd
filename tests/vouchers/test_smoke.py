from datetime import date, timedelta

import pytest

from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.vouchers.models import LapseCause
from piutempo.vouchers.services import (
    ExtensionScope, HandoverItem, RedemptionRefused, extend_expiry, hand_over, issue_month, lapse_expired, preview_extension, redeem,
    reissue, report_lost, reverse_redemption, undo_extension, lapse_award_vouchers,
)
from tests.vouchers.factories import MARCH, NOW, TODAY, build_family, codes_of, code_of, issued

def test_life(world):
    fam = build_family(world)
    v = issued(world, fam, handed=False)
    assert v.value_cents == 25000
    with pytest.raises(RedemptionRefused) as e:
        redeem(site=world.site, codes=codes_of(v, 1), service="pulizie", quantity=1, served_on=TODAY, at=NOW, by=None, key="a")
    assert e.value.code == "NOT_HANDED_OVER"
    hand_over(desk=world.desk, items=[HandoverItem(v.pk, "passaporto", "AA1")], at=NOW, by=None)
    r = redeem(site=world.site, codes=codes_of(v, 1, 2), service="nido", quantity=1, person_cared_id=fam.baby.pk, served_on=TODAY, at=NOW, by=None, key="a")
    assert r.amount_cents == 2000
    assert redeem(site=world.site, codes=codes_of(v, 1, 2), service="nido", quantity=1, person_cared_id=fam.baby.pk, served_on=TODAY, at=NOW, by=None, key="a").pk == r.pk
    t = get_account_totals([world.pot.pk])
    assert t[Account.OWED] == 2000
    assert t[Account.ISSUED] == 23000
    reverse_redemption(redemption=r, reason="sbaglio", at=NOW, by=None)
    r = redeem(site=world.site, codes=codes_of(v, 1, 2), service="nido", quantity=1, person_cared_id=fam.baby.pk, served_on=TODAY, at=NOW, by=None, key="b")
    report_lost(voucher=v, reason="persi", at=NOW, by=None, first_title=20)
    n = reissue(voucher=v, desk=world.desk, reason="persi", at=NOW, by=None)
    assert n.value_cents == 23000
    later = NOW + timedelta(days=300)
    rep = lapse_expired(programme=world.programme, on=later.date(), at=later)
    assert rep.cents == 23000
    scope = ExtensionScope(world.programme.pk, date(2011,8,1), date(2011,10,1), date(2012,6,1))
    p = preview_extension(scope)
    assert p.restorable_cents == 23000 and not p.missing_cents
    ext = extend_expiry(scope=scope, decree="DDS 1", reason="x", at=later, by=None)
    assert get_account_totals([world.pot.pk])[Account.ISSUED] == 23000
    undo_extension(extension=ext, reason="y", at=later, by=None)
    assert get_account_totals([world.pot.pk])[Account.ISSUED] == 0
    assert list_violations() == []

def test_balance(world):
    fam = build_family(world, product="saldo")
    v = issued(world, fam)
    for i, c in enumerate((7, 13, 1, 333)):
        r = redeem(site=world.site, codes=[code_of(v)], amount_cents=c, service="pulizie", quantity=1, served_on=TODAY, at=NOW, by=None, key=f"a{i}")
    reverse_redemption(redemption=r, reason="sbaglio", at=NOW, by=None)
    lapse_award_vouchers(award=fam.award, cause=LapseCause.RENOUNCED, at=NOW, by=None)
    t = get_account_totals([world.pot.pk])
    assert t[Account.OWED] == 21 and t[Account.ISSUED] == 0
    assert list_violations() == []

from piutempo.vouchers.services import preview_file, confirm_file, FileHasErrors, import_rows
from piutempo.vouchers.models import Redemption
from django.db import connection
from django.test.utils import CaptureQueriesContext
from piutempo.vouchers.rules.file_rows import FileRow

def test_file(world):
    fam = build_family(world)
    v = issued(world, fam)
    bad = code_of(v,1)[:-1] + ("A" if code_of(v,1)[-1] != "A" else "B")
    csv = "codice;servizio;quantita;data;codice_fiscale_assistito;titoli\n" + f"{code_of(v,1)};pulizie;1;14/03/2011;;\n{code_of(v,2)};nido;1;14/03/2011;{fam.baby.person.fiscal_code};5\n{bad};pulizie;1;14/03/2011;;\n"
    f = preview_file(site=world.site, programme=world.programme, name="a.csv", content=csv.encode("cp1252"), at=NOW, by=None)
    assert [e["code"] for e in f.rows["errors"]] == ["CODE_MISTYPED"]
    with pytest.raises(FileHasErrors):
        confirm_file(file=f, at=NOW, by=None)
    res = confirm_file(file=f, at=NOW, by=None, takes_good_rows=True)
    assert (res.accepted, res.refused) == (2, 1)
    assert confirm_file(file=f, at=NOW, by=None, takes_good_rows=True).is_repeat
    assert Redemption.objects.count() == 2
    v.refresh_from_db()
    assert v.spent_cents == 6000 and v.spent == 0b111111
    with CaptureQueriesContext(connection, ) as q:
        res = import_rows(site=world.site, programme=world.programme, name="b", rows=[FileRow(2, v.code, 10, 2, 0, "nido", 1, TODAY, fam.baby.person.fiscal_code)], at=NOW, by=None)
    assert res.accepted == 1
    print(len(q), [x["sql"][:60] for x in q])
    assert list_violations() == []
    assert get_account_totals([world.pot.pk])[Account.OWED] == 8000
