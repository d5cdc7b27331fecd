"""Names, codici fiscali, partite IVA and IBANs of people and bodies that do not exist, all well formed and unique."""

from __future__ import annotations

from datetime import date
from functools import cache
from random import Random

from codicefiscale import codicefiscale
from faker.providers.person.it_IT import Provider as Names
from stdnum import iban, luhn

MONTH_LETTERS = "ABCDEHLMPRST"
FAMILY_NAMES: tuple[str, ...] = tuple(dict.fromkeys(Names.last_names))
COMMON_WOMEN: tuple[str, ...] = tuple(
    (
        "Maria Anna Laura Francesca Giulia Chiara Sara Elena Paola Silvia Valentina Federica Alessandra "
        "Monica  Roberta Daniela Cristina Barbara Simona Elisa Sofia Martina Giorgia Alice Aurora Emma "
        "Beatrice Marta Ilaria Claudia"
    ).split()
)
COMMON_MEN: tuple[str, ...] = tuple(
    (
        "Marco Andrea Giuseppe Antonio Francesco Luca Roberto Stefano Paolo Matteo Alessandro Davide Fabio "
        "Massimo Simone  Giovanni Mario Daniele Claudio Riccardo Lorenzo Mattia Gabriele Leonardo Tommaso "
        "Filippo Nicola Enrico Pietro Federico"
    ).split()
)
RARE_WOMEN: tuple[str, ...] = tuple(dict.fromkeys(Names.first_names_female))
RARE_MEN: tuple[str, ...] = tuple(dict.fromkeys(Names.first_names_male))
#: Values of the digits in odd places of an Italian BBAN, as in the codice fiscale's check character.
ODD_VALUES = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)


@cache
def _family_part(name: str) -> str:
    return str(codicefiscale.encode_lastname(name))


@cache
def _given_part(name: str) -> str:
    return str(codicefiscale.encode_firstname(name))


def fiscal_code(*, given: str, family: str, born: date, gender: str, place: str) -> str:
    """
    Return the codice fiscale of a person; ``place`` is the cadastral code of the municipality of birth.

    Names and check character are encoded by python-codicefiscale; its slow search of the place is not needed here.
    """
    day = born.day + (40 if gender == "F" else 0)
    birth = f"{born.year % 100:02d}{MONTH_LETTERS[born.month - 1]}{day:02d}"
    body = f"{_family_part(family)}{_given_part(given)}{birth}{place}"
    return body + str(codicefiscale.encode_cin(body))


class Registry:
    """Gives names and identifiers, each identifier once."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.fiscal_codes: set[str] = set()
        self.vat_numbers: set[str] = set()

    def given_name(self, gender: str) -> str:
        """Return a given name: mostly a common one."""
        rare, common = (RARE_WOMEN, COMMON_WOMEN) if gender == "F" else (RARE_MEN, COMMON_MEN)
        return self.rng.choice(common if self.rng.random() < 0.8 else rare)

    def family_name(self) -> str:
        """Return a family name."""
        return self.rng.choice(FAMILY_NAMES)

    def take(self, code: str) -> bool:
        """Take a codice fiscale; False if it was taken before."""
        if code in self.fiscal_codes:
            return False
        self.fiscal_codes.add(code)
        return True

    def vat_number(self) -> str:
        """Return a partita IVA of an office in Lombardy, with its check digit."""
        while True:
            body = (
                f"{self.rng.randrange(1, 9_999_999):07d}{self.rng.choice(('013', '015', '016', '017', '018', '020'))}"
            )
            number = body + str(luhn.calc_check_digit(body))
            if number not in self.vat_numbers:
                self.vat_numbers.add(number)
                return number

    def iban(self) -> str:
        """Return an Italian IBAN: the check letter of the account and the check digits are both right."""
        bank, branch = self.rng.randrange(1_000, 9_999), self.rng.randrange(1_000, 99_999)
        bban = f"{bank:05d}{branch:05d}{self.rng.randrange(10**6, 10**10):012d}"
        total = sum(ODD_VALUES[int(c)] if i % 2 == 0 else int(c) for i, c in enumerate(bban))
        tail = chr(ord("A") + total % 26) + bban
        return f"IT{iban.calc_check_digits('IT00' + tail)}{tail}"

    def address(self) -> str:
        """Return a street and a number."""
        return f"Via {self.rng.choice(COMMON_MEN)} {self.family_name()}, {self.rng.randrange(1, 120)}"
