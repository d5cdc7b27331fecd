"""The office's pages: desks, providers, sites, and the accreditation of a site."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from piutempo.network.forms import UNITS, AccreditForm, EndForm
from piutempo.network.messages import sentence_for
from piutempo.network.models import Desk, Grant, Site
from piutempo.network.selectors import get_site, list_desks, list_grants_of, list_providers, list_sites
from piutempo.network.services import NetworkRefused, accredit_site, end_accreditation
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role, Scope
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_current_terms, list_open_programmes, list_programmes
from piutempo.ui.tables import Column, Filter, Table

#: Who reads the network; only the first two change it.
READERS = (Role.PROGRAMME_MANAGER, Role.CASE_OFFICER, Role.ACCOUNTING_OFFICER, Role.AUTHORITY_READER, Role.AUDITOR)
EDITORS = (Role.PROGRAMME_MANAGER, Role.CASE_OFFICER)

PLACE = [
    Column("municipality", gettext_lazy("Comune"), value=lambda r: r.municipality.name, order="municipality__name"),
    Column(
        "province", gettext_lazy("Provincia"), value=lambda r: r.municipality.province, order="municipality__province"
    ),
]


def programmes_of(request: PiuRequest, roles: tuple[Role, ...]) -> list[Programme]:
    """Return the programmes that the user reaches with one of the roles."""
    return [p for p in list_programmes() if any(request.roles.covers(r, Scope.PROGRAMME, p.pk) for r in roles)]


def _list_page(request: PiuRequest, table: Table, current: str) -> HttpResponse:
    context = {"table": table, "current": current, "is_editor": bool(programmes_of(request, EDITORS))}
    return render(request, "network/office.html", context)


@role_required(*READERS)
def office(request: PiuRequest) -> HttpResponse:
    """List the desks, with links to providers and sites."""
    programmes = programmes_of(request, READERS)
    today = timezone.localdate(request.now)

    def tasks_of(desk: Desk) -> str:
        return ", ".join(sorted({a.get_task_display() for a in desk.agreements.all() if a.is_in_force_on(today)}))

    table = Table(
        request,
        list_desks().filter(programme__in=programmes).prefetch_related("agreements"),
        caption=_("Sportelli"),
        empty=_("Nessuno sportello: aprine uno, o carica la rete del programma."),
        columns=[
            Column("code", _("Codice")),
            Column("name", _("Nome"), url=lambda d: reverse("network:desk", args=[d.pk])),
            Column("body", _("Ente")),
            *PLACE,
            Column("programme", _("Programma"), order="programme__title"),
            Column("tasks", _("Oggi in convenzione"), value=tasks_of, order=""),
            Column("valid_from", _("Aperto dal"), kind="day"),
            Column("valid_until", _("Fino al"), kind="last_day"),
        ],
        filters=[
            Filter("q", _("Nome o codice"), ["name__icontains", "code__istartswith"]),
            Filter("comune", _("Comune"), "municipality__name__istartswith"),
            Filter("ente", _("Ente"), "body__icontains"),
            Filter("programma", _("Programma"), "programme", choices=[(p.pk, p.title) for p in programmes]),
        ],
        order="code",
    )
    if file := table.export():
        return file
    return _list_page(request, table, "desks")


@role_required(*READERS)
def providers(request: PiuRequest) -> HttpResponse:
    """List the providers with how many sites each has; who edits opens one."""
    address = (lambda p: reverse("network:provider", args=[p.pk])) if programmes_of(request, EDITORS) else None
    table = Table(
        request,
        list_providers(),
        caption=_("Enti erogatori"),
        empty=_("Nessun ente: registrane uno, o carica la rete del programma."),
        columns=[
            Column("name", _("Denominazione"), url=address),
            Column("vat_number", _("Partita IVA")),
            Column("sites_count", _("Sedi"), kind="count"),
            Column("email", _("Posta elettronica")),
            Column("phone", _("Telefono")),
        ],
        filters=[Filter("q", _("Nome o partita IVA"), ["name__icontains", "vat_number__startswith"])],
        order="name",
    )
    if file := table.export():
        return file
    return _list_page(request, table, "providers")


@role_required(*READERS)
def sites(request: PiuRequest) -> HttpResponse:
    """List the sites with how many services each accepts today."""
    today = timezone.localdate(request.now)
    table = Table(
        request,
        list_sites(on=today),
        caption=_("Sedi"),
        empty=_("Nessuna sede: registrane una, o carica la rete del programma."),
        columns=[
            Column("code", _("Codice"), url=lambda s: reverse("network:site", args=[s.pk])),
            Column("name", _("Nome")),
            Column("provider", _("Ente"), order="provider__name"),
            Column("unit_type", _("Tipo di unità")),
            *PLACE,
            Column("services_count", _("Servizi oggi"), kind="count"),
        ],
        filters=[
            Filter(
                "q", _("Nome, codice o ente"), ["name__icontains", "code__istartswith", "provider__name__icontains"]
            ),
            Filter("comune", _("Comune"), "municipality__name__istartswith"),
            Filter("provincia", _("Provincia"), "municipality__province__iexact"),
        ],
        order="code",
    )
    if file := table.export():
        return file
    return _list_page(request, table, "sites")


def _site_or_404(site_id: int) -> Site:
    try:
        return get_site(site_id)
    except Site.DoesNotExist:
        raise Http404 from None


@role_required(*READERS)
def site(request: PiuRequest, site_id: int) -> HttpResponse:
    """Show one site and everything it is or was accredited to."""
    found = _site_or_404(site_id)
    today = timezone.localdate(request.now)
    titles: dict[int, dict[str, str]] = {}

    def title_of(grant: Grant) -> str:
        if grant.programme_id not in titles:
            terms = get_current_terms(grant.programme, today)
            titles[grant.programme_id] = {s.code: s.title for s in terms.services}
        return titles[grant.programme_id].get(grant.service, grant.service)

    table = Table(
        request,
        list_grants_of(found),
        caption=_("Accreditamenti"),
        empty=_("Nessun accreditamento: usa «Accredita la sede»."),
        columns=[
            Column("service", _("Servizio"), value=title_of),
            Column("programme", _("Programma"), order="programme__title"),
            Column("unit_ceiling_cents", _("Massimale"), kind="euro"),
            Column("unit", _("Per"), value=lambda g: UNITS.get(g.unit, g.unit)),
            Column("valid_from", _("Dal"), kind="day"),
            Column("valid_until", _("Fino al"), kind="last_day"),
            Column(
                "state",
                _("Stato"),
                value=lambda g: _("in vigore") if g.is_in_force_on(today) else _("non in vigore"),
                order="",
                tag=lambda g: "good" if g.is_in_force_on(today) else "plain",
            ),
        ],
    )
    if file := table.export():
        return file
    editable = programmes_of(request, EDITORS)
    networks = [
        (p, n)
        for p, terms in list_open_programmes(today)
        if p in editable and today < terms.ends_on
        for n in terms.networks
    ]
    return render(request, "network/site.html", {"site": found, "table": table, "networks": networks})


def _programme_or_404(request: PiuRequest, code: str) -> Programme:
    found = next((p for p in programmes_of(request, EDITORS) if p.code == code), None)
    if found is None:
        raise Http404
    return found


@role_required(*EDITORS)
def accredit(request: PiuRequest, site_id: int, code: str, network: str) -> HttpResponse:
    """Accredit a site to services of one network of a programme."""
    found, programme = _site_or_404(site_id), _programme_or_404(request, code)
    today = timezone.localdate(request.now)
    terms = get_current_terms(programme, today)
    if network not in {n.code for n in terms.networks}:
        raise Http404
    on = max(today, terms.starts_on)
    form = AccreditForm(request.POST or None, terms=terms, network=network, on=on, initial={"valid_from": on})
    if request.method == "POST" and form.is_valid():
        try:
            accredit_site(
                site=found,
                programme=programme,
                terms=terms,
                network=network,
                services=form.services,
                valid_from=form.cleaned_data["valid_from"],
                valid_until=form.end,
                at=request.now,
                by=request.user,
            )
        except NetworkRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details))
        else:
            messages.success(
                request,
                ngettext("Sede accreditata per un servizio.", "Sede accreditata per %(n)s servizi.", len(form.services))
                % {"n": len(form.services)},
            )
            return redirect("network:site", site_id=found.pk)
    context = {
        "site": found,
        "form": form,
        "title": _("Accredita la sede"),
        "button": _("Accredita"),
        "programme": programme,
    }
    return render(request, "network/site_form.html", context, status=422 if form.errors else 200)


@role_required(*EDITORS)
def end(request: PiuRequest, site_id: int, code: str, network: str) -> HttpResponse:
    """End a site's accreditation to one network of a programme."""
    found, programme = _site_or_404(site_id), _programme_or_404(request, code)
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            end_accreditation(
                site=found,
                programme=programme,
                network=network,
                on=form.first_day_without,
                reason=form.cleaned_data["reason"],
                at=request.now,
                by=request.user,
            )
        except NetworkRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details))
        else:
            messages.success(request, _("Accreditamento chiuso."))
            return redirect("network:site", site_id=found.pk)
    context = {
        "site": found,
        "form": form,
        "title": _("Chiudi l'accreditamento"),
        "button": _("Chiudi"),
        "programme": programme,
    }
    return render(request, "network/site_form.html", context, status=422 if form.errors else 200)
