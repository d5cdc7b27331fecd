"""The provider's month in one file: upload, preview with an error per row, confirm once, result."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.kernel.codes import title_code
from piutempo.network.models import Grant
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import NoVersionInForce, get_current_terms
from piutempo.ui.tables import Column, Filter, Table, write_csv, write_xlsx
from piutempo.vouchers.forms import ConfirmForm, FileForm
from piutempo.vouchers.messages import sentence_for
from piutempo.vouchers.models import RedemptionFile
from piutempo.vouchers.rules.file_rows import COLUMNS, NEEDED, FileRow
from piutempo.vouchers.rules.redemption import VoucherState
from piutempo.vouchers.selectors.facts import DatedGrant, grants_on, load_grants, load_vouchers
from piutempo.vouchers.services.files import FileHasErrors, confirm_file, preview_file
from piutempo.vouchers.services.reading import FileRefused
from piutempo.vouchers.views.access import sites_of, today_of

#: What each column of the file holds, with an example.
MEANINGS = {
    "code": (gettext_lazy("Il codice stampato sul titolo: del primo, se la riga ne vale più d'uno."), "XXXX-XXXX-…"),
    "service": (gettext_lazy("Il codice del servizio, dall'elenco qui sotto."), "nido"),
    "quantity": (gettext_lazy("Quante unità: ore, giorni, mesi, pasti…"), "1"),
    "served_on": (gettext_lazy("La data del servizio."), "31/03/2026"),
    "titles": (gettext_lazy("Quanti titoli di seguito, da quello del codice. Vuoto vale uno."), "5"),
    "amount": (gettext_lazy("Solo per i buoni a scalare: quanto scalare."), "12,50"),
    "cared_fiscal_code": (gettext_lazy("Di chi ha ricevuto il servizio, quando è per una persona."), ""),
    "holder_fiscal_code": (gettext_lazy("Facoltativo: se lo scrivi, controlliamo che il buono sia suo."), ""),
}


def _programmes(site_ids: list[int]) -> list[Programme]:
    ids = Grant.objects.filter(site_id__in=site_ids).order_by().values_list("programme_id", flat=True).distinct()
    return list(Programme.objects.filter(pk__in=list(ids)).order_by("-id"))


@role_required(Role.PROVIDER_OPERATOR)
@require_http_methods(["GET", "POST"])
def files(request: PiuRequest) -> HttpResponse:
    """List my sites' files and take a new one, which is shown before it counts."""
    sites = sites_of(request)
    site_ids = list(sites.values_list("pk", flat=True))
    programmes = _programmes(site_ids)
    form = FileForm(
        request.POST or None, request.FILES or None, sites=sites, programmes=[(p.pk, p.title) for p in programmes]
    )
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        upload = data["file"]
        programme = next(p for p in programmes if p.pk == int(data["programme"]))
        try:
            file = preview_file(
                site=data["site"],
                programme=programme,
                name=upload.name or "file",
                content=upload.read(),
                at=request.now,
                by=request.user,
            )
        except FileRefused as refused:
            form.add_error("file", sentence_for(refused.code, refused.details, about="file"))
        else:
            if file.confirmed_at:
                messages.warning(
                    request,
                    _(
                        "Questo file era già stato confermato: non è stato aggiunto nulla."
                        " Se mancano titoli, carica un file con solo quelli."
                    ),
                )
            return redirect("vouchers:file", file.pk)
    table = Table(
        request,
        RedemptionFile.objects.filter(site__in=site_ids).select_related("site", "uploaded_by").defer("rows"),
        caption=_("File caricati"),
        empty=_("Nessun file caricato. Scarica il modello, riempilo e caricalo qui sopra."),
        columns=[
            Column("name", _("File"), url=lambda f: reverse("vouchers:file", args=[f.pk])),
            Column("site", _("Sede"), order="site__name"),
            Column("uploaded_at", _("Caricato il"), kind="moment"),
            Column("row_count", _("Righe"), kind="count"),
            Column("accepted", _("Registrate"), kind="count"),
            Column("refused", _("Rifiutate"), kind="count"),
            Column(
                "state",
                _("Stato"),
                value=_state,
                tag=lambda f: "good" if f.confirmed_at else "waiting",
                order="confirmed_at",
            ),
        ],
        filters=[
            Filter("nome", _("Nome del file"), "name__icontains"),
            Filter("stato", _("Stato"), _by_state, choices=[("no", _("da confermare")), ("si", _("confermati"))]),
        ],
        order="-uploaded_at",
    )
    if file_answer := table.export():
        return file_answer
    context = {"form": form, "table": table, "columns": _columns(), "services": _services(request, programmes)}
    return render(request, "vouchers/files.html", context, status=422 if form.errors else 200)


def _state(file: RedemptionFile) -> str:
    return _("confermato") if file.confirmed_at else _("da confermare")


def _by_state(rows: Any, value: str) -> Any:
    return rows.filter(confirmed_at__isnull=value == "no")


def _columns() -> list[dict[str, Any]]:
    return [
        {"name": name, "meaning": MEANINGS[field][0], "example": MEANINGS[field][1], "is_needed": name in NEEDED}
        for name, field in COLUMNS.items()
    ]


