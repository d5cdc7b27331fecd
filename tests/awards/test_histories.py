"""Random histories of a fund: never over-committed, balances tie, nobody overtakes, retries change nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piutempo.awards.models import Award, AwardStatus
from piutempo.awards.services import commit_awards, drop_waiting, end_award, serve_waiting_list
from piutempo.ledger.models import Account, Pot
from piutempo.ledger.selectors import get_account_totals, get_headroom_cents, list_violations
from piutempo.ledger.services import set_overcommit
from tests.applications.factories import DECIDED_AT, FITTING, get_pot_id, make_programme
from tests.awards.test_services import make_request

steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("commit"), st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), min_size=1, max_size=14)
        ),
        st.tuples(st.just("end"), st.integers(0, 200)),
        st.tuples(st.just("issue"), st.integers(0, 200)),
        st.tuples(st.just("drop"), st.integers(0, 200)),
        st.tuples(st.just("serve"), st.none()),
        st.tuples(st.just("retry"), st.integers(0, 200)),
    ),
    min_size=3,
    max_size=14,
)


@pytest.mark.django_db
@pytest.mark.slow  # builds many small histories on a real database
@settings(max_examples=20)
@given(steps=steps, overcommit_bp=st.sampled_from([0, 250, 1_000]))
def test_any_history_keeps_the_fund_whole(steps: list[tuple[str, object]], overcommit_bp: int) -> None:
    from django.db import transaction

    with transaction.atomic():
        _run(steps, overcommit_bp)
        transaction.set_rollback(True)


def _run(steps: list[tuple[str, object]], overcommit_bp: int) -> None:
    programme = make_programme()
    pot = Pot.objects.get(pk=get_pot_id(programme))
    set_overcommit(pot=pot, overcommit_bp=overcommit_bp)
    budget, limit = 16_000_00, 16_000_00 * overcommit_bp // 10_000
    requests = [make_request(programme, i) for i in range(1, FITTING)]
    commit_awards(requests)
    number = 1_000
    for name, value in steps:
        awards = list(Award.objects.order_by("id"))
        if name == "commit":
            new = []
            for months, isee in value:  # type: ignore[attr-defined]
                number += 1
                new.append(make_request(programme, number, months=months, isee_cents=isee))
            commit_awards(new)
            requests += new
        elif name == "issue":
            award = awards[value % len(awards)]  # type: ignore[operator]
            if award.status == AwardStatus.COMMITTED and award.months_issued < award.months:
                Award.objects.filter(pk=award.pk).update(months_issued=award.months_issued + 1)
        elif name == "end":
            end_award(award=awards[value % len(awards)], reason="rinuncia", at=DECIDED_AT, by=None)  # type: ignore[operator]
        elif name == "drop":
            waiting = [a for a in awards if a.status == AwardStatus.WAITING]
            if waiting:
                drop_waiting(award=waiting[value % len(waiting)], reason="x", at=DECIDED_AT, by=None)  # type: ignore[operator]
        elif name == "serve":
            serve_waiting_list(pot_id=pot.pk, at=DECIDED_AT)
        else:
            again = requests[value % len(requests)]  # type: ignore[operator]
            before = Award.objects.count()
            commit_awards([again])
            assert Award.objects.count() == before
        _check(pot.pk, budget, limit)


def _check(pot_id: int, budget: int, limit: int) -> None:
    totals = get_account_totals([pot_id])
    held = Award.objects.filter(status__in=[AwardStatus.COMMITTED, AwardStatus.ENDED])
    expected = sum((a.months - a.months_released) * a.month_cents for a in held)
    assert totals[Account.COMMITTED] == expected
    assert totals[Account.AVAILABLE] == budget - expected >= -limit
    first = Award.objects.filter(status=AwardStatus.WAITING).order_by("waiting_rank", "id").first()
    if first is not None:
        assert first.months * first.month_cents > get_headroom_cents(pot_id)  # the money stops exactly here
    assert not list_violations()
