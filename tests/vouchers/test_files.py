"""A provider's file: read without trust, previewed row by row, confirmed once."""

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from openpyxl import Workbook

from piutempo.kernel.codes import title_code
from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.vouchers.models import Redemption, RedemptionFile, Voucher
from piutempo.vouchers.rules.file_rows import FileRow
from piutempo.vouchers.services import (
    FileHasErrors,
    FileRefused,
    confirm_file,
    files,
    import_rows,
    preview_file,
    redeem,
)
from tests.vouchers.factories import NOW, TODAY, Family, World, build_family, code_of, issued

HEADER = "codice;servizio;quantita;data;codice_fiscale_assistito;codice_fiscale_titolare;titoli;importo"


def line(voucher: Voucher, title: int, **more: str) -> str:
    cells = {
        "service": "pulizie",
        "quantity": "1",
        "day": "14/03/2011",
        "cared": "",
        "holder": "",
        "titles": "",
        "amount": "",
    }
    cells |= more
    return ";".join([code_of(voucher, title), *cells.values()])


def text(*lines: str) -> str:
    return "\n".join([HEADER, *lines]) + "\n"


def preview(world: World, content: bytes | str, name: str = "marzo.csv") -> RedemptionFile:
    if isinstance(content, str):
        content = content.encode()
    return preview_file(site=world.site, programme=world.programme, name=name, content=content, at=NOW, by=None)


def errors(file: RedemptionFile) -> list[tuple[int, str]]:
    return [(e["line"], e["code"]) for e in file.rows["errors"]]


@pytest.fixture
def family(world: World) -> Family:
    return build_family(world)


@pytest.fixture
def voucher(world: World, family: Family) -> Voucher:
    return issued(world, family)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ","])
def test_a_file_is_read_in_every_usual_form(world: World, voucher: Voucher, encoding: str, separator: str) -> None:
    content = text(line(voucher, 1)).replace("quantita", "Quantità").replace(";", separator).encode(encoding)
    file = preview(world, content)
    assert (file.row_count, errors(file)) == (1, [])


