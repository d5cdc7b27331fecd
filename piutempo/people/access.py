"""
Who may do what: the roles of a request.

In a view::

    @role_required(Role.CASE_OFFICER, Role.PROGRAMME_MANAGER)
    def queue(request: PiuRequest) -> HttpResponse:
        ids = request.roles.scope_ids(Role.CASE_OFFICER, Scope.PROGRAMME)   # set of ids, or None = everywhere
        ...

Somebody not signed in goes to the sign-in page and comes back; a wrong role gets the 403 page. Rows outside the scope
are simply not found (404): pass ``scope_ids`` to the selector.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from piutempo.people.models import Role, Scope, User
from piutempo.people.selectors.accounts import GrantRow, list_grants_on

View = Callable[..., HttpResponse]

#: Everybody who works here: their sessions end after 30 idle minutes.
STAFF = frozenset(Role) - {Role.CITIZEN}


@dataclass
class Roles:
    """The roles an account holds on a day; one query, at first use, none for somebody not signed in."""

    user_id: int | None
    on: date
    _rows: list[GrantRow] | None = field(default=None, repr=False)

    @property
    def rows(self) -> list[GrantRow]:
        """The grants in force."""
        if self._rows is None:
            self._rows = list_grants_on(self.user_id, self.on) if self.user_id else []
        return self._rows

    @property
    def held(self) -> frozenset[Role]:
        """The roles, whatever their scope."""
        return frozenset(row.role for row in self.rows)

    @property
    def is_staff(self) -> bool:
        """Whether somebody works here."""
        return bool(self.held & STAFF)

    def has(self, *roles: Role) -> bool:
        """Tell whether one of the roles is held, in any scope."""
        return any(row.role in roles for row in self.rows)

    def scope_ids(self, role: Role, scope: Scope) -> set[int] | None:
        """
        Return the ids the role is limited to within a kind of scope: programme, desk, site or body (provider).

        ``None`` means everywhere (the role was given without limits); an empty set means nowhere.
        """
        rows = [row for row in self.rows if row.role == role]
        if any(row.scope == Scope.ALL for row in rows):
            return None
        return {row.scope_id for row in rows if row.scope == scope and row.scope_id is not None}

    def covers(self, role: Role, scope: Scope, scope_id: int | None) -> bool:
        """Tell whether the role reaches one programme, desk, site or body."""
        ids = self.scope_ids(role, scope)
        return ids is None or scope_id in ids


class PiuRequest(HttpRequest):
    """A request after our middleware: ``now`` (aware), ``roles``, ``user``, ``htmx``, ``csp_nonce``."""

    now: datetime
    roles: Roles
    user: User
    htmx: HtmxDetails
    csp_nonce: str


def role_required(*roles: Role) -> Callable[[View], View]:
    """Let a view answer only who holds one of the roles (no role named: whoever is signed in)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            asked = cast(PiuRequest, request)
            if not asked.user.is_authenticated:
                answer = redirect_to_login(asked.get_full_path())
                return HttpResponseClientRedirect(answer.url) if asked.htmx else answer
            if roles and not asked.roles.has(*roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_roles = frozenset(roles)  # type: ignore[attr-defined]  # read by the test that walks every URL
        return guarded

    return decorate
