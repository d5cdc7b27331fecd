"""Real threads on PostgreSQL: changes and suspensions while months are issued; two officers at once."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from piutempo.applications.models import Application, Change
from piutempo.applications.services.changing import ChangeRefused
from piutempo.awards.models import Award
from piutempo.awards.services import AwardRefused
from piutempo.correspondence.models import Letter
from piutempo.reporting.selectors.verification import list_all_violations
from piutempo.vouchers.services import issue_month
from piutempo.vouchers.services.changing import apply_change, turn_down_change
from piutempo.vouchers.services.suspending import resume_benefit, suspend_benefit
from tests.applications.factories import DECIDED_AT, load_text, make_user
from tests.awards.test_concurrency import run_at_once
from tests.vouchers.test_changing import APRIL, JUNE_10, approve, children, declare, programme_text

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BIRTHS = ("2018-05-01", "2020-05-01")


@pytest.fixture
def programme(tmp_path):
    return load_text(tmp_path, programme_text())


def test_two_officers_apply_one_change_once(programme):
    officers = [make_user(("case_officer", "all", None)) for _ in range(4)]
    application = approve(programme, *BIRTHS)
    change = declare(application, children(*BIRTHS, "2025-06-02"), date(2025, 6, 2))
    errors = run_at_once([lambda o=o: apply_change(change=change, at=JUNE_10, by=o) for o in officers], threads=4)
    assert errors == []
    assert Award.objects.filter(application_id=application.pk).count() == 2
    assert Letter.objects.filter(kind="applications.change").count() == 1
    assert list_all_violations() == []


def test_applied_or_turned_down_but_never_both(programme):
    officer = make_user(("case_officer", "all", None))
    for _ in range(4):
        change = declare(approve(programme, *BIRTHS), children(*BIRTHS, "2025-06-02"), date(2025, 6, 2))
        errors = run_at_once(
            [
                lambda c=change: apply_change(change=c, at=JUNE_10, by=officer),
                lambda c=change: turn_down_change(change=c, reason="No", at=JUNE_10, by=officer),
            ],
            threads=2,
        )
        assert [type(e) for e in errors] == [ChangeRefused]
        fresh = Change.objects.get(pk=change.pk)
        assert bool(fresh.effect) == (fresh.status == "applied")
    assert list_all_violations() == []


def test_changes_and_suspensions_while_months_are_issued(programme):
    officer = make_user(("case_officer", "all", None))
    applications = [approve(programme, *BIRTHS) for _ in range(16)]
    changes = [
        declare(
            a, children(*BIRTHS, "2025-06-02") if i % 2 else children(*BIRTHS, isee_cents=99_000_00), date(2025, 4, 20)
        )
        for i, a in enumerate(applications[:8])
    ]
    jobs = [lambda c=c: apply_change(change=c, at=JUNE_10, by=officer) for c in changes]
    jobs += [lambda a=a: _pause(a, officer) for a in applications[8:]]
    for i in range(4):
        issue = lambda i=i: issue_month(  # noqa: E731 - a job among jobs
            programme=programme, product_code="buono-servizi", month=APRIL + i, at=JUNE_10, by=None
        )
        jobs.insert(i * 5, issue)
    errors = run_at_once(jobs, threads=5)
    assert [e for e in errors if not isinstance(e, AwardRefused)] == []
    assert list_all_violations() == []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM (SELECT 1 FROM vouchers_voucher v JOIN awards_award a ON a.id = v.award_id
            GROUP BY a.application_id, v.product, v.month HAVING count(*) > 1) d"""
        )
        assert cursor.fetchone()[0] == 0


def _pause(application: Application, officer: object) -> None:
    suspend_benefit(
        application=application, since=APRIL + 1, until=None, reason="away", text="Fuori", blocks_vouchers=True,
        at=DECIDED_AT, by=officer,
    )  # fmt: skip
    resume_benefit(application=application, first=APRIL + 4, text="Tornati", at=JUNE_10, by=officer)
