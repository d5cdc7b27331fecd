"""Reading what happened and what was filed."""

from django.db.models import QuerySet

from piutempo.records.models import Document, Event


def list_events(*, subject: str, subject_id: int) -> QuerySet[Event]:
    """Return the history of one thing, the oldest first."""
    return Event.objects.filter(subject=subject, subject_id=subject_id).order_by("id")


def list_documents(*, subject: str, subject_id: int) -> QuerySet[Document]:
    """Return what was filed about one thing, without the PDF bytes."""
    return Document.objects.filter(subject=subject, subject_id=subject_id).defer("content").order_by("id")
