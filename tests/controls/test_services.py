"""Samples drawn once and drawn again; checks heard before they are concluded; silence that harms nobody."""

from datetime import date, timedelta

import pytest
from django.db import Error, transaction

from piutempo.controls.letters import KINDS
from piutempo.controls.models import Check, CheckOutcome, CheckState, FamilyAnswer, ItemAnswer, Sample
from piutempo.controls.rules.checking import ControlRefused, Refusal
from piutempo.controls.rules.sampling import read_population
from piutempo.controls.selectors import get_report, list_items, recount_sample
from piutempo.controls.services import (
    answer_finding,
    answer_item,
    conclude_check,
    draw_sample,
    open_check,
    open_sample,
    read_facts,
    release_check,
    return_proposal,
    run_due,
    send_finding,
    sign_outcome,
    take_check,
)
from piutempo.correspondence.rules import fill
from piutempo.correspondence.selectors import list_letters
from piutempo.records.models import Event, RegisterEntry
from piutempo.records.services import FileRefused
from piutempo.settlements.models import Forfeiture
from tests.applications.factories import DECIDED_AT, OPEN_AT, make_draft, make_submitted
from tests.controls.factories import (
    CHECKED_AT,
    PERIOD,
    go_through,
    make_approved,
    make_check,
    make_checked_programme,
    make_found,
    make_officers,
    make_sample,
    post_letters,
)

pytestmark = pytest.mark.django_db
LATE = CHECKED_AT + timedelta(days=16)


@pytest.fixture
def programme(tmp_path):
    return make_checked_programme(tmp_path)


@pytest.fixture
def officers(programme):
    return make_officers(programme)


def refused(step, **arguments):
    with pytest.raises(ControlRefused) as found, transaction.atomic():
        step(**arguments)
    return found.value.code


def test_a_sample_is_drawn_by_class_and_opens_a_check_each(programme, officers):
    for _ in range(3):
        make_submitted(programme, isee_cents=500_000)
    for _ in range(8):
        make_submitted(programme)
    make_draft(programme)
    sample = make_sample(programme, officers[2])
    assert [row[2:] for row in sample.shares] == [[5_000, 3, 2], [1_000, 8, 1]]
    assert (sample.population_size, sample.drawn_count) == (11, 3)
    checks = list(Check.objects.filter(sample=sample))
    assert len(checks) == 3
    assert {c.due_on for c in checks} == {date(2025, 6, 1)}
    assert checks[0].checklist == ["Residenza e stato di famiglia", "ISEE nella banca dati"]
    classes = dict(read_population(sample.population))
    assert all(classes[c.application.number] == c.risk_class for c in checks)
    assert draw_sample(sample=sample, at=LATE, by=None).drawn_at == CHECKED_AT
    assert Check.objects.count() == 3
    found = recount_sample(sample)
    assert found.is_same
    assert found.drawn == tuple(sorted(c.application.number for c in checks))


def test_a_sample_that_was_tampered_with_is_found(programme, officers):
    applications = [make_submitted(programme) for _ in range(4)]
    sample = make_sample(programme)
    sample.population = sample.population.replace("ordinario", "isee-basso", 1)
    assert not recount_sample(sample).is_hash_same
    sample.refresh_from_db()
    changed = applications[0]
    changed.facts = changed.facts.replace("1000000", "100")
    changed.save(update_fields=["facts"])
    assert recount_sample(sample).changed == (changed.number,)
    sample.seed = "altro"
    again = recount_sample(sample)
    assert again.missing or again.drawn == recount_sample(Sample.objects.get(pk=sample.pk)).drawn


