"""Requests that cannot both be right: found at once, one by one and in bulk, told to whom they concern."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.applications.messages import conflict_sentence
from piutempo.applications.models import Application, Conflict, Status
from piutempo.applications.rules.conflicts import (
    SAME_CHILD,
    SAME_FAMILY,
    TWO_HOUSEHOLDS,
    Side,
    Span,
    Tie,
    conflicts_between,
    services_named,
)
from piutempo.applications.selectors.conflicts import find_conflicts, list_conflicts, list_own_conflicts
from piutempo.applications.services import (
    ApplicationInput,
    decide_application,
    start_application,
    submit_application,
    submit_applications,
)
from piutempo.kernel.periods import Month
from piutempo.people.models import Relation
from piutempo.people.services import MemberInput, register_household
from piutempo.programmes.selectors import get_current_terms
from tests.applications.factories import (
    DECIDED_AT,
    OPEN_AT,
    fiscal_code,
    load_text,
    make_facts,
    make_person,
    make_programme,
)

MARCH, MAY, JULY = Month(2025, 3), Month(2025, 5), Month(2025, 7)
HERE, AWAY, CHILD = Tie(True, False), Tie(False, False), Tie(True, True)


def side(number=1, *, household=0, applicant=0, members=None, span=Span(MARCH, JULY), granted=()):  # noqa: B008 - frozen
    applicant = applicant or number
    return Side(number, household or number, applicant, {applicant: HERE, **(members or {})}, span, granted)


def kinds(found):
    return [(f.kind, f.person_id) for f in found]


# -- the rule -------------------------------------------------------------------------------------------------------


def test_the_same_applicant_household_or_partner_is_one_family():
    own = side(1, members={7: CHILD})
    assert kinds(conflicts_between(own, [side(2, applicant=1)])) == [(SAME_FAMILY, None)]
    assert kinds(conflicts_between(own, [side(2, household=1)])) == [(SAME_FAMILY, None)]
    assert kinds(conflicts_between(own, [side(2, members={1: HERE})])) == [(SAME_FAMILY, None)]


def test_a_child_of_separated_parents_is_in_two_families_and_it_is_said_where_it_lives():
    own = side(1, members={7: CHILD})
    found = conflicts_between(own, [side(2, members={7: CHILD}), side(3, members={7: Tie(False, True)})])
    assert kinds(found) == [(TWO_HOUSEHOLDS, 7), (TWO_HOUSEHOLDS, 7)]
    assert [f.data["cohabiting"] for f in found] == ["both", "one"]


def test_money_granted_for_the_same_child_in_the_same_months():
    own = side(1, members={7: CHILD, 8: HERE})
    other = side(2, members={7: AWAY, 8: HERE}, granted=(Span(MAY, Month(2025, 12)),))
    found = [f for f in conflicts_between(own, [other]) if f.kind == SAME_CHILD]
    assert [(f.person_id, f.data) for f in found] == [(7, {"from": "2025-05", "until": "2025-06"})]


def test_months_that_do_not_meet_are_no_conflict():
    own = side(1, members={7: CHILD}, span=Span(MARCH, MAY))
    other = side(2, members={7: CHILD}, span=Span(MAY, JULY), granted=(Span(MAY, JULY),))
    assert conflicts_between(own, [other]) == []
    assert conflicts_between(side(1, span=None), [side(2, applicant=1)]) == []


MONTHS = st.integers(0, 24).map(lambda n: MARCH + n)
SPANS = st.one_of(st.none(), st.tuples(MONTHS, st.integers(1, 12)).map(lambda t: Span(t[0], t[0] + t[1])))


@st.composite
def sides(draw, number):
    members = draw(st.dictionaries(st.integers(1, 8), st.sampled_from([HERE, AWAY, CHILD]), max_size=5))
    granted = tuple(s for s in draw(st.lists(SPANS, max_size=2)) if s)
    return side(number, household=draw(st.integers(1, 3)), applicant=draw(st.integers(1, 8)), members=members,
                span=draw(SPANS), granted=granted)  # fmt: skip


@given(one=sides(100), other=sides(200))
def test_who_comes_second_changes_nothing_but_the_order(one, other):
    """Family and household conflicts are symmetric; every conflict lies in months both ask for."""
    there = [f for f in conflicts_between(one, [other]) if f.kind != SAME_CHILD]
    back = [f for f in conflicts_between(other, [one]) if f.kind != SAME_CHILD]
    assert kinds(there) == kinds(back)
    for found in conflicts_between(one, [other]):
        assert one.span is not None
        assert one.span.first <= Month.parse(str(found.data["from"])) <= Month.parse(str(found.data["until"]))
        assert Month.parse(str(found.data["until"])) < one.span.until
        assert found.person_id is None or found.person_id in one.members.keys() & other.members.keys()


@pytest.mark.parametrize(
    ("text", "codes"), [("Bonus NIDO Inps", ("nido",)), ("la dote", ()), ("", ()), ("micronido", ("nido",))]
)
def test_a_benefit_names_its_services(text, codes):
    assert services_named(text, {"nido": "Nido e micronido", "baby-sitting": "Baby sitting"}) == codes


# -- in the database ------------------------------------------------------------------------------------------------


def make_family(child, *, lives=True, person=None):
    """A parent, and a child that may be in another family too."""
    person = person or make_person()
    household = register_household(
        applicant=person,
        members=[MemberInput(child.fiscal_code, child.given_name, child.family_name, Relation.CHILD, lives)],
        at=OPEN_AT,
    )
    return household, person


def make_child():
    return make_person(fiscal_code=fiscal_code(7_000_000), given_name="Luca", family_name="Bianchi")


def apply(programme, home, at=OPEN_AT, **facts):
    household, person = home
    draft = start_application(
        programme=programme, household=household, applicant=person, facts=make_facts(**facts), desk=None, at=at, by=None
    )
    return submit_application(application=draft, at=at, by=None)


@pytest.fixture
def second(tmp_path, settings):
    """Another programme with the same words and other code, open in the same months."""
    text = (settings.PROGRAMMES_DIR / "fondo-limitato.toml").read_text(encoding="utf-8")
    text = text.replace('code = "fondo-limitato"', 'code = "altro-fondo"', 1).replace(
        'title = "Fondo limitato"', 'title = "Altro fondo"', 1
    )
    return load_text(tmp_path, text, "altro-fondo.toml")


@pytest.mark.django_db
def test_a_child_in_two_families_is_shown_to_the_officer_of_both():
    programme, child = make_programme(), make_child()
    first = apply(programme, make_family(child))
    later = apply(programme, make_family(child, lives=False))
    (conflict,) = Conflict.objects.all()
    assert (conflict.kind, conflict.application, conflict.other, conflict.person) == (
        "two_households", later, first, child
    )  # fmt: skip
    assert list(list_conflicts(first)) == list(list_conflicts(later)) == [conflict]
    sentence = conflict_sentence(conflict)
    assert f"Luca Bianchi è anche nel nucleo della domanda n. {first.number}" in sentence
    assert "Solo una delle due domande dice che vive con loro." in sentence
    assert str(first.applicant) not in sentence
    assert f"n. {later.number}" in conflict_sentence(conflict, seen_from=first)


@pytest.mark.django_db
def test_a_benefit_already_granted_for_the_child_is_found():
    programme, child = make_programme(), make_child()
    first = apply(programme, make_family(child))
    decide_application(application=first, approve=None, note="", at=DECIDED_AT, by=None)
    later = apply(programme, make_family(child), at=DECIDED_AT)
    assert sorted(c.kind for c in Conflict.objects.filter(application=later)) == ["same_child", "two_households"]


@pytest.mark.django_db
def test_the_same_family_in_another_programme_is_told_before_and_recorded_after(second):
    programme = make_programme()
    home = make_family(make_child())
    first = apply(programme, home)
    draft = start_application(
        programme=second, household=home[0], applicant=home[1], facts=make_facts(), desk=None, at=OPEN_AT, by=None
    )
    day = date(2025, 3, 10)
    (own,) = list_own_conflicts(draft, terms=get_current_terms(second, day), on=day)
    assert (own.number, own.programme) == (first.number, "Fondo limitato")
    submit_application(application=draft, at=OPEN_AT, by=None)
    assert [c.kind for c in Conflict.objects.all()] == ["same_family"]


@pytest.mark.django_db
def test_another_familys_request_is_never_told_to_this_one(second):
    child = make_child()
    apply(make_programme(), make_family(child))
    household, person = make_family(child)
    draft = start_application(
        programme=second, household=household, applicant=person, facts=make_facts(), desk=None, at=OPEN_AT, by=None
    )
    day = date(2025, 3, 10)
    assert list_own_conflicts(draft, terms=get_current_terms(second, day), on=day) == []


@pytest.mark.django_db
def test_a_declared_benefit_for_the_same_services_is_shown():
    application = apply(make_programme(), make_family(make_child()), other_benefits=[{"code": "bonus nido"}])
    (conflict,) = Conflict.objects.all()
    assert conflict.application == application
    assert "«bonus nido»" in conflict_sentence(conflict)


@pytest.mark.django_db
def test_a_batch_finds_what_one_by_one_finds_and_each_pair_once(django_assert_max_num_queries):
    programme, child = make_programme(), make_child()
    homes = [make_family(child) for _ in range(3)] + [make_family(make_person()) for _ in range(20)]
    rows = submit_applications(
        programme=programme, items=[ApplicationInput(h, p, make_facts(), None, OPEN_AT) for h, p in homes]
    )
    pairs = {(c.application_id, c.other_id) for c in Conflict.objects.all()}
    assert pairs == {(rows[1].pk, rows[0].pk), (rows[2].pk, rows[0].pk), (rows[2].pk, rows[1].pk)}
    terms = get_current_terms(programme, date(2025, 3, 10))
    with django_assert_max_num_queries(3):
        find_conflicts(
            rows, terms_of={r.pk: terms for r in rows}, on=dict.fromkeys((r.pk for r in rows), date(2025, 3, 10))
        )


@pytest.mark.django_db
def test_a_withdrawn_or_refused_request_stands_in_nobodys_way():
    programme, child = make_programme(), make_child()
    first = apply(programme, make_family(child))
    Application.objects.filter(pk=first.pk).update(status=Status.REFUSED)
    apply(programme, make_family(child))
    assert not Conflict.objects.exists()
