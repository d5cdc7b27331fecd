"""Committing, waiting, serving, ending: on both databases."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from piutempo.awards.models import Award, AwardStatus
from piutempo.awards.selectors import forecast_lapse, get_fund_state, get_position, list_waiting, preview_commit
from piutempo.awards.services import (
    AwardRefused,
    AwardRequest,
    Refusal,
    commit_award,
    commit_awards,
    drop_waiting,
    end_award,
    serve_waiting_list,
)
from piutempo.kernel.periods import Month
from piutempo.ledger.models import Account, Kind, Pot, Transfer
from piutempo.ledger.selectors import get_account_totals, get_headroom_cents, list_violations
from piutempo.ledger.services import set_overcommit
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_terms, get_version_at
from piutempo.records.models import Event
from tests.applications.factories import AWARD_CENTS, DECIDED_AT, FITTING, get_pot_id, make_household, make_programme

pytestmark = pytest.mark.django_db


def make_request(programme: Programme, application_id: int, months: int = 4, **fields: object) -> AwardRequest:
    version = get_version_at(programme, date(2025, 3, 1))
    household, person = make_household()
    return AwardRequest(
        version=version,
        terms=get_terms(version.pk),
        product_code="buono-servizi",
        application_id=application_id,
        household=household,
        beneficiary=person,
        desk_id=None,
        first_month=Month(2025, 4),
        months=months,
        at=DECIDED_AT,
        waiting_fields={"isee_cents": 10_000_00, "number": application_id, "submitted_at": DECIDED_AT} | fields,
    )


def fill(programme: Programme, count: int = FITTING, start: int = 1) -> list[Award]:
    return commit_awards([make_request(programme, start + i) for i in range(count)])


def statuses(awards: list[Award]) -> list[str]:
    by_id = dict(Award.objects.filter(pk__in=[a.pk for a in awards]).values_list("pk", "status"))
    return [by_id[a.pk] for a in awards]


def test_the_preview_of_a_second_product_counts_the_first() -> None:
    programme = make_programme()
    pot = Pot.objects.get(pk=get_pot_id(programme))
    headroom = get_headroom_cents(pot.pk)
    first = preview_commit(pot=pot, amount_cents=headroom - 100, rank="a")
    fits = preview_commit(pot=pot, amount_cents=100, rank="a", after=[first])
    assert (first.position, fits.position) == (None, None)
    assert fits.available_before_cents == first.available_after_cents == fits.available_after_cents + 100
    waits = preview_commit(pot=pot, amount_cents=101, rank="a", after=[first])
    behind = preview_commit(pot=pot, amount_cents=1, rank="a", after=[first, waits])
    assert (waits.position, behind.position) == (1, 2)


def test_one_commits_what_many_commit() -> None:
    programme = make_programme()
    r = make_request(programme, 1)
    award = commit_award(
        version=r.version,
        terms=r.terms,
        product_code=r.product_code,
        application_id=1,
        household=r.household,
        beneficiary=r.beneficiary,
        desk_id=None,
        first_month=r.first_month,
        months=4,
        at=r.at,
        by=None,
        waiting_fields=r.waiting_fields,
    )
    assert award.status == AwardStatus.COMMITTED
    assert award.waiting_key[0] == ["isee_cents", "1000000"]
    assert Transfer.objects.filter(kind=Kind.COMMIT, subject_id=award.pk).count() == 1
    assert commit_awards([r])[0].pk == award.pk
    assert get_account_totals([get_pot_id(programme)])[Account.COMMITTED] == AWARD_CENTS


def test_more_months_than_the_product_gives_are_refused_and_nothing_is_written() -> None:
    programme = make_programme()
    with pytest.raises(AwardRefused) as error:
        commit_awards([make_request(programme, 1), make_request(programme, 2, months=5)])
    assert error.value.code is Refusal.TOO_MANY_MONTHS
    assert not Award.objects.exists()


def test_the_fund_fills_to_the_cent_and_the_next_one_waits() -> None:
    programme = make_programme()
    awards = fill(programme, FITTING + 3)
    assert statuses(awards) == ["committed"] * FITTING + ["waiting"] * 3
    assert get_headroom_cents(get_pot_id(programme)) == 0
    assert [a.position for a in list_waiting(get_pot_id(programme))] == [1, 2, 3]
    assert get_position(awards[-1]) == 3
    assert Event.objects.filter(name="awards.queued").count() == 3


def test_nobody_overtakes_even_when_a_smaller_award_would_fit() -> None:
    programme = make_programme()
    fill(programme, FITTING - 1)
    (big,) = commit_awards([make_request(programme, 900, months=1)])
    assert big.status == AwardStatus.COMMITTED  # 300 euro are left
    first, small = commit_awards([make_request(programme, 901), make_request(programme, 902, months=1)])
    assert (first.status, small.status) == ("waiting", "waiting")
    assert get_headroom_cents(get_pot_id(programme)) == 3 * 100_00
    assert serve_waiting_list(pot_id=get_pot_id(programme), at=DECIDED_AT) == []


def test_a_case_that_ranks_before_those_who_wait_takes_money_that_is_there() -> None:
    programme = make_programme()
    fill(programme, FITTING - 1)
    commit_awards([make_request(programme, 900, months=1), make_request(programme, 901)])
    (poorer,) = commit_awards([make_request(programme, 902, months=3, isee_cents=1_00)])
    assert poorer.status == AwardStatus.COMMITTED


def test_the_list_is_served_in_the_stated_order() -> None:
    programme = make_programme()
    pot_id = get_pot_id(programme)
    full = fill(programme)
    richer, unknown, poorer = commit_awards(
        [
            make_request(programme, 901, isee_cents=30_000_00),
            make_request(programme, 902, isee_cents=None),
            make_request(programme, 903, isee_cents=5_000_00),
        ]
    )
    assert [a.pk for a in list_waiting(pot_id)] == [poorer.pk, richer.pk, unknown.pk]
    for ended, expected in ((full[0], poorer), (full[1], richer), (full[2], unknown)):
        end_award(award=ended, reason="rinuncia", at=DECIDED_AT, by=None)
        expected.refresh_from_db()
        assert expected.status == AwardStatus.COMMITTED
    assert get_headroom_cents(pot_id) == 0
    assert not list_violations()


def test_an_award_served_late_starts_the_month_after() -> None:
    programme = make_programme()
    full = fill(programme)
    (waiting,) = fill(programme, 1, start=900)
    end_award(award=full[0], reason="decadenza", at=DECIDED_AT + timedelta(days=60), by=None)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.first_month) == ("committed", date(2025, 6, 1))


def test_ending_releases_only_months_not_issued_and_twice_is_once() -> None:
    programme = make_programme()
    (award,) = fill(programme, 1)
    Award.objects.filter(pk=award.pk).update(months_issued=1)
    for _ in range(2):
        ended = end_award(award=award, reason="rinuncia", at=DECIDED_AT, by=None)
        assert (ended.status, ended.months_released, ended.end_reason) == ("ended", 3, "rinuncia")
    assert get_account_totals([get_pot_id(programme)])[Account.COMMITTED] == 100_00
    assert Transfer.objects.filter(kind=Kind.RELEASE).count() == 1


def test_dropping_from_the_list_lets_the_next_one_in() -> None:
    programme = make_programme()
    fill(programme, FITTING - 1)
    commit_awards([make_request(programme, 900, months=1)])
    first, small = commit_awards([make_request(programme, 901), make_request(programme, 902, months=3)])
    dropped = drop_waiting(award=first, reason="non serve più", at=DECIDED_AT, by=None)
    assert dropped.status == AwardStatus.DROPPED
    assert statuses([small]) == ["committed"]
    assert drop_waiting(award=first, reason="non serve più", at=DECIDED_AT, by=None).status == AwardStatus.DROPPED


def test_what_is_committed_cannot_be_dropped_and_an_end_needs_a_reason() -> None:
    (award,) = fill(make_programme(), 1)
    with pytest.raises(AwardRefused) as error:
        drop_waiting(award=award, reason="x", at=DECIDED_AT, by=None)
    assert error.value.code is Refusal.NOT_WAITING
    with pytest.raises(AwardRefused) as error:
        end_award(award=award, reason=" ", at=DECIDED_AT, by=None)
    assert error.value.code is Refusal.NO_REASON


def test_the_stated_over_commitment_is_used_to_the_cent() -> None:
    programme = make_programme()
    pot = Pot.objects.get(pk=get_pot_id(programme))
    set_overcommit(pot=pot, overcommit_bp=500)  # 5 % of 16,000 euro: two more awards
    awards = fill(programme, FITTING + 3)
    assert statuses(awards).count("committed") == FITTING + 2
    state = get_fund_state(pot_id=pot.pk, title=pot.title, overcommit_bp=500)
    assert (state.available_cents, state.headroom_cents, state.waiting_count) == (-2 * AWARD_CENTS, 0, 1)
    forecast = forecast_lapse(state)
    assert (forecast.limit_cents, forecast.used_cents) == (800_00, 800_00)
    assert not list_violations()


def test_the_database_keeps_issued_and_released_months_within_the_award() -> None:
    (award,) = fill(make_programme(), 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Award.objects.filter(pk=award.pk).update(months_issued=F("months") + 1)


def test_a_batch_takes_few_queries_whatever_its_size(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    programme = make_programme()
    requests = [make_request(programme, i) for i in range(1, 39)]
    with django_assert_max_num_queries(15):
        commit_awards(requests)