def test_a_workbook_is_read_too(world: World, voucher: Voucher, family: Family) -> None:
    book = Workbook()
    book.active.append(["Codice", "Servizio", "Quantità", "Data", "codice fiscale assistito"])
    book.active.append([code_of(voucher, 1), "nido", 1, NOW.replace(tzinfo=None), family.baby.person.fiscal_code])
    out = BytesIO()
    book.save(out)
    file = preview(world, out.getvalue(), "marzo.xlsx")
    assert (file.row_count, errors(file)) == (1, [])
    assert confirm_file(file=file, at=NOW, by=None).accepted == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY"),
        (b" \n \n", "EMPTY"),
        (HEADER.encode(), "EMPTY"),
        ("codice;servizio".encode("utf-16"), "WRONG_ENCODING"),
        (b"codice;servizio;quantita;data\n\x81\x8d;x", "WRONG_ENCODING"),
        (b"%PDF-1.7 non una tabella", "NOT_A_TABLE"),
        (b"codice;quantita\nA;1", "COLUMNS_MISSING"),
        (b"PK\x03\x04 rotto", "BROKEN_WORKBOOK"),
        (b"x" * (settings.UPLOAD_MAX_BYTES + 1), "TOO_BIG"),
    ],
    ids=["empty", "blank", "header only", "utf-16", "not text", "pdf", "columns", "broken xlsx", "too big"],
)
def test_a_file_that_cannot_be_read_is_explained(world: World, content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        preview(world, content)
    assert refused.value.code == code
    assert not RedemptionFile.objects.exists()


def test_every_wrong_row_has_its_line_and_reason(world: World, voucher: Voucher, family: Family) -> None:
    stranger = build_family(world)
    file = preview(
        world,
        text(
            line(voucher, 1),
            line(voucher, 1),
            line(voucher, 2, service="nido"),
            line(voucher, 2, service="nido", cared=stranger.baby.person.fiscal_code),
            line(voucher, 3, day="2011/3/14"),
            line(voucher, 3, day="15/03/2011"),
            line(voucher, 3, quantity="mezza"),
            line(voucher, 3, holder="ALTRO"),
            line(voucher, 3, titles="3"),
            line(voucher, 25, titles="2"),
            line(voucher, 3, amount="10,005"),
            line(voucher, 3).replace(code_of(voucher, 3), title_code(77, 1, settings.CODE_KEY)),
            line(voucher, 3).replace(code_of(voucher, 3), title_code(voucher.code, 3, "another")),
        ),
    )
    assert errors(file) == [
        (3, "REPEATED_IN_FILE"),
        (4, "PERSON_MISSING"),
        (5, "REPEATED_IN_FILE"),
        (6, "DATE_UNREADABLE"),
        (7, "SERVED_IN_FUTURE"),
        (8, "QUANTITY_UNREADABLE"),
        (9, "REPEATED_IN_FILE"),
        (10, "REPEATED_IN_FILE"),
        (11, "CODE_UNKNOWN"),
        (12, "AMOUNT_UNREADABLE"),
        (13, "CODE_UNKNOWN"),
        (14, "CODE_NOT_OURS"),
    ]
    assert not Redemption.objects.exists()


def test_good_rows_are_taken_only_if_the_user_says_so(world: World, voucher: Voucher) -> None:
    file = preview(world, text(line(voucher, 1), line(voucher, 2, day="15/03/2011"), line(voucher, 3)))
    with pytest.raises(FileHasErrors):
        confirm_file(file=file, at=NOW, by=None)
    assert not Redemption.objects.exists()
    assert RedemptionFile.objects.get().confirmed_at is None
    result = confirm_file(file=file, at=NOW, by=None, takes_good_rows=True)
    assert (result.accepted, result.refused, [(r.line, r.code) for r in result.refusals]) == (
        2,
        1,
        [(3, "SERVED_IN_FUTURE")],
    )
    voucher.refresh_from_db()
    assert (voucher.spent, voucher.spent_cents) == (0b101, 2_000)
    assert get_account_totals([world.pot.pk])[Account.OWED] == 2_000
    assert list_violations() == []


def test_the_same_file_twice_adds_nothing(world: World, voucher: Voucher) -> None:
    content = text(line(voucher, 1), line(voucher, 2))
    file = preview(world, content)
    assert confirm_file(file=file, at=NOW, by=None).accepted == 2
    again = preview(world, content.replace(";", ","), "un altro nome.csv")
    assert again.pk == file.pk
    result = confirm_file(file=again, at=NOW, by=None)
    assert (result.accepted, result.is_repeat) == (2, True)
    assert Redemption.objects.count() == 2


def test_a_row_good_in_the_preview_may_be_refused_at_confirmation(world: World, voucher: Voucher) -> None:
    file = preview(world, text(line(voucher, 1), line(voucher, 2)))
    redeem(
        site=world.site,
        codes=[code_of(voucher, 2)],
        service="pulizie",
        quantity=1,
        served_on=TODAY,
        at=NOW,
        by=None,
        key="k",
    )
    with pytest.raises(FileHasErrors):
        confirm_file(file=file, at=NOW, by=None)
    result = confirm_file(file=file, at=NOW, by=None, takes_good_rows=True)
    assert [(r.line, r.code) for r in result.refusals] == [(3, "ALREADY_SPENT")]


def test_one_row_may_spend_several_titles_in_a_row(world: World, voucher: Voucher, family: Family) -> None:
    code = family.baby.person.fiscal_code
    file = preview(
        world,
        text(line(voucher, 3, service="nido", cared=code, titles="20"), line(voucher, 1, titles="2", quantity="2")),
    )
    assert confirm_file(file=file, at=NOW, by=None).accepted == 2
    done = Redemption.objects.get(service="nido")
    assert (done.amount_cents, done.person_cared_id, done.file_id) == (20_000, family.baby.pk, file.pk)
    voucher.refresh_from_db()
    assert voucher.spent == (1 << 22) - 1


def test_amounts_of_balance_vouchers_come_in_files_too(world: World) -> None:
    voucher = issued(world, build_family(world, product="saldo"))
    file = preview(
        world, text(line(voucher, 1, amount="12,34", quantity="2"), line(voucher, 1, amount="87,67", quantity="9"))
    )
    result = confirm_file(file=file, at=NOW, by=None, takes_good_rows=True)
    assert (result.accepted, [r.code for r in result.refusals]) == (1, ["NOT_ENOUGH_LEFT"])
    assert get_account_totals([world.pot.pk])[Account.OWED] == 1_234


def test_many_chunks_are_confirmed_as_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    vouchers = [issued(world, build_family(world)) for _ in range(5)]
    monkeypatch.setattr(files, "CHUNK", 3)
    file = preview(world, text(*(line(v, t) for t in range(1, 5) for v in vouchers)))
    done = []

    def die(n: int) -> None:
        done.append(n)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        confirm_file(file=file, at=NOW, by=None, progress=die)
    assert not Redemption.objects.exists()
    assert confirm_file(file=file, at=NOW, by=None).accepted == 20
    assert list_violations() == []


def rows_for(voucher: Voucher, family: Family, titles: Sequence[int]) -> list[FileRow]:
    code = family.baby.person.fiscal_code
    return [FileRow(n + 2, voucher.code, t, 1, 0, "nido", 1, TODAY, code) for n, t in enumerate(titles)]


def test_rows_of_a_program_are_stored_and_taken_at_once(world: World, voucher: Voucher, family: Family) -> None:
    shared: dict[str, Any] = {"site": world.site, "programme": world.programme, "name": "x", "at": NOW, "by": None}
    assert import_rows(rows=rows_for(voucher, family, [1, 2]), **shared).accepted == 2
    assert import_rows(rows=rows_for(voucher, family, [2, 1]), **shared).is_repeat
    second = import_rows(rows=rows_for(voucher, family, [2, 3]), **shared)
    assert (second.accepted, [r.code for r in second.refusals]) == (1, ["ALREADY_SPENT"])
    assert Redemption.objects.count() == 3


def test_the_cost_of_a_file_does_not_depend_on_its_rows(
    world: World, voucher: Voucher, family: Family, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(17):
        import_rows(
            site=world.site,
            programme=world.programme,
            name="x",
            rows=rows_for(voucher, family, range(1, 21)),
            at=NOW,
            by=None,
        )


def test_too_late_is_said_in_files_as_at_the_counter(world: World, voucher: Voucher) -> None:
    file = preview_file(
        site=world.site, programme=world.programme, name="x.csv", content=text(line(voucher, 1)).encode(),
        at=NOW + timedelta(days=31), by=None,
    )  # fmt: skip
    assert errors(file) == [(2, "RECORDED_TOO_LATE")]


def test_a_file_of_which_nothing_was_taken_may_be_sent_again(world: World, family: Family) -> None:
    voucher = issued(world, family, handed=False)
    content = text(line(voucher, 1))
    done = confirm_file(file=preview(world, content), at=NOW, by=None, takes_good_rows=True)
    assert (done.accepted, done.refused) == (0, 1)
    Voucher.objects.filter(pk=voucher.pk).update(handed=1)
    again = confirm_file(file=preview(world, content), at=NOW, by=None)
    assert (again.accepted, again.is_repeat) == (1, False)
    assert list_violations() == []
