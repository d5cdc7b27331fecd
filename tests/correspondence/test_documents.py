"""Carnets and letters: frozen once, typeset at first opening, tagged, complete."""

import hashlib
import io
from datetime import date

import pytest
from django.conf import settings
from django.utils import translation
from pypdf import PdfReader

from piutempo.correspondence.services import TemplateMissing, open_document, qr_svg, typeset
from piutempo.kernel.codes import read_title_code, title_code
from piutempo.records.models import Document
from piutempo.vouchers.services.documents import NothingAssigned, get_assignment_letter, get_carnet
from tests.settlements.factories import instant, make_world

DAY = date(2011, 3, 2)
NOON = instant(DAY, 12)
pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def read(pdf: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(pdf))
    text = "\n".join(page.extract_text() for page in reader.pages)
    return reader, " ".join(text.replace("\u00a0", " ").split())


def assert_accessible(reader: PdfReader, title: str) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "it-IT"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    assert b"pdfaid:part" in root["/Metadata"].get_data()
    assert reader.metadata.title == title
    width, height = reader.pages[0].mediabox[2:]
    assert (round(width), round(height)) == (595, 842)


def alternatives(reader: PdfReader) -> list[str]:
    found, todo = [], [reader.trailer["/Root"]["/StructTreeRoot"]]
    while todo:
        node = todo.pop().get_object()
        if isinstance(node, list):
            todo += node
        elif isinstance(node, dict):
            found += [str(node["/Alt"])] if "/Alt" in node else []
            todo += [node["/K"]] if "/K" in node else []
    return found


def test_a_carnet_holds_every_title_with_its_code(world):
    voucher = world.voucher(month=date(2011, 3, 1))
    document = get_carnet(voucher=voucher, at=NOON, by=None)
    reader, text = read(open_document(document))
    assert_accessible(reader, "Carnet di buoni servizi, marzo 2011")
    assert len(reader.pages) == 3
    assert "Maria Rossi" in text
    assert "31/12/2011" in text
    assert f"{voucher.first_serial} – {voucher.first_serial + 24}" in text
    assert "Non è cedibile" in text
    assert text.count("Timbro e firma") == text.count("Data del servizio") == 25
    for index in range(1, 26):
        code = title_code(voucher.code, index, settings.CODE_KEY)
        assert code in text
        assert f"Codice QR: {code}" in alternatives(reader)
        assert str(voucher.first_serial + index - 1) in text


def test_the_same_bytes_come_back_and_the_data_never_changes(world):
    voucher = world.voucher()
    first = get_carnet(voucher=voucher, at=NOON, by=None)
    content = open_document(first)
    voucher.holder.given_name = "Altra"
    voucher.holder.save()
    again = get_carnet(voucher=voucher, at=instant(date(2011, 5, 1)), by=None)
    assert again.pk == first.pk
    assert open_document(again) == content
    assert Document.objects.get().content_sha256 == hashlib.sha256(content).hexdigest()


def test_two_first_openings_store_one_content(world):
    document = get_carnet(voucher=world.voucher(), at=NOON, by=None)
    twin = Document.objects.get(pk=document.pk)
    assert open_document(document) == open_document(twin)


def test_an_extension_makes_a_carnet_with_the_new_date(world):
    voucher = world.voucher()
    old = get_carnet(voucher=voucher, at=NOON, by=None)
    voucher.valid_until = date(2012, 3, 1)
    voucher.save()
    new = get_carnet(voucher=voucher, at=NOON, by=None)
    assert new.pk != old.pk
    assert "29/02/2012" in read(open_document(new))[1]


def test_a_reissue_prints_only_the_titles_that_may_still_be_spent(world):
    voucher = world.voucher()
    voucher.replacement, voucher.spent, voucher.spent_cents = 1, 0b11, 2_000
    voucher.save()
    data = get_carnet(voucher=voucher, at=NOON, by=None).data
    assert len(data["titles"]) == 23
    assert data["titles"][0]["serial"] == str(voucher.first_serial + 2)


def test_a_balance_voucher_is_one_coupon(world):
    document = get_carnet(voucher=world.voucher(form="balance"), at=NOON, by=None)
    reader, text = read(open_document(document))
    assert len(reader.pages) == 1
    assert "Il resto rimane sul buono" in text


def test_the_letter_says_months_use_places_and_whom_to_call(world):
    award = world.voucher(month=date(2011, 3, 1)).award
    award.months, award.months_released = 5, 1
    award.save()
    document = get_assignment_letter(award=award, at=NOON, by=None)
    reader, text = read(open_document(document))
    assert_accessible(reader, "Lettera di assegnazione")
    for said in (
        "Maria Rossi",
        "4 mensilità",
        "1.000,00 €",
        "Giugno 2011",
        "31/08/2011",
        "Come si usano",
        "2 marzo 2011",
    ):
        assert said in text
    assert "Luglio 2011" not in text
    assert text.count(settings.CONTACT_PHONE) >= 2
    assert settings.SITE_URL in text


def test_documents_are_italian_whatever_the_reader_speaks(world):
    with translation.override("en"):
        document = get_carnet(voucher=world.voucher(month=date(2011, 3, 1)), at=NOON, by=None)
    assert document.title == "Carnet di buoni servizi, marzo 2011"


def test_no_letter_about_an_award_that_waits(world):
    award = world.voucher().award
    award.status, award.committed_at = "waiting", None
    with pytest.raises(NothingAssigned):
        get_assignment_letter(award=award, at=NOON, by=None)


def test_hostile_text_stays_text(world):
    voucher = world.voucher()
    voucher.holder.given_name = '#panic("x") *forte* $x$ \\ <a>'
    document = get_carnet(voucher=voucher, at=NOON, by=None)
    assert '#panic("x") *forte* $x$ \\ <a>' in read(open_document(document))[1]


def test_the_qr_code_is_readable_as_a_title(world):
    code = title_code(123, 7, settings.CODE_KEY)
    assert read_title_code(code.replace("-", ""), settings.CODE_KEY).index == 7
    assert qr_svg(code.replace("-", "")).startswith("<svg")


def test_an_unknown_template_is_named():
    with pytest.raises(TemplateMissing, match=r"vouchers/nulla\.typ"):
        typeset("vouchers/nulla.typ", {})