def test_seeds_are_fixed_first_and_periods_never_overlap(programme):
    first, last = PERIOD
    asked = {"programme": programme, "at": DECIDED_AT, "by": None}
    assert refused(open_sample, period_from=last, period_until=first, **asked) is Refusal.WRONG_PERIOD
    assert (
        refused(open_sample, period_from=first, period_until=last, seed="7", is_public=True, **asked) is Refusal.NO_SEED
    )
    sample = open_sample(period_from=first, period_until=last, **asked)
    assert len(sample.seed) == 32
    assert open_sample(period_from=first, period_until=last, **asked) == sample
    assert refused(open_sample, period_from=first, period_until=date(2025, 3, 8), **asked) is Refusal.OVERLAPS
    assert refused(draw_sample, sample=sample, at=DECIDED_AT, by=None) is Refusal.PERIOD_NOT_OVER
    assert refused(draw_sample, sample=sample, at=CHECKED_AT, by=None) is Refusal.NO_POPULATION


def test_the_database_keeps_seeds_draws_and_answers(programme, officers):
    make_submitted(programme)
    sample = make_sample(programme)
    decider, checker, _manager = officers
    check = make_check(make_approved(programme, decider), decider, checker)
    go_through(check, checker, "ok", "ok")
    conclude_check(check=check, outcome="regular", reasons="", at=CHECKED_AT, by=checker)
    for change in (
        lambda: Sample.objects.filter(pk=sample.pk).update(seed="1"),
        lambda: Sample.objects.filter(pk=sample.pk).update(drawn_count=9),
        lambda: Sample.objects.filter(pk=sample.pk).delete(),
        lambda: Check.objects.filter(pk=check.pk).update(outcome="false"),
        lambda: Check.objects.filter(sample=sample).update(ground="doubt"),
        lambda: Check.objects.filter(sample=sample).update(state="closed", outcome="regular", closed_at=CHECKED_AT),
        lambda: Check.objects.filter(sample=sample).update(outcome="false"),
        lambda: ItemAnswer.objects.update(outcome="ok"),
        lambda: ItemAnswer.objects.all().delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            change()


def test_nobody_checks_what_they_decided(programme, officers):
    decider, checker, _manager = officers
    application = make_approved(programme, decider)
    check = open_check(application=application, reason="Un dubbio", at=CHECKED_AT, by=decider)
    assert refused(take_check, check=check, at=CHECKED_AT, by=decider) is Refusal.DECIDED_BY_YOU
    assert take_check(check=check, at=CHECKED_AT, by=checker).officer == checker
    assert refused(take_check, check=check, at=CHECKED_AT, by=officers[2]) is Refusal.TAKEN
    assert release_check(check=check, at=CHECKED_AT, by=checker).officer is None
    answered = {"check": check, "position": 0, "outcome": "ok", "note": "", "at": CHECKED_AT, "by": checker}
    assert refused(answer_item, **answered) is Refusal.NOT_YOURS


def test_who_decides_while_checking_may_not_conclude(programme, officers):
    from piutempo.applications.services import decide_application

    decider, checker, _manager = officers
    application = make_submitted(programme)
    check = make_check(application, decider, checker)
    go_through(check, checker, "ok", "ok")
    decide_application(application=application, approve=True, note="", at=CHECKED_AT, by=checker)
    concluded = {"check": check, "outcome": "regular", "reasons": "", "at": CHECKED_AT, "by": checker}
    assert refused(conclude_check, **concluded) is Refusal.DECIDED_BY_YOU


def test_only_one_check_at_a_time_and_only_of_a_live_request(programme, officers):
    decider, checker, _manager = officers
    application = make_approved(programme, decider)
    opened = {"application": application, "at": CHECKED_AT, "by": checker}
    assert refused(open_check, reason=" ", **opened) is Refusal.NO_REASON
    open_check(reason="Dubbio", **opened)
    assert refused(open_check, reason="Dubbio", **opened) is Refusal.ALREADY_OPEN
    draft = make_draft(programme)
    assert refused(open_check, application=draft, reason="x", at=CHECKED_AT, by=checker) is Refusal.NOT_CHECKABLE
    sample = make_sample(programme)
    assert sample.drawn_count == 1
    assert Check.objects.count() == 1, "a request under check gets no second one"
    assert recount_sample(sample).is_same


def test_items_keep_their_history_and_need_a_note(programme, officers):
    decider, checker, _manager = officers
    check = make_check(make_approved(programme, decider), decider, checker)
    said = {"check": check, "position": 0, "at": CHECKED_AT, "by": checker}
    assert refused(answer_item, outcome="not_ok", note="", **said) is Refusal.NO_REASON
    assert refused(answer_item, outcome="boh", note="", **said) is Refusal.WRONG_ITEM
    assert refused(answer_item, **said | {"position": 2}, outcome="ok", note="") is Refusal.WRONG_ITEM
    assert refused(answer_item, **said | {"position": -1}, outcome="ok", note="") is Refusal.WRONG_ITEM
    with pytest.raises(FileRefused), transaction.atomic():
        answer_item(outcome="ok", note="", name="x.pdf", content=b"<html>", **said)
    first = answer_item(outcome="not_ok", note="Risiede altrove", **said)
    assert answer_item(outcome="not_ok", note="Risiede altrove", **said) == first
    answer_item(outcome="ok", note="Chiarito", name="certificato.pdf", content=b"%PDF-1.7\n1 0 obj", **said)
    assert check.answers.count() == 2
    shown = list_items(check)[0].answer
    assert shown is not None and (shown.outcome, shown.file.name) == ("ok", "certificato.pdf")


def test_regular_when_everything_is_in_order(programme, officers):
    decider, checker, _manager = officers
    check = make_check(make_approved(programme, decider), decider, checker)
    concluded = {"check": check, "outcome": "regular", "reasons": "", "at": CHECKED_AT, "by": checker}
    assert refused(conclude_check, **concluded) is Refusal.ITEMS_LEFT
    go_through(check, checker, "ok", "not_ok")
    assert refused(conclude_check, **concluded) is Refusal.ITEM_FAILED
    go_through(check, checker, "ok", "na")
    assert conclude_check(**concluded).outcome == CheckOutcome.REGULAR
    assert refused(conclude_check, **concluded) is Refusal.CLOSED


def test_a_family_is_heard_before_anything_is_said_against_it(programme, officers):
    decider, checker, _manager = officers
    check = make_check(make_approved(programme, decider), decider, checker)
    told = {"check": check, "text": "L'ISEE non risulta.", "at": CHECKED_AT, "by": checker}
    wrong = {"check": check, "outcome": "curable", "reasons": "ISEE da rifare", "at": CHECKED_AT, "by": checker}
    assert refused(send_finding, **told) is Refusal.ITEMS_LEFT
    go_through(check, checker, "ok", "ok")
    assert refused(send_finding, **told) is Refusal.NOTHING_FAILED
    assert refused(conclude_check, **wrong) is Refusal.NOTHING_FAILED
    go_through(check, checker, "ok", "not_ok")
    assert refused(conclude_check, **wrong) is Refusal.FINDING_NEEDED
    before = check.due_on
    check = send_finding(**told)
    assert (check.answer_due_on, check.due_on - before) == (date(2025, 4, 17), timedelta(days=15))
    assert send_finding(**told).finding_at == CHECKED_AT
    assert refused(conclude_check, **wrong) is Refusal.FAMILY_DAYS_RUNNING
    last_day = CHECKED_AT + timedelta(days=15)
    assert refused(conclude_check, **wrong | {"at": last_day + timedelta(days=1)}) is Refusal.LETTER_NOT_SENT
    post_letters(check, CHECKED_AT, checker)
    assert refused(conclude_check, **wrong | {"at": last_day}) is Refusal.FAMILY_DAYS_RUNNING
    run_due(LATE)
    check.refresh_from_db()
    assert check.state == CheckState.FINDING, "silence alone concludes nothing"
    assert refused(conclude_check, **wrong | {"at": LATE, "reasons": ""}) is Refusal.NO_REASON
    assert refused(conclude_check, **wrong | {"at": LATE, "outcome": "lapsed"}) is Refusal.WRONG_STEP
    assert conclude_check(**wrong | {"at": LATE}).outcome == CheckOutcome.CURABLE


def test_a_familys_answer_lets_the_officer_go_on(programme, officers):
    decider, checker, _manager = officers
    check = make_found(make_approved(programme, decider), decider, checker)
    said = {"check": check, "key": "k1", "at": CHECKED_AT, "by": None}
    assert refused(answer_finding, text=" ", **said) is Refusal.NO_REASON
    first = answer_finding(text="Ho rifatto la DSU.", **said)
    assert answer_finding(text="Ho rifatto la DSU.", **said) == first
    answer_finding(text="Aggiungo il protocollo.", **said | {"key": "k2"})
    assert FamilyAnswer.objects.count() == 2
    entries = RegisterEntry.objects.filter(subject="controls.check", direction="in")
    assert entries.count() == 2, "what the family sends in is registered, once"
    check.refresh_from_db()
    assert check.state == CheckState.ANSWERED
    go_through(check, checker, "ok", "ok")
    concluded = conclude_check(check=check, outcome="regular", reasons="", at=CHECKED_AT, by=checker)
    assert concluded.outcome == CheckOutcome.REGULAR
    assert refused(answer_finding, text="Ancora", **said | {"key": "k3"}) is Refusal.CLOSED


def test_nothing_to_answer_before_something_is_asked(programme, officers):
    decider, checker, _manager = officers
    check = make_check(make_approved(programme, decider), decider, checker)
    assert refused(answer_finding, check=check, text="x", key="k", at=CHECKED_AT, by=None) is Refusal.NO_FINDING


def test_another_person_signs_where_the_programme_wants_it(tmp_path):
    programme = make_checked_programme(tmp_path, signature=True)
    decider, checker, manager = make_officers(programme)
    check = make_found(make_approved(programme, decider), decider, checker)
    assert refused(sign_outcome, check=check, at=LATE, by=manager) is Refusal.NOTHING_TO_SIGN
    proposed = {"check": check, "outcome": "false", "reasons": "ISEE inventato", "at": LATE, "by": checker}
    assert conclude_check(**proposed).state == CheckState.PROPOSED
    assert refused(conclude_check, **proposed) is Refusal.SIGN_PENDING
    assert refused(sign_outcome, check=check, at=LATE, by=checker) is Refusal.SAME_PERSON
    assert refused(sign_outcome, check=check, at=LATE, by=decider) is Refusal.DECIDED_BY_YOU
    assert refused(return_proposal, check=check, reason="", at=LATE, by=manager) is Refusal.NO_REASON
    returned = return_proposal(check=check, reason="Sentire il CAF", at=LATE, by=manager)
    assert (returned.state, returned.outcome) == (CheckState.FINDING, "")
    conclude_check(**proposed)
    answer_finding(check=check, text="Ecco l'attestazione", key="k", at=LATE, by=None)
    check.refresh_from_db()
    assert (check.state, check.outcome) == (CheckState.ANSWERED, ""), "a late answer takes the proposal back"
    conclude_check(**proposed)
    closed = sign_outcome(check=check, at=LATE, by=manager)
    assert (closed.state, closed.outcome, closed.closed_by) == (CheckState.CLOSED, CheckOutcome.FALSE, manager)
    forfeiture = Forfeiture.objects.get(application=check.application)
    assert (forfeiture.status, forfeiture.since) == ("notified", OPEN_AT.date())
    check.application.refresh_from_db()
    assert check.application.status == "approved", "a notice takes nothing away: a person decides later"
    report = {"check": closed, "position": 2, "outcome": "ok", "note": "Segnalato", "at": LATE, "by": checker}
    answer_item(**report)
    noted = get_report(closed)
    assert noted is not None and noted.note == "Segnalato"


def test_the_offices_silence_closes_in_the_familys_favour(programme, officers):
    decider, checker, _manager = officers
    check = make_found(make_approved(programme, decider), decider, checker)
    last_day = CHECKED_AT.replace(month=6, day=16)
    assert check.due_on == last_day.date()
    run_due(last_day)
    check.refresh_from_db()
    assert check.state == CheckState.FINDING
    for _ in range(2):
        run_due(last_day + timedelta(days=1))
    check.refresh_from_db()
    assert (check.state, check.outcome, check.closed_by) == (CheckState.CLOSED, CheckOutcome.LAPSED, None)
    assert Event.objects.filter(name="controls.check_lapsed").count() == 1
    check.application.refresh_from_db()
    assert check.application.status == "approved"


def test_opening_the_sealed_facts_leaves_a_trace(programme, officers):
    decider, checker, _manager = officers
    check = make_check(make_approved(programme, decider), decider, checker)
    for _ in range(2):
        read_facts(check=check, at=CHECKED_AT, by=checker)
    read_facts(check=check, at=CHECKED_AT + timedelta(days=1), by=checker)
    assert Event.objects.filter(name="controls.facts_read", actor_id=checker.pk).count() == 2


def test_what_is_written_is_sealed(programme, officers):
    from django.db import connection

    decider, checker, _manager = officers
    make_found(make_approved(programme, decider), decider, checker)
    with connection.cursor() as cursor:
        cursor.execute("SELECT finding, doubt FROM controls_check")
        assert not any("ISEE" in text or "indirizzo" in text for text in cursor.fetchone())
        cursor.execute("SELECT note FROM controls_itemanswer")
        assert "anagrafe" not in cursor.fetchone()[0]


def letters_of(check, kind=""):
    return [
        letter
        for letter in list_letters(subject="controls.check", subject_id=check.pk)
        if not kind or letter.kind == kind
    ]


def test_a_family_is_told_reminded_twice_and_told_the_end(programme, officers):
    decider, checker, _manager = officers
    check = make_found(make_approved(programme, decider), decider, checker)
    (finding,) = letters_of(check)
    assert finding.kind == "controls.finding"
    assert "L'ISEE dichiarato non risulta." in str(finding.document.read())
    assert "17 aprile 2025" in str(finding.document.read())
    for day in range(1, 17):
        for _ in range(2):
            run_due(CHECKED_AT + timedelta(days=day))
    assert [letter.key for letter in letters_of(check, "controls.reminder")] in (["5", "1"], ["1", "5"])
    conclude_check(check=check, outcome="curable", reasons="Manca una firma.", at=LATE, by=checker)
    (end,) = letters_of(check, "controls.outcome")
    assert "Manca una firma." in str(end.document.read())


def test_no_reminder_after_an_answer_and_no_letter_to_who_was_asked_nothing(programme, officers):
    decider, checker, _manager = officers
    check = make_found(make_approved(programme, decider), decider, checker)
    answer_finding(check=check, text="Ecco", key="k", at=CHECKED_AT, by=None)
    run_due(CHECKED_AT + timedelta(days=14))
    assert not letters_of(check, "controls.reminder")
    quiet = make_check(make_approved(programme, decider), decider, checker)
    go_through(quiet, checker, "ok", "ok")
    conclude_check(check=quiet, outcome="regular", reasons="", at=CHECKED_AT, by=checker)
    assert not letters_of(quiet)


def test_the_letters_words_can_be_filled_in():
    for kind in KINDS:
        fill(kind.subject, kind.examples)
        fill(kind.body, kind.examples)


def test_a_false_declaration_in_a_request_not_yet_decided_takes_nothing_away(programme, officers):
    decider, checker, _manager = officers
    check = make_found(make_submitted(programme), decider, checker)
    conclude_check(check=check, outcome="false", reasons="ISEE inventato", at=LATE, by=checker)
    assert not Forfeiture.objects.exists()
