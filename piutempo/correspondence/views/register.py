"""The protocol register: searched, and printed day by day."""

from datetime import date, datetime, time
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from piutempo.correspondence.services import letterhead, typeset
from piutempo.correspondence.views.scope import READERS, check_whole_body
from piutempo.people.access import PiuRequest, role_required
from piutempo.records.models import Direction, RegisterEntry
from piutempo.records.selectors import list_entries
from piutempo.records.services import hash_json
from piutempo.records.serving import bytes_response
from piutempo.ui.tables import Column, Filter, Table


@role_required(*READERS)
@require_GET
def register(request: PiuRequest) -> HttpResponse:
    """Search the register."""
    check_whole_body(request)
    today = timezone.localdate(request.now)
    table = Table(
        request,
        list_entries(),
        caption=_("Registro di protocollo"),
        empty=_("Nessuna registrazione con questi filtri. Cambia il testo o le date."),
        columns=[
            Column("number", _("Numero"), value=str, order=("year", "number")),
            Column("registered_at", _("Quando"), kind="moment"),
            Column("direction", _("Verso"), value=lambda e: e.get_direction_display()),
            Column("title", _("Oggetto")),
            Column("correspondent", _("Da o a chi")),
            Column("external_number", _("Numero dell'ente"), order=""),
            Column("sha256", _("Impronta"), value=lambda e: e.sha256[:12], order=""),
        ],
        filters=[
            Filter("q", _("Cerca per numero, oggetto o nome"), _search),
            Filter("verso", _("Verso"), "direction", choices=Direction.choices),
            Filter("dal", _("Dal"), _since, kind="date"),
            Filter("al", _("Al"), _until, kind="date"),
        ],
    )
    if file := table.export():
        return file
    return render(
        request,
        "correspondence/register.html",
        {"table": table, "today": today, "print_url": reverse("correspondence:register_day")},
    )


def _search(_rows: Any, text: str) -> Any:
    return _rows & list_entries(text=text)


def _since(rows: Any, day: date) -> Any:
    return rows.filter(registered_at__gte=timezone.make_aware(datetime.combine(day, time.min)))


def _until(rows: Any, day: date) -> Any:
    return rows.filter(registered_at__lt=timezone.make_aware(datetime.combine(day, time.max)))


@role_required(*READERS)
@require_GET
def register_day(request: PiuRequest) -> HttpResponse:
    """Print one day of the register as a PDF (DPCM 3/12/2013, art. 7: *registro giornaliero*)."""
    check_whole_body(request)
    today = timezone.localdate(request.now)
    try:
        day = date.fromisoformat(request.GET.get("giorno", "") or today.isoformat())
    except ValueError:
        raise Http404("giorno") from None
    if not 1900 <= day.year <= today.year:
        raise Http404("giorno")
    entries = list(list_entries(day=day).order_by("year", "number"))
    with translation.override("it"):
        data = _day_data(entries, day, at=request.now, is_open=day >= today)
    pdf = typeset("correspondence/register.typ", data, at=request.now)
    return bytes_response(pdf, name=f"protocollo-{day}.pdf", media_type="application/pdf", inline=True)


def _day_data(entries: list[RegisterEntry], day: date, *, at: datetime, is_open: bool) -> dict[str, Any]:
    rows = [
        [
            str(entry),
            f"{timezone.localtime(entry.registered_at):%H:%M:%S}",
            str(entry.get_direction_display()),
            entry.title,
            entry.correspondent,
            entry.sha256,
        ]
        for entry in entries
    ]
    return {
        "title": _t("Registro giornaliero di protocollo del %(day)s") % {"day": f"{day:%d/%m/%Y}"},
        "letterhead": letterhead(at=at),
        "programme": "",
        "note": _t("La giornata è ancora aperta: questa stampa è provvisoria.") if is_open else "",
        "headings": [_t("Numero"), _t("Ora"), _t("Verso"), _t("Oggetto"), _t("Da o a chi"), _t("Impronta SHA-256")],
        "rows": rows,
        "total": _t("Registrazioni del giorno: %(n)s. Impronta dell'elenco: %(hash)s")
        % {"n": len(rows), "hash": hash_json(rows)},
        "empty": _t("Nessuna registrazione in questo giorno."),
    }
