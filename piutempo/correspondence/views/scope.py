"""Who reads and who handles letters, and within which programmes."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied

from piutempo.people.access import PiuRequest
from piutempo.people.models import Role, Scope

OFFICE = (Role.CASE_OFFICER, Role.PROGRAMME_MANAGER)
READERS = (*OFFICE, Role.AUDITOR)
Programmes = set[int] | None


def programmes_of(request: PiuRequest, roles: Sequence[Role]) -> Programmes:
    """Return the programmes that the user reaches with some roles; None: all."""
    found: set[int] = set()
    for role in roles:
        if request.roles.has(role):
            ids = request.roles.scope_ids(role, Scope.PROGRAMME)
            if ids is None:
                return None
            found |= ids
    return found


def is_everywhere(request: PiuRequest, *roles: Role) -> bool:
    """Tell whether the user holds one of the roles without limits: the register and the words are the whole body's."""
    return request.roles.has(*roles) and programmes_of(request, roles) is None


def check_whole_body(request: PiuRequest) -> None:
    """
    Refuse who works on some programmes only: the register and people's messages tell of all of them.

    :raises PermissionDenied: for such a reader
    """
    if not is_everywhere(request, *READERS):
        raise PermissionDenied
