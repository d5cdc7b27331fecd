"""The clock: the worked examples of docs/rules/procedimento.md, then what must hold for every procedure."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from dateutil.easter import easter
from hypothesis import given
from hypothesis import strategies as st

from piutempo.procedures.messages import clock_lines, clock_sentence
from piutempo.procedures.rules.clock import (
    Kind,
    ProcedureCase,
    StepCase,
    clock_for,
    earliest_refusal_on,
    refusal_to_ask_for,
    refusal_to_decide_for,
)
from piutempo.procedures.rules.law import NoticeEffect, easter_of
from piutempo.procedures.selectors import get_laws

LAWS = get_laws()
DAY = timedelta(days=1)
#: The first day on which the notice suspends.
TURN = date(2020, 7, 17)
KINDS = {"D": Kind.INTEGRATION, "P": Kind.NOTICE}


def day_of(text: str) -> date:
    day, month, year = map(int, text.split("/"))
    return date(year, month, day)


def step(kind: Kind, sent_on: date, days: int = 10, answered: date | None = None, closed: date | None = None):
    return StepCase(kind, sent_on, LAWS.family_due_on(sent_on, days), answered, closed)


def read_steps(text: str) -> tuple[StepCase, ...]:
    pattern = re.compile(r"([DP]) (\S+) (\d+)(?: → (\S+))?(?: × (\S+))?")
    steps = [pattern.fullmatch(part.strip()) for part in text.split(";")] if text != "–" else []
    return tuple(
        step(KINDS[s[1]], day_of(s[2]), int(s[3]), s[4] and day_of(s[4]), s[5] and day_of(s[5])) for s in steps if s
    )


def worked_examples(root) -> list[list[str]]:
    page = (root / "docs/rules/procedimento.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in page.split("## Esempi")[1].splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in row] for row in rows]


def test_worked_examples_of_the_docs(settings, subtests):
    rows = worked_examples(settings.BASE_DIR)
    assert len(rows) >= 15
    for started, term, steps, seen, due, paused, refusal_from, why in rows:
        with subtests.test(why):
            case = ProcedureCase(day_of(started), int(term), read_steps(steps))
            on = day_of(seen)
            clock = clock_for(case, LAWS, on)
            earliest = earliest_refusal_on(case, is_competitive=False, on=on)
            found = (
                f"{clock.due_on:%d/%m/%Y}",
                f"fino al {clock.resumes_on:%d/%m/%Y}" if clock.is_paused else "no",
                f"{earliest:%d/%m/%Y}" if earliest else "serve il preavviso",
            )
            assert found == (due, paused, refusal_from)
            assert clock_lines(clock)[-1].endswith(f"{due}.") and clock_sentence(clock)


def test_the_law_of_the_docs_is_the_law_on_file(settings):
    page = (settings.BASE_DIR / "docs/rules/procedimento.md").read_text(encoding="utf-8")
    said = re.findall(r"^\| (\d\d/\d\d/\d{4}) \| (\d+) giorni; \*\*(\w+)\*\*", page, re.MULTILINE)
    names = {"interrompe": NoticeEffect.INTERRUPTS, "sospende": NoticeEffect.SUSPENDS}
    assert [(day_of(d), int(n), names[e]) for d, n, e in said] == [
        (law.valid_from, law.notice_days, law.notice_effect) for law in LAWS.texts
    ]
    assert all(law.sources for law in LAWS.texts)


def test_a_day_before_the_oldest_text_is_said_so():
    with pytest.raises(LookupError, match="the oldest is from 2009-07-04"):
        LAWS.on(date(2009, 7, 3))


@given(st.integers(1900, 2199))
def test_easter_is_that_of_the_calendar(year):
    assert easter_of(year) == easter(year)


@pytest.mark.parametrize(
    ("day", "is_holiday"),
    [
        (date(2026, 4, 6), True),  # Easter Monday
        (date(2027, 10, 4), True),
        (date(2025, 10, 4), False),  # a Saturday, before the law that made it a holiday
        (date(2011, 3, 17), True),
        (date(2012, 3, 17), False),
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 11, 22), True),  # Sunday
        (date(2026, 6, 29), False),  # Rome's patron saints: local
    ],
)
def test_holidays(day, is_holiday):
    assert LAWS.is_holiday(day) is is_holiday


@given(st.dates(date(2009, 7, 4), date(2100, 1, 1)), st.integers(1, 60))
def test_a_familys_last_day_is_a_working_day_and_gives_all_days(sent_on, days):
    last = LAWS.family_due_on(sent_on, days)
    assert not LAWS.is_holiday(last)
    assert days <= (last - sent_on).days <= days + 4


starts = st.one_of(
    st.dates(date(2010, 1, 1), date(2030, 1, 1)), st.integers(-60, 60).map(lambda n: TURN + timedelta(days=n))
)


@st.composite
def histories(draw, kinds=tuple(Kind)[:2], most=5):
    """A procedure as the services can bring it about: one thing at a time is asked, answers after sending."""
    started, term = draw(starts), draw(st.integers(1, 90))
    case = ProcedureCase(started, term)
    day = started
    for _ in range(draw(st.integers(0, most))):
        day += timedelta(days=draw(st.integers(0, 25)))
        kind = draw(st.sampled_from(kinds))
        days = LAWS.on(day).notice_days if kind == Kind.NOTICE else draw(st.integers(1, 30))
        if refusal_to_ask_for(case, kind, day):
            continue
        answered = day + timedelta(days=draw(st.integers(0, 50))) if draw(st.booleans()) else None
        closed = day + timedelta(days=draw(st.integers(0, 50))) if draw(st.booleans()) else None
        case = replace(case, steps=(*case.steps, step(kind, day, days, answered, closed)))
    return case


def days_of(case: ProcedureCase, more: int = 130) -> list[date]:
    last = max([case.started_on, *(s.due_on for s in case.steps)])
    return [case.started_on + timedelta(days=n) for n in range((last - case.started_on).days + more)]


@given(histories(), st.booleans())
def test_no_path_decides_against_the_family_before_its_days_have_run(case, is_competitive):
    for on in days_of(case, more=3):
        if refusal_to_decide_for(case, is_approval=False, is_competitive=is_competitive, on=on):
            continue
        known = [s for s in case.steps if s.sent_on <= on]
        for one in known:
            answered = one.answered_on is not None and one.answered_on <= on
            if one.kind == Kind.INTEGRATION:
                assert on > one.due_on or answered
            elif not one.seen_on(on).is_taken_back:
                assert on > one.due_on
        assert is_competitive or any(s.kind == Kind.NOTICE and s.due_on < on for s in known)


@given(histories(), st.booleans())
def test_the_earliest_day_is_the_first_one_not_refused(case, is_competitive):
    """As known on a day, that is if nothing more happens: the office sends, the family answers nothing else."""
    for on in days_of(case, more=3):
        known = replace(case, steps=tuple(s.seen_on(on) for s in case.steps if s.sent_on <= on))
        earliest = earliest_refusal_on(known, is_competitive=is_competitive, on=on)
        ask = {"is_approval": False, "is_competitive": is_competitive}
        if earliest is None:
            assert refusal_to_decide_for(known, on=on + 400 * DAY, **ask) == "NOTICE_NEEDED"
            continue
        assert refusal_to_decide_for(known, on=earliest, **ask) is None
        assert earliest == on or refusal_to_decide_for(known, on=earliest - DAY, **ask)


@given(histories())
def test_what_favours_the_family_is_never_held_up(case):
    assert all(
        refusal_to_decide_for(case, is_approval=True, is_competitive=False, on=on) is None for on in days_of(case, 1)
    )


@given(histories(), st.randoms())
def test_the_order_in_which_steps_are_listed_does_not_matter(case, random):
    shuffled = list(case.steps)
    random.shuffle(shuffled)
    other = replace(case, steps=tuple(shuffled))
    for on in days_of(case, more=2):
        assert clock_for(other, LAWS, on) == clock_for(case, LAWS, on)


@given(histories())
def test_a_later_step_never_takes_days_from_the_office(case):
    for count in range(len(case.steps)):
        before = replace(case, steps=case.steps[:count])
        after = replace(case, steps=case.steps[: count + 1])
        on = max(s.due_on for s in after.steps) + 60 * DAY
        assert clock_for(after, LAWS, on).due_on >= clock_for(before, LAWS, on).due_on


@given(histories(), st.integers(0, 40))
def test_a_longer_term_never_ends_earlier(case, more):
    longer = replace(case, term_days=case.term_days + more)
    for on in days_of(case, more=2):
        assert clock_for(longer, LAWS, on).due_on >= clock_for(case, LAWS, on).due_on


@given(histories(), st.integers(0, 200))
def test_what_happens_later_is_not_seen_before(case, offset):
    on = case.started_on + timedelta(days=offset)
    known = replace(case, steps=tuple(s.seen_on(on) for s in case.steps if s.sent_on <= on))
    assert clock_for(known, LAWS, on) == clock_for(case, LAWS, on)


@given(histories())
def test_days_left_fall_by_one_a_day_when_the_clock_runs_and_stand_when_it_does_not(case):
    on = max([case.started_on, *(s.sent_on for s in case.steps)])
    quiet = replace(case, steps=tuple(replace(s.seen_on(on)) for s in case.steps))
    for day in (on + timedelta(days=n) for n in range(60)):
        today, tomorrow = clock_for(quiet, LAWS, day), clock_for(quiet, LAWS, day + DAY)
        assert today.due_on == tomorrow.due_on
        assert today.days_left - tomorrow.days_left == (0 if today.is_paused else 1)
        assert today.is_late == (not today.is_paused and today.days_left < 0)


@given(st.integers(1, 25), st.integers(30, 90), st.one_of(st.none(), st.integers(0, 10)), st.booleans())
def test_before_the_turn_the_term_begins_anew_after_it_what_was_left_runs_on(used, term, answered_after, is_new):
    sent = TURN + timedelta(days=300 if is_new else -300)
    answered = sent + timedelta(days=answered_after) if answered_after is not None else None
    notice = step(Kind.NOTICE, sent, answered=answered)
    case = ProcedureCase(sent - timedelta(days=used), term, (notice,))
    clock = clock_for(case, LAWS, notice.due_on + 30 * DAY)
    if is_new:
        runs_from = answered + 10 * DAY if answered else notice.due_on
        assert clock.due_on == runs_from + timedelta(days=term - used)
    else:
        assert clock.due_on == (answered or notice.due_on) + timedelta(days=term)


@given(st.dates(date(2010, 1, 1), date(2030, 1, 1)), st.integers(1, 30), st.integers(0, 29))
def test_a_request_gives_back_exactly_the_days_it_took(started, days, used):
    request = step(Kind.INTEGRATION, started + timedelta(days=used), days)
    clock = clock_for(ProcedureCase(started, 30, (request,)), LAWS, request.due_on)
    taken = min((request.due_on - request.sent_on).days, 30)
    assert clock.due_on == started + timedelta(days=30 + taken)
