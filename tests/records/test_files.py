"""Files handed in: what they are is read from their bytes; they are encrypted and never changed."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.models import StoredFile
from piutempo.records.rules import MAX_BYTES, FileRefusal, clean_name
from piutempo.records.selectors import open_file
from piutempo.records.services import FileRefused, store_file
from piutempo.records.serving import file_response

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
PDF = b"%PDF-1.7\nISEE di Maria\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
P7M = bytes.fromhex("3080") + bytes.fromhex("06092a864886f70d010702") + bytes(40)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", FileRefusal.EMPTY),
        (PDF + bytes(MAX_BYTES), FileRefusal.TOO_BIG),
        (b"MZ\x90\x00", FileRefusal.WRONG_TYPE),
        (b"<html><script>", FileRefusal.WRONG_TYPE),
        (P7M, FileRefusal.SIGNED),
        (PDF + b"trailer << /Encrypt 5 0 R >>", FileRefusal.ENCRYPTED_PDF),
    ],
)
@pytest.mark.django_db
def test_what_is_not_taken_has_a_code_and_a_sentence(content, code):
    with pytest.raises(FileRefused) as refused:
        store_file(name="prova.pdf", content=content, at=AT)
    assert refused.value.code == code
    assert str(FILE_REFUSALS[code])
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("ISEE 2026.PDF", "ISEE 2026.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        (r"C:\Users\Maria\isee.pdf", "isee.pdf"),
        ("isee.pdf.exe", "isee.pdf.exe.pdf"),
        ("gpj\u202efdp.exe\x00\n.pdf", "gpjfdp.exe.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        ("x" * 400 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_only_a_harmless_name_is_kept(name, kept):
    assert clean_name(name, "application/pdf") == kept


@pytest.mark.django_db
def test_a_file_is_encrypted_frozen_and_comes_back_whole():
    stored = store_file(name="isee.pdf", content=PDF, at=AT)
    assert (stored.media_type, stored.size) == ("application/pdf", len(PDF))
    assert open_file(StoredFile.objects.get()) == PDF
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM records_storedfile")
        assert b"Maria" not in bytes(cursor.fetchone()[0])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        StoredFile.objects.update(name="altro")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        stored.delete()


@pytest.mark.django_db
def test_a_signed_file_is_taken_where_it_is_asked_for():
    assert store_file(name="lettera.pdf.p7m", content=P7M, at=AT, allow_signed=True).name == "lettera.pdf.p7m"


@pytest.mark.django_db
def test_a_file_is_served_so_that_nothing_in_it_runs():
    stored = store_file(name="foto.png", content=PNG, at=AT)
    response = file_response(StoredFile.objects.get(pk=stored.pk), inline=True)
    assert response.content == PNG
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Content-Disposition"].startswith("inline")
    assert file_response(stored)["Content-Disposition"].startswith("attachment")
    signed = store_file(name="x.p7m", content=P7M, at=AT, allow_signed=True)
    assert file_response(signed, inline=True)["Content-Disposition"].startswith("attachment")
