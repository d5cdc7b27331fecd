"""Codice fiscale, partita IVA, IBAN: normal form, or a refusal."""

from datetime import date

import pytest
from codicefiscale import codicefiscale as reference
from hypothesis import given
from hypothesis import strategies as st

from piutempo.kernel.identifiers import birth_of, normal_fiscal_code, normal_iban, normal_vat_number, read_row_id


def test_a_fiscal_code_says_birth_and_gender():
    code = normal_fiscal_code(" rssmra85t10a562s ")
    assert code == "RSSMRA85T10A562S"
    assert birth_of(code) == (date(1985, 12, 10), "M")


@given(
    birth=st.dates(date(1930, 1, 1), date(2025, 12, 31)),
    gender=st.sampled_from("FM"),
    surname=st.sampled_from(["Rossi", "De Luca", "D'Amico", "Fo", "Nì"]),
    name=st.sampled_from(["Maria", "Gianfranco", "Al", "Zoë"]),
)
def test_every_code_that_the_tables_give_is_accepted(birth, gender, surname, name):
    code = reference.encode(
        lastname=surname, firstname=name, gender=gender, birthdate=birth.isoformat(), birthplace="Milano"
    )
    assert normal_fiscal_code(code.lower()) == code
    read, read_gender = birth_of(code)
    assert (read.month, read.day, read.year % 100, read_gender) == (birth.month, birth.day, birth.year % 100, gender)


def test_omocodia_is_accepted():
    for code in reference.decode("RSSMRA85T10A562S")["omocodes"][:20]:
        assert normal_fiscal_code(code) == code


@pytest.mark.parametrize(
    "text", ["", "RSSMRA85T10A562T", "RSSMRA85T10A562", "12345678903", "RSSMRA85T40A562S", "🙂" * 16]
)
def test_a_wrong_fiscal_code_is_refused(text):
    with pytest.raises(ValueError):
        normal_fiscal_code(text)


def test_a_vat_number_may_be_written_with_its_country():
    assert normal_vat_number("IT 00743110157") == "00743110157"


@pytest.mark.parametrize("text", ["", "00743110158", "0074311015", "ABCDEFGHIJK"])
def test_a_wrong_vat_number_is_refused(text):
    with pytest.raises(ValueError):
        normal_vat_number(text)


def test_an_iban_may_be_written_in_groups():
    assert normal_iban("it60 x054 2811 1010 0000 0123 456") == "IT60X0542811101000000123456"


@pytest.mark.parametrize("text", ["", "IT60X0542811101000000123457", "IT60", "XX60X0542811101000000123456"])
def test_a_wrong_iban_is_refused(text):
    with pytest.raises(ValueError):
        normal_iban(text)


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("0012", 12), ("9" * 18, 10**18 - 1)])
def test_a_row_is_named_by_digits(text, number):
    assert read_row_id(text) == number


@pytest.mark.parametrize("text", ["", "-1", "²", "٣", "1.0", " 1", "9" * 19, "9" * 5000])
def test_what_no_database_can_hold_names_no_row(text):
    assert read_row_id(text) is None
