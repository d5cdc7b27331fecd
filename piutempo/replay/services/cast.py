"""Who acts in a replay: one account for each part, without a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from piutempo.people.models import Role, Scope, User
from piutempo.people.services.accounts import create_user, grant_role
from piutempo.programmes.models import Programme

PARTS: tuple[tuple[str, str, Role], ...] = (
    ("sportelli", "Operatori degli sportelli", Role.DESK_OPERATOR),
    ("istruttoria", "Ufficio istruttoria", Role.CASE_OFFICER),
    ("responsabile", "Responsabile del programma", Role.PROGRAMME_MANAGER),
    ("rendiconti", "Ufficio rendiconti", Role.ACCOUNTING_OFFICER),
    ("pagamenti", "Ufficio pagamenti", Role.ACCOUNTING_OFFICER),
)


@dataclass(frozen=True, slots=True)
class Cast:
    """The accounts that sign what the replay does. Who prepares statements is never who approves them."""

    desks: User
    officer: User
    manager: User
    preparer: User
    payer: User


def engage_cast(programme: Programme, at: datetime) -> Cast:
    """Return the accounts of a programme's replay, made when missing."""
    users = []
    for name, full_name, role in PARTS:
        username = f"storico.{name}.{programme.code}"
        user = User.objects.filter(username=username).first()
        if user is None:
            user = create_user(username=username, full_name=full_name, at=at)
            if role is Role.DESK_OPERATOR:
                grant_role(user=user, role=role, at=at)
            else:
                grant_role(user=user, role=role, scope=Scope.PROGRAMME, scope_id=programme.pk, at=at)
        users.append(user)
    return Cast(*users)
