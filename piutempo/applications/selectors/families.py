"""What families and their desks read."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import QuerySet

from piutempo.applications.models import Application, Decision
from piutempo.people.models import Person

_FAMILY = ("programme", "applicant", "applicant__municipality", "household", "desk", "bookmark")


def list_applications_of(person: Person) -> QuerySet[Application]:
    """Return a person's own applications and drafts, the newest first."""
    return Application.objects.filter(applicant=person).select_related(*_FAMILY).order_by("-pk")


def get_application_of(person: Person, application_id: int) -> Application:
    """
    Return one of a person's own applications.

    :raises Application.DoesNotExist: none, or somebody else's (views answer 404)
    """
    return list_applications_of(person).get(pk=application_id)


def list_applications_of_desks(desk_ids: Iterable[int]) -> QuerySet[Application]:
    """Return the applications and drafts made at some desks; those of other desks are never there."""
    rows = Application.objects.filter(desk_id__in=list(desk_ids)).select_related(*_FAMILY)
    return rows.order_by("-pk")


def get_application_of_desks(desk_ids: Iterable[int], application_id: int) -> Application:
    """
    Return one of the applications made at some desks.

    :raises Application.DoesNotExist: none, or another desk's (views answer 404)
    """
    return list_applications_of_desks(desk_ids).get(pk=application_id)


def list_decisions_of(application_ids: Collection[int]) -> dict[int, Decision]:
    """Return the last decisions of some applications, by application id. One query."""
    decisions = Decision.objects.filter(application_id__in=application_ids).order_by("round")
    return {d.application_id: d for d in decisions}
