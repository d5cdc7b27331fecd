"""
Two programmes that must not see each other, with something in every state, and somebody of every role in the first.

Everything of the second one carries ``SECRET``: found on a page of the first one's people, it has leaked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings

from piutempo.applications.models import Application
from piutempo.applications.services import decide_application, withdraw_application
from piutempo.controls.services import answer_item, open_check, open_sample, send_finding, take_check
from piutempo.correspondence.services import receive_message
from piutempo.kernel.periods import Month
from piutempo.network.models import Desk, Provider, Site
from piutempo.network.services import accredit_site, open_desk
from piutempo.people.models import Municipality, Person, Role, Scope, User
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_current_terms
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.services.issuance import issue_month
from tests.applications.factories import (
    DECIDED_AT,
    FILE,
    LOADED_AT,
    OPEN_AT,
    ROME,
    give_mandate,
    load_text,
    make_draft,
    make_submitted,
    make_user,
)
from tests.controls.factories import CHECKS

#: The day on which the forms are attacked.
NOW = datetime(2025, 4, 22, 10, tzinfo=ROME)
SECRET = "Zzsegreta"
#: A second family, whose request is still a draft.
DRAFTING = "drafting"


@dataclass
class Side:
    """One programme with its desk, its provider and its cases."""

    programme: Programme
    desk: Desk
    provider: Provider
    site: Site
    applications: list[Application] = field(default_factory=list)
    officer: User | None = None


@dataclass
class HostileWorld:
    """Both sides and the first one's people, by role."""

    own: Side
    other: Side
    people: dict[str, User]


def build_hostile_world(tmp_path: Path) -> HostileWorld:
    """Write both programmes."""
    Municipality.objects.get_or_create(code="F205", defaults={"name": "Milano", "province": "MI"})
    own = _build_side(tmp_path, "proprio", "Bianchi", 1)
    other = _build_side(tmp_path, "altrui", SECRET, 2)
    within = (Scope.PROGRAMME, own.programme.pk)
    people: dict[str, User] = {
        Role.CITIZEN: make_user((Role.CITIZEN, Scope.ALL, None)),
        Role.DESK_OPERATOR: make_user((Role.DESK_OPERATOR, Scope.DESK, own.desk.pk)),
        Role.PROVIDER_OPERATOR: make_user((Role.PROVIDER_OPERATOR, Scope.BODY, own.provider.pk)),
        Role.ADMINISTRATOR: make_user((Role.ADMINISTRATOR, Scope.ALL, None)),
    } | {
        role: make_user((role, *within))
        for role in (
            Role.PROGRAMME_MANAGER,
            Role.ACCOUNTING_OFFICER,
            Role.AUTHORITY_READER,
            Role.AUDITOR,
        )
    }
    assert own.officer is not None
    people[Role.CASE_OFFICER] = own.officer  # who carries the check and has cases in hand
    people[DRAFTING] = make_user((Role.CITIZEN, Scope.ALL, None))
    for name, application in ((Role.CITIZEN, own.applications[0]), (DRAFTING, own.applications[4])):
        Person.objects.filter(pk=application.applicant_id).update(user=people[name])
    return HostileWorld(own, other, people)


def _build_side(tmp_path: Path, code: str, family_name: str, number: int) -> Side:
    text = (Path(settings.PROGRAMMES_DIR) / FILE).read_text(encoding="utf-8")
    text = text.replace('code = "fondo-limitato"', f'code = "{code}"').replace('"Fondo limitato"', f'"Fondo {code}"')
    text += CHECKS.format(signature="false")
    programme = load_text(tmp_path, text, f"{code}.toml")
    milan = Municipality.objects.get(code="F205")
    since = date(2025, 1, 2)
    desk = open_desk(
        programme=programme, code=f"D{number}", name=f"Sportello {code}", body="Comuni", municipality=milan,
        delivers=True, valid_from=since, at=LOADED_AT,
    )  # fmt: skip
    provider = Provider.objects.create(
        name=f"Ente {code}", vat_number=f"{number:011d}", iban="IT60X0542811101000000123456"
    )
    site = Site.objects.create(provider=provider, code=f"S{number}", name=f"Sede {code}", municipality=milan)
    terms = get_current_terms(programme, since)
    accredit_site(
        site=site, programme=programme, terms=terms, network="operatori",
        services=[("nido", None), ("baby-sitting", None)], valid_from=since, at=LOADED_AT, by=None,
    )  # fmt: skip
    side = Side(programme, desk, provider, site)
    side.officer = make_user((Role.CASE_OFFICER, Scope.PROGRAMME, programme.pk))
    for _ in range(4):
        side.applications.append(make_submitted(programme, OPEN_AT))
    side.applications.append(make_draft(programme, OPEN_AT))
    ids = [a.pk for a in side.applications]
    Person.objects.filter(pk__in=[a.applicant_id for a in side.applications]).update(family_name=family_name)
    Application.objects.filter(pk__in=ids).update(desk=desk)
    side.applications = [Application.objects.get(pk=pk) for pk in ids]
    for one in side.applications[:2]:
        give_mandate(one.applicant, desk)
    _make_cases(side)
    return side


def _make_cases(side: Side) -> None:
    """Approve one and spend its money, check it, leave one waiting, withdraw one."""
    approved, _waiting, withdrawn, _second = side.applications[:4]
    assert side.officer is not None
    decide_application(application=approved, approve=True, note="", at=DECIDED_AT, by=None)
    withdraw_application(application=withdrawn, reason="Non serve più", at=DECIDED_AT, by=None)
    issue_month(
        programme=side.programme, product_code="buono-servizi", month=Month(2025, 4),
        at=datetime(2025, 4, 1, 9, tzinfo=ROME), by=None,
    )  # fmt: skip
    Voucher.objects.filter(programme=side.programme).update(desk=side.desk)
    check = open_check(application=approved, reason="Un dubbio", at=DECIDED_AT, by=side.officer)
    take_check(check=check, at=DECIDED_AT, by=side.officer)
    for position, outcome in enumerate(("ok", "not_ok")):
        answer_item(check=check, position=position, outcome=outcome, note="Visto", at=DECIDED_AT, by=side.officer)
    send_finding(check=check, text="Qualcosa non torna", at=NOW - timedelta(days=2), by=side.officer)
    open_sample(
        programme=side.programme, period_from=date(2025, 3, 1), period_until=date(2025, 4, 1), at=DECIDED_AT, by=None
    )
    person = approved.applicant
    receive_message(
        kind="question", person=person, name=str(person), email="a@example.org", text="Una domanda", page="/",
        at=DECIDED_AT, by=None,
    )  # fmt: skip
