"""What a file really is, read from its bytes, and how it may be called."""

import re
import unicodedata
from enum import StrEnum

#: What may be handed in, by its media type, with the endings it may have (the first is ours when it has none of them).
ENDINGS = {
    "application/pdf": ("pdf",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "application/pkcs7-mime": ("p7m",),
}
MAX_BYTES = 5_000_000
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")  # the object identifier of CMS SignedData
_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")


class FileRefusal(StrEnum):
    """Why a file is not taken."""

    EMPTY = "file_empty"
    TOO_BIG = "file_too_big"
    WRONG_TYPE = "file_wrong_type"
    SIGNED = "file_signed"
    ENCRYPTED_PDF = "file_encrypted_pdf"


def media_type_of(content: bytes) -> str:
    """Return the media type that the bytes show; empty when it is none of ``ENDINGS``."""
    if b"%PDF-" in content[:1024]:
        return "application/pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:1] == b"\x30" and _SIGNED_DATA in content[:40]:
        return "application/pkcs7-mime"
    return ""


def refusal_for(content: bytes, *, allow_signed: bool = False) -> FileRefusal | None:
    """Return why the bytes are not taken, or None."""
    if not content:
        return FileRefusal.EMPTY
    if len(content) > MAX_BYTES:
        return FileRefusal.TOO_BIG
    media_type = media_type_of(content)
    if not media_type:
        return FileRefusal.WRONG_TYPE
    if media_type == "application/pkcs7-mime" and not allow_signed:
        return FileRefusal.SIGNED
    if media_type == "application/pdf" and _ENCRYPTED.search(content):
        return FileRefusal.ENCRYPTED_PDF
    return None


def clean_name(name: str, media_type: str) -> str:
    """
    Return a name fit to be shown and saved: no path, no control or direction marks, at most 150 characters.

    Its ending is the one of what the file really is, whatever its sender called it.
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] not in "CZ" or c == " ")
    stem, _, ending = kept.strip(" .").rpartition(".")
    if not stem or ending.lower() not in ENDINGS[media_type]:
        stem, ending = kept.strip(" ."), ENDINGS[media_type][0]
    stem = stem.strip(" .")[: 150 - len(ending) - 1] or "file"
    return f"{stem}.{ending.lower()}"
