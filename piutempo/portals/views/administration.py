"""Accounts and their roles, for the administrator."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from piutempo.people.access import PiuRequest, role_required
from piutempo.people.messages import ACCOUNT_REFUSALS
from piutempo.people.models import Role, RoleGrant, Scope, User
from piutempo.people.selectors.accounts import get_account, get_grant, list_accounts, list_grants_of
from piutempo.people.services import accounts as service
from piutempo.portals.forms.administration import AccountForm, GrantForm
from piutempo.portals.selectors.home import get_scope_names, list_scopes_named
from piutempo.ui.tables import Column, Filter, Table

administrator = role_required(Role.ADMINISTRATOR)


def roles_text(user: User) -> str:
    """Return the roles of an account in words."""
    return ", ".join(dict.fromkeys(str(Role(g.role).label) for g in user.current_grants))  # type: ignore[attr-defined]  # prefetched by the selector


@administrator
def accounts(request: PiuRequest) -> HttpResponse:
    """List the accounts."""
    table = Table(
        request,
        list_accounts(request.roles.on),
        caption=_("Account"),
        empty=_("Nessun account: creane uno con il pulsante qui sopra."),
        columns=[
            Column("full_name", _("Nome e cognome"), url=lambda u: reverse("portals:account", args=[u.pk])),
            Column("username", _("Nome utente")),
            Column("roles", _("Ruoli"), value=roles_text, order=""),
            Column("created_at", _("Creato"), kind="day"),
            Column(
                "is_active",
                _("Stato"),
                value=lambda u: _("attivo") if u.is_active else _("chiuso"),
                order="is_active",
                tag=lambda u: "good" if u.is_active else "plain",
            ),
        ],
        filters=[
            Filter("q", _("Nome o nome utente"), ["full_name__icontains", "username__icontains"]),
            Filter(
                "role",
                _("Ruolo"),
                lambda rows, role: rows.filter(pk__in=RoleGrant.objects.filter(role=role).values("user")),
                choices=Role.choices,
            ),
        ],
        order="full_name",
    )
    return table.export() or render(request, "portals/accounts.html", {"table": table})


@administrator
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def new_account(request: PiuRequest) -> HttpResponse:
    """Create an account."""
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = service.create_user(
                username=data["username"],
                full_name=data["full_name"],
                email=data["email"],
                password=data["password"],
                at=request.now,
                by=request.user,
            )
        except service.AccountRefused as refused:
            name = "username" if refused.reason == service.AccountRefusal.USERNAME_TAKEN else "password"
            form.add_error(name, f"{ACCOUNT_REFUSALS[refused.reason]} {refused.details}".strip())
        else:
            messages.success(request, _("Account creato. Ora assegna un ruolo: senza, non può fare nulla."))
            return redirect("portals:account", user.pk)
    return render(request, "portals/new_account.html", {"form": form}, status=422 if form.is_bound else 200)


def account_or_404(user_id: int) -> User:
    """Return an account, or the page that says it does not exist."""
    try:
        return get_account(user_id)
    except User.DoesNotExist as error:
        raise Http404 from error


@administrator
@require_http_methods(["GET", "POST"])
def account(request: PiuRequest, user_id: int) -> HttpResponse:
    """Show an account with its roles; give one."""
    user = account_or_404(user_id)
    form = GrantForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and grant_from(request, user, form):
        messages.success(request, _("Ruolo assegnato."))
        return redirect("portals:account", user.pk)
    grants = list(list_grants_of(user))
    names = get_scope_names(grants)
    rows = [
        {
            "grant": grant,
            "where": names.get((grant.scope, grant.scope_id or 0), "") or grant.get_scope_display(),
            "is_current": grant.valid_until is None or grant.valid_until > request.roles.on,
        }
        for grant in grants
    ]
    context = {"account": user, "form": form, "rows": rows}
    return render(request, "portals/account.html", context, status=422 if form.is_bound else 200)


def grant_from(request: PiuRequest, user: User, form: GrantForm) -> bool:
    """Give the role the form asks for; a refusal becomes an error of the form."""
    data: dict[str, Any] = form.cleaned_data
    scope = Scope(data["scope"])
    scope_id = None
    if scope != Scope.ALL:
        found = list_scopes_named(scope, data["code"])
        if len(found) != 1:
            form.add_error(
                "code",
                _("Nessuno ha questo codice: controllalo.")
                if not found
                else _("Più di uno ha questo codice: scrivi programma/codice, per esempio nidi-2026/SP-01."),
            )
            return False
        scope_id = found[0].pk
    until = data["last_day"] + timedelta(days=1) if data["last_day"] else None
    if until and until <= request.roles.on:
        form.add_error("last_day", _("L'ultimo giorno è già passato: scegline uno da oggi in poi."))
        return False
    try:
        service.grant_role(
            user=user,
            role=Role(data["role"]),
            scope=scope,
            scope_id=scope_id,
            valid_until=until,
            at=request.now,
            by=request.user,
        )
    except service.AccountRefused as refused:
        form.add_error("scope", str(ACCOUNT_REFUSALS[refused.reason]))
        return False
    return True


@administrator
@require_POST
def revoke(request: PiuRequest, grant_id: int) -> HttpResponse:
    """Take a role away, from today."""
    try:
        grant = get_grant(grant_id)
    except RoleGrant.DoesNotExist as error:
        raise Http404 from error
    try:
        service.revoke_role(grant=grant, at=request.now, by=request.user)
    except service.AccountRefused as refused:
        messages.error(request, str(ACCOUNT_REFUSALS[refused.reason]))
    else:
        messages.success(request, _("Ruolo tolto: da ora non vale più."))
    return redirect("portals:account", grant.user_id)


@administrator
@require_POST
def set_active(request: PiuRequest, user_id: int) -> HttpResponse:
    """Close an account, or open it again."""
    user = account_or_404(user_id)
    try:
        service.set_account_active(
            user=user, is_active=request.POST.get("active") == "yes", at=request.now, by=request.user
        )
    except service.AccountRefused:
        messages.error(request, _("Non puoi chiudere il tuo account: chiedilo a un altro amministratore."))
    else:
        done = _("Account riaperto.") if user.is_active else _("Account chiuso: non può più entrare.")
        messages.success(request, done)
    return redirect("portals:account", user.pk)
