"""Storing what somebody hands in: checked, encrypted, never changed."""

import hashlib
from datetime import datetime

from piutempo.records.models import StoredFile
from piutempo.records.rules import FileRefusal, clean_name, media_type_of, refusal_for


class FileRefused(ValueError):
    """The file is not taken. ``code`` is stable and safe to show."""

    def __init__(self, code: FileRefusal) -> None:
        super().__init__(code.value)
        self.code = code


def store_file(
    *, name: str, content: bytes, at: datetime, by_id: int | None = None, allow_signed: bool = False
) -> StoredFile:
    """
    Store a PDF, JPEG or PNG of at most 5 MB (a signed ``.p7m`` too when ``allow_signed``), encrypted.

    What it is, is read from its bytes; from ``name`` only its last part is kept.

    :raises FileRefused: empty, too big, of another type, a PDF that asks for a password
    """
    if code := refusal_for(content, allow_signed=allow_signed):
        raise FileRefused(code)
    media_type = media_type_of(content)
    return StoredFile.objects.create(
        name=clean_name(name, media_type),
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        stored_at=at,
        stored_by_id=by_id,
    )
