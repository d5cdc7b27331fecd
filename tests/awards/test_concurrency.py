"""Real threads on PostgreSQL: one fund, many officers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from piutempo.applications.models import Application, Decision
from piutempo.applications.services import ApplicationInput, decide_application, submit_application, submit_applications
from piutempo.awards.models import Award, AwardStatus
from piutempo.awards.services import end_award
from piutempo.ledger.models import Account, Pot
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.ledger.services import allocate
from tests.applications.factories import (
    AWARD_CENTS,
    DECIDED_AT,
    FITTING,
    OPEN_AT,
    get_pot_id,
    make_draft,
    make_facts,
    make_household,
    make_programme,
)

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

THREADS = 16


def run_at_once(jobs: list, threads: int = THREADS) -> list[BaseException]:  # type: ignore[type-arg]
    """Run the jobs on real threads, each with its own connection, started together; return what they raised."""
    barrier = Barrier(threads)
    chunks = [jobs[i::threads] for i in range(threads)]

    def work(mine: list) -> list[BaseException]:  # type: ignore[type-arg]
        found: list[BaseException] = []
        try:
            barrier.wait(timeout=30)
            for job in mine:
                try:
                    job()
                except Exception as error:
                    found.append(error)
        finally:
            connection.close()
        return found

    with ThreadPoolExecutor(threads) as pool:
        return [error for found in pool.map(work, chunks) for error in found]


def submit_many(count: int) -> tuple[int, list[Application]]:
    programme = make_programme()
    homes = [make_household() for _ in range(count)]
    rows = submit_applications(
        programme=programme, items=[ApplicationInput(h, p, make_facts(), None, OPEN_AT) for h, p in homes]
    )
    return get_pot_id(programme), rows


def test_a_fund_for_100_awards_asked_for_150_times_gives_100() -> None:
    pot_id, applications = submit_many(150)
    more = (100 - FITTING) * AWARD_CENTS
    allocate(pot=Pot.objects.get(pk=pot_id), act="integrazione", amount_cents=more, on=OPEN_AT.date())
    errors = run_at_once(
        [
            lambda a=a: decide_application(application=a, approve=True, note="", at=DECIDED_AT, by=None)
            for a in applications
        ]
    )
    assert errors == []
    assert Award.objects.filter(status=AwardStatus.COMMITTED).count() == 100
    assert Award.objects.filter(status=AwardStatus.WAITING).count() == 50
    assert get_account_totals([pot_id])[Account.AVAILABLE] == 0
    assert not list_violations()


def test_what_comes_back_while_others_ask_is_given_once() -> None:
    pot_id, applications = submit_many(FITTING + 20)
    first, rest = applications[:FITTING], applications[FITTING:]
    for application in first:
        decide_application(application=application, approve=True, note="", at=DECIDED_AT, by=None)
    ending = list(Award.objects.order_by("id")[:10])
    later = DECIDED_AT + timedelta(days=1)
    jobs = [lambda a=a: end_award(award=a, reason="rinuncia", at=later, by=None) for a in ending]
    jobs += [lambda a=a: decide_application(application=a, approve=True, note="", at=later, by=None) for a in rest]
    assert run_at_once(jobs) == []
    assert Award.objects.filter(status=AwardStatus.COMMITTED).count() == FITTING
    assert Award.objects.filter(status=AwardStatus.WAITING).count() == 10
    assert get_account_totals([pot_id])[Account.AVAILABLE] == 0
    assert not list_violations()


def test_one_case_decided_by_16_at_once_is_decided_once() -> None:
    _pot_id, (application,) = submit_many(1)
    errors = run_at_once(
        [
            lambda: decide_application(application=application, approve=True, note="", at=DECIDED_AT, by=None)
            for _ in range(THREADS)
        ]
    )
    assert Decision.objects.count() == Award.objects.count() == 1
    assert {type(e).__name__ for e in errors} <= {"ApplicationRefused"}


def test_numbers_have_no_gaps_when_many_submit_at_once() -> None:
    programme = make_programme()
    drafts = [make_draft(programme) for _ in range(48)]
    jobs = [lambda d=d: submit_application(application=d, at=OPEN_AT, by=None) for d in drafts]
    jobs += [lambda d=d: submit_application(application=d, at=OPEN_AT.replace(year=2026), by=None) for d in drafts[:16]]
    run_at_once(jobs)
    numbers = sorted(Application.objects.values_list("number", flat=True))
    assert numbers == list(range(1, 49))
