"""Serving a stored file: the context that owns the right to see it calls this, after checking."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from piutempo.records.models import StoredFile

_SHOWN = {"application/pdf", "image/jpeg", "image/png"}


def bytes_response(content: bytes, *, name: str, media_type: str, inline: bool = False) -> HttpResponse:
    """
    Return bytes as a file that no cache keeps and no browser takes for something else.

    ``inline`` shows it in the browser when its type is harmless, in a sandbox where nothing runs; else it is saved.
    """
    shown = inline and media_type in _SHOWN
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(not shown, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["X-Frame-Options"] = "SAMEORIGIN"  # shown beside the form that speaks of it
    # A browser refuses to show a PDF in a full sandbox; its viewer runs nothing of the page's origin.
    sandbox = "" if media_type == "application/pdf" else "; sandbox"
    response["Content-Security-Policy"] = (
        f"default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'{sandbox}"
    )
    return response


def file_response(stored: StoredFile, *, inline: bool = False) -> HttpResponse:
    """Return a stored file, decrypted."""
    return bytes_response(bytes(stored.content), name=stored.name, media_type=stored.media_type, inline=inline)
