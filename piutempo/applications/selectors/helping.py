"""Whom a desk may act for: who was identified there, and whose mandate is in force."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from piutempo.applications.models import Application, Attachment, AttachmentKind, Identification, Mandate
from piutempo.applications.rules import Refusal
from piutempo.applications.rules.helping import MandateSpan, help_refusal_for
from piutempo.network.models import Desk
from piutempo.people.models import Person


@dataclass(frozen=True, slots=True)
class Standing:
    """What a desk holds of a person. ``refusal`` says why it may not act today; None: it may."""

    identification: Identification | None
    mandates: tuple[Mandate, ...]
    refusal: Refusal | None


def span_of(mandate: Mandate) -> MandateSpan:
    """Return when a mandate counts."""
    return MandateSpan(mandate.signed_on, mandate.valid_until, mandate.revoked_at is not None)


def get_standing(*, person: Person, desk: Desk, on: date) -> Standing:
    """Return what a desk holds of a person, the files without their content. Two queries."""
    seen = (
        Identification.objects.filter(person=person, desk=desk)
        .select_related("checked_by")
        .order_by("-expires_on", "-pk")
        .first()
    )
    mandates = tuple(
        Mandate.objects.filter(person=person, desk=desk).select_related("file", "by").defer("file__content")
    )
    refusal = help_refusal_for(
        document_expires_on=seen.expires_on if seen else None, mandates=[span_of(m) for m in mandates], on=on
    )
    return Standing(seen, mandates, refusal)


def list_help_refusals(pairs: Collection[tuple[int, int, date]]) -> dict[tuple[int, int, date], Refusal | None]:
    """Return, for (person id, desk id, day), why the desk may not act; None: it may. Two queries each 400 persons."""
    wanted = sorted({person_id for person_id, _desk, _on in pairs})
    expiry: dict[tuple[int, int], date] = {}
    spans: dict[tuple[int, int], list[MandateSpan]] = {}
    for start in range(0, len(wanted), 400):
        chunk = wanted[start : start + 400]
        rows = Identification.objects.filter(person__in=chunk).order_by().values_list("person_id", "desk_id")
        for person_id, desk_id, day in rows.annotate(last=Max("expires_on")):
            expiry[person_id, desk_id] = day
        for mandate in Mandate.objects.filter(person__in=chunk):
            spans.setdefault((mandate.person_id, mandate.desk_id), []).append(span_of(mandate))
    return {
        (person_id, desk_id, on): help_refusal_for(
            document_expires_on=expiry.get((person_id, desk_id)), mandates=spans.get((person_id, desk_id), []), on=on
        )
        for person_id, desk_id, on in pairs
    }


def _in_force(on: date) -> Q:
    return Q(revoked_at=None, signed_on__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))


def list_helped_cases(desk: Desk, *, on: date) -> QuerySet[Application]:
    """Return the cases made at a desk whose applicants it may act for on a day, as ``list_applications_of_desks``."""
    whose = OuterRef("applicant")
    mandates = Mandate.objects.filter(_in_force(on), person=whose, desk=desk)
    documents = Identification.objects.filter(person=whose, desk=desk, expires_on__gte=on)
    rows = Application.objects.filter(Exists(mandates), Exists(documents), desk=desk)
    return rows.select_related("programme", "applicant", "applicant__municipality", "household", "desk").order_by("-pk")


def find_helped(text: str, *, desk: Desk, on: date, limit: int = 20) -> list[Person]:
    """Return, of the persons the desk may act for on a day, those whose name starts with the words of ``text``."""
    named = Q()
    for word in text.split():
        named &= Q(family_name__istartswith=word) | Q(given_name__istartswith=word)
    whose = OuterRef("pk")
    mandates = Mandate.objects.filter(_in_force(on), person=whose, desk=desk)
    documents = Identification.objects.filter(person=whose, desk=desk, expires_on__gte=on)
    rows = Person.objects.filter(named, Exists(mandates), Exists(documents)).select_related("municipality")
    return list(rows.order_by("family_name", "given_name", "pk")[:limit]) if text.split() else []


def list_mandates_of(person: Person) -> list[Mandate]:
    """Return the mandates a person gave, the newest first, with their desks."""
    return list(Mandate.objects.filter(person=person).select_related("desk__municipality").order_by("-pk"))


def list_scans(application: Application) -> list[Attachment]:
    """Return the scans of a request written on paper, without their content."""
    rows = Attachment.objects.filter(application=application, kind=AttachmentKind.PAPER, removed_at=None)
    return list(rows.select_related("file").defer("file__content"))


def get_mandate_of_desks(desk_ids: Collection[int], mandate_id: int) -> Mandate:
    """
    Return a mandate given to one of some desks, with its file.

    :raises Mandate.DoesNotExist: none, or another desk's (views answer 404)
    """
    return Mandate.objects.select_related("person", "desk__municipality", "file").get(pk=mandate_id, desk__in=desk_ids)
