"""Typesetting: frozen data and a template become a tagged PDF, at first opening (docs/adr: documents on demand)."""

import hashlib
import io
import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import segno
import typst
from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format

from piutempo.records.models import Document

#: What every PDF conforms to: accessible (PDF/UA-1) and fit for keeping (PDF/A-2a).
STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]
#: Templates import each other by paths from here; ``vouchers/carnet.typ`` lies in its context's ``templates/``.
ROOT = Path(__file__).resolve().parent.parent.parent
_FONT_FOLDERS = ("static/fonts/Titillium_Web", "static/fonts/Roboto_Mono")


class TemplateMissing(LookupError):
    """No context has the template."""


@cache
def _fonts() -> typst.Fonts:
    """Read the fonts once a process, from the package that also serves them to the browser."""
    package = files("bootstrap_italia_template")
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(package.joinpath(folder)) for folder in _FONT_FOLDERS],
    )


def typeset(template: str, data: dict[str, Any], *, at: datetime | None = None) -> bytes:
    """
    Typeset ``data`` with ``template`` and return the PDF.

    The same template, data and ``at`` give the same bytes. ``data`` reaches the template as JSON: its texts are never
    read as code.
    ``at`` is the instant written in the PDF's metadata (none: the epoch).

    :raises TemplateMissing: no such template
    :raises typst.TypstError: the template does not compile
    """
    path = ROOT / template.split("/", maxsplit=1)[0] / "templates" / template
    if not path.is_file():
        raise TemplateMissing(f"no template {template!r}: expected a file in its context's templates folder")
    instant = datetime(1970, 1, 1, tzinfo=UTC) if at is None else at.astimezone(UTC).replace(microsecond=0)
    return typst.compile(
        str(path),
        root=str(ROOT),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=STANDARDS,
        timestamp=instant,
    )


def open_document(document: Document) -> bytes:
    """
    Return the PDF of a frozen document: typeset at its first opening, the same bytes ever after.

    Two first openings at once store one content: who comes second returns what the first one stored.
    """
    stored = document.content if document.sealed is None else document.sealed_content
    return bytes(stored) if stored is not None else keep_content(document, typeset_document(document))


def typeset_document(document: Document) -> bytes:
    """Return the PDF of a frozen document without storing it."""
    return typeset(document.template, document.read(), at=document.created_at)


def keep_content(document: Document, content: bytes) -> bytes:
    """Store a document's PDF if it has none yet, and return the one it has."""
    column = "content" if document.sealed is None else "sealed_content"
    Document.objects.filter(pk=document.pk, **{f"{column}__isnull": True}).update(
        **{column: content, "content_sha256": hashlib.sha256(content).hexdigest()}
    )
    document.refresh_from_db(fields=[column, "content_sha256"])
    return bytes(getattr(document, column) or content)


def letterhead(*, at: datetime) -> dict[str, str]:
    """Return who writes, when and how to answer: the part of a frozen document's data that every letter shares."""
    with translation.override("it"):
        return {
            "body": settings.BODY_NAME,
            "phone": settings.CONTACT_PHONE,
            "email": settings.CONTACT_EMAIL,
            "site": settings.SITE_URL,
            "date": date_format(timezone.localtime(at), "j F Y").lower(),
        }


def qr_svg(text: str) -> str:
    """Return a QR code of ``text`` as SVG (error correction M)."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=2)
    return out.getvalue().decode()
