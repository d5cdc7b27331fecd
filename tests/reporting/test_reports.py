"""
Reports over a small replay: figures agree with an independent count, freeze, recompute, export, open on their rows.

The replay takes some seconds and is made once for the module: reports are about whole programmes.
"""

import io
import json
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from pypdf import PdfReader

from piutempo.applications.models import Application, Decision
from piutempo.ledger.models import Kind, Transfer
from piutempo.people.models import Role, Scope
from piutempo.people.services.accounts import create_user, grant_role
from piutempo.programmes.models import Programme
from piutempo.records.services import hash_json
from piutempo.reporting.models import FrozenReport
from piutempo.reporting.selectors.figures import compute_report
from piutempo.reporting.selectors.rows import NoSuchFigure, rows_behind
from piutempo.reporting.selectors.verification import LAWS, list_all_violations
from piutempo.reporting.services.exports import export_report
from piutempo.reporting.services.freezing import ReportRefused, freeze_report
from piutempo.vouchers.models import Redemption, Voucher

SCENARIO = "obiettivo-conciliazione-2010"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def replayed(django_db_setup, django_db_blocker):
    """A small region, replayed once; everything is rolled back after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("replay", SCENARIO, scale=0.01, quiet=True)
        yield Programme.objects.get(code=SCENARIO)
        transaction.set_rollback(True)


@pytest.fixture
def programme(replayed, db):
    return replayed


@pytest.fixture
def final(programme):
    return FrozenReport.objects.get(programme=programme, kind="final")


@pytest.fixture
def reader(client, programme):
    user = create_user(username="lettrice", full_name="Lettrice", at=NOW)
    grant_role(
        user=user, role=Role.AUTHORITY_READER, scope=Scope.PROGRAMME, scope_id=programme.pk, at=NOW - timedelta(days=9)
    )
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def total(report, code):
    return next(f["total"] for f in report.data["figures"] if f["code"] == code)


def test_figures_are_what_a_plain_count_gives(programme, final):
    assert total(final, "applications_received") == Application.objects.exclude(status="draft").count()
    assert total(final, "applications_approved") == Decision.objects.filter(is_approved=True).count()
    assert total(final, "months_issued") == Voucher.objects.filter(replacement=0).count()
    assert total(final, "spent_cents") == sum(
        Redemption.objects.filter(reversal__isnull=True).values_list("amount_cents", flat=True)
    )
    assert total(final, "months_issued_cents") == sum(
        Transfer.objects.filter(kind=Kind.ISSUE).values_list("amount_cents", flat=True)
    )
    assert 0 < total(final, "spent_cents") < total(final, "months_issued_cents")


def test_tables_sum_to_their_figures(final):
    tables = {t["code"]: t for t in final.data["tables"]}

    def column(code, n):
        return sum(row["values"][n] for row in tables[code]["rows"])

    assert column("by_gender", 0) == column("by_province", 0) == total(final, "applications_approved")
    assert column("refused_by_reason", 0) == total(final, "applications_refused")
    assert column("by_service", 2) == total(final, "spent_cents")
    assert column("trend", 0) == total(final, "applications_received")
    assert column("trend", 4) == total(final, "spent_cents")
    assert column("trend", 5) == total(final, "paid_cents")


def test_eight_quarters_and_a_final_report_recompute_to_their_hash(programme):
    reports = FrozenReport.objects.filter(programme=programme)
    assert sorted(reports.values_list("kind", flat=True)) == ["final", *["quarter"] * 8]
    for report in reports:
        again = compute_report(
            programme=programme, kind=report.kind, period_from=report.period_from, period_until=report.period_until,
            as_of=report.as_of, watermark=report.watermark,
        )  # fmt: skip
        assert hash_json(again.as_data()) == report.sha256


def test_quarters_add_up_to_the_final_report(programme, final):
    quarters = FrozenReport.objects.filter(programme=programme, kind="quarter")
    for code in ("applications_received", "months_issued", "spent_cents", "paid_cents"):
        periods = [next(f["period"] for f in q.data["figures"] if f["code"] == code) for q in quarters]
        assert sum(periods) <= total(final, code)
        assert sum(periods) > 0


def freeze(final, at=NOW):
    return freeze_report(
        programme=final.programme, kind="final", period_from=final.period_from, period_until=final.period_until,
        as_of=final.as_of, at=at,
    )  # fmt: skip


def test_freezing_the_same_facts_again_gives_the_standing_report(final):
    assert freeze(final) == final


def test_other_facts_supersede_and_both_are_kept(final):
    Application.objects.filter(number=1).update(submitted_at=final.frozen_at + timedelta(days=1))
    newer = freeze(final)
    assert newer.supersedes == final
    assert total(newer, "applications_received") == total(final, "applications_received") - 1
    assert FrozenReport.objects.filter(kind="final").count() == 2


def test_a_period_that_has_not_ended_is_refused(final):
    with pytest.raises(ReportRefused) as refused:
        freeze(final, at=datetime(2011, 6, 1, tzinfo=UTC))
    assert refused.value.code == "not-ended"


def test_the_database_refuses_to_edit_a_frozen_report(final):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        FrozenReport.objects.update(sha256="")


def test_every_figure_and_line_opens_on_rows_that_count_to_it(final):
    counted = {
        "applications_received", "applications_handled", "applications_approved", "applications_refused", "women",
        "months_issued", "redemptions", "active_sites", "active_desks", "accredited_sites", "desks",
    }  # fmt: skip
    for figure in final.data["figures"]:
        behind = rows_behind(final, figure["code"])
        if figure["code"] in counted:
            assert behind.queryset.count() == figure["total"], figure["code"]
    for table in final.data["tables"]:
        for row in table["rows"]:
            behind = rows_behind(final, table["code"], row["key"])
            if table["code"] in {"by_gender", "by_province", "by_condition", "refused_by_reason", "by_service"}:
                assert behind.queryset.count() == row["values"][0], (table["code"], row["key"])
    with pytest.raises(NoSuchFigure):
        rows_behind(final, "not-a-figure")


def test_money_rows_sum_to_the_figure(final):
    for code in ("months_issued_cents", "paid_cents", "allocated_cents", "billed_cents"):
        rows = rows_behind(final, code).queryset
        assert sum(rows.values_list("amount_cents", flat=True)) == total(final, code)


def test_files_say_what_the_report_says(final):
    data = json.loads(export_report(final, "json"))
    assert data["sha256"] == final.sha256
    assert hash_json(data["report"]) == final.sha256
    sheet = openpyxl.load_workbook(io.BytesIO(export_report(final, "xlsx"))).worksheets[0]
    numbers = {row[0].value: row[2].value for row in sheet.iter_rows(min_row=5)}
    assert numbers["Domande ricevute"] == total(final, "applications_received")
    assert numbers["Buoni spesi"] == total(final, "spent_cents") / 100
    lines = export_report(final, "csv").decode("utf-8-sig").splitlines()
    assert f"figures;spent_cents;total;cents;{total(final, 'spent_cents')}" in lines
    with pytest.raises(KeyError):
        export_report(final, "doc")


def test_the_pdf_is_tagged_holds_the_figures_and_never_changes(final):
    content = export_report(final, "pdf")
    reader = PdfReader(io.BytesIO(content))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert "Domande ricevute" in text
    assert final.sha256[:20] in text.replace("\n", "")
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert export_report(final, "pdf") == content


def test_the_ledger_verifies_and_a_lie_is_found(programme, capsys):
    assert list_all_violations() == []
    call_command("verify_ledger")
    Voucher.objects.filter(pk=Voucher.objects.filter(spent_cents=0).first().pk).update(void_cents=0, lapsed_cents=100)
    with pytest.raises(CommandError) as failed:
        call_command("verify_ledger")
    assert failed.value.returncode == 1
    assert "voucher-lapsed-as-said: voucher" in capsys.readouterr().out


def test_what_the_database_does_not_check_is_found(programme):
    voucher = Voucher.objects.order_by("id").first()
    Voucher.objects.filter(pk=voucher.pk).update(run_id=10**9, holder_id=10**9)
    found = {(v.law, v.row) for v in list_all_violations()}
    assert ("row-points-to-what-exists", f"vouchers_voucher {voucher.pk}") in found
    assert ("voucher-copies-its-award", f"voucher {voucher.pk}") in found


@pytest.mark.parametrize("law", sorted(LAWS))
def test_every_law_reads_on_this_database(programme, law):
    with connection.cursor() as cursor:
        cursor.execute(LAWS[law])
        assert cursor.fetchall() == []


def test_pages_open_with_few_queries(reader, final, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        assert reader.get("/autorita/rapporti/").status_code == 200
    with django_assert_max_num_queries(12):
        page = reader.get(f"/autorita/rapporti/{final.pk}/")
    assert "Domande ricevute" in page.content.decode()
    for code, key in (
        ("spent_cents", ""),
        ("applications_approved", ""),
        ("by_service", "x"),
        ("money_by_source", "total"),
    ):
        with django_assert_max_num_queries(12):
            assert reader.get(f"/autorita/rapporti/{final.pk}/righe/{code}/?riga={key}").status_code == 200
    assert reader.get(f"/autorita/rapporti/{final.pk}/righe/nothing/").status_code == 404
    assert reader.get(f"/autorita/rapporti/{final.pk}/scarica/doc/").status_code == 404
    assert reader.get(f"/autorita/rapporti/{final.pk}/scarica/xlsx/").status_code == 200


@pytest.mark.parametrize("code", ["by_condition", "refused_by_reason"])
def test_only_who_works_on_cases_reaches_the_families_behind_a_condition(reader, final, programme, code):
    rows = f"/autorita/rapporti/{final.pk}/righe/{code}/"
    key = next(t for t in final.data["tables"] if t["code"] == code)["rows"][0]["key"]
    assert reader.get(rows, {"riga": key}).status_code == 403
    assert rows not in reader.get(f"/autorita/rapporti/{final.pk}/").content.decode()
    officer = create_user(username="istruttrice", full_name="Istruttrice", at=NOW)
    grant_role(user=officer, role=Role.CASE_OFFICER, scope=Scope.PROGRAMME, scope_id=programme.pk, at=NOW)
    reader.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    assert reader.get(rows, {"riga": key}).status_code == 200
    assert rows in reader.get(f"/autorita/rapporti/{final.pk}/").content.decode()


def test_the_reader_recomputes_but_does_not_freeze(reader, final):
    answer = reader.post(f"/autorita/rapporti/{final.pk}/ricalcola/", follow=True)
    assert "è confermato" in answer.content.decode()
    assert reader.get("/autorita/rapporti/congela/").status_code == 403


def test_another_programmes_reader_finds_nothing(client, final):
    user = create_user(username="altra", full_name="Altra", at=NOW)
    grant_role(user=user, role=Role.AUTHORITY_READER, scope=Scope.PROGRAMME, scope_id=999_999, at=NOW)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/autorita/rapporti/{final.pk}/").status_code == 404


def test_the_manager_freezes_a_past_period_and_not_a_future_one(client, programme):
    user = create_user(username="resp", full_name="Resp", at=NOW)
    grant_role(user=user, role=Role.PROGRAMME_MANAGER, scope=Scope.PROGRAMME, scope_id=programme.pk, at=NOW)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    form = {"programme": programme.pk, "kind": "quarter", "since": "01/01/2012", "until": "31/03/2012"}
    assert client.post("/autorita/rapporti/congela/", form).status_code == 302
    assert FrozenReport.objects.filter(period_from=date(2012, 1, 1)).exists()
    late = client.post("/autorita/rapporti/congela/", {**form, "until": "31/12/2099"})
    assert late.status_code == 422
    assert "non è ancora finito" in late.content.decode()
    wrong = client.post("/autorita/rapporti/congela/", {**form, "until": "01/01/2011"})
    assert wrong.status_code == 422
