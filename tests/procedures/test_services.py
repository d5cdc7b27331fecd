"""Procedures on both databases: opening, asking, answering, closing, reopening; and what the database refuses."""

import json
from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from piutempo.people.models import User
from piutempo.procedures.messages import clock_lines, clock_sentence
from piutempo.procedures.models import Answer, Procedure, Reminder, Step
from piutempo.procedures.rules.refusals import Refusal
from piutempo.procedures.selectors import (
    get_clock,
    get_earliest_refusal_on,
    get_procedure,
    list_due_reminders,
    list_elapsed_steps,
    list_procedures,
    list_running_steps,
    refusal_to_decide,
)
from piutempo.procedures.services import (
    Closing,
    Opening,
    ProcedureRefused,
    answer_step,
    assign_responsible,
    close_procedure,
    close_procedures,
    close_step,
    give_notice,
    mark_reminders_sent,
    open_procedure,
    open_procedures,
    record_receipt,
    reopen_procedure,
    request_documents,
)
from piutempo.programmes.models import Programme
from piutempo.records.models import Event
from tests.applications.factories import ROME, make_programme

pytestmark = pytest.mark.django_db

SUBJECT = "applications.application"
#: Tuesday 1 September 2026, 10:00 in Rome.
START = datetime(2026, 9, 1, 10, tzinfo=ROME)


def on(day: int) -> datetime:
    """The instant ``day`` days after the start."""
    return START + timedelta(days=day)


def make_user(name: str) -> User:
    return User.objects.create(username=name, full_name=name, created_at=START)


def start(case: int = 1, programme: Programme | None = None, term_days: int = 30) -> Procedure:
    return open_procedure(
        subject=SUBJECT,
        subject_id=case,
        programme=programme or make_programme(),
        term_days=term_days,
        office="Ufficio famiglia",
        at=START,
        by=None,
    )


def ask(procedure: Procedure, at: datetime = START, days: int = 10, reminders: tuple[int, ...] = (5, 1)) -> Step:
    return request_documents(
        procedure=procedure, items=["Il contratto di lavoro"], days=days, reminder_days=reminders, at=at, by=None
    )


def refused(call, **kwargs) -> Refusal:
    with pytest.raises(ProcedureRefused) as caught:
        call(**kwargs)
    return caught.value.code


def test_opening_twice_gives_one_procedure() -> None:
    first = start(term_days=30)
    assert start(term_days=45, programme=first.programme).pk == first.pk
    assert (first.due_on, first.status) == (date(2026, 10, 1), "open")
    assert Event.objects.filter(name="procedures.opened").count() == 1


def test_a_request_pauses_reminds_and_resumes_on_the_answer() -> None:
    procedure = start()
    step = ask(procedure, on(10))
    assert step.due_on == date(2026, 9, 21)
    assert procedure.due_on == date(2026, 10, 11)
    assert procedure.is_paused_on(date(2026, 9, 15))
    assert [r.on for r in step.reminders.all()] == [date(2026, 9, 16), date(2026, 9, 20)]
    assert list_running_steps(procedure, date(2026, 9, 21)) == [step]
    answer_step(step=step, text="Eccolo.", at=on(13), by=None)
    assert procedure.due_on == date(2026, 10, 4)
    assert not procedure.is_paused_on(date(2026, 9, 14))
    assert step.answer == "Eccolo."
    answer_step(step=step, text="", at=on(14), by=None, has_files=True)
    assert (Answer.objects.count(), procedure.due_on) == (2, date(2026, 10, 4))


def test_reminders_are_due_once_and_only_while_nobody_answered() -> None:
    procedure = start()
    step = ask(procedure, on(10))
    assert not list_due_reminders(on(14))
    due = list(list_due_reminders(on(15)))
    assert (len(due), mark_reminders_sent(due, at=on(15)), mark_reminders_sent(due, at=on(15))) == (1, 1, 0)
    assert not list_due_reminders(on(16))
    assert len(list_due_reminders(on(19))) == 1
    answer_step(step=step, text="Sì", at=on(19), by=None)
    assert not list_due_reminders(on(19))


def test_an_elapsed_step_is_found_and_closed_once() -> None:
    procedure = start()
    step = ask(procedure, on(10))
    assert not list_elapsed_steps(on(20))
    assert list(list_elapsed_steps(on(21))) == [step]
    close_step(step=step, at=on(21), by=None)
    close_step(step=step, at=on(22), by=None)
    assert not list_elapsed_steps(on(23))
    assert Event.objects.filter(name="procedures.step_closed").count() == 1
    assert get_clock(procedure, date(2026, 9, 22)).due_on == date(2026, 10, 11)


