"""The office's forms: open a desk, register a provider or a site, write how a provider is paid."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.network.forms import DeskForm, ProviderContactForm, ProviderForm, SiteForm
from piutempo.network.messages import sentence_for
from piutempo.network.models import Provider
from piutempo.network.selectors import find_provider, get_provider
from piutempo.network.services import NetworkRefused, open_desk, register_provider, register_site, update_provider
from piutempo.network.views.office import EDITORS, programmes_of
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Municipality
from piutempo.people.selectors import get_municipality
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_current_terms


def _programmes_or_404(request: PiuRequest) -> list[Programme]:
    programmes = programmes_of(request, EDITORS)
    if not programmes:
        raise Http404
    return programmes


def municipality_of(form: Form) -> Municipality | None:
    """Return the municipality typed in the form, or leave an error on its field."""
    found = get_municipality(form.cleaned_data["municipality"])
    if found is None:
        form.add_error("municipality", _("Comune non trovato: scrivi nome intero e provincia, come Rho (MI)."))
    return found


def _form_page(request: PiuRequest, form: Form, up: str, title: str, button: str, **context: Any) -> HttpResponse:
    shown = {"form": form, "up": up, "title": title, "button": button, **context}
    return render(request, "network/place_form.html", shown, status=422 if form.errors else 200)


@role_required(*EDITORS)
def new_desk(request: PiuRequest) -> HttpResponse:
    """Open a desk of one of the user's programmes."""
    programmes = _programmes_or_404(request)
    initial = {"valid_from": timezone.localdate(request.now)}
    form = DeskForm(request.POST or None, programmes=programmes, initial=initial)
    if request.method == "POST" and form.is_valid() and (municipality := municipality_of(form)):
        names = ("code", "name", "body", "address", "supports", "delivers", "act", "valid_from")
        try:
            open_desk(
                **{n: form.cleaned_data[n] for n in names},
                programme=form.chosen,
                municipality=municipality,
                valid_until=form.end,
                at=request.now,
                by=request.user,
            )
        except NetworkRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details))
        else:
            messages.success(request, _("Sportello aperto."))
            return redirect("network:office")
    return _form_page(request, form, "network:office", _("Apri uno sportello"), _("Apri lo sportello"))


@role_required(*EDITORS)
def new_provider(request: PiuRequest) -> HttpResponse:
    """Register a provider; a known partita IVA leads to the provider there is."""
    _programmes_or_404(request)
    form = ProviderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        names = ("name", "vat_number", "iban", "email", "phone")
        data = {n: form.cleaned_data[n] for n in names}
        try:
            found = register_provider(**data, at=request.now, by=request.user)
        except NetworkRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details))
        else:
            asked = data | {"vat_number": found.vat_number, "iban": "".join(data["iban"].split()).upper()}
            if all(getattr(found, n) == asked[n] for n in names):
                messages.success(request, _("Ente registrato. Ora registra le sue sedi."))
            else:
                messages.warning(
                    request, _("Un ente con questa partita IVA c'era già: questi sono i suoi dati, controllali.")
                )
            return redirect("network:provider", provider_id=found.pk)
    return _form_page(request, form, "network:providers", _("Registra un ente"), _("Registra l'ente"))


@role_required(*EDITORS)
def provider(request: PiuRequest, provider_id: int) -> HttpResponse:
    """Write a provider's IBAN, e-mail and telephone."""
    _programmes_or_404(request)
    try:
        found = get_provider(provider_id)
    except Provider.DoesNotExist:
        raise Http404 from None
    initial = {"iban": found.iban, "email": found.email, "phone": found.phone}
    form = ProviderContactForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            data = {n: form.cleaned_data[n] for n in initial}
            update_provider(**data, provider=found, at=request.now, by=request.user)
        except NetworkRefused as refused:
            form.add_error(None, sentence_for(refused.code, refused.details))
        else:
            messages.success(request, _("Dati dell'ente salvati."))
            return redirect("network:provider", provider_id=found.pk)
    return _form_page(request, form, "network:providers", found.name, _("Salva"), provider=found)


@role_required(*EDITORS)
def new_site(request: PiuRequest) -> HttpResponse:
    """Register a site of a provider; ``?ente=`` is the provider's partita IVA."""
    today = timezone.localdate(request.now)
    named = {t for p in _programmes_or_404(request) for t in get_current_terms(p, today).providers.unit_types}
    initial = {"vat_number": request.GET.get("ente", "")[:20]}
    form = SiteForm(request.POST or None, unit_types=sorted(named), initial=initial)
    if request.method == "POST" and form.is_valid():
        municipality, owner = municipality_of(form), find_provider(form.cleaned_data["vat_number"])
        if owner is None:
            form.add_error(
                "vat_number", _("Nessun ente ha questa partita IVA: controlla le cifre, o registra prima l'ente.")
            )
        elif municipality is not None:
            names = ("code", "name", "unit_type", "address", "phone")
            try:
                found = register_site(
                    **{n: form.cleaned_data[n] for n in names},
                    provider=owner,
                    municipality=municipality,
                    at=request.now,
                    by=request.user,
                )
            except NetworkRefused as refused:
                form.add_error(None, sentence_for(refused.code, refused.details))
            else:
                messages.success(request, _("Sede registrata. Ora accreditala ai servizi."))
                return redirect("network:site", site_id=found.pk)
    return _form_page(request, form, "network:sites", _("Registra una sede"), _("Registra la sede"))
