"""Desks: all, those open to the public, those a user works at."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from piutempo.network.models import Agreement, Desk, Task
from piutempo.programmes.models import Programme


def _open_on(on: date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))


def _may(task: Task, on: date) -> Exists:
    return Exists(Agreement.objects.filter(_open_on(on), desk=OuterRef("pk"), task=task))


def list_tasks(desk_ids: Iterable[int], *, on: date) -> dict[int, frozenset[Task]]:
    """Return what each of some desks may do on a day by its agreements; a desk without any is there, empty."""
    ids = list(desk_ids)
    found: dict[int, set[Task]] = {pk: set() for pk in ids}
    for desk_id, task in Agreement.objects.filter(_open_on(on), desk__in=ids).values_list("desk_id", "task"):
        found[desk_id].add(Task(task))
    return {pk: frozenset(tasks) for pk, tasks in found.items()}


def may(desk: Desk, task: Task, *, on: date) -> bool:
    """Tell whether the desk is open on a day and its agreement lets it do this task. One query."""
    is_open = desk.valid_from <= on and (desk.valid_until is None or on < desk.valid_until)
    return is_open and Agreement.objects.filter(_open_on(on), desk=desk, task=task).exists()


def list_desks_nearby(desk: Desk, task: Task, *, on: date, limit: int = 3) -> list[Desk]:
    """Return where to send a family for a task this desk may not do: its own municipality first, then its province."""
    rows = list_desks(programme=desk.programme).filter(_open_on(on), _may(task, on)).exclude(pk=desk.pk)
    near = rows.filter(municipality__province=desk.municipality.province)
    order = Case(When(municipality=desk.municipality_id, then=0), default=1)
    return list(near.order_by(order, "municipality__name", "name", "pk")[:limit])


def list_agreements(desk: Desk) -> list[Agreement]:
    """Return every agreement of a desk, by task, then by start."""
    return list(Agreement.objects.filter(desk=desk).order_by("task", "valid_from"))


def get_agreement(agreement_id: int) -> Agreement:
    """
    Return an agreement with its desk.

    :raises Agreement.DoesNotExist: no such agreement
    """
    return Agreement.objects.select_related("desk__programme").get(pk=agreement_id)


def get_desk(desk_id: int) -> Desk:
    """
    Return a desk with municipality and programme.

    :raises Desk.DoesNotExist: no such desk
    """
    return list_desks().get(pk=desk_id)


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
    :param does: a ``Task`` that they must have an agreement for on that day, or empty
    """
    rows = list_desks(programme=programme).filter(_open_on(on))
    if place.strip():
        rows = rows.filter(municipality__name__istartswith=place.strip())
    if province:
        rows = rows.filter(municipality__province=province)
    if does in Task.values:
        rows = rows.filter(_may(Task(does), on))
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
