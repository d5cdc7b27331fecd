"""A replay through the real services: what comes out is what the inputs and the rules imply, and nothing else."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction

from piutempo.applications.models import Application, Status
from piutempo.awards.models import Award, AwardStatus
from piutempo.people.models import Municipality
from piutempo.replay.models import ReplayRun
from piutempo.replay.rules.world import World
from piutempo.replay.services.driver import Calendar
from piutempo.replay.services.running import AlreadyReplayed, Outcome, prepare, run_world
from piutempo.reporting.models import FrozenReport
from piutempo.settlements.models import Statement, StatementStatus
from piutempo.vouchers.models import Extension, Redemption, Voucher
from tests.replay.worlds import HISTORIC, TIGHT, places, scenario_of, world_of

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=ZoneInfo("Europe/Rome"))
SMALL = 0.012


@pytest.fixture
def municipalities(db: None) -> None:
    """Real municipalities of the region, without the rest of Italy."""
    Municipality.objects.bulk_create(Municipality(code=p.code, name=p.name, province=p.province) for p in places())


def play(world: World) -> Outcome:
    """Replay a world in this database; every law over all rows is proved inside."""
    programme, terms = prepare(world.scenario, programmes_dir=Path(settings.PROGRAMMES_DIR), at=NOW)
    return run_world(world, programme=programme, terms=terms, at=NOW)


def play_and_forget(world: World) -> dict[str, int]:
    """Replay a world, take its figures, and undo everything."""
    with transaction.atomic():
        outcome = play(world)
        transaction.set_rollback(True)
    return outcome.figures


@pytest.mark.slow
@pytest.mark.usefixtures("municipalities")
def test_figures_follow_from_inputs_and_rules() -> None:
    world = world_of(HISTORIC, SMALL)
    outcome = play(world)
    figures = outcome.figures
    assert figures["applications_received"] == len(world.families) == Application.objects.count()
    left = sum(family.decided_on is None for family in world.families)
    assert figures["applications_handled"] == len(world.families) - left
    assert Application.objects.filter(status=Status.SUBMITTED).count() == left
    assert figures["months_booked"] == figures["months_issued"] == len(world.carnets) == Voucher.objects.count()
    meant = sum(line.titles for visit in world.visits for line in visit.lines if not line.attempt)
    assert figures["spent_cents"] == meant * 1_000
    attempts = Counter(line.attempt for visit in world.visits for line in visit.lines if line.attempt)
    assert outcome.refused == Counter(ALREADY_SPENT=attempts["spent"], EXPIRED=attempts["expired"])
    assert figures["active_sites"] == len({visit.site for visit in world.visits})
    assert figures["active_desks"] == sum(desk.is_working for desk in world.region.desks)
    assert figures["paid_cents"] == figures["spent_cents"]
    assert figures["lapsed_cents"] == figures["months_issued_cents"] - figures["spent_cents"]
    assert not Statement.objects.exclude(status=StatementStatus.PAID).exists()
    assert Extension.objects.get().new_valid_until == date(2011, 11, 1)
    assert Redemption.objects.filter(served_on__gte=date(2011, 9, 1)).exists()
    assert Redemption.objects.filter(file__isnull=True).exists()
    assert Redemption.objects.filter(file__isnull=False).exists()
    assert FrozenReport.objects.filter(kind="quarter").count() == 8
    final = FrozenReport.objects.get(kind="final")
    totals = {figure["code"]: figure["total"] for figure in final.data["figures"]}
    assert totals["spent_cents"] == figures["spent_cents"]
    assert totals["months_issued"] == figures["months_issued"]


@pytest.mark.slow
@pytest.mark.usefixtures("municipalities")
def test_the_same_seed_comes_to_the_same_figures_and_another_does_not() -> None:
    world = world_of(HISTORIC, SMALL)
    first, again = play_and_forget(world), play_and_forget(world)
    assert first == again
    other = play_and_forget(world_of(HISTORIC, SMALL, 11))
    for key in ("applications_received", "months_issued", "spent_cents"):
        assert other[key] != first[key]


@pytest.mark.slow
@pytest.mark.usefixtures("municipalities")
def test_changing_one_household_moves_the_figures() -> None:
    world = world_of(HISTORIC, SMALL)
    before = play_and_forget(world)
    number = next(
        n
        for n, family in enumerate(world.families)
        if family.applicant.gender == "F"
        and family.decided_on
        and any(c.family == n and c.titles for c in world.carnets)
        and any(m.relation == "child" for m in family.members)
        and not any(m.is_dependant for m in family.members)
    )
    family = world.families[number]
    alone = replace(family, members=tuple(m for m in family.members if m.relation != "child"))
    months = sum(carnet.family == number for carnet in world.carnets)
    titles = sum(carnet.titles for carnet in world.carnets if carnet.family == number)
    changed = replace(world, families=(*world.families[:number], alone, *world.families[number + 1 :]))
    after = play_and_forget(changed)
    assert after["applications_received"] == before["applications_received"]
    assert after["applications_approved"] == before["applications_approved"] - 1
    assert after["women"] == before["women"] - 1
    assert after["months_booked"] == before["months_booked"] - months
    assert after["months_issued_cents"] == before["months_issued_cents"] - months * 25_000
    assert after["spent_cents"] == before["spent_cents"] - titles * 1_000


@pytest.mark.slow
@pytest.mark.usefixtures("municipalities")
def test_a_fund_that_is_not_enough_makes_a_list_and_serves_it_from_what_comes_back() -> None:
    outcome = play(world_of(TIGHT))
    figures = outcome.figures
    assert figures["awards_queued"] > 0
    assert figures["awards_served_from_the_list"] > 0
    assert outcome.tally["rinunce"] > 0
    booked = sum(
        a.month_cents * (a.months - a.months_released) for a in Award.objects.filter(committed_at__isnull=False)
    )
    returned = figures["lapsed_cents"]
    assert booked <= figures["allocated_cents"] + returned
    waiting = list(Award.objects.filter(status=AwardStatus.WAITING).order_by("waiting_rank"))
    served_last = (
        Award.objects.filter(queued_at__isnull=False, committed_at__isnull=False).order_by("committed_at").last()
    )
    assert served_last is not None
    assert all(a.waiting_rank > served_last.waiting_rank or a.queued_at > served_last.committed_at for a in waiting)


@pytest.mark.slow
@pytest.mark.usefixtures("municipalities")
def test_a_second_replay_is_refused_and_adds_nothing() -> None:
    world = world_of(TIGHT)
    play(world)
    rows = Redemption.objects.count()
    with pytest.raises(AlreadyReplayed):
        prepare(world.scenario, programmes_dir=Path(settings.PROGRAMMES_DIR), at=NOW)
    with pytest.raises(CommandError, match="was replayed in this database"):
        call_command("replay", TIGHT, "--quiet")
    assert Redemption.objects.count() == rows
    assert ReplayRun.objects.count() == 1


@pytest.mark.usefixtures("municipalities")
def test_a_wrong_call_says_what_would_be_right() -> None:
    with pytest.raises(CommandError, match=f"no scenario 'nessuno'; there are: {TIGHT}, {HISTORIC}"):
        call_command("replay", "nessuno")
    with pytest.raises(CommandError, match="--scale must be more than 0"):
        call_command("replay", TIGHT, "--scale", "0")


def test_events_of_a_day_happen_in_the_order_of_the_clock(db: None) -> None:
    calendar, seen = Calendar(), []
    day = scenario_of(TIGHT).first_day
    for hour in (18, 7, 18):
        calendar.add(day, NOW.time().replace(hour=hour), lambda at: seen.append((at.hour, len(seen))))
    calendar.run_day(day)
    assert seen == [(7, 0), (18, 1), (18, 2)]


@pytest.mark.embedded  # the demo's database; small replays run on both
@pytest.mark.slow  # the whole 24 months of the programme, as `make demo` plays them: up to two minutes
@pytest.mark.usefixtures("municipalities")
def test_the_whole_programme_comes_to_the_published_figures(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    call_command("replay", HISTORIC, "--quiet", "--json", str(path))
    figures = json.loads(path.read_text())
    published = {
        "applications_received": 5_415,
        "applications_handled": 5_387,
        "applications_approved": 4_784,
        "months_booked": 18_010,
        "months_issued": 18_010,
        "months_issued_cents": 450_250_000,
        "allocated_cents": 520_000_000,
        "assigned_bp": 8_659,
        "spent_cents": 214_350_000,
        "active_sites": 1_241,
        "active_desks": 93,
        "women": 2_530,
        "women_share_bp": 5_288,
    }
    assert {key: figures[key] for key in published} == published
    assert figures["seconds"] > 0
