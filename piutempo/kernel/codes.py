"""
Codes printed on titles: who holds one cannot guess another.

A voucher has a random number of 50 bits (its *code*, 10 characters). The code of its title *i* is 18 characters:
voucher code (10), title index (2 digits), a signature of both (4 characters, 20 bits of an HMAC-SHA256), and two check
characters (ISO 7064 MOD 97-10) that catch any single wrong character and any swap of neighbours before a look-up.
Letters that look like digits (I, L, O, U) are never printed, and are read as the digits they resemble.
"""

import hashlib
import hmac
from typing import NamedTuple

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_BITS = 50
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", "-": "", " ": ""})


class TitleCode(NamedTuple):
    """What a title's code says: the voucher's random number and the title's index, from 1."""

    voucher_code: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here


class WrongCode(ValueError):
    """The code was mistyped. ``args[0]`` is what was read."""


class ForeignCode(WrongCode):
    """The code is well formed but was never printed by us: its signature is not ours."""


def encode(number: int, length: int) -> str:
    """Write ``number`` in Crockford's base 32, padded to ``length`` characters."""
    out = ""
    for _ in range(length):
        number, digit = divmod(number, 32)
        out = ALPHABET[digit] + out
    return out


def decode(text: str) -> int:
    """
    Read Crockford's base 32.

    :raises ValueError: a character outside the alphabet
    """
    number = 0
    for character in text:
        number = number * 32 + ALPHABET.index(character)
    return number


def title_code(voucher_code: int, index: int, key: str) -> str:
    """Return the printed code of title ``index`` (1–62), in three groups of six: ``"K7QM4T-9R0105-X38W42"``."""
    body = f"{encode(voucher_code, 10)}{index:02d}"
    body += _signature(body, key)
    body += mod_97_10.calc_check_digits(body)
    return "-".join(body[i : i + 6] for i in range(0, 18, 6))


def read_title_code(text: str, key: str) -> TitleCode:
    """
    Return what a typed or scanned code says; case, blanks, dashes and look-alike letters do not matter.

    :raises WrongCode: mistyped (length, alphabet, check characters); ``ForeignCode``: not ours (signature)
    """
    body = text.strip().upper().translate(_READ_AS)
    try:
        mod_97_10.validate(body)
        if len(body) != 18:
            raise WrongCode(text)
        found = TitleCode(decode(body[:10]), int(body[10:12]))
    except (ValidationError, ValueError):
        raise WrongCode(text) from None
    if not hmac.compare_digest(body[12:16].encode(), _signature(body[:12], key).encode()):
        raise ForeignCode(text)
    return found


def _signature(body: str, key: str) -> str:
    digest = hmac.digest(key.encode(), body.encode(), hashlib.sha256)
    return encode(int.from_bytes(digest[:4], "big") >> 12, 4)
