"""An officer's weeks with a case, with the clock moving: requests, notices, signatures, reviews, timers."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from piutempo.applications.messages import refusal_sentence
from piutempo.applications.models import Application, Conflict, ConflictKind, Decision, Proposal, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.selectors import assess, count_applications
from piutempo.applications.selectors.queues import View, count_views, in_view, with_deadline
from piutempo.applications.services import (
    ApplicationRefused,
    DecisionInput,
    answer_review,
    ask_review,
    assign_applications,
    decide_application,
    decide_applications,
    notify_refusal,
    overrule_criterion,
    propose_decision,
    reopen_case,
    request_missing,
    return_proposal,
    settle_conflict,
    sign_proposals,
    submit_application,
    take_next,
    withdraw_application,
)
from piutempo.applications.services.answering import answer_request
from piutempo.applications.services.timers import run_due
from piutempo.awards.models import Award, AwardStatus
from piutempo.correspondence.models import Letter
from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.people.models import User
from piutempo.procedures.models import Procedure, Step
from piutempo.procedures.rules.refusals import Refusal as ClockRefusal
from piutempo.procedures.services import ProcedureRefused
from piutempo.programmes.models import Programme
from piutempo.records.models import Event
from tests.applications.factories import (
    DECIDED_AT,
    FILE,
    OPEN_AT,
    get_pot_id,
    load_text,
    make_draft,
    make_programme,
    make_submitted,
    make_user,
    notified,
    posted,
)

pytestmark = pytest.mark.django_db
RICH = 50_000_00


def days(count: int, at: datetime = OPEN_AT) -> datetime:
    return at + timedelta(days=count)


def two_signs(tmp_path, settings) -> Programme:
    text = (settings.PROGRAMMES_DIR / FILE).read_text(encoding="utf-8")
    assert "[procedure]" not in text
    return load_text(tmp_path, text + "\n[procedure]\nneeds_second_signature = true\n")


def decide(application: Application, at: datetime = DECIDED_AT, by: User | None = None, note: str = "") -> Decision:
    return decide_application(application=application, approve=None, note=note, at=at, by=by)


def code_of(error: pytest.ExceptionInfo[ApplicationRefused] | pytest.ExceptionInfo[ProcedureRefused]) -> str:
    assert refusal_sentence(error.value).strip()
    return error.value.code


def letters(kind: str) -> int:
    return Letter.objects.filter(kind=f"applications.{kind}").count()


# ── Before a refusal ────────────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_refused_before_the_familys_days_have_run() -> None:
    application = make_submitted(make_programme(), isee_cents=RICH)
    with pytest.raises(ProcedureRefused) as error:
        decide(application)
    assert code_of(error) is ClockRefusal.NOTICE_NEEDED
    step = notify_refusal(application=application, reasons=None, at=OPEN_AT, by=None)
    posted(application, OPEN_AT)
    assert step.due_on == date(2025, 3, 20)
    assert any("50.000,00" in reason and "Avviso, articolo 3" in reason for reason in step.items)
    for count in range(11):
        with pytest.raises(ProcedureRefused) as error:
            decide(application, days(count))
        assert code_of(error) is ClockRefusal.NOTICE_RUNNING
    assert not Decision.objects.exists()
    assert not decide(application, days(11)).is_approved
    assert (letters("notice"), letters("refusal")) == (1, 1)
    assert Procedure.objects.get().outcome == "refused"


def test_nothing_is_refused_while_the_letter_has_not_left() -> None:
    """The days of a notice that lies in the office do not run; posted later, they run from there."""
    application = make_submitted(make_programme(), isee_cents=RICH)
    notify_refusal(application=application, reasons=None, at=OPEN_AT, by=None)
    with pytest.raises(ApplicationRefused) as error:
        decide(application, days(30))
    assert code_of(error) is Refusal.LETTER_NOT_SENT
    assert run_due(days(30)) == ""  # nothing is over
    posted(application, days(30))
    with pytest.raises(ProcedureRefused) as late:
        decide(application, days(31))
    assert code_of(late) is ClockRefusal.NOTICE_RUNNING
    run_due(days(31))
    step = Step.objects.get()
    assert (step.received_on, step.due_on) == (date(2025, 4, 9), date(2025, 4, 19))
    with pytest.raises(ProcedureRefused):
        decide(application, days(40))
    assert not decide(application, days(41)).is_approved


def test_in_bulk_nothing_is_refused_early_either_and_none_is_decided() -> None:
    programme = make_programme()
    good, bad = make_submitted(programme), make_submitted(programme, isee_cents=RICH)
    with pytest.raises(ProcedureRefused):
        decide_applications([DecisionInput(good, DECIDED_AT), DecisionInput(bad, DECIDED_AT)])
    assert not Decision.objects.exists()
    assert not Letter.objects.filter(kind="applications.approval").exists()


def test_what_favours_the_family_is_decided_at_any_time() -> None:
    application = notified(make_submitted(make_programme(), isee_cents=RICH))
    overrule_criterion(
        application=application, code="isee", outcome="yes", reason="ISEE corrente", at=days(1), by=make_user()
    )
    assert decide(application, days(1)).is_approved
    assert letters("approval") == 1


def test_observations_must_be_answered_in_the_refusal() -> None:
    application = make_submitted(make_programme(), isee_cents=RICH)
    step = notify_refusal(application=application, reasons=None, at=OPEN_AT, by=None)
    posted(application, OPEN_AT)
    answer_request(application=application, step=step, text="L'ISEE è sbagliato", files=[], at=days(3), by=None)
    with pytest.raises(ApplicationRefused) as error:
        decide(application, days(20))
    assert code_of(error) is Refusal.OBSERVATIONS_UNANSWERED
    assert not decide(application, days(20), note="L'attestazione INPS conferma 50.000 euro").is_approved
    letter = Letter.objects.get(kind="applications.refusal")
    assert "L'attestazione INPS conferma" in str(letter.document.read())


def test_a_notice_needs_a_reason_of_the_rules() -> None:
    with pytest.raises(ApplicationRefused) as error:
        notify_refusal(application=make_submitted(make_programme()), reasons=None, at=OPEN_AT, by=None)
    assert code_of(error) is Refusal.NOTHING_TO_NOTIFY


# ── Documents, reminders, days that run out ─────────────────────────────────────────────────────────────────────────
def test_what_an_officer_overruled_is_refused_in_the_officers_words() -> None:
    application = make_submitted(make_programme())
    assessment = assess(application)
    line = next(c for c in assessment.effective.criteria if not c.group)
    overrule_criterion(
        application=application,
        code=line.code,
        outcome="no",
        reason="L'INPS dice altro.",
        at=days(1),
        by=make_user(),
    )
    step = notify_refusal(application=application, reasons=None, at=days(2), by=None)
    assert len(step.items) == 1
    assert step.items[0].startswith(f"{line.title}: L'INPS dice altro. ")
    assert line.sentence not in step.items[0]


def test_a_ground_found_after_the_notice_needs_a_notice_of_its_own() -> None:
    application = make_submitted(make_programme(), isee_cents=RICH)
    notify_refusal(application=application, reasons=None, at=OPEN_AT, by=None)
    posted(application, OPEN_AT)
    for line in assess(application).effective.criteria:
        turned = "no" if line.effective == "yes" else "yes" if not line.group else ""
        if turned:
            overrule_criterion(
                application=application, code=line.code, outcome=turned, reason="Visto", at=days(1), by=make_user()
            )
    assert assess(application).effective.outcome == "no"
    with pytest.raises(ApplicationRefused) as error:
        decide(application, days(20))
    assert code_of(error) is Refusal.NEW_GROUNDS
    notify_refusal(application=application, reasons=None, at=days(20), by=None)
    posted(application, days(20))
    assert not decide(application, days(40)).is_approved


def test_a_request_its_two_reminders_and_its_end_go_by_themselves_and_once() -> None:
    application = make_submitted(make_programme(), isee_cents=None)
    step = request_missing(application=application, items=["Attestazione ISEE"], at=OPEN_AT, by=None)
    posted(application, OPEN_AT)
    procedure = Procedure.objects.get()
    assert procedure.is_paused_on(date(2025, 3, 12))
    assert (letters("request"), letters("reminder")) == (1, 0)
    for count in range(40):
        run_due(days(count))
        run_due(days(count))
        assert Application.objects.get().status == Status.SUBMITTED, "silence decides nothing"
    assert letters("reminder") == 2
    step.refresh_from_db()
    assert step.closed_at is not None
    assert not Decision.objects.exists()
    names = list(application_events(application))
    assert names.count("applications.days_over") == 1


def application_events(application: Application) -> list[str]:
    rows = Event.objects.filter(subject="applications.application", subject_id=application.pk).order_by("id")
    return list(rows.values_list("name", flat=True))


def test_an_answer_brings_the_case_back_to_the_officer() -> None:
    programme = make_programme()
    application = make_submitted(programme, isee_cents=None)
    step = request_missing(application=application, items=["Attestazione ISEE"], at=OPEN_AT, by=None)
    posted(application, OPEN_AT)
    views = {v.view: v.count for v in count_views(None, user_id=0, on=date(2025, 3, 11))}
    assert (views[View.FAMILY], views[View.ANSWERED]) == (1, 0)
    answer_request(application=application, step=step, text="Eccolo", files=[], at=days(2), by=None)
    run_due(days(3))
    assert letters("reminder") == 0
    views = {v.view: v.count for v in count_views(None, user_id=0, on=date(2025, 3, 13))}
    assert (views[View.FAMILY], views[View.ANSWERED]) == (0, 1)


# ── Queues ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_views_and_their_counts_agree() -> None:
    programme = make_programme()
    officer = make_user()
    cases = [make_submitted(programme, days(-i), isee_cents=RICH if i % 3 else 1) for i in range(0, 40, 2)]
    assign_applications(application_ids=[c.pk for c in cases[:4]], to=officer, at=OPEN_AT, by=officer)
    notify_refusal(application=cases[1], reasons=None, at=OPEN_AT, by=officer)
    request_missing(application=cases[2], items=["Stato di famiglia"], at=OPEN_AT, by=officer)
    for day in (OPEN_AT.date(), date(2025, 3, 20), date(2025, 4, 8)):
        for count in count_views(None, user_id=officer.pk, on=day):
            rows = in_view(with_deadline(Application.objects.all()), count.view, user_id=officer.pk, on=day)
            assert rows.count() == count.count, count.view


def test_the_next_case_is_the_one_due_first_and_nobody_gets_the_same() -> None:
    programme = make_programme()
    old = make_submitted(programme, days(-20))
    new = make_submitted(programme, OPEN_AT)
    paused = make_submitted(programme, days(-19))
    request_missing(application=paused, items=["Stato di famiglia"], at=days(-19), by=None)
    one, two = make_user(), make_user()
    first = take_next(scope={programme.pk}, at=OPEN_AT, by=one)
    second = take_next(scope={programme.pk}, at=OPEN_AT, by=two)
    third = take_next(scope={programme.pk}, at=OPEN_AT, by=two)
    assert [a.pk for a in (first, second, third) if a] == [old.pk, paused.pk, new.pk]
    assert take_next(scope={programme.pk}, at=OPEN_AT, by=one) is None
    assert take_next(scope=set(), at=OPEN_AT, by=one) is None
    assert Procedure.objects.get(subject_id=old.pk).responsible == one


def test_an_approval_waits_until_what_was_reported_is_settled() -> None:
    application = make_submitted(make_programme())
    conflict = Conflict.objects.create(application=application, kind=ConflictKind.SAME_CHILD, found_at=OPEN_AT)
    with pytest.raises(ApplicationRefused) as error:
        decide(application)
    assert code_of(error) is Refusal.CONFLICT_OPEN
    settle_conflict(conflict=conflict, settlement="Mesi diversi", at=OPEN_AT, by=make_user())
    assert decide(application).is_approved


# ── Two persons ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_one_proposes_and_another_signs(tmp_path, settings) -> None:
    programme = two_signs(tmp_path, settings)
    application = make_submitted(programme)
    officer, manager = make_user(), make_user()
    with pytest.raises(ApplicationRefused) as error:
        decide(application, by=officer)
    assert code_of(error) is Refusal.PROPOSAL_NEEDED
    with pytest.raises(ApplicationRefused) as error:  # nor by saying that somebody else proposed
        decide_applications([DecisionInput(application, DECIDED_AT, by=officer, proposed_by=manager)])
    assert code_of(error) is Refusal.PROPOSAL_NEEDED
    proposal = propose_decision(application=application, approve=True, note="", at=DECIDED_AT, by=officer)
    with pytest.raises(ApplicationRefused) as error:
        propose_decision(application=application, approve=True, note="", at=DECIDED_AT, by=officer)
    assert code_of(error) is Refusal.PROPOSAL_OPEN
    with pytest.raises(ApplicationRefused) as error:
        sign_proposals(proposal_ids=[proposal.pk], at=DECIDED_AT, by=officer)
    assert code_of(error) is Refusal.SAME_PERSON
    (decision,) = sign_proposals(proposal_ids=[proposal.pk], at=DECIDED_AT, by=manager)
    assert (decision.proposed_by_id, decision.decided_by_id) == (officer.pk, manager.pk)
    with pytest.raises(ApplicationRefused) as error:
        sign_proposals(proposal_ids=[proposal.pk], at=DECIDED_AT, by=manager)
    assert code_of(error) is Refusal.PROPOSAL_CLOSED


def test_a_proposal_that_the_rules_left_behind_is_not_signed_and_may_be_returned(tmp_path, settings) -> None:
    programme = two_signs(tmp_path, settings)
    applications = [make_submitted(programme) for _ in range(3)]
    officer, manager = make_user(), make_user()
    proposals = [propose_decision(application=a, approve=True, note="", at=OPEN_AT, by=officer) for a in applications]
    overrule_criterion(
        application=applications[1], code="isee", outcome="no", reason="ISEE falso", at=OPEN_AT, by=manager
    )
    with pytest.raises((ApplicationRefused, ProcedureRefused)):
        sign_proposals(proposal_ids=[p.pk for p in proposals], at=DECIDED_AT, by=manager)
    assert not Decision.objects.exists(), "a list is signed whole or not at all"
    with pytest.raises(ApplicationRefused) as error:
        return_proposal(proposal=proposals[1], reason=" ", at=DECIDED_AT, by=manager)
    assert code_of(error) is Refusal.NO_REASON
    return_proposal(proposal=proposals[1], reason="Rivedi l'ISEE", at=DECIDED_AT, by=manager)
    sign_proposals(proposal_ids=[proposals[0].pk, proposals[2].pk], at=DECIDED_AT, by=manager)
    assert Decision.objects.count() == 2
    assert Proposal.objects.filter(signed_at__isnull=False).count() == 2


# ── Review ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def refused_case(programme: Programme) -> Application:
    application = notified(make_submitted(programme, isee_cents=RICH))
    decide(application)
    application.refresh_from_db()
    return application


def reopened(application: Application, at: datetime, by: User) -> Application:
    review = ask_review(application=application, text="L'ISEE è cambiato", files=[], at=at, by=None)
    answer_review(review=review, reopen=True, reason="ISEE corrente allegato", at=at, by=by)
    application.refresh_from_db()
    return application


def test_a_review_decides_again_and_counts_once() -> None:
    programme = make_programme()
    officer = make_user()
    application = reopened(refused_case(programme), days(20), officer)
    assert application.status == Status.SUBMITTED
    assert application.decision is not None, "the first decision is in force until the second"
    overrule_criterion(
        application=application, code="isee", outcome="yes", reason="ISEE corrente", at=days(25), by=officer
    )
    second = decide(application, days(26))
    assert (second.round, second.is_approved) == (2, True)
    application.refresh_from_db()
    assert (application.decision_id, application.decisions.count()) == (second.pk, 2)
    assert Award.objects.get().status == AwardStatus.COMMITTED
    now = count_applications(programme.pk)
    assert (now.received, now.handled, now.approved, now.refused) == (1, 1, 1, 0)
    then = count_applications(programme.pk, before=days(22))
    assert (then.handled, then.approved, then.refused, sum(then.refused_by_reason.values())) == (1, 0, 1, 1)
    assert letters("review") == 1
    assert not list_violations()


def test_a_review_is_asked_within_its_days_once_and_with_reasons() -> None:
    application = refused_case(make_programme())
    with pytest.raises(ApplicationRefused) as error:
        ask_review(application=application, text=" ", files=[], at=days(12), by=None)
    assert code_of(error) is Refusal.NO_REASON
    with pytest.raises(ApplicationRefused) as error:
        ask_review(application=application, text="x", files=[], at=DECIDED_AT + timedelta(days=33), by=None)
    assert code_of(error) is Refusal.REVIEW_TOO_LATE
    assert error.value.last_day == date(2025, 4, 22), "the thirtieth day is Easter"
    ask_review(application=application, text="x", files=[], at=DECIDED_AT + timedelta(days=30), by=None)
    with pytest.raises(ApplicationRefused) as error:
        ask_review(application=application, text="x", files=[], at=DECIDED_AT, by=None)
    assert code_of(error) is Refusal.REVIEW_OPEN


def test_a_case_is_not_reopened_while_another_of_the_family_stands() -> None:
    programme = make_programme()
    application = refused_case(programme)
    again = make_draft(programme, days(12))
    Application.objects.filter(pk=again.pk).update(
        household=application.household_id, applicant=application.applicant_id
    )
    again.refresh_from_db()
    submit_application(application=again, at=days(12), by=None)
    with pytest.raises(ApplicationRefused) as error:
        reopened(application, days(13), make_user())
    assert code_of(error) is Refusal.ANOTHER_STANDS


def test_dropping_a_review_leaves_the_decision_in_force() -> None:
    programme = make_programme()
    application = reopened(refused_case(programme), days(20), make_user())
    withdraw_application(application=application, reason="Ci ho ripensato", at=days(21), by=None)
    application.refresh_from_db()
    assert (application.status, application.closed_at) == (Status.REFUSED, DECIDED_AT)
    assert count_applications(programme.pk).withdrawn == 0


def test_an_approval_refused_on_review_gives_the_money_back() -> None:
    programme = make_programme()
    officer = make_user()
    application = make_submitted(programme)
    decide(application)
    application = reopen_case(
        application=application, ground="office", reason="ISEE letto male", at=days(15), by=officer
    )
    overrule_criterion(
        application=application, code="isee", outcome="no", reason="ISEE 60.000", at=days(15), by=officer
    )
    notify_refusal(application=application, reasons=None, at=days(15), by=officer)
    posted(application, days(15))
    assert not decide(application, days(40)).is_approved
    assert Award.objects.get().status == AwardStatus.ENDED
    assert get_account_totals([get_pot_id(programme)])[Account.COMMITTED] == 0
    assert not list_violations()


def test_after_vouchers_were_issued_a_refusal_on_review_is_a_forfeiture() -> None:
    programme = make_programme()
    officer = make_user()
    application = make_submitted(programme)
    decide(application)
    Award.objects.update(months_issued=1)
    application = reopen_case(application=application, ground="office", reason="errore", at=days(15), by=officer)
    overrule_criterion(application=application, code="isee", outcome="no", reason="x", at=days(15), by=officer)
    notify_refusal(application=application, reasons=None, at=days(15), by=officer)
    posted(application, days(15))
    with pytest.raises(ApplicationRefused) as error:
        decide(application, days(40))
    assert code_of(error) is Refusal.VOUCHERS_ISSUED


def test_an_approval_confirmed_on_review_keeps_the_award_it_has() -> None:
    programme = make_programme()
    application = make_submitted(programme)
    decide(application)
    application = reopen_case(application=application, ground="appeal", reason="TAR", at=days(15), by=make_user())
    second = decide(application, days(16))
    assert (second.round, Award.objects.count()) == (2, 1)
    assert count_applications(programme.pk).approved == 1
