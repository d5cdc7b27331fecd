"""A site's keys to the JSON API: make one, see it once, revoke it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.ui.tables import Column, Table
from piutempo.vouchers.forms import ApiKeyForm, ConfirmForm
from piutempo.vouchers.models import ApiKey
from piutempo.vouchers.selectors.keys import list_api_keys
from piutempo.vouchers.services.keys import create_api_key, revoke_api_key
from piutempo.vouchers.views.access import keep_sent, sites_of, was_sent


def _state(key: ApiKey) -> str:
    return _("revocata") if key.revoked_at else _("attiva")


@never_cache
@role_required(Role.PROVIDER_OPERATOR)
@require_http_methods(["GET", "POST"])
def keys(request: PiuRequest) -> HttpResponse:
    """List the keys of my sites and make one; its secret is on the page that answers, and nowhere else."""
    sites = sites_of(request)
    form = ApiKeyForm(request.POST or None, sites=sites)
    secret = ""
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        if was_sent(request, data["request_key"]):
            messages.info(
                request, _("La chiave era già stata creata. Se non l'hai copiata, revocala e creane un'altra.")
            )
            return redirect("vouchers:keys")
        _key, secret = create_api_key(site=data["site"], name=data["name"], at=request.now, by=request.user)
        keep_sent(request, data["request_key"])
        form = ApiKeyForm(None, sites=sites)
    table = Table(
        request,
        list_api_keys(sites),
        caption=_("Chiavi delle mie sedi"),
        empty=_("Nessuna chiave: serve solo se il gestionale della sede registra i buoni da solo."),
        columns=[
            Column("name", _("Nome")),
            Column("site", _("Sede"), order="site__name"),
            Column("prefix", _("Inizia con"), order=""),
            Column("created_at", _("Creata il"), kind="moment"),
            Column("created_by", _("Da chi"), order="created_by__full_name"),
            Column(
                "state", _("Stato"), value=_state, order="revoked_at", tag=lambda k: "plain" if k.revoked_at else "good"
            ),
            Column(
                "revoke",
                _("Revoca"),
                value=lambda k: "" if k.revoked_at else _("Revoca"),
                url=lambda k: "" if k.revoked_at else reverse("vouchers:revoke_key", args=[k.pk]),
                order="",
            ),
        ],
        order="-created_at",
        is_exportable=False,
    )
    context = {"form": form, "table": table, "secret": secret}
    return render(request, "vouchers/keys.html", context, status=422 if form.errors else 200)


@role_required(Role.PROVIDER_OPERATOR)
@require_http_methods(["GET", "POST"])
def revoke_key(request: PiuRequest, key_id: int) -> HttpResponse:
    """Revoke a key of my sites, for good, after asking."""
    key = get_object_or_404(ApiKey.objects.filter(site__in=sites_of(request)).select_related("site"), pk=key_id)
    form = ConfirmForm(request.POST or None)
    if form.is_bound and form.is_valid():
        revoke_api_key(key=key, at=request.now, by=request.user)
        messages.success(request, _("Chiave revocata: da ora non apre più nulla."))
        return redirect("vouchers:keys")
    return render(request, "vouchers/key_revoke.html", {"form": form, "key": key})
