"""How a voucher reads on a page: its state in words, its titles by serial."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from piutempo.correspondence.services import open_document
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_terms
from piutempo.records.models import Document
from piutempo.vouchers.models import Form, Voucher
from piutempo.vouchers.rules.masks import full_mask, runs_in

STATES = [
    ("stock", gettext_lazy("da consegnare")),
    ("handed", gettext_lazy("consegnato")),
    ("blocked", gettext_lazy("con titoli bloccati")),
    ("void", gettext_lazy("con titoli annullati")),
    ("lapsed", gettext_lazy("scaduto o rinunciato")),
    ("spent", gettext_lazy("tutto speso")),
]
_CONDITIONS = {
    "stock": Q(handed=0, lapsed_cents=0) & Q(value_cents__gt=F("void_cents")),
    "handed": Q(handed__gt=0),
    "blocked": Q(blocked__gt=0),
    "void": Q(void__gt=0),
    "lapsed": Q(lapsed_cents__gt=0),
    "spent": Q(spent_cents__gt=0, value_cents=F("spent_cents") + F("void_cents")),
}


def in_state(rows: QuerySet[Voucher], state: str) -> QuerySet[Voucher]:
    """Return the vouchers in one of ``STATES``."""
    return rows.filter(_CONDITIONS[state])


def left_cents(voucher: Voucher) -> int:
    """Return what may still be spent of a voucher."""
    return voucher.value_cents - voucher.spent_cents - voucher.void_cents - voucher.lapsed_cents


def titles_left(voucher: Voucher) -> int:
    """Return how many titles are neither spent nor void, 0 once lapsed; of a balance voucher 1 while some is left."""
    if voucher.lapsed_cents or not left_cents(voucher):
        return 0
    return (full_mask(voucher.title_count) & ~voucher.spent & ~voucher.void).bit_count()


def state_of(voucher: Voucher, on: date) -> tuple[str, str]:
    """Return the state in words and its tag."""
    full = full_mask(voucher.title_count)
    if voucher.lapsed_cents:
        return pgettext("voucher", "scaduto, rientrato nel fondo"), "bad"
    if voucher.void_cents and left_cents(voucher) == 0:
        return pgettext("voucher", "sostituito"), "plain"
    if left_cents(voucher) == 0:
        return pgettext("voucher", "tutto speso"), "plain"
    if voucher.void & full == full:
        return pgettext("voucher", "annullato: da sostituire"), "bad"
    if voucher.blocked:
        return pgettext("voucher", "bloccato"), "bad"
    if on >= voucher.valid_until:
        return pgettext("voucher", "scaduto"), "bad"
    if not voucher.handed:
        return pgettext("voucher", "da consegnare"), "waiting"
    if voucher.handed & full != full & ~voucher.void:
        return pgettext("voucher", "consegnato in parte"), "waiting"
    return pgettext("voucher", "consegnato"), "good"


def state_text(on: date) -> Callable[[Voucher], str]:
    """Return the function that a table column calls."""
    return lambda voucher: state_of(voucher, on)[0]


def state_tag(on: date) -> Callable[[Voucher], str]:
    """Return the function that a table column calls for the tag."""
    return lambda voucher: state_of(voucher, on)[1]


def serials_of(voucher: Voucher) -> str:
    """Return the serial range, ``101–125``."""
    last = voucher.first_serial + voucher.title_count - 1
    return str(voucher.first_serial) if last == voucher.first_serial else f"{voucher.first_serial}–{last}"


def serial_runs(voucher: Voucher, mask: int) -> str:
    """Return the serials of a mask as ranges, ``101–105, 110``."""
    first = voucher.first_serial - 1
    parts = [f"{first + a}" if a == b else f"{first + a}–{first + b}" for a, b in runs_in(mask)]
    return ", ".join(parts)


def terms_of(vouchers: Iterable[Voucher]) -> dict[int, Terms]:
    """Return the terms of some vouchers, by the award's version: each version is read once."""
    return {version_id: get_terms(version_id) for version_id in {v.award.version_id for v in vouchers}}


def facts_of(voucher: Voucher, on: date, terms: Terms) -> dict[str, Any]:
    """Return what every voucher page shows."""
    full = full_mask(voucher.title_count)
    state, tag = state_of(voucher, on)
    return {
        "voucher": voucher,
        "state": state,
        "tag": tag,
        "serials": serials_of(voucher),
        "product": terms.product(voucher.product).title,
        "is_balance": voucher.form == Form.BALANCE,
        "left_cents": left_cents(voucher),
        "titles_left": titles_left(voucher),
        "places": [
            (label, text)
            for label, text in (
                (_("Non ancora consegnati"), serial_runs(voucher, full & ~voucher.handed & ~voucher.void)),
                (_("Consegnati"), serial_runs(voucher, voucher.handed & ~voucher.spent & ~voucher.void)),
                (_("Spesi"), serial_runs(voucher, voucher.spent)),
                (_("Bloccati"), serial_runs(voucher, voucher.blocked)),
                (_("Annullati"), serial_runs(voucher, voucher.void)),
            )
            if text
        ],
    }


def pdf_of(document: Document) -> HttpResponse:
    """Return a frozen document as a file to open or print."""
    name = f"{document.kind}-{document.subject_id}.pdf"
    return HttpResponse(
        open_document(document),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, no-store"},
    )


def sum_of(rows: Iterable[Voucher]) -> int:
    """Return the value of some vouchers in cents."""
    return sum(v.value_cents for v in rows)
