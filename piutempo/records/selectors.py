"""Reading what happened, what was filed and what was registered."""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from piutempo.records.models import Document, Event, RegisterEntry, StoredFile


def list_events(*, subject: str, subject_id: int) -> QuerySet[Event]:
    """Return the history of one thing, the oldest first."""
    return Event.objects.filter(subject=subject, subject_id=subject_id).order_by("id")


def list_documents(*, subject: str, subject_id: int) -> QuerySet[Document]:
    """Return what was filed about one thing, without the PDF bytes."""
    rows = Document.objects.filter(subject=subject, subject_id=subject_id)
    return rows.defer("content", "sealed", "sealed_content").order_by("id")


def open_file(stored: StoredFile) -> bytes:
    """Return the plain bytes of a stored file."""
    return bytes(stored.content)


def list_register_of(*, subject: str, subject_id: int) -> QuerySet[RegisterEntry]:
    """Return what was registered about one thing, the oldest first."""
    return RegisterEntry.objects.filter(subject=subject, subject_id=subject_id).order_by("id")


def list_entries(
    *, year: int | None = None, day: date | None = None, direction: str = "", text: str = ""
) -> QuerySet[RegisterEntry]:
    """
    Return the lines of the register, the newest first.

    ``text`` is a number (with or without its zeros) or a part of the title or of the correspondent.
    """
    rows = RegisterEntry.objects.filter(register=settings.REGISTER_CODE)
    if year is not None:
        rows = rows.filter(year=year)
    if day is not None:
        start = timezone.make_aware(datetime.combine(day, time.min))
        end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
        rows = rows.filter(registered_at__gte=start, registered_at__lt=end)
    if direction:
        rows = rows.filter(direction=direction)
    if text := text.strip():
        number = text.rpartition("/")[2]
        found = Q(title__icontains=text) | Q(correspondent__icontains=text)
        if number.isascii() and number.isdigit() and len(number) < 10:
            found |= Q(number=int(number))
        rows = rows.filter(found)
    return rows.order_by("-year", "-number")
