"""Deciding: the rules decide, an officer overrules one criterion at a time, everything is kept."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from piutempo.applications.messages import sentence_for
from piutempo.applications.models import Application, CriterionResult, Decision, Overrule, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.selectors import count_applications
from piutempo.applications.services import (
    ApplicationRefused,
    DecisionInput,
    decide_application,
    decide_applications,
    evaluate_application,
    overrule_criterion,
    renounce,
    submit_application,
    withdraw_application,
)
from piutempo.awards.models import Award, AwardStatus
from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.network.services import open_desk
from piutempo.people.models import Municipality
from tests.applications.factories import (
    AWARD_CENTS,
    DECIDED_AT,
    FITTING,
    OPEN_AT,
    get_pot_id,
    make_draft,
    make_programme,
    make_submitted,
    make_user,
    notified,
)

pytestmark = pytest.mark.django_db


def decide(application: Application, approve: bool | None = None) -> Decision:
    return decide_application(application=application, approve=approve, note="", at=DECIDED_AT, by=None)


def refused(error: pytest.ExceptionInfo[ApplicationRefused]) -> Refusal:
    assert sentence_for(error.value).strip()
    return error.value.code


def test_an_approval_commits_months_times_amount() -> None:
    programme = make_programme()
    decision = decide(make_submitted(programme))
    award = Award.objects.get()
    assert (decision.is_approved, decision.months, decision.first_month) == (True, 4, date(2025, 4, 1))
    assert (award.status, award.months, award.month_cents, award.first_month) == (
        "committed",
        4,
        100_00,
        date(2025, 4, 1),
    )
    totals = get_account_totals([get_pot_id(programme)])
    assert totals[Account.COMMITTED] == AWARD_CENTS
    assert not list_violations()


def test_the_explanation_is_stored_with_the_decision() -> None:
    decision = decide(notified(make_submitted(make_programme(), isee_cents=50_000_00)))
    assert not decision.is_approved
    rows = {r.code: r for r in decision.criteria.all()}
    assert set(rows) == {"figlio-sotto-14", "non-autosufficiente", "isee"}
    assert rows["isee"].outcome == "no"
    assert rows["isee"].is_decisive
    assert rows["isee"].sentence == "L'ISEE del nucleo supera 40.000 euro."
    assert "50.000,00" in rows["isee"].value
    assert not Award.objects.exists()


def test_a_late_decision_moves_the_first_month() -> None:
    application = make_submitted(make_programme())
    decision = decide_application(
        application=application, approve=None, note="", at=OPEN_AT + timedelta(days=100), by=None
    )
    assert decision.first_month == date(2025, 7, 1)


@pytest.mark.parametrize(
    ("facts", "approve", "code"),
    [
        ({"isee_cents": 50_000_00}, True, Refusal.CANNOT_APPROVE_AGAINST_RULES),
        ({}, False, Refusal.CANNOT_REFUSE_AGAINST_RULES),
        ({"isee_cents": None}, True, Refusal.CANNOT_APPROVE_MISSING),
        ({"isee_cents": None}, None, Refusal.NEEDS_OFFICER),
    ],
)
def test_nobody_decides_against_the_rules(facts: dict[str, int], approve: bool | None, code: Refusal) -> None:
    application = make_submitted(make_programme(), **facts)
    with pytest.raises(ApplicationRefused) as error:
        decide(application, approve)
    assert refused(error) is code
    assert not Decision.objects.exists()
    assert not CriterionResult.objects.exists()


def test_what_is_missing_may_be_refused_and_is_named() -> None:
    decision = decide(notified(make_submitted(make_programme(), isee_cents=None)), approve=False)
    assert not decision.is_approved
    assert decision.proposed == "missing"
    decisive = decision.criteria.get(is_decisive=True)
    assert (decisive.code, decisive.outcome, decisive.sentence) == ("isee", "missing", "Ci serve l'ISEE del nucleo.")


def test_the_same_decision_again_answers_the_first_and_another_is_refused() -> None:
    application = make_submitted(make_programme())
    first = decide(application, True)
    assert decide(application, True).pk == first.pk
    assert Award.objects.count() == 1
    with pytest.raises(ApplicationRefused) as error:
        decide(application, False)
    assert refused(error) is Refusal.ALREADY_DECIDED


def test_a_draft_or_a_withdrawn_request_is_not_decided() -> None:
    programme = make_programme()
    draft, withdrawn = make_draft(programme), make_submitted(programme)
    withdraw_application(application=withdrawn, reason="ripensamento", at=OPEN_AT, by=None)
    for application in (draft, withdrawn):
        with pytest.raises(ApplicationRefused) as error:
            decide(application)
        assert refused(error) is Refusal.NOT_SUBMITTED


def test_a_decision_before_the_submission_is_refused() -> None:
    application = make_submitted(make_programme())
    with pytest.raises(ApplicationRefused) as error:
        decide_application(application=application, approve=None, note="", at=OPEN_AT - timedelta(days=1), by=None)
    assert refused(error) is Refusal.BEFORE_SUBMISSION


def test_an_overrule_keeps_both_outcomes_and_changes_the_decision() -> None:
    application = make_submitted(make_programme(), isee_cents=50_000_00)
    officer = make_user()
    overrule_criterion(
        application=application, code="isee", outcome="yes", reason="ISEE corrente 30.000 euro", at=OPEN_AT, by=officer
    )
    found = evaluate_application(application)
    assert (found.proposed.outcome, found.effective.outcome) == ("no", "yes")
    decision = decide(application, True)
    row = decision.criteria.get(code="isee")
    assert (decision.proposed, decision.is_approved) == ("no", True)
    assert (row.outcome, row.overruled, row.overrule_reason) == ("no", "yes", "ISEE corrente 30.000 euro")


def test_the_rules_own_outcome_takes_an_overrule_back() -> None:
    application = make_submitted(make_programme(), isee_cents=50_000_00)
    officer = make_user()
    for outcome in ("yes", "no"):
        overrule_criterion(
            application=application, code="isee", outcome=outcome, reason="verifica", at=OPEN_AT, by=officer
        )
    decision = decide(notified(application))
    row = decision.criteria.get(code="isee")
    assert (decision.is_approved, row.overruled) == (False, "")
    assert Overrule.objects.count() == 2


@pytest.mark.parametrize(
    ("code", "outcome", "reason", "refusal"),
    [
        ("isee", "no", " ", Refusal.NO_REASON),
        ("isee", "missing", "perché", Refusal.UNKNOWN_OUTCOME),
        ("altro", "no", "perché", Refusal.UNKNOWN_CRITERION),
        ("isee", "yes", "perché", Refusal.NOTHING_TO_OVERRULE),
    ],
)
def test_an_overrule_must_make_sense(code: str, outcome: str, reason: str, refusal: Refusal) -> None:
    application = make_submitted(make_programme())
    with pytest.raises(ApplicationRefused) as error:
        overrule_criterion(
            application=application, code=code, outcome=outcome, reason=reason, at=OPEN_AT, by=make_user()
        )
    assert refused(error) is refusal


def test_after_the_decision_nothing_is_overruled() -> None:
    application = make_submitted(make_programme())
    decide(application)
    with pytest.raises(ApplicationRefused) as error:
        overrule_criterion(application=application, code="isee", outcome="no", reason="x", at=OPEN_AT, by=make_user())
    assert refused(error) is Refusal.NOT_SUBMITTED


@pytest.mark.parametrize("model", [Decision, CriterionResult, Overrule])
def test_the_database_refuses_to_change_what_was_decided(model: type) -> None:
    application = make_submitted(make_programme(), isee_cents=50_000_00)
    overrule_criterion(application=application, code="isee", outcome="yes", reason="x", at=OPEN_AT, by=make_user())
    decide(application)
    rows = model.objects.all()  # type: ignore[attr-defined]
    field = {Decision: "note", CriterionResult: "value", Overrule: "reason"}[model]  # type: ignore[index]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(**{field: "altro"})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows._raw_delete(rows.db)


def test_when_the_fund_is_exhausted_the_case_waits_and_is_served_by_what_comes_back() -> None:
    programme = make_programme()
    applications = [make_submitted(programme, isee_cents=1_000_00 + i) for i in range(FITTING + 2)]
    decisions = decide_applications([DecisionInput(a, DECIDED_AT) for a in applications])
    assert all(d.is_approved for d in decisions)
    waiting = list(Award.objects.filter(status=AwardStatus.WAITING).order_by("waiting_rank"))
    assert [a.application_id for a in waiting] == [a.pk for a in applications[FITTING:]]
    renounce(application=applications[3], reason="trasferimento", at=DECIDED_AT + timedelta(days=40), by=None)
    served = Award.objects.get(application_id=applications[FITTING].pk)
    assert (served.status, served.first_month) == ("committed", date(2025, 5, 1))
    assert Award.objects.get(application_id=applications[FITTING + 1].pk).status == AwardStatus.WAITING
    assert get_account_totals([get_pot_id(programme)])[Account.AVAILABLE] == 0
    assert not list_violations()


def test_a_batch_decides_as_one_by_one_does() -> None:
    programme = make_programme()
    facts = [{}, {"isee_cents": 50_000_00}, {"child_born": None}, {"isee_cents": 0}]
    pairs = [(make_submitted(programme, **f), make_submitted(programme, **f)) for f in facts]
    for application in (application for pair in (pairs[1], pairs[2]) for application in pair):
        notified(application)
    alone = [decide(a) for a, _b in pairs]
    together = decide_applications([DecisionInput(b, DECIDED_AT) for _a, b in pairs])
    for one, other in zip(alone, together, strict=True):
        assert (one.is_approved, one.months, one.first_month, one.proposed) == (
            other.is_approved,
            other.months,
            other.first_month,
            other.proposed,
        )
        rows = [
            list(d.criteria.order_by("id").values_list("code", "outcome", "value", "is_decisive")) for d in (one, other)
        ]
        assert rows[0] == rows[1]
    assert set(Application.objects.values_list("status", flat=True)) == {Status.APPROVED, Status.REFUSED}


def test_a_batch_takes_few_queries_whatever_its_size(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    programme = make_programme()
    items = [DecisionInput(make_submitted(programme), DECIDED_AT) for _ in range(20)]
    with django_assert_max_num_queries(60):
        decide_applications(items)


def test_reports_count_received_handled_approved_and_refused_by_reason() -> None:
    programme = make_programme()
    decide(make_submitted(programme))
    decide(notified(make_submitted(programme, isee_cents=50_000_00)))
    decide(notified(make_submitted(programme, isee_cents=50_000_00, child_born=None)))
    decide(notified(make_submitted(programme, child_born=None)))
    make_submitted(programme)
    make_draft(programme)
    counts = count_applications(programme.pk)
    assert (counts.received, counts.handled, counts.approved, counts.refused) == (5, 4, 1, 3)
    assert sum(counts.refused_by_reason.values()) == 3
    assert counts.refused_by_reason["isee"] >= 1
    assert count_applications(programme.pk, before=DECIDED_AT).handled == 0


def test_renouncing_needs_an_approval_and_a_reason_and_twice_is_once() -> None:
    programme = make_programme()
    application = make_submitted(programme)
    with pytest.raises(ApplicationRefused) as error:
        renounce(application=application, reason="x", at=DECIDED_AT, by=None)
    assert refused(error) is Refusal.NOT_APPROVED
    decide(application)
    with pytest.raises(ApplicationRefused) as error:
        renounce(application=application, reason="", at=DECIDED_AT, by=None)
    assert refused(error) is Refusal.NO_REASON
    for _ in range(2):
        (award,) = renounce(application=application, reason="rinuncia scritta", at=DECIDED_AT, by=None)
        assert (award.status, award.months_released) == ("ended", 4)
    assert get_account_totals([get_pot_id(programme)])[Account.COMMITTED] == 0


@pytest.mark.parametrize("delivers", [True, False])
def test_vouchers_go_to_the_desk_that_helped_only_if_it_delivers(delivers):
    programme = make_programme()
    place, _ = Municipality.objects.get_or_create(code="F205", defaults={"name": "Milano", "province": "MI"})
    desk = open_desk(
        programme=programme, code="D9", name="Patronato", body="Patronato", municipality=place, delivers=delivers,
        at=OPEN_AT, valid_from=date(2010, 1, 1),
    )  # fmt: skip
    application = make_draft(programme)
    Application.objects.filter(pk=application.pk).update(desk=desk)
    application.refresh_from_db()
    decide(submit_application(application=application, at=OPEN_AT, by=None))
    assert Award.objects.get(application_id=application.pk).desk_id == (desk.pk if delivers else None)
