"""Reversal, lapse and extension: money goes back exactly as it came."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from piutempo.awards.models import Award, AwardStatus
from piutempo.ledger.models import Account, Kind, Transfer
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.vouchers.models import Extension, Lapse, LapseCause, Redemption, Reversal, Voucher
from piutempo.vouchers.rules.masks import full_mask
from piutempo.vouchers.selectors.expiry import list_unspent_by_expiry
from piutempo.vouchers.services import (
    ExtensionRefused,
    ExtensionScope,
    RedemptionRefused,
    ReversalRefused,
    extend_expiry,
    issue_month,
    lapse,
    lapse_award_vouchers,
    lapse_expired,
    preview_extension,
    redeem,
    reverse_redemption,
    undo_extension,
)
from tests.vouchers.factories import MARCH, NOW, ROME, TODAY, Family, World, build_family, code_of, codes_of, issued

AUGUST = datetime(2011, 8, 30, 12, tzinfo=ROME)
#: Vouchers of March end on 31 August; their services may be recorded until 30 September.
OVER = datetime(2011, 10, 1, 12, tzinfo=ROME)


def spend(world: World, voucher: Voucher, *titles: int, key: str = "k", at: datetime = NOW, **more: Any) -> Redemption:
    more = {"amount_cents": 0} | more
    return redeem(
        site=world.site,
        codes=codes_of(voucher, *titles),
        service="pulizie",
        quantity=30,
        served_on=at.date(),
        at=at,
        by=None,
        key=key,
        **more,
    )


def totals(world: World) -> dict[Account, int]:
    return get_account_totals([world.pot.pk])


def scope(world: World, **more: Any) -> ExtensionScope:
    ordinary = {
        "expiring_from": date(2011, 9, 1),
        "expiring_until": date(2011, 9, 2),
        "new_valid_until": date(2011, 11, 1),
    }
    return ExtensionScope(programme_id=world.programme.pk, **{**ordinary, **more})


# ── Reversal ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reversal_gives_the_titles_back_by_counter_entries(world: World) -> None:
    voucher = issued(world, build_family(world))
    before = totals(world)
    done = spend(world, voucher, 1, 2)
    reverse_redemption(redemption=done, reason="titoli sbagliati", at=NOW, by=None)
    assert totals(world) == before
    legs = {
        kind: sorted(Transfer.objects.filter(kind=kind, subject_id=done.pk).values_list("source_id", "amount_cents"))
        for kind in (Kind.SPEND, Kind.UNSPEND)
    }
    assert legs[Kind.SPEND] == legs[Kind.UNSPEND]
    spend(world, voucher, 1, 2, key="again")
    assert list_violations() == []


@pytest.mark.parametrize(
    ("days", "reason", "code"),
    [(0, " ", "REASON_MISSING"), (21, "errore", "TOO_LATE")],
)
def test_a_reversal_is_refused(world: World, days: int, reason: str, code: str) -> None:
    done = spend(world, issued(world, build_family(world)), 1)
    with pytest.raises(ReversalRefused) as refused:
        reverse_redemption(redemption=done, reason=reason, at=NOW + timedelta(days=days), by=None)
    assert refused.value.code == code


def test_a_redemption_is_undone_once(world: World) -> None:
    done = spend(world, issued(world, build_family(world)), 1)
    reverse_redemption(redemption=done, reason="errore", at=NOW + timedelta(days=20), by=None)
    with pytest.raises(ReversalRefused) as refused:
        reverse_redemption(redemption=done, reason="errore", at=NOW, by=None)
    assert refused.value.code == "ALREADY_REVERSED"


def test_a_settled_redemption_is_never_reversed_nor_a_reversed_one_settled(world: World) -> None:
    voucher = issued(world, build_family(world))
    one, two = spend(world, voucher, 1), spend(world, voucher, 2, key="b")
    Redemption.objects.filter(pk=one.pk).update(is_settled=True)
    with pytest.raises(ReversalRefused) as refused:
        reverse_redemption(redemption=one, reason="errore", at=NOW, by=None)
    assert refused.value.code == "ALREADY_SETTLED"
    with pytest.raises(DatabaseError, match="settled"), transaction.atomic():
        Reversal.objects.create(redemption=one, reason="x", at=NOW)
    reverse_redemption(redemption=two, reason="errore", at=NOW, by=None)
    with pytest.raises(DatabaseError, match="settled"), transaction.atomic():
        Redemption.objects.filter(pk=two.pk).update(is_settled=True)


@pytest.mark.parametrize("column", ["amount_cents", "mask", "service", "served_on", "key"])
def test_a_redemption_never_changes(world: World, column: str) -> None:
    done = spend(world, issued(world, build_family(world)), 1)
    value = {"service": "x", "served_on": date(2011, 3, 2), "key": "z"}.get(column, 2)
    with pytest.raises((IntegrityError, DatabaseError), match="append-only"), transaction.atomic():
        Redemption.objects.filter(pk=done.pk).update(**{column: value})
    with pytest.raises((IntegrityError, DatabaseError), match="append-only"), transaction.atomic():
        Redemption.objects.filter(pk=done.pk)._raw_delete("default")


# ── Lapse ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_unspent_lapses_after_the_last_day_of_recording(world: World) -> None:
    voucher = issued(world, build_family(world))
    spend(world, voucher, 1)
    assert lapse_expired(programme=world.programme, on=date(2011, 9, 30), at=OVER).vouchers == 0
    spend(world, voucher, 2, key="late", at=AUGUST)
    report = lapse_expired(programme=world.programme, on=OVER.date(), at=OVER)
    assert (report.vouchers, report.cents) == (1, 23_000)
    now = totals(world)
    assert (now[Account.ISSUED], now[Account.OWED], now[Account.LAPSED]) == (0, 2_000, 0)
    assert now[Account.AVAILABLE] == 2_000_000 - 75_000 + 23_000
    assert lapse_expired(programme=world.programme, on=OVER.date(), at=OVER).vouchers == 0
    with pytest.raises(RedemptionRefused) as refused:
        spend(world, voucher, 3, key="x", at=OVER)
    assert refused.value.code == "EXPIRED"
    assert list_violations() == []


def test_lapsed_money_serves_the_waiting_list(world: World) -> None:
    family = build_family(world, months=3)
    issued(world, family)
    others = [build_family(world, months=10) for _ in range(8)]  # 750 + 7 × 2.500 = 18.250 of 20.000
    waiting = others[-1].award
    assert waiting.status == AwardStatus.WAITING
    issued(world, family, month=MARCH + 1)
    issued(world, family, month=MARCH + 2)
    report = lapse_award_vouchers(award=family.award, cause=LapseCause.RENOUNCED, at=NOW, by=None)
    assert (report.vouchers, report.cents, report.served) == (3, 75_000, 1)
    assert Award.objects.get(pk=waiting.pk).status == AwardStatus.COMMITTED


def test_lapsing_killed_between_chunks_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapse, "CHUNK", 2)
    for _ in range(5):
        build_family(world)
    issue_month(programme=world.programme, product_code="titoli", month=MARCH, at=NOW, by=None)

    def die(_n: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lapse_expired(programme=world.programme, on=OVER.date(), at=OVER, progress=die)
    assert Lapse.objects.count() == 2
    assert lapse_expired(programme=world.programme, on=OVER.date(), at=OVER).vouchers == 3
    assert totals(world)[Account.ISSUED] == 0
    assert list_violations() == []


def test_a_list_not_served_because_lapsing_was_killed_is_served_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued(world, build_family(world, months=1))
    waiting = [build_family(world, months=10) for _ in range(8)][-1].award

    def die(**_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(lapse, "serve_waiting_list", die)
        with pytest.raises(KeyboardInterrupt):
            lapse_expired(programme=world.programme, on=OVER.date(), at=OVER)
    assert totals(world)[Account.ISSUED] == 0
    assert lapse_expired(programme=world.programme, on=OVER.date(), at=OVER).served == 1
    assert Award.objects.get(pk=waiting.pk).status == AwardStatus.COMMITTED


def test_money_that_comes_back_to_a_lapsed_voucher_serves_the_waiting_list(world: World) -> None:
    voucher = issued(world, build_family(world, months=1))
    done = spend(world, voucher, *range(1, 25), at=AUGUST)
    Voucher.objects.filter(pk=voucher.pk).update(reversal_days=90)
    waiting = [build_family(world, months=10) for _ in range(8)][-1].award
    assert lapse_expired(programme=world.programme, on=OVER.date(), at=OVER).served == 0
    reverse_redemption(redemption=done, reason="errore", at=OVER, by=None)
    assert Award.objects.get(pk=waiting.pk).status == AwardStatus.COMMITTED


def test_what_expired_before_a_benefit_was_withdrawn_is_not_restored(world: World) -> None:
    family = build_family(world, months=1)
    issued(world, family)
    lapse_expired(programme=world.programme, on=OVER.date(), at=OVER)
    lapse_award_vouchers(award=family.award, cause=LapseCause.WITHDRAWN, at=OVER, by=None)
    assert preview_extension(scope(world)).restorable == 0
    with pytest.raises(ExtensionRefused):
        extend_expiry(scope=scope(world), decree="DDS 1", reason="rete ampliata", at=OVER, by=None)


def test_a_reversal_after_the_lapse_returns_to_the_fund(world: World) -> None:
    voucher = issued(world, build_family(world))
    done = spend(world, voucher, 1, at=AUGUST)
    Voucher.objects.filter(pk=voucher.pk).update(reversal_days=90)
    lapse_expired(programme=world.programme, on=OVER.date(), at=OVER)
    reverse_redemption(redemption=done, reason="errore", at=OVER, by=None)
    now = totals(world)
    assert (now[Account.ISSUED], now[Account.OWED], now[Account.LAPSED]) == (0, 0, 0)
    voucher.refresh_from_db()
    assert (voucher.lapsed_cents, Lapse.objects.get().amount_cents) == (25_000, 25_000)
    ext = extend_expiry(scope=scope(world), decree="DDS 1", reason="rete ampliata", at=OVER, by=None)
    assert (ext.restored, totals(world)[Account.ISSUED]) == (1, 25_000)
    assert list_violations() == []


# ── Extension ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_extension_moves_the_expiry_and_restores_what_lapsed(world: World) -> None:
    fresh, lapsed = (issued(world, build_family(world)) for _ in range(2))
    spend(world, lapsed, 1)
    Voucher.objects.filter(pk=lapsed.pk).update(record_days=0)
    at = datetime(2011, 9, 5, 12, tzinfo=ROME)
    lapse_expired(programme=world.programme, on=at.date(), at=at)
    before = preview_extension(scope(world))
    assert (before.vouchers, before.unspent_cents, before.restorable, before.restorable_cents) == (2, 25_000, 1, 24_000)
    assert [(line.product, line.province) for line in before.lines] == [("titoli", "MI")]
    ext = extend_expiry(scope=scope(world), decree="DDS 8/2011", reason="nuovi operatori", at=at, by=None)
    assert (ext.vouchers, ext.restored, ext.unspent_cents) == (2, 1, 49_000)
    assert set(Voucher.objects.values_list("valid_until", "original_valid_until")) == {
        (date(2011, 11, 1), date(2011, 9, 1))
    }
    october = datetime(2011, 10, 31, 12, tzinfo=ROME)
    Voucher.objects.filter(pk=lapsed.pk).update(record_days=30)
    spend(world, lapsed, 2, key="b", at=october)
    spend(world, fresh, 1, key="c", at=october)
    with pytest.raises(RedemptionRefused) as refused:
        spend(world, fresh, 2, key="d", at=october + timedelta(days=1))
    assert refused.value.code == "EXPIRED"
    assert list_violations() == []


def test_undoing_an_extension_restores_exactly_what_it_changed(world: World) -> None:
    kept, back = (issued(world, build_family(world)) for _ in range(2))
    ext = extend_expiry(scope=scope(world), decree="DDS 8", reason="x", at=NOW, by=None)
    october = datetime(2011, 10, 5, 12, tzinfo=ROME)
    spend(world, kept, 1, at=october)
    undone = undo_extension(extension=ext, reason="atto ritirato", at=october, by=None)
    assert undone.kept == 1
    kept.refresh_from_db()
    back.refresh_from_db()
    assert (kept.valid_until, back.valid_until) == (date(2011, 11, 1), date(2011, 9, 1))
    assert back.lapsed_cents == 25_000  # its days of recording were over
    with pytest.raises(ExtensionRefused) as refused:
        undo_extension(extension=ext, reason="ancora", at=october, by=None)
    assert refused.value.code == "ALREADY_UNDONE"
    assert list_violations() == []


def test_a_fund_that_gave_the_money_away_cannot_restore_it(world: World) -> None:
    for _ in range(4):
        issued(world, build_family(world, months=1))
    lapse_expired(programme=world.programme, on=OVER.date(), at=OVER)
    for _ in range(8):
        build_family(world, months=10)  # commits all 20.000
    missing = preview_extension(scope(world)).missing_cents
    assert missing == 100_000
    with pytest.raises(ExtensionRefused) as refused:
        extend_expiry(scope=scope(world), decree="DDS 8", reason="x", at=OVER, by=None)
    assert (refused.value.code, refused.value.details["missing_cents"]) == ("FUND_HAS_NOT_THE_MONEY", missing)
    assert not Extension.objects.exists()
    with pytest.raises(ExtensionRefused) as empty:
        extend_expiry(scope=scope(world, restores_lapsed=False), decree="DDS 8", reason="x", at=OVER, by=None)
    assert empty.value.code == "SCOPE_IS_EMPTY"


@pytest.mark.parametrize(
    ("changes", "decree", "code"),
    [
        ({}, " ", "DECREE_MISSING"),
        ({"new_valid_until": date(2011, 9, 1)}, "DDS", "NOT_LATER"),
        ({"product": "spesa"}, "DDS", "SCOPE_IS_EMPTY"),
    ],
)
def test_an_act_that_makes_no_sense_is_refused(world: World, changes: dict[str, Any], decree: str, code: str) -> None:
    issued(world, build_family(world))
    with pytest.raises(ExtensionRefused) as refused:
        extend_expiry(scope=scope(world, **changes), decree=decree, reason="x", at=NOW, by=None)
    assert refused.value.code == code


def test_a_renounced_voucher_is_not_restored_by_an_extension(world: World) -> None:
    family = build_family(world)
    voucher = issued(world, family)
    lapse_award_vouchers(award=family.award, cause=LapseCause.RENOUNCED, at=NOW, by=None)
    with pytest.raises(RedemptionRefused) as refused:
        spend(world, voucher, 1)
    assert refused.value.code == "LAPSED"
    assert preview_extension(scope(world)).vouchers == 0


def test_what_ends_soon_is_listed_by_month(world: World) -> None:
    family = build_family(world)
    spend(world, issued(world, family), 1)
    issued(world, family, month=MARCH + 1)
    found = list_unspent_by_expiry(world.programme.pk, on=TODAY)
    assert [(m.last_day, m.vouchers, m.unspent_cents) for m in found] == [
        (date(2011, 8, 31), 1, 24_000),
        (date(2011, 9, 30), 1, 25_000),
    ]


# ── Any history ─────────────────────────────────────────────────────────────────────────────────────────────────────

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["spend", "spend", "spend", "reverse", "lapse", "extend", "undo", "renounce"]),
        st.integers(1, 25),
        st.integers(0, 60),
    ),
    min_size=5,
    max_size=25,
)


@pytest.mark.slow  # many histories on a real database
@pytest.mark.parametrize("product", ["titoli", "saldo"])
def test_any_history_ties(world: World, product: str) -> None:
    """
    Whatever happens in whatever order: money on a voucher is in one place, ledger and rows agree, nothing is
    negative.
    """
    families = [build_family(world, product=product, months=1) for _ in range(2)]
    vouchers = [issued(world, f) for f in families]

    @hypothesis_settings(max_examples=40)
    @given(steps=STEPS)
    def ties(steps: list[tuple[str, int, int]]) -> None:
        with transaction.atomic():
            _walk(world, families, vouchers, product, steps)
            transaction.set_rollback(True)

    ties()


def _walk(
    world: World, families: list[Family], vouchers: list[Voucher], product: str, steps: list[tuple[str, int, int]]
) -> None:
    at, done = NOW, []
    for n, (verb, size, days) in enumerate(steps):
        at += timedelta(days=days)
        voucher, family = vouchers[n % 2], families[n % 2]
        try:
            if verb == "spend" and product == "titoli":
                done.append(spend(world, voucher, size, key=f"s{n}", at=at))
            elif verb == "spend":
                done.append(
                    redeem(
                        site=world.site,
                        codes=[code_of(voucher)],
                        amount_cents=size * 37,
                        service="pulizie",
                        quantity=9,
                        served_on=at.date(),
                        at=at,
                        by=None,
                        key=f"s{n}",
                    )
                )
            elif verb == "reverse" and done:
                reverse_redemption(redemption=done[size % len(done)], reason="prova", at=at, by=None)
            elif verb == "lapse":
                lapse_expired(programme=world.programme, on=at.date(), at=at)
            elif verb == "renounce" and size == 1:
                lapse_award_vouchers(award=family.award, cause=LapseCause.RENOUNCED, at=at, by=None)
            elif verb == "extend":
                act = scope(
                    world,
                    expiring_from=date(2011, 8, 1),
                    expiring_until=at.date() + timedelta(days=400),
                    new_valid_until=at.date() + timedelta(days=60),
                )
                extend_expiry(scope=act, decree=f"DDS {n}", reason="prova", at=at, by=None)
            elif verb == "undo" and (act_done := Extension.objects.filter(undone_at=None).last()):
                undo_extension(extension=act_done, reason="prova", at=at, by=None)
        except (RedemptionRefused, ReversalRefused, ExtensionRefused):
            pass
    now = totals(world)
    rows = list(Voucher.objects.all())
    assert now[Account.ISSUED] == sum(v.value_cents - v.spent_cents - v.void_cents - v.lapsed_cents for v in rows)
    assert now[Account.OWED] == sum(v.spent_cents for v in rows)
    assert now[Account.LAPSED] == 0
    for v in rows:
        standing = Redemption.objects.filter(voucher=v, reversal=None)
        assert v.spent_cents == sum(r.amount_cents for r in standing)
        assert v.spent == sum(r.mask for r in standing)
        assert v.spent & ~full_mask(v.title_count) == 0
        assert v.lapsed_cents == sum(
            Lapse.objects.filter(voucher=v, undone_at=None).values_list("amount_cents", flat=True)
        )
    assert list_violations() == []
