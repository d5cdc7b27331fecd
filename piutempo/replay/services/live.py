"""The small story of the programme that is open now: its last months up to today, with something in every state."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.db import transaction

from piutempo.applications.models import Application, Status
from piutempo.applications.services import start_application, withdraw_application
from piutempo.kernel.periods import Month
from piutempo.network.models import Desk, Site
from piutempo.people.models import Person
from piutempo.people.services import register_households
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import get_terms, get_version_at
from piutempo.programmes.services import load_programme
from piutempo.replay.models import ReplayRun
from piutempo.replay.rules.declaring import declared_facts
from piutempo.replay.rules.families import ROME, Family
from piutempo.replay.rules.identities import fiscal_code
from piutempo.replay.rules.scenario import Scenario, scenario_from
from piutempo.replay.rules.shifting import shifted
from piutempo.replay.rules.world import World
from piutempo.replay.selectors import get_replay_of
from piutempo.replay.services.casework import leave_work
from piutempo.replay.services.cast import engage_cast
from piutempo.replay.services.driver import replay_world
from piutempo.replay.services.families import household_of
from piutempo.replay.services.reception import open_reception
from piutempo.replay.services.running import SCENARIOS, make_world
from piutempo.reporting.rules import quarter_of
from piutempo.reporting.services.freezing import freeze_report
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.services import HandoverItem, hand_over, issue_month, receive_stock

SCENARIO = SCENARIOS / "live" / "piu-tempo-2026.toml"
#: The month in which the scenario's file lives.
ANCHOR = Month(2026, 11)


def tell_live_story(*, programmes_dir: Path, at: datetime) -> ReplayRun | None:
    """
    Play the live programme's last months up to yesterday, and leave some work for today. Once; None: no open window.

    The run's figures hold the ids of the citizen, of her desk and of a provider that she knows.
    """
    with SCENARIO.open("rb") as file:
        written = scenario_from(tomllib.load(file))
    today = at.astimezone(ROME).date()
    scenario = shifted(written, Month.of(today) - ANCHOR)
    programme = load_programme(programmes_dir / f"{scenario.programme}.toml", at=at).programme
    if run := get_replay_of(programme):
        return run
    terms = get_terms(get_version_at(programme, today).pk)
    first = datetime.combine(scenario.first_day, time(12), ROME)
    if terms.window_at(at) is None or terms.window_at(first) is None:
        return None
    world, star = _with_citizen(make_world(scenario, terms))
    world, drafts = _with_drafts(world, today)
    run = ReplayRun.objects.create(
        programme=programme, scenario=scenario.code, seed=world.seed, scale_bp=10_000, started_at=at
    )
    replay_world(world, programme=programme, terms=terms, until=today)
    with transaction.atomic():
        _start_drafts(scenario, programme, drafts, at)
        _withdraw_one(programme, at)
        leave_work(programme, terms, engage_cast(programme, at), at)
        citizen = Person.objects.get(fiscal_code=world.families[star].applicant.fiscal_code)
        desk = Desk.objects.get(programme=programme, code=world.region.desks[world.families[star].collects_at].code)
        site = _site_of(world, star, programme)
        _give_other_products(programme, terms, citizen, desk, at)
        _freeze_last_quarter(programme, scenario, at)
        open_reception(
            desks=list(Desk.objects.filter(programme=programme)),
            desk=desk,
            citizen=citizen,
            since=scenario.first_day,
            at=at,
            by=engage_cast(programme, at).desks,
        )
        run.figures = {"citizen": citizen.pk, "desk": desk.pk, "provider": site.provider_id}
        run.finished_at = at
        run.save(update_fields=["figures", "finished_at"])
    return run


def _with_citizen(world: World) -> tuple[World, int]:
    """Give the name of Maria Rossi to a woman who has spent something and still has something to spend."""
    for number, family in enumerate(world.families):
        visits = [visit for visit in world.visits if visit.family == number]
        is_hers = family.applicant.gender == "F" and family.decided_on and len(family.members) > 1
        if is_hers and visits and any(0 < carnet.titles < 20 for carnet in world.carnets if carnet.family == number):
            old = family.applicant
            code = fiscal_code(given="Maria", family="Rossi", born=old.born, gender="F", place=family.place.code)
            maria = replace(old, given_name="Maria", family_name="Rossi", fiscal_code=code)
            members = (replace(family.members[0], person=maria), *family.members[1:])
            return _with_family(world, number, replace(family, members=members)), number
    raise LookupError("no family of the live scenario suits Maria Rossi")


def _with_family(world: World, number: int, family: Family) -> World:
    return replace(world, families=(*world.families[:number], family, *world.families[number + 1 :]))


def _with_drafts(world: World, today: date) -> tuple[World, list[Family]]:
    """Keep the last two families from applying: theirs are the drafts."""
    drafts = list(world.families[-2:])
    later = datetime.combine(today + timedelta(days=30), time(12), ROME)
    for number in range(len(world.families) - 2, len(world.families)):
        world = _with_family(world, number, replace(world.families[number], applied_at=later, decided_on=None))
    return world, drafts


def _start_drafts(scenario: Scenario, programme: Programme, families: list[Family], at: datetime) -> None:
    for days, family in enumerate(families, start=1):
        begun = at - timedelta(days=days)
        registered = register_households([household_of(family, None, begun)])[0]
        facts = declared_facts(family, measure_code=scenario.measure_code)
        start_application(
            programme=programme,
            household=registered.household,
            applicant=registered.applicant,
            facts={**facts, "isee_cents": None},
            desk=None,
            at=begun,
            by=None,
        )


def _withdraw_one(programme: Programme, at: datetime) -> None:
    waiting = Application.objects.filter(programme=programme, status=Status.SUBMITTED).order_by("id").last()
    if waiting is not None:
        withdraw_application(application=waiting, reason="La famiglia ha trovato posto al nido", at=at, by=None)


def _site_of(world: World, family: int, programme: Programme) -> Site:
    visit = next(visit for visit in world.visits if visit.family == family)
    return Site.objects.get(code=f"P{programme.pk}-{world.region.sites[visit.site].code}")


def _give_other_products(programme: Programme, terms: Terms, citizen: Person, desk: Desk, at: datetime) -> None:
    """Issue this month's vouchers of the other products; Maria collects hers."""
    month = Month.of(at.astimezone(ROME).date())
    scenario_product = Voucher.objects.filter(holder=citizen).order_by("id").values_list("product", flat=True).first()
    for product in terms.products:
        if product.code == scenario_product or not product.is_granted_on_approval:
            continue
        issue_month(programme=programme, product_code=product.code, month=month, at=at, by=None)
        voucher = Voucher.objects.filter(holder=citizen, product=product.code, month=month.first).first()
        if voucher is None:
            continue
        receive_stock(desk=desk, voucher_ids=[voucher.pk], at=at, by=None)
        document = HandoverItem(voucher.pk, terms.desks.identity_documents[0], "CA00000MR")
        hand_over(desk=desk, items=[document], at=at, by=None)


def _freeze_last_quarter(programme: Programme, scenario: Scenario, at: datetime) -> None:
    until, _next = quarter_of(at.astimezone(ROME).date())
    since, _until = quarter_of(until - timedelta(days=1))
    if until > scenario.first_day:
        freeze_report(programme=programme, kind="quarter", period_from=since, period_until=until, as_of=until, at=at)