def test_no_refusal_without_a_notice_that_has_run() -> None:
    procedure = start()
    today = timezone.localdate(START)
    assert refusal_to_decide(procedure, is_approval=True, is_competitive=False, on=today) is None
    assert refusal_to_decide(procedure, is_approval=False, is_competitive=True, on=today) is None
    assert refused(close_procedure, procedure=procedure, outcome="refused", at=START, by=None) == "NOTICE_NEEDED"
    step = give_notice(procedure=procedure, reasons=["L'età del figlio."], at=on(1), by=None)
    answer_step(step=step, text="Non è così.", at=on(2), by=None)
    last = step.due_on
    for day in range(1, (last - START.date()).days + 1):
        assert refused(close_procedure, procedure=procedure, outcome="refused", at=on(day), by=None) == "NOTICE_RUNNING"
    assert get_earliest_refusal_on(procedure, is_competitive=False, on=today) is None
    assert get_earliest_refusal_on(procedure, is_competitive=False, on=date(2026, 9, 3)) == last + timedelta(days=1)
    close_procedure(procedure=procedure, outcome="refused", at=on((last - START.date()).days + 1), by=None)
    assert (procedure.status, procedure.outcome) == ("closed", "refused")


def test_a_notice_taken_back_does_not_support_a_refusal() -> None:
    procedure = start()
    step = give_notice(procedure=procedure, reasons=["L'età."], at=on(1), by=None)
    close_step(step=step, at=on(3), by=None)
    assert refused(close_procedure, procedure=procedure, outcome="refused", at=on(20), by=None) == "NOTICE_NEEDED"
    give_notice(procedure=procedure, reasons=["L'ISEE."], at=on(4), by=None)
    assert refused(close_procedure, procedure=procedure, outcome="refused", at=on(10), by=None) == "NOTICE_RUNNING"


def test_closing_a_request_early_does_not_cut_the_familys_days() -> None:
    procedure = start()
    step = ask(procedure, on(1))
    close_step(step=step, at=on(2), by=None)
    closing = {"procedure": procedure, "outcome": "refused", "by": None, "is_competitive": True}
    assert refused(close_procedure, at=on(3), **closing) == "REQUEST_RUNNING"
    assert close_procedure(at=on(14), **closing).status == "closed"


def test_one_thing_at_a_time_is_asked() -> None:
    procedure = start()
    ask(procedure, on(1))
    assert refused(ask, procedure=procedure, at=on(2)) == "REQUEST_RUNNING"
    reasons = {"procedure": procedure, "reasons": ["No."], "by": None}
    assert refused(give_notice, at=on(2), **reasons) == "REQUEST_RUNNING"
    give_notice(at=on(14), **reasons)
    assert refused(give_notice, at=on(15), **reasons) == "NOTICE_RUNNING"


def test_a_letter_that_came_late_gives_the_family_all_its_days() -> None:
    procedure = start()
    step = ask(procedure, on(1), reminders=(2,))
    record_receipt(step=step, on=date(2026, 9, 6), at=on(6), by=None)
    step.refresh_from_db()
    assert step.due_on == date(2026, 9, 16)
    assert Reminder.objects.get().on == date(2026, 9, 12) + timedelta(days=2)
    assert refused(record_receipt, step=step, on=date(2026, 9, 1), at=on(7), by=None) == "BEFORE_SENDING"
    assert refused(record_receipt, step=step, on=date(2026, 9, 30), at=on(7), by=None) == "BEFORE_SENDING"


@pytest.mark.parametrize("days", [0, -1, 31, 10_000])
def test_wrong_days_are_refused(days: int) -> None:
    assert refused(ask, procedure=start(), days=days) == "WRONG_DAYS"


def test_empty_words_are_refused() -> None:
    procedure = start()
    nothing = {"procedure": procedure, "at": START, "by": None}
    assert refused(request_documents, items=[" ", ""], days=10, reminder_days=(), **nothing) == "NOTHING_ASKED"
    assert refused(give_notice, reasons=[], **nothing) == "NO_GROUNDS"
    step = ask(procedure)
    assert refused(answer_step, step=step, text=" \n", at=START, by=None) == "EMPTY_ANSWER"
    assert Event.objects.filter(name="procedures.answered").count() == 0


def test_a_closed_procedure_takes_nothing_more() -> None:
    procedure = start()
    step = ask(procedure)
    close_procedure(procedure=procedure, outcome="withdrawn", at=on(1), by=None)
    late = {"at": on(2), "by": None}
    assert refused(answer_step, step=step, text="Sì", **late) == "PROCEDURE_CLOSED"
    assert refused(close_step, step=step, **late) == "PROCEDURE_CLOSED"
    assert refused(close_procedure, procedure=procedure, outcome="approved", **late) == "PROCEDURE_CLOSED"
    assert refused(give_notice, procedure=procedure, reasons=["No"], **late) == "PROCEDURE_CLOSED"
    assert list_running_steps(procedure, date(2026, 9, 3)) == []
    assert not list_elapsed_steps(on(100)) and not list_due_reminders(on(9))


