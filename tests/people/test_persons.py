"""Persons and households: registered once, found again, warned about, never blocked by a mismatch."""

import time
from datetime import UTC, date, datetime

import pytest
from codicefiscale import codicefiscale

from piutempo.people.models import CareNeed, Household, Member, Municipality, Person
from piutempo.people.rules import Notice, Refusal, identity_of
from piutempo.people.selectors import get_care_needs, get_household_of, get_municipality
from piutempo.people.services import (
    HouseholdInput,
    MemberInput,
    PersonInput,
    PersonRefused,
    check_person,
    register_household,
    register_households,
    register_person,
)
from piutempo.people.services.municipalities import load_municipalities

AT = datetime(2010, 3, 1, 9, tzinfo=UTC)
LATER = datetime(2010, 5, 1, 9, tzinfo=UTC)


def code_of(family_name: str, given_name: str, born: str, gender: str = "F") -> str:
    return str(codicefiscale.encode(family_name, given_name, gender, born, "F205"))


MARIA = {"fiscal_code": code_of("Rossi", "Maria", "10/12/1975"), "given_name": "Maria", "family_name": "Rossi"}
LUCA = MemberInput(code_of("Rossi", "Luca", "02/02/2008", "M"), "Luca", "Rossi", "child")
NONNA = MemberInput(
    code_of("Bianchi", "Ada", "05/05/1930"), "Ada", "Bianchi", "parent", is_non_self_sufficient=True, note="art. 3"
)


def test_a_codice_fiscale_says_birth_and_gender_and_the_century_follows_from_the_day():
    code = code_of("Bianchi", "Ada", "05/05/1930")
    assert identity_of(f" {code.lower()} ", date(2010, 1, 1)).birth_date == date(1930, 5, 5)
    assert identity_of(code, date(2031, 1, 1)).birth_date == date(2030, 5, 5)
    assert identity_of(code, date(2010, 1, 1)).gender == "F"


@pytest.mark.django_db
def test_a_wrong_codice_fiscale_is_refused():
    with pytest.raises(PersonRefused) as refused:
        register_person(**MARIA | {"fiscal_code": "RSSMRA75T50F205A"}, at=AT)
    assert refused.value.code == Refusal.FISCAL_CODE
    assert not Person.objects.exists()


@pytest.mark.django_db
def test_a_mismatch_warns_and_never_blocks():
    typed = {"birth_date": date(1975, 12, 11), "gender": "M"}
    somebody_else = MARIA | {"given_name": "Carla", "family_name": "Verdi"}
    assert set(check_person(**somebody_else, **typed, at=AT)) == {
        Notice.BIRTH_DATE,
        Notice.GENDER,
        Notice.FAMILY_NAME,
        Notice.GIVEN_NAME,
    }
    assert check_person(**MARIA, birth_date=date(1975, 12, 10), gender="F", at=AT) == ()
    assert register_person(**somebody_else, at=AT).birth_date == date(1975, 12, 10)


@pytest.mark.django_db
def test_a_birth_date_in_the_future_is_refused():
    with pytest.raises(PersonRefused) as refused:
        check_person(**MARIA, birth_date=date(2011, 1, 1), at=AT)
    assert refused.value.code == Refusal.BORN_LATER


@pytest.mark.django_db
def test_a_known_person_is_reused_and_missing_contacts_are_filled_in():
    first = register_person(**MARIA, at=AT)
    again = register_person(**MARIA | {"given_name": "Marietta"}, phone="02 55", at=LATER)
    assert (again.pk, again.given_name, again.phone) == (first.pk, "Maria", "02 55")
    assert Notice.KNOWN_OTHER_NAME in check_person(**MARIA | {"given_name": "Marietta"}, at=LATER)


@pytest.mark.django_db
def test_registering_the_same_household_again_changes_nothing():
    maria = register_person(**MARIA, at=AT)
    first = register_household(applicant=maria, members=[LUCA, NONNA], at=AT)
    assert register_household(applicant=maria, members=[LUCA, NONNA], at=AT).pk == first.pk
    assert Member.objects.count() == 3
    assert get_household_of(maria) == first


