"""Changes of circumstances and suspensions: months and money move, none twice, all of it written."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from piutempo.applications.models import Application, Change, ChangeStatus
from piutempo.applications.rules import Refusal as CaseRefusal
from piutempo.applications.rules.changing import ChangeRefusal
from piutempo.applications.selectors.changes import assess_change
from piutempo.applications.services import ApplicationRefused, ask_review, decide_application
from piutempo.applications.services.changing import ChangeRefused, declare_change
from piutempo.awards.models import Award, AwardStatus
from piutempo.awards.services import AwardRefused
from piutempo.awards.services.refused import Refusal
from piutempo.correspondence.models import Letter
from piutempo.kernel.periods import Month
from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals, get_headroom_cents, list_violations
from piutempo.reporting.selectors.verification import list_all_violations
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.selectors.schedule import get_benefits, schedule_of
from piutempo.vouchers.services import issue_month
from piutempo.vouchers.services.changing import apply_change, preview_change, turn_down_change
from piutempo.vouchers.services.leaving import renounce_benefit
from piutempo.vouchers.services.suspending import resume_benefit, suspend_benefit, unblock_ended
from tests.applications.factories import DECIDED_AT, ROME, get_pot_id, load_text, make_facts, make_submitted, make_user

pytestmark = pytest.mark.django_db
APRIL = Month(2025, 4)
JUNE_10 = datetime(2025, 6, 10, 10, tzinfo=ROME)


def programme_text() -> str:
    """Two months for each child under 14, at most six: a birth adds two."""
    text = (Path(settings.PROGRAMMES_DIR) / "fondo-limitato.toml").read_text(encoding="utf-8")
    text = text.replace('months = "4"', 'months = "2 * size(child_ages)"').replace("max_months = 4", "max_months = 6")
    assert "size(child_ages)" in text and "max_months = 6" in text
    return text


@pytest.fixture
def programme(tmp_path):
    return load_text(tmp_path, programme_text())


@pytest.fixture
def officer():
    return make_user(("case_officer", "all", None))


def children(*births: str, **changes: Any) -> dict[str, Any]:
    facts = make_facts(child_born=None, **changes)
    facts["members"] += [
        {"relation": "child", "birth_date": b, "cohabiting": True, "non_self_sufficient": False} for b in births
    ]
    return facts


def approve(programme, *births: str) -> Application:
    application = make_submitted(programme, members=children(*births)["members"])
    decide_application(application=application, approve=True, note="", at=DECIDED_AT, by=None)
    return Application.objects.select_related("programme", "applicant").get(pk=application.pk)


def declare(
    application: Application, facts: dict[str, Any], on: date, at: datetime = JUNE_10, kind: str = "other"
) -> Change:
    return declare_change(
        application=application, kind=kind, happened_on=on, facts=facts, note="", files=[], at=at, by=None
    )


def months_of(application: Application) -> dict[str, str]:
    return {str(m): s for b in get_benefits(application.pk) for m, s in schedule_of(b).months.items()}


def test_a_birth_adds_months_after_the_others_and_a_letter_says_why(programme, officer):
    application = approve(programme, "2018-05-01", "2020-05-01")
    issue_month(programme=programme, product_code="buono-servizi", month=APRIL, at=DECIDED_AT, by=None)
    change = declare(application, children("2018-05-01", "2020-05-01", "2025-06-02"), date(2025, 6, 2), kind="birth")
    before = get_account_totals([get_pot_id(programme)])
    effect = preview_change(change=change, at=JUNE_10)
    assert [(line.months_before, line.months_after, line.cents) for line in effect.lines] == [(1, 3, 200_00)]
    assert get_account_totals([get_pot_id(programme)]) == before  # a preview leaves nothing
    apply_change(change=change, at=JUNE_10, by=officer)
    assert months_of(application) == {
        "2025-04": "issued", "2025-05": "due", "2025-06": "due", "2025-07": "due", "2025-08": "due", "2025-09": "due"
    }  # fmt: skip
    letter = Letter.objects.get(kind="applications.change")
    assert letter.subject_id == application.pk
    assert apply_change(change=change, at=JUNE_10, by=officer)[0]["cents"] == 200_00  # a second click
    assert Award.objects.filter(application_id=application.pk).count() == 2
    assert list_all_violations() == []


def test_losing_the_right_gives_back_what_has_no_voucher_and_touches_nothing_else(programme, officer):
    application = approve(programme, "2018-05-01", "2020-05-01")
    issue_month(programme=programme, product_code="buono-servizi", month=APRIL, at=DECIDED_AT, by=None)
    change = declare(application, children("2018-05-01", "2020-05-01", isee_cents=99_000_00), date(2025, 5, 3))
    assert assess_change(change).change.after.outcome == "no"
    effect = preview_change(change=change, at=JUNE_10)
    assert [(line.months_before, line.months_after, line.cents) for line in effect.lines] == [(2, 0, -200_00)]
    committed = get_account_totals([get_pot_id(programme)])[Account.COMMITTED]
    assert apply_change(change=change, at=JUNE_10, by=officer)[0]["cents"] == -200_00
    assert get_account_totals([get_pot_id(programme)])[Account.COMMITTED] == committed - 200_00
    assert months_of(application) == {"2025-04": "issued", "2025-05": "due"}  # from the month after: June
    assert list_all_violations() == []
    # found again in August: what the rules give from then on, within the most of the product
    back = declare(
        application, children("2018-05-01", "2020-05-01"), date(2025, 8, 20), datetime(2025, 9, 1, tzinfo=ROME)
    )
    apply_change(change=back, at=datetime(2025, 9, 1, tzinfo=ROME), by=officer)
    assert months_of(application) == {
        "2025-04": "issued", "2025-05": "due", "2025-10": "due", "2025-11": "due", "2025-12": "due", "2026-01": "due"
    }  # fmt: skip
    assert list_all_violations() == []


def test_a_change_may_be_looked_at_again_within_its_own_days(programme, officer):
    """The letter of a change offers a review: its days run from the change, not from the decision long before."""
    application = approve(programme, "2018-05-01", "2020-05-01")
    change = declare(application, children("2018-05-01", "2020-05-01", isee_cents=99_000_00), date(2025, 5, 3))
    late = JUNE_10 + timedelta(days=1)
    with pytest.raises(ApplicationRefused) as found:
        ask_review(application=application, text="L'ISEE è un altro.", files=[], at=late, by=None)
    assert found.value.code is CaseRefusal.REVIEW_TOO_LATE
    apply_change(change=change, at=late, by=officer)
    review = ask_review(
        application=application, text="L'ISEE è un altro.", files=[], at=late + timedelta(days=10), by=None
    )
    assert review.answered_at is None


def test_months_with_a_voucher_are_never_touched(programme, officer):
    application = approve(programme, "2018-05-01", "2020-05-01")
    for i in range(4):
        issue_month(programme=programme, product_code="buono-servizi", month=APRIL + i, at=DECIDED_AT, by=None)
    change = declare(application, children("2018-05-01"), date(2025, 4, 3))
    effect = apply_change(change=change, at=JUNE_10, by=officer)
    assert (effect[0]["months_before"], effect[0]["months_after"], effect[0]["untouched"]) == (0, 0, 3)
    assert len(months_of(application)) == 4
    assert list_all_violations() == []


def test_time_passing_is_no_change(programme, officer):
    """A child that turned 14 after the request does not take the right away when something else changes."""
    application = approve(programme, "2011-04-01", "2020-05-01")
    change = declare(application, children("2011-04-01", "2020-05-01", isee_cents=11_000_00), date(2025, 5, 3))
    apply_change(change=change, at=JUNE_10, by=officer)
    assert len(months_of(application)) == 4


def test_without_money_the_new_months_wait_in_the_list(programme, officer):
    application = approve(programme, "2018-05-01", "2020-05-01")
    pot_id = get_pot_id(programme)
    others = []
    while get_headroom_cents(pot_id) >= 400_00:
        others.append(approve(programme, "2018-05-01", "2020-05-01"))
    change = declare(application, children("2018-05-01", "2020-05-01", "2025-06-02"), date(2025, 6, 2))
    effect = apply_change(change=change, at=JUNE_10, by=officer)
    assert (effect[0]["waiting"], effect[0]["cents"]) == (2, 0)
    renounce_benefit(application=others[0], reason="Trasloco", gives_back=True, at=JUNE_10, by=None)
    assert months_of(application)["2025-09"] == "due"
    assert list_all_violations() == []


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (date(2025, 6, 11), ChangeRefusal.CHANGE_IN_FUTURE),
        (date(2025, 3, 1), ChangeRefusal.CHANGE_BEFORE_REQUEST),
    ],
)
def test_a_day_that_cannot_be_is_refused(programme, on, code):
    application = approve(programme, "2018-05-01")
    with pytest.raises(ChangeRefused) as refused:
        declare(application, children(), on)
    assert refused.value.code is code


def test_one_change_at_a_time_and_none_without_a_difference(programme, officer):
    application = approve(programme, "2018-05-01")
    with pytest.raises(ChangeRefused) as refused:
        declare(application, children("2018-05-01"), date(2025, 5, 3))
    assert refused.value.code is ChangeRefusal.CHANGE_SAME
    change = declare(application, children(), date(2025, 5, 3))
    assert declare(application, children(), date(2025, 5, 3)).pk == change.pk  # a double click
    with pytest.raises(ChangeRefused) as refused:
        declare(application, children("2018-05-01", "2025-04-01"), date(2025, 5, 4))
    assert refused.value.code is ChangeRefusal.CHANGE_OPEN
    turn_down_change(change=change, reason="Manca il documento.", at=JUNE_10, by=officer)
    turn_down_change(change=change, reason="Manca il documento.", at=JUNE_10, by=officer)
    assert Letter.objects.filter(kind="applications.change_refused").count() == 1
    with pytest.raises(ChangeRefused) as refused:
        apply_change(change=change, at=JUNE_10, by=officer)
    assert refused.value.code is ChangeRefusal.CHANGE_CLOSED
    assert Change.objects.get().status == ChangeStatus.REFUSED


def test_a_suspension_postpones_and_no_month_is_issued_meanwhile(programme, officer):
    application = approve(programme, "2018-05-01", "2020-05-01")
    issue_month(programme=programme, product_code="buono-servizi", month=APRIL, at=DECIDED_AT, by=None)
    suspend_benefit(
        application=application, since=APRIL, until=None, reason="hospital", text="Ricovero", blocks_vouchers=True,
        at=DECIDED_AT, by=officer,
    )  # fmt: skip
    voucher = Voucher.objects.get()
    assert voucher.blocked == 2**voucher.title_count - 1
    report = issue_month(programme=programme, product_code="buono-servizi", month=APRIL + 1, at=JUNE_10, by=None)
    assert report.issued == 0
    with pytest.raises(AwardRefused) as refused:
        suspend_benefit(
            application=application, since=APRIL, until=None, reason="hospital", text="Ricovero", blocks_vouchers=False,
            at=DECIDED_AT, by=officer,
        )  # fmt: skip
    assert refused.value.code is Refusal.ALREADY_SUSPENDED
    resume_benefit(application=application, first=Month(2025, 7), text="A casa", at=JUNE_10, by=officer)
    assert months_of(application) == {"2025-04": "issued", "2025-07": "due", "2025-08": "due", "2025-09": "due"}
    assert Voucher.objects.get().blocked == 0
    assert set(Letter.objects.values_list("kind", flat=True)) >= {"applications.suspension", "applications.resumption"}
    assert list_all_violations() == []


def _suspend(application: Application, officer: Any, since: Month, until: Month | None) -> None:
    suspend_benefit(
        application=application, since=since, until=until, reason="away", text="Fuori", blocks_vouchers=False,
        at=DECIDED_AT, by=officer,
    )  # fmt: skip


def test_no_month_is_moved_into_another_suspension(programme, officer):
    application = approve(programme, "2018-05-01", "2020-05-01")
    _suspend(application, officer, Month(2025, 7), Month(2025, 9))
    _suspend(application, officer, Month(2025, 5), Month(2025, 6))  # an earlier one, written later
    assert list(months_of(application)) == ["2025-04", "2025-06", "2025-09", "2025-10"]
    resume_benefit(application=application, first=APRIL, text="A casa", at=DECIDED_AT, by=officer)
    assert list(months_of(application)) == ["2025-04", "2025-05", "2025-06", "2025-09"]
    assert list_all_violations() == []


def test_what_an_open_suspension_holds_stays_held_by_another(programme, officer):
    application = approve(programme, "2018-05-01", "2020-05-01")
    _suspend(application, officer, Month(2025, 6), None)
    _suspend(application, officer, APRIL, Month(2025, 5))
    assert list(months_of(application)) == ["2025-05"]
    resume_benefit(application=application, first=APRIL, text="A casa", at=DECIDED_AT, by=officer)
    assert list(months_of(application)) == ["2025-04", "2025-05"]
    resume_benefit(application=application, first=Month(2025, 7), text="A casa", at=JUNE_10, by=officer)
    assert list(months_of(application)) == ["2025-04", "2025-05", "2025-07", "2025-08"]
    assert list_all_violations() == []


def test_a_suspension_with_an_end_unblocks_by_itself(programme, officer):
    application = approve(programme, "2018-05-01")
    issue_month(programme=programme, product_code="buono-servizi", month=APRIL, at=DECIDED_AT, by=None)
    suspend_benefit(
        application=application, since=APRIL, until=Month(2025, 6), reason="away", text="Fuori", blocks_vouchers=True,
        at=DECIDED_AT, by=officer,
    )  # fmt: skip
    assert months_of(application) == {"2025-04": "issued", "2025-06": "due"}
    assert unblock_ended(DECIDED_AT) == 0
    assert unblock_ended(JUNE_10) == 1
    assert unblock_ended(JUNE_10) == 0
    assert Voucher.objects.get().blocked == 0


def test_what_falls_after_the_end_goes_back(programme, officer):
    application = approve(programme, "2018-05-01", "2020-05-01")
    last = get_benefits(application.pk)[0].last
    suspension = suspend_benefit(
        application=application, since=APRIL, until=last + -1, reason="away", text="Fuori", blocks_vouchers=False,
        at=DECIDED_AT, by=officer,
    )  # fmt: skip
    assert [(line["moved"], line["returned"]) for line in suspension.effect] == [(1, 3)]
    assert list_all_violations() == []


def test_a_benefit_given_up_is_not_changed_any_more(programme):
    application = approve(programme, "2018-05-01")
    renounce_benefit(application=application, reason="Nido", gives_back=True, at=JUNE_10, by=None)
    renounce_benefit(application=application, reason="Nido", gives_back=True, at=JUNE_10, by=None)
    assert Letter.objects.filter(kind="applications.renunciation").count() == 1
    with pytest.raises(ChangeRefused) as refused:
        declare(application, children(), date(2025, 5, 3))
    assert refused.value.code is ChangeRefusal.CHANGE_BENEFIT_ENDED


def test_a_benefit_given_up_with_nothing_left_is_not_changed_either(programme, officer):
    """A slice had closed its run already: the renunciation still counts."""
    application = approve(programme, "2018-05-01", "2020-05-01")
    for i in range(3):
        issue_month(programme=programme, product_code="buono-servizi", month=APRIL + i, at=DECIDED_AT, by=None)
    lost = declare(application, children("2018-05-01", "2020-05-01", isee_cents=99_000_00), date(2025, 5, 3))
    apply_change(change=lost, at=JUNE_10, by=officer)
    assert [(a.status, a.end_reason) for a in Award.objects.all()] == [(AwardStatus.ENDED, "")]
    renounce_benefit(application=application, reason="Nido", gives_back=False, at=JUNE_10, by=None)
    with pytest.raises(ChangeRefused) as refused:
        declare(application, children("2018-05-01", "2020-05-01"), date(2025, 6, 3))
    assert refused.value.code is ChangeRefusal.CHANGE_BENEFIT_ENDED


steps = st.lists(
    st.one_of(
        st.tuples(st.just("approve"), st.integers(1, 3)),
        st.tuples(st.just("change"), st.tuples(st.integers(0, 9), st.integers(0, 3))),
        st.tuples(st.just("suspend"), st.tuples(st.integers(0, 9), st.integers(0, 4), st.none() | st.integers(1, 4))),
        st.tuples(st.just("resume"), st.integers(0, 9)),
        st.tuples(st.just("renounce"), st.integers(0, 9)),
        st.tuples(st.just("issue"), st.integers(-1, 2)),
        st.tuples(st.just("wait"), st.none()),
    ),
    min_size=4,
    max_size=16,
)
BIRTHS = ("2018-05-01", "2020-05-01", "2025-03-01")


@pytest.mark.slow  # builds many small histories on a real database
@hypothesis_settings(max_examples=15)
@given(steps=steps)
def test_any_history_ties_and_issues_no_month_twice(steps: list[tuple[str, Any]], tmp_path_factory: Any) -> None:
    with transaction.atomic():
        _run(steps, tmp_path_factory.mktemp("programme"))
        transaction.set_rollback(True)


def _run(steps: list[tuple[str, Any]], folder: Path) -> None:
    text = programme_text().replace('budget = "16.000,00"', 'budget = "1.200,00"')
    assert "1.200,00" in text
    programme = load_text(folder, text)
    officer = make_user(("case_officer", "all", None))
    applications = [approve(programme, *BIRTHS[:2]), approve(programme, *BIRTHS[:1])]
    at = DECIDED_AT
    for name, value in steps:
        try:
            with transaction.atomic():
                at = _take(name, value, programme, applications, officer, at)
        except (ChangeRefused, AwardRefused):
            pass
        _check(get_pot_id(programme), at)
    assert list_all_violations() == []


def _take(
    name: str, value: Any, programme: Any, applications: list[Application], officer: Any, at: datetime
) -> datetime:
    now = Month.of(at)
    if name == "approve" and len(applications) < 6:
        applications.append(approve(programme, *BIRTHS[:value]))
    elif name == "change":
        application = applications[value[0] % len(applications)]
        change = declare(application, children(*BIRTHS[: value[1]]), at.date(), at)
        apply_change(change=change, at=at, by=officer)
    elif name == "suspend":
        since = now + value[1]
        suspend_benefit(
            application=applications[value[0] % len(applications)], since=since,
            until=since + value[2] if value[2] else None, reason="away", text="Fuori", blocks_vouchers=value[1] == 0,
            at=at, by=officer,
        )  # fmt: skip
    elif name == "resume":
        resume_benefit(application=applications[value % len(applications)], first=now + 1, text="Sì", at=at, by=officer)
    elif name == "renounce":
        renounce_benefit(
            application=applications[value % len(applications)], reason="No", gives_back=value % 2 == 0, at=at, by=None
        )
    elif name == "issue":
        issue_month(programme=programme, product_code="buono-servizi", month=now + value, at=at, by=None)
    else:
        at += timedelta(days=31)
    return at


def _check(pot_id: int, at: datetime) -> None:
    totals = get_account_totals([pot_id])
    held = Award.objects.exclude(status__in=[AwardStatus.WAITING, AwardStatus.DROPPED])
    assert totals[Account.COMMITTED] == sum(
        (a.months - a.months_released - a.months_issued) * a.month_cents for a in held
    )
    assert totals[Account.AVAILABLE] >= 0
    assert not list_violations()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM (SELECT 1 FROM vouchers_voucher v JOIN awards_award a ON a.id = v.award_id
            WHERE v.replacement = 0 GROUP BY a.application_id, v.product, v.month HAVING count(*) > 1) d"""
        )
        assert cursor.fetchone()[0] == 0
    for application_id in Award.objects.values_list("application_id", flat=True).distinct():
        for benefit in get_benefits(application_id):
            months = [m for run in benefit.runs for m in (*run.due, *run.issued)]
            assert len(months) == len(set(months)), (application_id, benefit.runs)
