"""The rules of document 003 case by case, and the worked examples of the docs."""

import json
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.kernel.periods import Month
from piutempo.programmes.rules.eligibility import ExpressionWrong, compile_expression, evaluate
from piutempo.programmes.rules.facts import DECLARED, FACTS, Range, build_facts, validate_declared
from tests.programmes.factories import LIVE, applicant, child, family, file_text, partner, read

ON = date(2010, 2, 20)
TERMS = read(file_text())


def check(declared, on=ON, overrules=None, terms=TERMS):
    assert validate_declared(declared, on) == []
    return evaluate(terms.eligibility, build_facts(declared, on), overrules)


def outcomes(evaluation):
    return {c.code: c.outcome for c in evaluation.criteria}


HOUSEHOLDS = {
    "due-genitori-due-figli": [applicant(), partner(), child("2002-05-01"), child("2005-05-01")],
    "un-genitore-un-figlio": [applicant(), child("2002-05-01")],
    "due-genitori-in-cassa": [applicant(), partner(short_time_work=True), child("2002-05-01")],
    "convivente-non-autosufficiente": [
        applicant(),
        partner(),
        {"relation": "parent", "birth_date": "1935-01-01", "cohabiting": True, "non_self_sufficient": True},
    ],
}


@pytest.mark.parametrize("condition", HOUSEHOLDS)
def test_each_condition_alone_is_enough(condition):
    evaluation = check(family(members=HOUSEHOLDS[condition]))
    assert evaluation.outcome == "yes"
    in_group = {c.code for c in evaluation.criteria if c.group and c.outcome == "yes"}
    assert in_group == {condition}
    assert {c.code for c in evaluation.criteria if c.is_decisive} == {"dote", "formazione", condition}


def test_no_condition_is_a_no_and_all_four_say_why():
    evaluation = check(family(members=[applicant(), partner(), child("2002-05-01")]))
    assert evaluation.outcome == "no"
    assert {c.code for c in evaluation.criteria if c.is_decisive} == set(HOUSEHOLDS)
    assert all("non" in c.sentence.lower() for c in evaluation.criteria if c.is_decisive)


def test_a_child_who_is_eighteen_or_lives_elsewhere_does_not_count():
    assert check(family(members=[applicant(), child("1992-02-20")])).outcome == "no"
    assert check(family(members=[applicant(), child("1992-02-21")])).outcome == "yes"
    assert check(family(members=[applicant(), child("2002-05-01", cohabiting=False)])).outcome == "no"


def test_a_missing_datum_is_missing_only_when_the_answer_depends_on_it():
    unknown = family(members=[applicant(), partner(short_time_work=None), child("2002-05-01")])
    evaluation = check(unknown)
    assert evaluation.outcome == "missing"
    assert [c.code for c in evaluation.criteria if c.is_decisive] == ["due-genitori-in-cassa"]
    two_children = family(members=[*unknown["members"], child("2004-05-01")])
    assert check(two_children).outcome == "yes"
    at_work = family(members=[applicant(short_time_work=False), *unknown["members"][1:]])
    assert check(at_work).outcome == "no", "one parent at work settles it"


def test_nothing_said_is_missing():
    declared = {"members": [applicant(short_time_work=None, non_self_sufficient=None)]}
    assert check(declared).outcome == "missing"


@pytest.mark.parametrize(
    ("assigned", "until", "outcome"),
    [
        ("2009-06-01", "2010-02-02", "yes"),  # running on 1 February 2010
        ("2009-06-01", "2010-02-01", "no"),  # ended the day before
        ("2010-02-01", None, "yes"),
        ("2011-03-31", None, "yes"),
        ("2011-04-01", None, "no"),
    ],
)
def test_the_dote_runs_or_is_assigned_within_the_notice(assigned, until, outcome):
    measure = {"code": "dote-lavoro-ammortizzatori-sociali", "assigned_on": assigned, "valid_until": until}
    trainings = [{"from": "2011-05-01", "until": "2011-06-01"}]
    evaluation = check(family(measures=[measure], trainings=trainings), on=date(2011, 4, 10))
    assert outcomes(evaluation)["dote"] == outcome


def test_another_measure_does_not_count():
    assert outcomes(check(family(measures=[{"code": "altra", "assigned_on": "2010-02-10"}])))["dote"] == "no"


@pytest.mark.parametrize(
    ("trainings", "months", "first"),
    [
        ([("2010-03-15", "2010-09-01")], 6, Month(2010, 3)),
        ([("2010-01-01", "2010-03-01")], 0, None),
        ([("2010-03-01", "2010-03-02"), ("2010-05-10", "2010-06-10")], 3, Month(2010, 3)),
        ([("2010-01-01", "2011-06-30")], 10, Month(2010, 3)),
        ([("2011-05-01", "2011-12-01")], 2, Month(2011, 5)),
    ],
)
def test_months_follow_from_the_trainings(trainings, months, first):
    declared = family(trainings=[{"from": a, "until": b} for a, b in trainings])
    evaluation = check(declared)
    assert (evaluation.months, evaluation.first_month) == (months, first)
    assert evaluation.outcome == ("yes" if months else "no")


def test_late_applicants_can_spend_what_they_receive():
    """Applied on 31 March 2011, decided two months later: the last month still begins before the original expiry."""
    evaluation = check(family(trainings=[{"from": "2011-03-01", "until": "2011-12-01"}]), on=date(2011, 3, 31))
    last = Month(2011, 6) + (evaluation.months - 1)
    assert last.first < TERMS.product("buono-servizi").valid_until_at_most


