"""Real threads on PostgreSQL: two officers, or a family and an officer, at the same instant."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from piutempo.procedures.models import Answer, Procedure, Step
from piutempo.procedures.services import ProcedureRefused, answer_step, close_procedure, give_notice
from tests.procedures.test_services import ask, on, start

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
THREADS = 8


def at_once(job: Callable[[], object]) -> list[str]:
    """Run a job on many threads started together; return the codes with which it was refused."""
    barrier = Barrier(THREADS)

    def work(_number: int) -> str:
        try:
            barrier.wait(timeout=30)
            job()
        except ProcedureRefused as refused:
            return refused.code.value
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(THREADS) as pool:
        return [code for code in pool.map(work, range(THREADS)) if code]


def test_a_procedure_closes_once() -> None:
    procedure = start()
    codes = at_once(
        lambda: close_procedure(procedure=Procedure.objects.get(pk=procedure.pk), outcome="approved", at=on(1), by=None)
    )
    assert codes == ["PROCEDURE_CLOSED"] * (THREADS - 1)


def test_one_notice_is_given() -> None:
    procedure = start()
    codes = at_once(
        lambda: give_notice(procedure=Procedure.objects.get(pk=procedure.pk), reasons=["L'età."], at=on(1), by=None)
    )
    assert codes == ["NOTICE_RUNNING"] * (THREADS - 1) and Step.objects.count() == 1


def test_no_answer_is_lost_and_the_first_one_stays_the_first() -> None:
    procedure = start()
    step = ask(procedure, on(1))
    assert at_once(lambda: answer_step(step=Step.objects.get(pk=step.pk), text="Ecco", at=on(2), by=None)) == []
    step.refresh_from_db()
    assert Answer.objects.count() == THREADS and step.answered_at == on(2)
    assert Procedure.objects.get().due_on == on(31).date()
