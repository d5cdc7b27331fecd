"""The people of the demonstration: one for each role, each where their work is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from piutempo.network.models import Desk, Provider
from piutempo.people.models import Person, Role, Scope, User
from piutempo.people.services import attach_account
from piutempo.people.services.accounts import create_persona

#: Only in a demonstration: production has neither these accounts nor the page that opens them.
PASSWORD = "tempo-per-la-famiglia-2026"  # noqa: S105 - the demo prints it; it opens nothing elsewhere


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody whom the demonstration lets you be."""

    username: str
    full_name: str
    role: Role
    place: str


OFFICE: tuple[tuple[str, str, Role], ...] = (
    ("giulia.colombo", "Giulia Colombo", Role.CASE_OFFICER),
    ("marco.fontana", "Marco Fontana", Role.PROGRAMME_MANAGER),
    ("anna.galli", "Anna Galli", Role.ACCOUNTING_OFFICER),
    ("carlo.riva", "Carlo Riva", Role.ACCOUNTING_OFFICER),
    ("elena.villa", "Elena Villa", Role.AUTHORITY_READER),
    ("pietro.conti", "Pietro Conti", Role.AUDITOR),
    ("sara.moretti", "Sara Moretti", Role.ADMINISTRATOR),
)


def create_personas(*, citizen: Person, desk: Desk, provider: Provider, at: datetime) -> list[Persona]:
    """Return the personas, made when missing: the citizen, who works at her desk, who receives her, and the office."""
    made: list[Persona] = []

    def make(name: str, full_name: str, role: Role, place: str, scope: Scope, scope_id: int | None) -> User:
        user = create_persona(name=name, full_name=full_name, role=role, at=at, scope=scope, scope_id=scope_id)
        if not user.has_usable_password():
            user.set_password(PASSWORD)
            user.save(update_fields=["password"])
        made.append(Persona(user.username, full_name, role, place))
        return user

    user = make("maria.rossi", str(citizen), Role.CITIZEN, "la sua famiglia", Scope.ALL, None)
    if citizen.user_id is None:
        attach_account(person=citizen, user=user)
    make("paola.bianchi", "Paola Bianchi", Role.DESK_OPERATOR, desk.name, Scope.DESK, desk.pk)
    make("luca.ferrari", "Luca Ferrari", Role.PROVIDER_OPERATOR, provider.name, Scope.BODY, provider.pk)
    for name, full_name, role in OFFICE:
        make(name, full_name, role, "ovunque", Scope.ALL, None)
    return made