def _services(request: PiuRequest, programmes: list[Programme]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for programme in programmes:
        try:
            terms = get_current_terms(programme, today_of(request))
        except NoVersionInForce:
            continue
        found |= {s.code: s.title for s in terms.services}
    return sorted(found.items())


@role_required(Role.PROVIDER_OPERATOR)
@require_GET
def template(request: PiuRequest, kind: str) -> HttpResponse:
    """Give an empty file with the right columns."""
    labels = list(COLUMNS)
    if kind == "csv":
        body, mime = write_csv(labels, []), "text/csv; charset=utf-8"
    elif kind == "xlsx":
        body = write_xlsx(_("Titoli del mese"), labels, [], ["text"] * len(labels))
        mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    else:
        raise Http404
    return HttpResponse(
        body, content_type=mime, headers={"Content-Disposition": f'attachment; filename="titoli-del-mese.{kind}"'}
    )


def _mine_or_404(request: PiuRequest, file_id: int) -> RedemptionFile:
    rows = RedemptionFile.objects.select_related("site", "programme", "uploaded_by")
    found = rows.filter(site__in=sites_of(request), pk=file_id).first()
    if found is None:
        raise Http404
    return found


@role_required(Role.PROVIDER_OPERATOR)
@require_http_methods(["GET", "POST"])
def file(request: PiuRequest, file_id: int) -> HttpResponse:
    """Show a file before it counts, with an error per row; register the good rows; show what it added."""
    found = _mine_or_404(request, file_id)
    form = ConfirmForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            result = confirm_file(
                file=found, at=request.now, by=request.user, takes_good_rows=request.POST.get("good") == "yes"
            )
        except FileHasErrors:
            form.add_error(
                None,
                _("Dopo il controllo qualche riga non va più bene: ricarica il file per vedere quale, poi conferma."),
            )
        else:
            if result.is_repeat:
                messages.warning(request, _("Questo file era già stato confermato: non è stato aggiunto nulla."))
            else:
                messages.success(
                    request,
                    _("Righe registrate: %(n)s. Rifiutate: %(bad)s.") % {"n": result.accepted, "bad": result.refused},
                )
            request.session[f"file-{found.pk}"] = [[r.line, str(r.code), r.value] for r in result.refusals[:2_000]]
            return redirect("vouchers:file", found.pk)
    errors = _errors(request, found)
    table = Table(
        request,
        errors,
        caption=_("Righe rifiutate") if found.confirmed_at else _("Righe da correggere"),
        empty=_("Nessuna riga rifiutata.")
        if found.confirmed_at
        else _("Nessun errore: tutte le righe si possono registrare."),
        columns=[
            Column("line", _("Riga"), kind="count"),
            Column("value", _("Valore nel file")),
            Column("sentence", _("Che cosa non va")),
        ],
        page_size=50,
        file_name=f"righe-{found.pk}",
    )
    if answer := table.export():
        return answer
    good = found.row_count - found.refused
    context = {"file": found, "form": form, "table": table, "good": good, "rows": _sample(found)}
    return render(request, "vouchers/file.html", context, status=422 if form.errors else 200)


def _errors(request: PiuRequest, found: RedemptionFile) -> list[dict[str, Any]]:
    """Return the refused rows with their sentences: as previewed, or as the confirmation of this session left them."""
    kept = request.session.get(f"file-{found.pk}")
    refused = [(r["line"], r["code"], r["value"]) for r in found.rows["errors"]] if kept is None else kept
    lines = {line for line, _code, _value in refused}
    rows = {r["line"]: FileRow.from_json(r) for r in found.rows["rows"] if r["line"] in lines}
    vouchers = load_vouchers(r.voucher_code for r in rows.values())
    grants = load_grants(found.site_id)
    shown = []
    for line, code, value in refused:
        row = rows.get(line)
        details = _details(row, vouchers.get(row.voucher_code), grants) if row else {}
        sentence = sentence_for(code, {**details, "value": value}, about="file")
        shown.append({"line": line, "value": value or _said(row), "sentence": sentence})
    return shown


def _details(row: FileRow, voucher: VoucherState | None, grants: list[DatedGrant]) -> dict[str, Any]:
    """Return what a sentence may say of a row."""
    details: dict[str, Any] = {"served_on": row.served_on}
    if voucher is None:
        return details
    ceilings = [
        g.unit_ceiling_cents
        for g in grants_on(grants, voucher.programme_id, row.served_on)
        if (g.network, g.service) == (voucher.network, row.service)
    ]
    return details | {
        "valid_from": voucher.valid_from,
        "valid_until": voucher.valid_until,
        "record_days": voucher.record_days,
        "left_cents": max(voucher.left_cents, 0),
        "face_cents": voucher.face_cents,
        "amount_cents": row.amount_cents or row.titles * voucher.face_cents,
        "ceiling_cents": row.quantity * max(ceilings, default=0),
    }


def _said(row: FileRow | None) -> str:
    """Return the title's code as printed, so that who corrects finds it."""
    return title_code(row.voucher_code, row.first_title, settings.CODE_KEY) if row else ""


def _sample(found: RedemptionFile) -> list[dict[str, Any]]:
    """Return the first good rows, so that who looks sees that columns were understood."""
    wrong = {e["line"] for e in found.rows["errors"]}
    return [r for r in found.rows["rows"] if r["line"] not in wrong][:5]
