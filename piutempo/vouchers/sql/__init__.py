"""
The one conditional UPDATE that spends a voucher, as text: redeem.sql.

SQLite and balance vouchers run it with parameters, PostgreSQL inside ``vouchers_redeem`` (migration 0002) for titles,
and files
apply its guard to all their rows at once.
"""

import re
from collections.abc import Mapping
from pathlib import Path

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
#: With placeholders like ``%(mask)s``.
REDEEM = Path(__file__).with_name("redeem.sql").read_text(encoding="utf-8")
#: The condition alone.
GUARD = REDEEM.split("WHERE -- GUARD", 1)[1]
REDEEM_RETURNING = REDEEM + "RETURNING id, pot_id, face_cents"


def with_names(text: str, names: Mapping[str, str] | None = None, prefix: str = "") -> str:
    """Return the text with each placeholder replaced by its entry in ``names``, or by its name after ``prefix``."""
    found = names or {}
    return _PLACEHOLDER.sub(lambda m: found.get(m[1], prefix + m[1]), text)
