"""
What pages need to have something to show, written by the real services after ``seed.py`` and the replay.

Checks, one of Giulia Conti's declarations; a message of hers, a notice to her; a request that names her child too; and
a family of the past that has to give back what it spent.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
import os
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.utils import timezone

from piutempo.applications.models import Application
from piutempo.applications.selectors import get_declared
from piutempo.applications.services import submit_application
from piutempo.applications.services.declaring import declare_members, declare_situation, open_draft
from piutempo.controls.models import Check
from piutempo.controls.services import take_check
from piutempo.correspondence.services import deliver_outbox, receive_message, write_to_many
from piutempo.people.models import Municipality, Person, Role, Scope, User
from piutempo.people.services import MemberInput, register_person
from piutempo.people.services.accounts import create_persona
from piutempo.programmes.selectors import get_programme
from piutempo.replay.services.controls import open_controls
from piutempo.settlements.services import decide_forfeiture, open_forfeiture
from piutempo.vouchers.models import Redemption
from tests.stories.people import CHILDREN, FAMILIES

NOW = timezone.now()


def main() -> None:
    """Write everything."""
    live = get_programme("piu-tempo-2026")
    manager = User.objects.get(full_name="Bruno Villa")
    giulia = Person.objects.get(fiscal_code=FAMILIES["conti"].code)
    checker = create_persona(
        name="controlli", full_name="Sara Fabbri", role=Role.CASE_OFFICER, scope=Scope.PROGRAMME, scope_id=live.pk,
        at=NOW - timedelta(days=60),
    )  # fmt: skip
    open_controls(programme=live, citizen=giulia, at=NOW, opener=manager, checker=checker)
    take_check(check=Check.objects.filter(finding_at=None)[0], at=NOW, by=checker)
    apply_with_the_child_of_another()
    receive_message(
        kind="question", person=giulia, name="", email="", text="Quando ritiro i buoni?", page="/", at=NOW, by=None
    )
    write_to_many(
        person_ids=[giulia.pk], title="Gli sportelli in agosto", text="Chiudono alle 13.", next_step="Niente.",
        programme_id=live.pk, key="stories", at=NOW, by=manager,
    )  # fmt: skip
    spent = Redemption.objects.exclude(voucher__programme=live).order_by("-served_on").select_related("voucher__award")
    first = spent[0]
    application = Application.objects.get(pk=first.voucher.award.application_id)
    told_at = NOW - timedelta(days=20)
    opened = open_forfeiture(
        application=application,
        since=first.served_on,
        reasons=["La famiglia si era trasferita."],
        at=told_at,
        by=checker,
    )
    deliver_outbox(at=told_at)
    decide_forfeiture(forfeiture=opened, text="Nessuna risposta.", at=NOW, by=manager)


def apply_with_the_child_of_another() -> None:
    """Have Carmen Leone submit a request whose household holds Giulia Conti's child."""
    who, child = FAMILIES["leone"], CHILDREN["conti"]
    person = register_person(
        fiscal_code=who.code, given_name=who.given, family_name=who.family,
        municipality=Municipality.objects.get(name="Milano"), at=NOW,
    )  # fmt: skip
    draft = open_draft(programme=get_programme("piu-tempo-2026"), applicant=person, desk=None, at=NOW, by=None)
    member = MemberInput(child.code, child.given, child.family, "child")
    draft = declare_members(application=draft, members=[member], at=NOW, by=None)
    facts = get_declared(draft) | {"isee_cents": 1_000_000}
    for one in facts["members"]:
        one["non_self_sufficient"] = False
    draft = declare_situation(application=draft, facts=facts, at=NOW, by=None)
    submit_application(application=draft, at=NOW, by=None)


main()
