"""What families sent with their answers."""

from __future__ import annotations

from piutempo.applications.models import Application, Attachment, AttachmentKind


def list_answer_files(application: Application) -> dict[int, list[Attachment]]:
    """Return the files sent with answers, by step, without their bytes. One query."""
    rows = Attachment.objects.filter(application=application, kind=AttachmentKind.ANSWER, removed_at=None)
    found: dict[int, list[Attachment]] = {}
    for row in rows.select_related("file").defer("file__content"):
        found.setdefault(row.ref_id or 0, []).append(row)
    return found