def test_a_reopened_procedure_keeps_its_history_and_starts_anew() -> None:
    procedure = start()
    old = ask(procedure)
    assert refused(reopen_procedure, procedure=procedure, ground="review", reason="x", at=on(1), by=None) == (
        "PROCEDURE_OPEN"
    )
    close_procedure(procedure=procedure, outcome="approved", at=on(12), by=None)
    assert refused(reopen_procedure, procedure=procedure, ground="review", reason=" ", at=on(13), by=None) == (
        "NO_GROUNDS"
    )
    review = reopen_procedure(
        procedure=procedure, ground="appeal", reason="Manca un figlio.", at=on(20), by=None, term_days=60
    )
    assert (procedure.round, procedure.status, procedure.due_on) == (2, "open", date(2026, 11, 20))
    assert review.items == ["Manca un figlio."]
    assert refused(answer_step, step=review, text="Sì", at=on(21), by=None) == "NOT_TO_BE_ANSWERED"
    assert refused(answer_step, step=old, text="Sì", at=on(21), by=None) == "STEP_CLOSED"
    assert refused(close_procedure, procedure=procedure, outcome="refused", at=on(40), by=None) == "NOTICE_NEEDED"
    assert [s.round for s in procedure.steps.all()] == [1, 2]


def test_the_responsible_officer_is_named_once() -> None:
    procedure, officer = start(), make_user("anna")
    for _ in range(2):
        assign_responsible(procedure=procedure, responsible=officer, at=START, by=officer)
    assert Event.objects.filter(name="procedures.responsible_assigned").count() == 1


def test_bulk_opening_and_closing_take_few_queries(django_assert_max_num_queries) -> None:
    programme = make_programme()
    openings = [Opening(SUBJECT, n, programme, 30, "Ufficio", on(n % 5)) for n in range(1, 301)]
    with django_assert_max_num_queries(12):
        assert open_procedures(openings) == 300
    assert open_procedures(openings) == 0
    closings = [Closing(SUBJECT, n, "approved" if n % 3 else "refused", on(20)) for n in range(1, 301)]
    with pytest.raises(ProcedureRefused, match="NOTICE_NEEDED"):
        close_procedures(closings)
    with django_assert_max_num_queries(12):
        assert close_procedures(closings, is_history=True) == 300
    assert close_procedures(closings, is_history=True) == 0
    assert Procedure.objects.filter(outcome="refused").count() == 100
    assert Event.objects.filter(name="procedures.closed").count() == 300


def test_reading_takes_few_queries(django_assert_num_queries, refuse_writes) -> None:
    procedure = start()
    answer_step(step=ask(procedure), text="Sì", at=on(1), by=None)
    give_notice(procedure=procedure, reasons=["No"], at=on(2), by=None)
    with django_assert_num_queries(3), refuse_writes():
        found = get_procedure(SUBJECT, 1)
        clock = get_clock(found, date(2026, 9, 5))
        assert [s.answer for s in found.steps.all()] == ["Sì", ""]
    with django_assert_num_queries(2):
        assert list_procedures(SUBJECT, [1, 2])[1].due_on == found.due_on
    assert get_procedure(SUBJECT, 99) is None
    lines = clock_lines(clock)
    assert lines[0] == "Il conto parte dal 01/09/2026: da allora l'ufficio ha 30 giorni."
    assert lines[-1].startswith("L'ufficio deve decidere entro il ")
    assert "Conto fermo" in clock_sentence(clock)


def breaks_the_law(change) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        change()


def test_the_database_keeps_what_was_said() -> None:
    procedure = start()
    step = ask(procedure)
    answer_step(step=step, text="Sì", at=on(1), by=None)
    rows = Step.objects.filter(pk=step.pk)
    breaks_the_law(lambda: rows.update(content=json.dumps(["altro"])))
    breaks_the_law(lambda: rows.update(sent_at=on(3)))
    breaks_the_law(lambda: rows.update(answered_at=on(3)))
    breaks_the_law(lambda: rows.update(answered_at=None))
    breaks_the_law(lambda: rows.update(due_on=step.due_on - timedelta(days=1)))
    breaks_the_law(lambda: rows._raw_delete("default"))
    breaks_the_law(lambda: Answer.objects.update(text="No"))
    breaks_the_law(lambda: Answer.objects.all()._raw_delete("default"))
    breaks_the_law(lambda: Procedure.objects.filter(pk=procedure.pk)._raw_delete("default"))
    assert rows.update(due_on=step.due_on + timedelta(days=1)) == 1
