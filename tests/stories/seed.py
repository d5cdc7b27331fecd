"""
The live programme as the stories find it, written by the real services: run as a script by ``conftest.py``.

Two families got their months in the past (one has carnets of last month in hand), four wait for a decision. Personas of
every role. Prints as JSON what the stories need to know.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
import json
import os
from datetime import datetime, time, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.utils import timezone

from piutempo.applications.models import Application
from piutempo.applications.selectors import get_declared
from piutempo.applications.services import notify_refusal, propose_decision, sign_proposal, submit_application
from piutempo.applications.services.declaring import declare_members, declare_situation, open_draft
from piutempo.correspondence.models import Letter
from piutempo.correspondence.services import mark_posted
from piutempo.kernel.periods import Month
from piutempo.network.models import Desk
from piutempo.network.services import accredit_site, open_desk, register_provider, register_site
from piutempo.people.models import Municipality, Role, Scope, User
from piutempo.people.services import MemberInput, register_person
from piutempo.people.services.accounts import create_persona
from piutempo.people.services.municipalities import load_municipalities
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_current_terms
from piutempo.replay.services.ranked import tell_ranked_story
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.services.custody import HandoverItem, hand_over, receive_stock
from piutempo.vouchers.services.issuance import issue_month
from tests.applications.factories import give_mandate
from tests.stories.people import CHILDREN, FAMILIES

NOW = timezone.now()
TODAY = timezone.localdate(NOW)
MONTH = Month.of(TODAY)
PRODUCTS = ("buono-servizi", "buono-libero")


def day_of(month: Month, day: int) -> datetime:
    """Return ten o'clock of a day of a month."""
    return datetime.combine(month.first + timedelta(days=day - 1), time(10), tzinfo=timezone.get_current_timezone())


def draft_for(
    name: str, *, desk: Desk | None, programme: Programme, at: datetime, by: User, user: User | None = None
) -> Application:
    """Register a family and open its draft as the pages do."""
    who, child = FAMILIES[name], CHILDREN[name]
    milan = Municipality.objects.get(name="Milano")
    person = register_person(
        fiscal_code=who.code, given_name=who.given, family_name=who.family, municipality=milan, user=user, at=at, by=by
    )
    if desk is not None:
        give_mandate(person, desk, at, by)
    draft = open_draft(programme=programme, applicant=person, desk=desk, at=at, by=by)
    member = MemberInput(child.code, child.given, child.family, "child")
    return declare_members(application=draft, members=[member], at=at, by=by)


def apply_for(
    name: str, *, desk: Desk, at: datetime, by: User, isee_cents: int | None, user: User | None = None
) -> Application:
    """Submit a family's application through a desk."""
    draft = draft_for(name, desk=desk, programme=desk.programme, at=at, by=by, user=user)
    facts: dict[str, Any] = get_declared(draft)
    if isee_cents is not None:
        facts["isee_cents"] = isee_cents
    for one in facts["members"]:
        one["non_self_sufficient"] = False
    draft = declare_situation(application=draft, facts=facts, at=at, by=by)
    return submit_application(application=draft, at=at, by=by)


