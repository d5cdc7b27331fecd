"""What would change an answer is true: asked again with it, the rules give what was said."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.programmes.rules.eligibility import MISSING
from piutempo.programmes.rules.self_check import Answers, day_for, questions_for
from piutempo.programmes.rules.what_if import changes, check, depends_on, list_effects, variations
from tests.programmes.factories import HISTORIC, LIVE, RANKED, file_text, read

TERMS = {code: read(file_text(code)) for code in (HISTORIC, LIVE, RANKED, "fondo-limitato")}
TODAY = date(2026, 11, 23)
maybe = st.one_of(st.none(), st.booleans())


def asked(code):
    terms = TERMS[code]
    return terms, questions_for(terms), day_for(terms, TODAY)


def answers_for(code):
    questions = questions_for(TERMS[code])
    return st.builds(
        Answers,
        has_partner=maybe,
        has_children=maybe,
        child_ages=st.just(()),
        short_time_work=maybe,
        partner_short_time_work=maybe,
        non_self_sufficient=maybe,
        has_training=st.one_of(st.none(), st.just(False)),
        isee_cents=st.one_of(st.none(), st.sampled_from([100, 3_000_000, 3_000_001, 4_000_001])),
        measures=st.just(tuple((measure, None, None, None) for measure, _title in questions.measures)),
    )


@pytest.mark.parametrize("code", TERMS)
@given(data=st.data())
def test_each_change_is_one_answer_and_gives_what_it_says(code, data):
    terms, questions, day = asked(code)
    answers = data.draw(answers_for(code))
    outcome = check(terms, answers, day).outcome
    for effect in changes(terms, questions, answers, day):
        assert effect.outcome not in {outcome, MISSING}
        assert check(terms, effect.variation.answers, day).outcome == effect.outcome
    for variation in variations(terms, questions, answers, day):
        assert variation.answers != answers


@pytest.mark.parametrize("code", TERMS)
@given(data=st.data())
def test_it_depends_only_on_questions_of_the_form_and_always_on_one(code, data):
    terms, questions, day = asked(code)
    answers = data.draw(answers_for(code))
    found = depends_on(terms, questions, answers, day)
    assert bool(found) == (check(terms, answers, day).outcome == MISSING)
    assert len({d.field for d in found}) == len(found)


def test_only_what_the_rules_read_is_varied():
    terms, questions, day = asked(LIVE)
    fields = {e.variation.field for e in list_effects(terms, questions, Answers(), day)}
    assert fields == {"has_children", "non_self_sufficient", "isee_cents"}


def test_the_limits_are_those_of_the_programme():
    terms, questions, day = asked(LIVE)
    well_off = Answers(has_children=True, child_ages=(3,), isee_cents=4_000_001)
    (effect,) = changes(terms, questions, well_off, day)
    assert (effect.variation.kind, effect.variation.number, effect.outcome) == ("isee_most", 4_000_000, "yes")