def test_an_overrule_keeps_both_outcomes():
    declared = family(members=[applicant(), partner(), child("2002-05-01")])
    evaluation = check(declared, overrules={"convivente-non-autosufficiente": "yes"})
    (line,) = [c for c in evaluation.criteria if c.overruled]
    assert evaluation.outcome == "yes"
    assert (line.outcome, line.overruled, line.effective, line.is_decisive) == ("no", "yes", "yes", True)


def test_values_are_shown_without_names():
    texts = {c.code: c.value for c in check(family()).criteria}
    assert texts["un-genitore-un-figlio"] == "figli minorenni conviventi: 1; genitori conviventi: 1"
    assert "10/02/2010" in texts["dote"]


def test_isee_in_cents_and_the_live_programme():
    terms = read(file_text(LIVE))
    declared = {"members": [applicant(), child("2020-05-01")], "isee_cents": 4_000_000}
    day = date(2026, 3, 1)
    yes = check(declared, day, terms=terms)
    assert (yes.outcome, yes.months, yes.first_month) == ("yes", 6, Month(2026, 4))
    assert check(declared | {"isee_cents": 4_000_001}, day, terms=terms).outcome == "no"
    assert check(declared | {"isee_cents": None}, day, terms=terms).outcome == "missing"


@pytest.mark.parametrize(
    "text", ["isee_cents <= 1.5", "isee_cents < 1e3", "double(parents) > 1", "parents ==", "x > 1"]
)
def test_unusable_expressions(text):
    with pytest.raises(ExpressionWrong):
        compile_expression(text)


answers = st.sampled_from([True, False, None])


@given(
    partner_lives=answers,
    partner_cassa=answers,
    own_cassa=answers,
    ages=st.lists(st.sampled_from(["2002-05-01", "1980-01-01", None]), max_size=3),
    ill=answers,
)
def test_a_yes_or_no_holds_whatever_the_missing_data_turn_out_to_be(partner_lives, partner_cassa, own_cassa, ages, ill):
    """If the rules answer while something is unknown, filling it in either way never changes the answer."""

    def household(lives, cassa, own, births, sick):
        people = [
            applicant(short_time_work=own, non_self_sufficient=sick),
            partner(cohabiting=lives, short_time_work=cassa),
        ]
        return family(members=[*people, *(child(b) for b in births)])

    first = check(household(partner_lives, partner_cassa, own_cassa, ages, ill)).outcome

    def fill(value, said):
        return said if value is None else value

    for said in (True, False):
        births = [("2002-05-01" if said else "1980-01-01") if b is None else b for b in ages]
        full = household(
            fill(partner_lives, said), fill(partner_cassa, said), fill(own_cassa, said), births, fill(ill, said)
        )
        second = check(full).outcome
        assert second != "missing"
        assert first in {"missing", second}


def test_counts_are_ranges_while_something_is_unknown():
    facts = build_facts(family(members=[applicant(), child(None), child("2002-05-01")]), ON)
    assert facts["minors_cohabiting"] == Range(1, 2)
    assert "child_ages" not in facts


@pytest.mark.parametrize(
    ("declared", "path"),
    [
        ([], ""),
        ({}, "members"),
        ({"members": []}, "members"),
        ({"members": [applicant(), applicant()]}, "members"),
        ({"members": [applicant(birth_date="2011-01-01")]}, "members[0].birth_date"),
        ({"members": [applicant(birth_date="31/12/1980")]}, "members[0].birth_date"),
        ({"members": [applicant(relation="cugina")]}, "members[0].relation"),
        ({"members": [applicant(cohabiting="sì")]}, "members[0].cohabiting"),
        ({"members": [applicant()], "isee_cents": 10.5}, "isee_cents"),
        ({"members": [applicant()], "isee": 10}, "isee"),
        ({"members": [applicant()], "trainings": [{"from": "2010-05-01", "until": "2010-05-01"}]}, "trainings[0]"),
        (
            {"members": [applicant()], "measures": [{"code": "x", "assigned_on": "2011-01-01"}]},
            "measures[0].assigned_on",
        ),
    ],
)
def test_a_wrong_fact_sheet_says_where(declared, path):
    problems = validate_declared(declared, ON)
    assert [p.path for p in problems] == [path]
    assert problems[0].sentence.endswith((".", "?"))


def test_worked_examples_of_the_docs(settings):
    page = (settings.BASE_DIR / "docs" / "rules" / "eligibility.md").read_text()
    examples = re.findall(r"```json\n(.*?)```\s*\n→ (\w+), (\d+) mensilità(?:, dal (\d{4}-\d{2}))?", page, re.DOTALL)
    assert len(examples) >= 8
    for text, outcome, months, first in examples:
        case = json.loads(text)
        evaluation = check(case["declared"], date.fromisoformat(case["on"]))
        said = {"sì": "yes", "no": "no", "manca": "missing"}[outcome]
        found = (evaluation.outcome, evaluation.months, str(evaluation.first_month or ""))
        assert found == (said, int(months), first), text


def test_the_fact_sheet_is_documented(settings):
    page = (settings.BASE_DIR / "docs" / "rules" / "eligibility-facts.md").read_text()

    def names(items, prefix=""):
        for item in items:
            yield f"{prefix}{item.name}", item
            yield from names(item.items, f"{item.name}.")

    for name, item in names(DECLARED):
        assert f"| `{name}` | {item.kind} | {item.label} | {item.meaning} |" in page
    for fact in FACTS:
        assert f"| `{fact.name}` | {fact.kind} | {fact.label} | {fact.meaning} |" in page
