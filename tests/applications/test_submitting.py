"""Starting and submitting: the window, one per household, numbers without gaps, a second click."""

from datetime import date, datetime, timedelta

import pytest

from piutempo.applications.messages import sentence_for
from piutempo.applications.models import Application, Counter, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.services import (
    ApplicationInput,
    ApplicationRefused,
    save_facts,
    start_application,
    submit_application,
    submit_applications,
    withdraw_application,
)
from piutempo.records.models import Event
from tests.applications.factories import (
    OPEN_AT,
    ROME,
    make_draft,
    make_facts,
    make_household,
    make_person,
    make_programme,
    make_submitted,
)

pytestmark = pytest.mark.django_db


def refusal_of(error: pytest.ExceptionInfo[ApplicationRefused]) -> Refusal:
    assert sentence_for(error.value).strip()
    return error.value.code


def test_numbers_follow_without_gaps_even_when_some_are_refused() -> None:
    programme = make_programme()
    first = make_submitted(programme)
    late = make_draft(programme)
    with pytest.raises(ApplicationRefused):
        submit_application(application=late, at=OPEN_AT.replace(year=2026), by=None)
    second = make_submitted(programme)
    assert [first.number, second.number] == [1, 2]
    assert Counter.objects.get(programme=programme).last == 2


def test_submitting_twice_changes_nothing() -> None:
    draft = make_draft(make_programme())
    first = submit_application(application=draft, at=OPEN_AT, by=None)
    again = submit_application(application=draft, at=OPEN_AT + timedelta(minutes=1), by=None)
    assert (again.pk, again.number, again.submitted_at) == (first.pk, first.number, first.submitted_at)
    assert Event.objects.filter(name="applications.submitted").count() == 1


@pytest.mark.parametrize(
    ("at", "code", "words"),
    [
        (datetime(2025, 1, 15, 8, 59, 59, tzinfo=ROME), Refusal.NOT_YET_OPEN, "15/01/2025 09:00"),
        (datetime(2025, 9, 30, 18, 0, tzinfo=ROME), Refusal.WINDOW_CLOSED, "30/09/2025 18:00"),
    ],
)
def test_outside_the_window_the_dates_are_said(at: datetime, code: Refusal, words: str) -> None:
    draft = make_draft(make_programme())
    with pytest.raises(ApplicationRefused) as error:
        submit_application(application=draft, at=at, by=None)
    assert refusal_of(error) is code
    assert words in sentence_for(error.value)
    draft.refresh_from_db()
    assert draft.status == Status.DRAFT


@pytest.mark.parametrize("at", [datetime(2025, 1, 15, 9, tzinfo=ROME), datetime(2025, 9, 30, 17, 59, 59, tzinfo=ROME)])
def test_the_window_is_open_to_the_minute(at: datetime) -> None:
    draft = make_draft(make_programme())
    assert submit_application(application=draft, at=at, by=None).number == 1


def test_one_application_a_household_and_the_first_one_is_named() -> None:
    programme = make_programme()
    first = make_submitted(programme)
    with pytest.raises(ApplicationRefused) as error:
        start_application(
            programme=programme,
            household=first.household,
            applicant=first.applicant,
            facts=make_facts(),
            desk=None,
            at=OPEN_AT,
            by=None,
        )
    assert refusal_of(error) is Refusal.ALREADY_APPLIED
    assert f"n. {first.number}" in sentence_for(error.value)


def test_a_household_may_apply_again_after_withdrawing() -> None:
    programme = make_programme()
    first = make_submitted(programme)
    withdraw_application(application=first, reason="dati sbagliati", at=OPEN_AT, by=None)
    second = start_application(
        programme=programme,
        household=first.household,
        applicant=first.applicant,
        facts=make_facts(),
        desk=None,
        at=OPEN_AT,
        by=None,
    )
    assert submit_application(application=second, at=OPEN_AT, by=None).number == 2


def test_starting_twice_leaves_one_draft_with_the_newest_facts() -> None:
    programme = make_programme()
    household, person = make_household()
    for isee in (1_000_00, 2_000_00):
        draft = start_application(
            programme=programme,
            household=household,
            applicant=person,
            facts=make_facts(isee_cents=isee),
            desk=None,
            at=OPEN_AT,
            by=None,
        )
    assert Application.objects.count() == 1
    assert '"isee_cents":200000' in draft.facts


def test_who_is_not_the_applicant_of_the_household_is_refused() -> None:
    household, _person = make_household()
    with pytest.raises(ApplicationRefused) as error:
        start_application(
            programme=make_programme(),
            household=household,
            applicant=make_person(),
            facts=make_facts(),
            desk=None,
            at=OPEN_AT,
            by=None,
        )
    assert refusal_of(error) is Refusal.NOT_THE_APPLICANT


@pytest.mark.parametrize(
    "facts",
    [
        {"child_born": date(2030, 1, 1)},
        {"isee_cents": -5},
        {"isee_cents": 10.005},
        {"members": "Maria"},
        {"province": 7},
        {"unknown": 1},
    ],
)
def test_facts_that_cannot_be_true_are_refused_and_nothing_is_lost(facts: dict[str, object]) -> None:
    programme = make_programme()
    draft = make_draft(programme)
    with pytest.raises(ApplicationRefused) as error:
        save_facts(application=draft, facts=make_facts(**facts), at=OPEN_AT, by=None)  # type: ignore[arg-type]
    assert refusal_of(error) is Refusal.WRONG_FACTS
    assert error.value.problems
    kept = Application.objects.get(pk=draft.pk)
    assert (kept.facts, kept.facts_hash) == (draft.facts, draft.facts_hash)


def test_what_is_submitted_cannot_be_changed() -> None:
    application = make_submitted(make_programme())
    with pytest.raises(ApplicationRefused) as error:
        save_facts(application=application, facts=make_facts(isee_cents=1), at=OPEN_AT, by=None)
    assert refusal_of(error) is Refusal.NOT_DRAFT


def test_the_declared_facts_lie_encrypted_in_the_database() -> None:
    from django.db import connection

    draft = make_draft(make_programme())
    with connection.cursor() as cursor:
        cursor.execute("SELECT facts FROM applications_application WHERE id = %s", [draft.pk])
        (stored,) = cursor.fetchone()
    assert "non_self_sufficient" not in stored


def test_a_batch_gives_the_same_numbers_in_its_order() -> None:
    programme = make_programme()
    make_submitted(programme)
    homes = [make_household() for _ in range(3)]
    rows = submit_applications(
        programme=programme, items=[ApplicationInput(h, p, make_facts(), None, OPEN_AT) for h, p in homes]
    )
    assert [r.number for r in rows] == [2, 3, 4]
    assert [r.household_id for r in rows] == [h.pk for h, _p in homes]


def test_a_batch_with_one_household_twice_writes_nothing() -> None:
    programme = make_programme()
    household, person = make_household()
    item = ApplicationInput(household, person, make_facts(), None, OPEN_AT)
    with pytest.raises(ApplicationRefused) as error:
        submit_applications(programme=programme, items=[item, item])
    assert refusal_of(error) is Refusal.ALREADY_APPLIED
    assert not Application.objects.exists()
