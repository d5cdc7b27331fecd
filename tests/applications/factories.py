"""A programme loaded from its file, households and applications for tests."""

import itertools
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from stdnum.it import codicefiscale

from piutempo.applications.models import Application, Mandate
from piutempo.applications.services import notify_refusal, start_application, submit_application
from piutempo.applications.services.helping import identify_person, record_mandate
from piutempo.correspondence.models import Letter
from piutempo.correspondence.services import mark_posted
from piutempo.network.models import Desk
from piutempo.people.models import Household, Person, Role, Scope, User
from piutempo.people.services import register_household, register_person
from piutempo.people.services.accounts import create_user, grant_role
from piutempo.programmes.models import Fund, Programme
from piutempo.programmes.selectors import get_current_terms, get_programme
from piutempo.programmes.services import load_programme

ROME = ZoneInfo("Europe/Rome")
LOADED_AT = datetime(2025, 1, 2, 9, tzinfo=ROME)
OPEN_AT = datetime(2025, 3, 10, 10, tzinfo=ROME)
#: The day after a family told of a refusal on ``OPEN_AT`` may no longer answer.
DECIDED_AT = datetime(2025, 3, 21, 11, tzinfo=ROME)
FILE = "fondo-limitato.toml"
#: What the file of the programme says: 16,000 euro, 4 months of 100 euro each.
AWARD_CENTS = 4 * 100_00
FITTING = 40

_numbers = itertools.count(1)


def make_programme(name: str = FILE) -> Programme:
    """Load a programme of ``programmes.d``."""
    path = Path(settings.PROGRAMMES_DIR) / name
    load_programme(path, at=LOADED_AT)
    return get_programme(name.removesuffix(".toml"))


def load_text(tmp_path: Path, text: str, name: str = FILE, at: datetime = LOADED_AT) -> Programme:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    load_programme(path, at=at)
    return get_programme(name.removesuffix(".toml"))


def get_pot_id(programme: Programme) -> int:
    return Fund.objects.get(programme=programme).pot_id


def fiscal_code(number: int) -> str:
    """A codice fiscale with the right check character, a different one for each number."""
    letters = "BCDFGLMNPRST"
    name = "".join(letters[number // 12**i % 12] for i in range(6))
    body = f"{name}80{'ABCDEHLMPRST'[number // 12**6 % 12]}{number % 28 + 41:02d}F205"
    return body + codicefiscale.calc_check_digit(body)


def make_person(**fields: Any) -> Person:
    number = next(_numbers)
    defaults = {
        "fiscal_code": fiscal_code(number),
        "given_name": "Maria",
        "family_name": f"Rossi{number}",
        "at": OPEN_AT,
    }
    return register_person(**defaults | fields)


def make_household(person: Person | None = None) -> tuple[Household, Person]:
    person = person or make_person()
    return register_household(applicant=person, members=[], at=OPEN_AT), person


def make_facts(
    isee_cents: int | None = 10_000_00, child_born: date | None = date(2018, 5, 1), **changes: Any
) -> dict[str, Any]:
    """A mother with one child of six: every condition of the programme holds."""
    members: list[dict[str, Any]] = [{"relation": "applicant", "birth_date": "1985-02-03", "cohabiting": True}]
    if child_born is not None:
        members.append({"relation": "child", "birth_date": child_born.isoformat(), "cohabiting": True})
    for member in members:
        member["non_self_sufficient"] = False
    facts: dict[str, Any] = {"members": members}
    if isee_cents is not None:
        facts["isee_cents"] = isee_cents
    return facts | changes


def make_draft(programme: Programme, at: datetime = OPEN_AT, **facts: Any) -> Application:
    household, person = make_household()
    return start_application(
        programme=programme, household=household, applicant=person, facts=make_facts(**facts), desk=None, at=at, by=None
    )


def make_submitted(programme: Programme, at: datetime = OPEN_AT, **facts: Any) -> Application:
    return submit_application(application=make_draft(programme, at, **facts), at=at, by=None)


PAPER = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def give_mandate(person: Person, desk: Desk, at: datetime = OPEN_AT, by: User | None = None) -> Mandate:
    """Have a person recognised at a desk, and their mandate kept."""
    by = by or make_user()
    kind = (get_current_terms(desk.programme, at.date()).desks.identity_documents or ("carta d'identità",))[0]
    identify_person(
        person=person,
        desk=desk,
        document_kind=kind,
        document_number="CA12345AB",
        expires_on=at.date() + timedelta(days=900),
        at=at,
        by=by,
    )
    return record_mandate(
        person=person,
        desk=desk,
        name="delega.pdf",
        content=PAPER,
        signed_on=at.date(),
        valid_until=None,
        at=at,
        by=by,
    )


def notified(application: Application, at: datetime = OPEN_AT) -> Application:
    """Give the notice that a refusal needs first, and post its letter."""
    notify_refusal(application=application, reasons=None, at=at, by=None)
    return posted(application, at)


def posted(application: Application, at: datetime = OPEN_AT) -> Application:
    """Post the printed letters of a case."""
    waiting = Letter.objects.filter(subject="applications.application", subject_id=application.pk, state="paper")
    mark_posted(letters=list(waiting), at=at, by=make_user())
    return application


def make_user(*roles: tuple[str, str, int | None], username: str = "") -> User:
    user = create_user(username=username or f"utente{next(_numbers)}", full_name="Ada Bianchi", at=LOADED_AT)
    for role, scope, scope_id in roles:
        grant_role(user=user, role=Role(role), scope=Scope(scope), scope_id=scope_id, at=LOADED_AT)
    return user
