"""Desks: all, those open to the public, those a user works at."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet

from piutempo.network.models import Desk
from piutempo.programmes.models import Programme


def _open_on(on: date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))


def list_desks(*, programme: Programme | None = None) -> QuerySet[Desk]:
    """Return desks with municipality and programme, in the order of their codes."""
    rows = Desk.objects.select_related("municipality", "programme").order_by("code", "pk")
    return rows.filter(programme=programme) if programme else rows


def list_desks_for_public(
    *, on: date, programme: Programme | None = None, place: str = "", province: str = "", does: str = ""
) -> QuerySet[Desk]:
    """
    Return the desks open on a day, by municipality.

    :param place: start of the municipality's name
    :param does: ``supports``, ``delivers`` or empty
    """
    rows = list_desks(programme=programme).filter(_open_on(on))
    if place.strip():
        rows = rows.filter(municipality__name__istartswith=place.strip())
    if province:
        rows = rows.filter(municipality__province=province)
    if does in {"supports", "delivers"}:
        rows = rows.filter(**{does: True})
    return rows.order_by("municipality__name", "name", "pk")


def list_desks_for(scope_ids: Iterable[int] | None, *, on: date) -> QuerySet[Desk]:
    """Return the desks open on a day among those a user works at (``Roles.scope_ids``; None: every desk)."""
    rows = list_desks().filter(_open_on(on))
    return rows if scope_ids is None else rows.filter(pk__in=list(scope_ids))


def get_desk_for(scope_ids: Iterable[int] | None, desk_id: int, *, on: date) -> Desk:
    """
    Return a desk that the user works at.

    :raises Desk.DoesNotExist: no such desk, closed, or not theirs (views answer 404)
    """
    return list_desks_for(scope_ids, on=on).get(pk=desk_id)
