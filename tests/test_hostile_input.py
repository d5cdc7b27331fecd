"""What nobody types by chance: addresses, days, files, texts made to break a page. Each gets an answer, none a 500."""

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.test import Client

from piutempo.kernel.codes import title_code
from piutempo.people.models import Role, Scope
from piutempo.people.services import accounts
from piutempo.programmes.rules.problems import ProgrammeRefused
from piutempo.programmes.rules.reading import parse_toml
from piutempo.ui.forms import DayField
from piutempo.vouchers.services.reading import FileRefused, read_file

HEADER = b"codice;servizio;quantita;data\n"


@pytest.fixture
def signed_in(at: datetime, client: Client) -> Any:
    """Sign in as somebody with one role everywhere it may reach."""

    def sign_in(role: Role) -> Client:
        user = accounts.create_user(username=role, full_name=role, email="", password=None, at=at, by=None)
        accounts.grant_role(user=user, role=role, scope=Scope.ALL, scope_id=None, valid_until=None, at=at, by=None)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "address"),
    [
        (Role.DESK_OPERATOR, "/sportello/buoni/consegna/?buono="),
        (Role.CASE_OFFICER, "/ufficio/buoni/?q="),
        (Role.CASE_OFFICER, "/ufficio/domande/?page="),
        (Role.ACCOUNTING_OFFICER, "/contabilita/rendiconti/approva/?rendiconto="),
        (Role.ACCOUNTING_OFFICER, "/contabilita/movimenti/?fondo="),
    ],
)
@pytest.mark.parametrize("number", ["9" * 30, "-1", "%C2%B2", "x" * 3_000, "' OR 1=1 --"])
def test_a_number_no_row_can_have_finds_nothing(signed_in: Any, role: Role, address: str, number: str) -> None:
    assert signed_in(role).get(address + number).status_code in {200, 302, 404}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/sportelli/?comune=%00", "/dove-spendere/?comune=a%00b", "/verifica/a%00b/"])
def test_an_address_with_nul_is_refused(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert "Richiesta non valida" in answer.content.decode()


@pytest.mark.parametrize("text", ["01/01/0001", "31/12/9999", "9999-12-31", "31/12/1879"])
def test_a_year_nobody_means_is_refused(text: str) -> None:
    with pytest.raises(forms.ValidationError, match="tra 1880 e 2199"):
        DayField().clean(text)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 20_000, "a = " + "{a = " * 5_000, "a = " + "9" * 5_000], ids=["arrays", "tables", "number"]
)
def test_a_programme_made_to_exhaust_the_reader_is_refused(text: str) -> None:
    with pytest.raises(ProgrammeRefused, match="troppe parentesi"):
        parse_toml(text, "prova.toml")


def _workbook(sheet: str) -> bytes:
    kinds = "http://schemas.openxmlformats.org"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{kinds}/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        )
        link = f'<Relationships xmlns="{kinds}/package/2006/relationships"><Relationship Id="r1" Type="{kinds}'
        link += '/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
        book.writestr("_rels/.rels", link.format(kind="officeDocument", target="xl/workbook.xml"))
        book.writestr("xl/_rels/workbook.xml.rels", link.format(kind="worksheet", target="worksheets/sheet1.xml"))
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{kinds}/spreadsheetml/2006/main" xmlns:r="{kinds}/officeDocument/2006/relationships">'
            '<sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        book.writestr("xl/worksheets/sheet1.xml", sheet)
    return out.getvalue()


def _sheet(*rows: str) -> str:
    cells = "".join(
        f'<c r="{place}1" t="inlineStr"><is><t>{name}</t></is></c>'
        for place, name in zip("ABCD", ["codice", "servizio", "quantita", "data"], strict=True)
    )
    body = f'<row r="1">{cells}</row>{"".join(rows)}'
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{body}</sheetData></worksheet>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (HEADER + b"a" * 2_000 + b"\nA\x00;nido;1;01/01/2011\n", "WRONG_ENCODING"),
        (HEADER + b"A;" + b"x" * 200_000 + b";1;01/01/2011\n", "NOT_A_TABLE"),
        (_workbook("<worksheet><"), "BROKEN_WORKBOOK"),
        (
            _workbook('<!DOCTYPE x [<!ENTITY a "aa">]>' + _sheet('<row r="2"><c r="A2"><v>&a;</v></c></row>')),
            "BROKEN_WORKBOOK",
        ),
        (_workbook(_sheet('<row r="2"><c r="A2" t="s"><v>99</v></c></row>')), "BROKEN_WORKBOOK"),
        (
            _workbook(_sheet('<row r="1000000"><c r="A1000000" t="inlineStr"><is><t>x</t></is></c></row>')),
            "TOO_MANY_ROWS",
        ),
        (_workbook(_sheet(" " * (21 * settings.UPLOAD_MAX_BYTES))), "TOO_BIG"),
    ],
    ids=["nul", "long cell", "cut xml", "entity", "no such string", "a million blank rows", "bomb"],
)
def test_a_file_made_to_break_the_reader_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_file("mese.xlsx", content)
    assert refused.value.code == code


def test_a_number_of_five_thousand_digits_is_a_wrong_row() -> None:
    code = title_code(12_345, 1, settings.CODE_KEY)
    rows, unread = read_file("mese.csv", HEADER + f"{code};nido;{'9' * 5_000};01/01/2011\n".encode())
    assert not rows and [u.line for u in unread] == [2]


def test_columns_far_to_the_right_are_not_read() -> None:
    far = [f'<row r="{n}"><c r="XFD{n}" t="inlineStr"><is><t>x</t></is></c></row>' for n in range(2, 2_000)]
    with pytest.raises(FileRefused) as refused:
        read_file("mese.xlsx", _workbook(_sheet(*far)))
    assert refused.value.code == "EMPTY"
