"""Signing in and out, one's own account, and the demonstration's personas."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from piutempo.people.access import PiuRequest, role_required
from piutempo.people.forms import PasswordForm, SignInForm
from piutempo.people.messages import ACCOUNT_REFUSALS, SIGN_IN_REFUSED
from piutempo.people.middleware import SEEN_KEY
from piutempo.people.models import Role, User
from piutempo.people.selectors.accounts import get_account, is_persona, list_grants_of, list_personas
from piutempo.people.services import accounts

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def open_session(request: PiuRequest, user: User) -> None:
    """Start a signed-in session: a new key, and the idle clock running."""
    login(request, user, backend=MODEL_BACKEND)
    request.session[SEEN_KEY] = request.now.timestamp()


def next_address(request: HttpRequest) -> str:
    """Return where to go after signing in: only an address of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("portals:area")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: PiuRequest) -> HttpResponse:
    """Ask name and password. django-axes counts the failures and locks (429)."""
    if request.user.is_authenticated:
        return redirect("portals:area")
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = authenticate(request, username=form.cleaned_data["username"], password=form.cleaned_data["password"])
        # A demonstration's database may be served in earnest one day: its known password must open nothing there.
        if user is not None and (settings.IS_DEMO or not is_persona(cast(User, user))):
            open_session(request, cast(User, user))
            return HttpResponseRedirect(next_address(request))
        form.add_error(None, SIGN_IN_REFUSED)
    return render(
        request,
        "people/sign_in.html",
        {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")},
        status=422 if form.is_bound else 200,
    )


@require_POST
def sign_out(request: PiuRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    messages.success(request, _("Sei uscito. A presto."))
    return redirect("portals:home")


@never_cache
@sensitive_post_parameters("old_password", "new_password", "repeated")
@role_required()
@require_http_methods(["GET", "POST"])
def account(request: PiuRequest) -> HttpResponse:
    """Show one's roles; change the password."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.change_password(
                user=request.user,
                old_password=form.cleaned_data["old_password"],
                new_password=form.cleaned_data["new_password"],
                at=request.now,
            )
        except accounts.AccountRefused as refused:
            name = "old_password" if refused.reason == accounts.AccountRefusal.WRONG_PASSWORD else "new_password"
            form.add_error(name, f"{ACCOUNT_REFUSALS[refused.reason]} {refused.details}".strip())
        else:
            update_session_auth_hash(request, request.user)
            messages.success(
                request, _("Password cambiata. Le altre sessioni aperte con il tuo nome sono state chiuse.")
            )
            return redirect("people:account")
    context = {"form": form, "grants": list_grants_of(request.user)}
    return render(request, "people/account.html", context, status=422 if form.is_bound else 200)


def personas(request: PiuRequest) -> HttpResponse:
    """Show the demonstration's people, one click each. Mounted in demo mode only."""
    if not settings.IS_DEMO:
        raise Http404
    people = [
        {"user": user, "roles": [Role(grant.role).label for grant in user.current_grants]}  # type: ignore[attr-defined]  # prefetched by the selector
        for user in list_personas(request.roles.on)
    ]
    return render(request, "people/personas.html", {"personas": people})


@require_POST
def become_persona(request: PiuRequest, user_id: int) -> HttpResponse:
    """Sign in as one of the demonstration's people. Mounted in demo mode only."""
    known = {user.pk for user in list_personas(request.roles.on)} if settings.IS_DEMO else set()
    if user_id not in known:
        raise Http404
    logout(request)
    open_session(request, get_account(user_id))
    return redirect("portals:area")