@pytest.mark.django_db
def test_who_leaves_is_closed_on_the_day_and_who_comes_is_added():
    maria = register_person(**MARIA, at=AT)
    register_household(applicant=maria, members=[LUCA], at=AT)
    register_household(applicant=maria, members=[NONNA], at=LATER)
    luca = Member.objects.get(person__given_name="Luca")
    assert luca.valid_until == date(2010, 5, 1)
    assert Member.objects.get(person__given_name="Ada").valid_from == date(2010, 5, 1)


@pytest.mark.django_db
def test_care_needs_are_unreadable_in_the_database():
    maria = register_person(**MARIA, at=AT)
    household = register_household(applicant=maria, members=[NONNA], at=AT)
    ada = Person.objects.get(given_name="Ada")
    assert get_care_needs(household) == {ada.pk: True}
    raw = CareNeed.objects.extra(select={"raw": "sealed"}).values_list("raw", flat=True)
    assert "non_self" not in str(raw.get())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("members", "code"),
    [
        ([LUCA, LUCA], Refusal.TWICE),
        ([MemberInput(MARIA["fiscal_code"], "Maria", "Rossi", "partner")], Refusal.APPLICANT_TWICE),
        ([MemberInput("XXX", "Luca", "Rossi", "child")], Refusal.FISCAL_CODE),
    ],
)
def test_a_wrong_household_writes_nothing(members, code):
    maria = register_person(**MARIA, at=AT)
    with pytest.raises(PersonRefused) as refused:
        register_household(applicant=maria, members=members, at=AT)
    assert refused.value.code == code
    assert not Household.objects.exists()


@pytest.mark.django_db
def test_a_current_member_of_another_household_is_a_warning():
    register_household(applicant=register_person(**MARIA, at=AT), members=[LUCA], at=AT)
    luca = {"fiscal_code": LUCA.fiscal_code, "given_name": "Luca", "family_name": "Rossi"}
    assert check_person(**luca, at=AT) == (Notice.OTHER_HOUSEHOLD,)
    assert check_person(**luca, household_id=Household.objects.get().pk, at=AT) == ()


@pytest.mark.django_db
def test_thousands_of_households_take_few_queries(django_assert_max_num_queries):
    given = ["Maria", "Anna", "Lucia", "Carla", "Elena", "Giulia", "Marta", "Sara", "Paola", "Laura"]
    inputs = []
    for i in range(1_000):
        born = f"{1 + i % 28:02d}/{1 + i // 28 % 12:02d}/{1960 + i // 336}"
        mother = PersonInput(code_of("Rossi", given[i % 10], born), given[i % 10], "Rossi")
        born = f"{1 + i % 28:02d}/{1 + i // 28 % 12:02d}/{2000 + i // 336}"
        child = MemberInput(code_of("Verdi", "Luca", born, "M"), "Luca", "Verdi", "child", is_non_self_sufficient=False)
        inputs.append(HouseholdInput(mother, (child,), AT, desk_id=3))
    started = time.perf_counter()
    with django_assert_max_num_queries(100):
        done = register_households(inputs)
    assert time.perf_counter() - started < 10
    assert len(done) == 1_000
    assert [m.person.given_name for m in done[7].members] == ["Sara", "Luca"]
    assert Member.objects.count() == 2_000


@pytest.mark.django_db
def test_italy_is_loaded_and_loading_again_changes_nothing():
    assert 7_800 < load_municipalities() < 8_000
    assert load_municipalities() == Municipality.objects.count()
    rho = get_municipality("rho (mi)")
    assert (rho.pk, rho.postal_code) == ("H264", "20017")
    assert rho.latitude == pytest.approx(45.53, abs=0.02)
    assert get_municipality("Nessuno") is None
