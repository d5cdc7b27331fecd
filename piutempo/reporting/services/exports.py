"""A frozen report as a file: PDF (tagged, the same bytes for ever), XLSX, CSV, JSON."""

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import override

from piutempo.correspondence.services import letterhead, open_document
from piutempo.records.services import freeze_document
from piutempo.reporting.models import FrozenReport
from piutempo.reporting.services.wording import charts_of, shown_figures, shown_tables

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


def title_of(report: FrozenReport) -> str:
    """Return the report's title with its period, in words."""
    last = report.period_until - timedelta(days=1)
    kind = _("Rapporto finale") if report.kind == "final" else _("Rapporto trimestrale")
    return f"{kind}: {report.programme.title}, {report.period_from:%d/%m/%Y} – {last:%d/%m/%Y}"


def export_report(report: FrozenReport, form: str) -> bytes:
    """
    Return the report as ``pdf``, ``xlsx``, ``csv`` or ``json``. Official files are in Italian, whoever downloads them.

    :raises KeyError: another form
    """
    with override("it"):
        return {"pdf": _pdf, "xlsx": _xlsx, "csv": _csv, "json": _json}[form](report)


def _json(report: FrozenReport) -> bytes:
    body = {"sha256": report.sha256, "frozen_at": report.frozen_at.isoformat(), "report": report.data}
    return json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True).encode()


def _csv(report: FrozenReport) -> bytes:
    """One long table: section, row, column, value; amounts in cents so that no reader has to guess the separator."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["sezione", "voce", "colonna", "unita", "valore"])
    for figure in report.data["figures"]:
        for column in ("period", "total"):
            if figure[column] is not None:
                writer.writerow(["figures", figure["code"], column, figure["unit"], figure[column]])
    for table in report.data["tables"]:
        for row in table["rows"]:
            for (column, unit), value in zip(table["columns"], row["values"], strict=True):
                writer.writerow([table["code"], row["key"], column, unit, value])
    writer.writerow(["report", "sha256", "", "", report.sha256])
    return ("\ufeff" + out.getvalue()).encode()


def _xlsx(report: FrozenReport) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    bold = book.add_format({"bold": True, "text_wrap": True})
    formats = {
        "count": book.add_format({"num_format": "#,##0"}),
        "cents": book.add_format({"num_format": "#,##0.00 €"}),
        "bp": book.add_format({"num_format": "0.00%"}),
    }
    scale = {"count": 1, "cents": 100, "bp": 10_000}

    def number(sheet: Any, line: int, column: int, value: int | None, unit: str) -> None:
        if value is not None:
            sheet.write_number(line, column, value / scale[unit], formats[unit])

    sheet = book.add_worksheet(_("Sintesi"))
    sheet.set_column(0, 0, 52)
    sheet.set_column(1, 2, 20)
    sheet.write(0, 0, title_of(report), bold)
    sheet.write(1, 0, f"SHA-256 {report.sha256}")
    for column, header in enumerate([_("Dato"), _("Nel periodo"), _("Dall'inizio")]):
        sheet.write(3, column, header, bold)
    figures = {figure["code"]: figure for figure in report.data["figures"]}
    for line, shown in enumerate(shown_figures(report), start=4):
        figure = figures[shown.code]
        sheet.write(line, 0, shown.label)
        number(sheet, line, 1, figure["period"], figure["unit"])
        number(sheet, line, 2, figure["total"], figure["unit"])
    for table, words in zip(report.data["tables"], shown_tables(report), strict=True):
        sheet = book.add_worksheet(words.title[:31])
        sheet.set_column(0, 0, 48)
        sheet.set_column(1, len(words.headers), 18)
        for column, header in enumerate(words.headers):
            sheet.write(0, column, header, bold)
        for line, (row, (_key, label, _cells)) in enumerate(zip(table["rows"], words.rows, strict=True), start=1):
            sheet.write(line, 0, label)
            for column, (value, (_code, unit)) in enumerate(zip(row["values"], table["columns"], strict=True), start=1):
                number(sheet, line, column, value, unit)
    book.close()
    return out.getvalue()


def _pdf(report: FrozenReport) -> bytes:
    document = freeze_document(
        kind="report",
        template="reporting/report.typ",
        subject="reporting.frozenreport",
        subject_id=report.pk,
        title=title_of(report),
        data=_pdf_data(report),
        at=report.frozen_at,
        by_id=report.frozen_by_id,
    )
    return open_document(document)


def _pdf_data(report: FrozenReport) -> dict[str, Any]:
    last: date = report.as_of - timedelta(days=1)
    return {
        "title": title_of(report),
        "programme": report.programme.title,
        "letterhead": letterhead(at=report.frozen_at),
        "as_of": f"{last:%d/%m/%Y}",
        "sha256": report.sha256,
        "versions": ", ".join(f"{number} ({hash_[:12]})" for number, hash_ in report.data["versions"]),
        "figures": [[f.label, f.period or "–", f.total] for f in shown_figures(report)],
        "charts": [
            {"title": str(c.title), "alt": f"{c.title}. {c.description}", "svg": c.svg} for c in charts_of(report)
        ],
        "tables": [
            {
                "title": t.title,
                "note": t.note,
                "headers": t.headers,
                "rows": [[label, *cells] for _key, label, cells in t.rows],
            }
            for t in shown_tables(report)
        ],
    }
