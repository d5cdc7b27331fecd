"""Who reads and who writes the accounts, and within which programmes."""

from piutempo.people.access import PiuRequest
from piutempo.people.models import Role, Scope
from piutempo.settlements.selectors.statements import Programmes

READERS = (Role.ACCOUNTING_OFFICER, Role.AUDITOR)


def readable(request: PiuRequest) -> Programmes:
    """Return the programmes whose accounts the user reads; None: all."""
    found: set[int] = set()
    for role in READERS:
        if request.roles.has(role):
            ids = request.roles.scope_ids(role, Scope.PROGRAMME)
            if ids is None:
                return None
            found |= ids
    return found


def writable(request: PiuRequest) -> Programmes:
    """Return the programmes whose accounts the user keeps; None: all, empty: none (an auditor)."""
    if not request.roles.has(Role.ACCOUNTING_OFFICER):
        return set()
    return request.roles.scope_ids(Role.ACCOUNTING_OFFICER, Scope.PROGRAMME)


def is_writer(request: PiuRequest) -> bool:
    """Tell whether the user keeps the accounts of some programme."""
    return request.roles.has(Role.ACCOUNTING_OFFICER)
