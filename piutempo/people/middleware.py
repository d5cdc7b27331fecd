"""The clock, the roles and the session rules of a request."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.people.access import PiuRequest, Roles

#: Seconds without a request after which a staff session ends.
IDLE_SECONDS = 30 * 60
#: The session is written again at most this often, so that reading pages does not write at each click.
SEEN_EVERY_SECONDS = 60
SEEN_KEY = "seen_at"


class ClockMiddleware:
    """Reads the clock once a request: ``request.now``. Nothing below reads it again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        cast(PiuRequest, request).now = timezone.now()
        return self.get_response(request)


class RolesMiddleware:
    """
    Reads the account's roles at first use: ``request.roles`` (people.access.Roles).

    Ends staff sessions idle for 30 minutes; a citizen's lasts until the browser closes or eight hours.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = cast(PiuRequest, request)
        user_id = asked.user.pk if asked.user.is_authenticated else None
        asked.roles = Roles(user_id, timezone.localdate(asked.now))
        if user_id is not None and SEEN_KEY in asked.session:
            idle = asked.now.timestamp() - asked.session[SEEN_KEY]
            if idle > IDLE_SECONDS and asked.roles.is_staff:
                logout(asked)
                messages.warning(
                    asked,
                    _("Sei rimasto fermo per 30 minuti: per sicurezza abbiamo chiuso la sessione. Accedi di nuovo."),
                )
                return redirect_to_login(asked.get_full_path())
            if idle > SEEN_EVERY_SECONDS:
                asked.session[SEEN_KEY] = asked.now.timestamp()
        return self.get_response(request)
