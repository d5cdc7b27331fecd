"""Italian identifiers: codice fiscale, partita IVA, IBAN; and the number of a row as an address carries it."""

from datetime import date

from stdnum import iban as _iban
from stdnum.exceptions import ValidationError
from stdnum.it import codicefiscale, iva


def normal_fiscal_code(text: str) -> str:
    """
    Return the codice fiscale of a person, upper case without blanks; omocodia is accepted.

    :raises ValueError: wrong length, form or check character
    """
    code = "".join(text.split()).upper()
    try:
        if len(code) != 16:
            raise ValidationError
        return str(codicefiscale.validate(code))
    except ValidationError:
        raise ValueError(text) from None


def birth_of(fiscal_code: str) -> tuple[date, str]:
    """Return the birth date and the gender (``"F"`` or ``"M"``) that a valid codice fiscale states."""
    return codicefiscale.get_birth_date(fiscal_code), codicefiscale.get_gender(fiscal_code)


def normal_vat_number(text: str) -> str:
    """
    Return the 11 digits of a partita IVA.

    :raises ValueError: wrong length or check digit
    """
    try:
        return str(iva.validate("".join(text.split()).upper().removeprefix("IT")))
    except ValidationError:
        raise ValueError(text) from None


def normal_iban(text: str) -> str:
    """
    Return an IBAN without blanks.

    :raises ValueError: wrong length, country or check digits
    """
    try:
        return str(_iban.validate("".join(text.split()).upper()))
    except ValidationError:
        raise ValueError(text) from None


def read_row_id(text: str) -> int | None:
    """Return a row's number as written in an address or a form; None for anything that no database could hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
