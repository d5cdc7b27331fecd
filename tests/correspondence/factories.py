"""A kind of letter, persons and an instant for the tests of letters."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from piutempo.correspondence.kinds import LetterKind, register_kinds
from piutempo.correspondence.services import LetterInput, send_letters
from piutempo.people.models import Person, Role, RoleGrant, User

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
REQUEST = LetterKind(
    code="tests.request",
    title="Richiesta di documenti",
    subject="Documenti per la domanda {numero}",
    body="""Gentile {nome},

per la tua domanda {numero} mancano questi documenti:
{documenti}

## Che cosa fare ora
Caricali sul sito oppure chiama il numero {telefono}.""",
    fields={
        "numero": ("numero della domanda", "2026/12"),
        "documenti": ("elenco dei documenti", "- ISEE\n- contratto di lavoro"),
    },
)
DECISION = replace(REQUEST, code="tests.decision", title="Decisione", needs_signature=True)
LEGAL = replace(REQUEST, code="tests.legal", title="Preavviso", is_legal=True)
register_kinds(REQUEST, DECISION, LEGAL)
FIELDS = {"numero": "2026/7", "documenti": "- ISEE\n- busta paga"}


def make_person(number: int = 1, **fields: Any) -> Person:
    values = {"given_name": "Maria", "family_name": "Rossi", "email": f"maria{number}@example.org", **fields}
    return Person.objects.create(fiscal_code=f"RSSMRA80A{number:07}", birth_date=date(1980, 1, 1), gender="F", **values)


def make_input(person: Person | None, subject_id: int = 1, kind: str = REQUEST.code, **fields: Any) -> LetterInput:
    values = {"fields": FIELDS, "subject": "tests.thing", "at": AT, **fields}
    return LetterInput(kind=kind, person=person, subject_id=subject_id, **values)


def send(person: Person | None, subject_id: int = 1, kind: str = REQUEST.code, **fields: Any):
    return send_letters([make_input(person, subject_id, kind, **fields)])[0]


def make_user(role: str = Role.PROGRAMME_MANAGER, programme_id: int | None = None, username: str = "") -> User:
    user = User.objects.create_user(
        username or f"{role}-{programme_id or 'ovunque'}", full_name="Anna Ufficio", created_at=AT
    )
    scope = {"scope": "programme", "scope_id": programme_id} if programme_id else {}
    RoleGrant.objects.create(user=user, role=role, valid_from=date(2000, 1, 1), **scope)
    return user
