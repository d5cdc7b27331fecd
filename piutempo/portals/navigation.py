"""The main menu and the doors of each audience's home page, by role, in one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from piutempo.people.models import Role


@dataclass(frozen=True, slots=True)
class Entry:
    """A door: who sees it, what it is called, where it leads and what waits behind it."""

    roles: Sequence[Role]
    label: Any
    url_name: str
    text: Any = ""
    in_menu: bool = True


PUBLIC = (
    Entry((), _("Home"), "portals:home"),
    Entry((), _("Dove spendere i buoni"), "network:where"),
    Entry((), _("Aiuto"), "portals:help"),
)
DOORS: tuple[Entry, ...] = ()


def address_of(entry: Entry) -> str:
    """Return the address of a door; empty when its context is not mounted."""
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return ""


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Give every page its menu."""
    roles = getattr(request, "roles", None)
    held = roles.held if roles else frozenset()
    if held:
        entries = [
            Entry((), _("La tua area"), "portals:area"),
            *(d for d in DOORS if d.in_menu and held & set(d.roles)),
        ]
    else:
        entries = list(PUBLIC)
    found = []
    for entry in entries:
        if url := address_of(entry):
            current = request.path == url or (url.count("/") > 2 and request.path.startswith(url))
            found.append({"label": entry.label, "url": url, "is_current": current})
    return {"navigation": found}