def main() -> None:
    """Write everything and print it."""
    load_municipalities()
    programme = Programme.objects.get(code="piu-tempo-2026")
    terms = get_current_terms(programme, TODAY)
    long_ago = day_of(MONTH + -2, 5)
    start = Month.of(long_ago.date()).first
    milan, bergamo = (Municipality.objects.get(name=n) for n in ("Milano", "Bergamo"))
    desk = open_desk(
        programme=programme, code="S01", name="Sportello famiglia di Milano", body="Comuni", municipality=milan,
        address="Via Larga 12", delivers=True, valid_from=start, at=long_ago,
    )  # fmt: skip
    open_desk(
        programme=programme, code="S02", name="Consultorio di Bergamo", body="Consultori familiari",
        municipality=bergamo, delivers=False, valid_from=start, at=long_ago,
    )  # fmt: skip
    provider = register_provider(
        name="Cooperativa Il Girotondo", vat_number="12345670017", iban="IT60X0542811101000000123456",
        email="info@girotondo.example", at=long_ago,
    )  # fmt: skip
    site = register_site(
        provider=provider, code="GIR-1", name="Il Girotondo, via Padova", municipality=milan, unit_type="nido",
        address="Via Padova 30", terms=terms, at=long_ago,
    )  # fmt: skip
    accredit_site(
        site=site, programme=programme, terms=terms, network="operatori",
        services=[("nido", None), ("baby-sitting", None), ("dopo-scuola", None)],
        valid_from=start, at=long_ago, by=None,
    )  # fmt: skip

    def persona(name: str, full_name: str, role: Role, scope: Scope = Scope.ALL, scope_id: int | None = None) -> User:
        return create_persona(name=name, full_name=full_name, role=role, scope=scope, scope_id=scope_id, at=long_ago)

    within = (Scope.PROGRAMME, programme.pk)
    persona("maria", "Maria Rossi", Role.CITIZEN)
    persona("lucia", "Lucia Moretti", Role.CITIZEN)
    persona("nuova", "Nora Nuova", Role.CITIZEN)
    giulia = persona("giulia", "Giulia Conti", Role.CITIZEN)
    operator = persona("sportello", "Anna Sala", Role.DESK_OPERATOR, Scope.DESK, desk.pk)
    persona("girotondo", "Davide Riva", Role.PROVIDER_OPERATOR, Scope.BODY, provider.pk)
    officer = persona("istruttoria", "Carla Neri", Role.CASE_OFFICER, *within)
    manager = persona("responsabile", "Bruno Villa", Role.PROGRAMME_MANAGER)
    persona("conti", "Irene Fontana", Role.ACCOUNTING_OFFICER)
    persona("pagamenti", "Piero Galli", Role.ACCOUNTING_OFFICER)
    persona("autorita", "Teresa Longo", Role.AUTHORITY_READER)
    persona("revisore", "Ugo Sanna", Role.AUDITOR)
    persona("amministra", "Nadia Costa", Role.ADMINISTRATOR)

    first = apply_for("conti", desk=desk, at=long_ago, by=operator, isee_cents=1_500_000, user=giulia)
    proposed = propose_decision(application=first, approve=None, note="", at=day_of(MONTH + -2, 9), by=officer)
    sign_proposal(proposal=proposed, at=day_of(MONTH + -2, 9), by=manager)
    last_month = MONTH + -1
    for product in PRODUCTS:
        issue_month(programme=programme, product_code=product, month=last_month, at=day_of(last_month, 2), by=officer)
    receive_stock_of(desk, day_of(last_month, 3), operator)
    items = [
        HandoverItem(voucher_id=v.pk, document_type=terms.desks.identity_documents[0], document_number="CA12345AB")
        for v in Voucher.objects.filter(desk=desk).order_by("pk")
    ]
    hand_over(desk=desk, items=items, at=day_of(last_month, 4), by=operator)
    for n, (name, isee) in enumerate(
        (("bianchi", 2_000_000), ("ferri", None), ("greco", 4_500_000), ("villa", 1_000_000))
    ):
        applied = apply_for(name, desk=desk, at=day_of(last_month, 10 + n), by=operator, isee_cents=isee)
        if name == "greco":  # told why; the days for an answer are over
            notify_refusal(application=applied, reasons=None, at=day_of(last_month, 14), by=officer)
            notice = Letter.objects.filter(kind="applications.notice", subject_id=applied.pk)
            mark_posted(letters=list(notice), at=day_of(last_month, 14), by=officer)

    vera = persona("vera", "Vera Pace", Role.CITIZEN)
    draft_for("pace", desk=None, programme=programme, at=day_of(last_month, 15), by=vera, user=vera)
    draft_for("serra", desk=desk, programme=programme, at=day_of(last_month, 16), by=operator)

    titles, balance = (Voucher.objects.get(form=form) for form in ("titles", "balance"))
    tell_ranked_story(at=NOW, officer=officer, manager=manager)
    print(  # noqa: T201 - the answer of this script
        json.dumps({"titles": titles.code, "balance": balance.code, "programme": programme.pk, "site": site.pk})
    )


def receive_stock_of(desk: Desk, at: datetime, by: User) -> None:
    """Record that every carnet addressed to the desk arrived."""
    receive_stock(
        desk=desk, voucher_ids=list(Voucher.objects.filter(desk=desk).values_list("pk", flat=True)), at=at, by=by
    )


main()
