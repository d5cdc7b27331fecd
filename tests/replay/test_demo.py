"""The demonstration: the live story ends today, has something in every state, and is told once."""

from datetime import datetime
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from piutempo.applications.models import Application, Status
from piutempo.kernel.periods import Month
from piutempo.people.models import Municipality, Person, RoleGrant, User
from piutempo.replay.rules.shifting import moved, shifted
from piutempo.replay.services.live import tell_live_story
from piutempo.settlements.models import Statement
from piutempo.vouchers.models import Redemption, Voucher
from tests.replay.worlds import HISTORIC, places, scenario_of

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=ZoneInfo("Europe/Rome"))


@pytest.fixture
def municipalities(db: None) -> None:
    """Real municipalities of the region, without the rest of Italy."""
    Municipality.objects.bulk_create(Municipality(code=p.code, name=p.name, province=p.province) for p in places())


def tell(at: datetime) -> object:
    """Tell the live story at an instant."""
    return tell_live_story(programmes_dir=Path(settings.PROGRAMMES_DIR), at=at)


@pytest.mark.slow  # plays six months of a small programme
@pytest.mark.usefixtures("municipalities")
@pytest.mark.parametrize("at", [NOW, NOW.replace(year=2027, month=2, day=3)])
def test_the_live_story_has_something_in_every_state_and_ends_today(at: datetime) -> None:
    run = tell(at)
    assert run is not None
    states = set(Application.objects.values_list("status", flat=True))
    assert states == set(Status.values)
    assert Application.objects.filter(submitted_at__gt=at).count() == 0
    assert Redemption.objects.filter(redeemed_at__gt=at).count() == 0
    assert Voucher.objects.filter(month__gt=Month.of(at.date()).first).count() == 0
    maria = Person.objects.get(given_name="Maria", family_name="Rossi")
    hers = Voucher.objects.filter(holder=maria)
    assert (
        hers.filter(handed__gt=0, spent=0, form="titles").exists() or hers.filter(form="titles", spent__gt=0).exists()
    )
    assert hers.filter(form="balance", handed__gt=0).exists()
    assert Statement.objects.exists()
    assert tell(at) == run


@pytest.mark.usefixtures("municipalities")
def test_before_the_programme_opens_there_is_no_story() -> None:
    assert tell(NOW.replace(year=2026, month=2)) is None
    assert not Application.objects.exists()


@pytest.mark.slow  # plays six months of a small programme
@pytest.mark.usefixtures("municipalities")
def test_a_persona_for_each_role_and_a_second_call_adds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piutempo.replay.management.commands.demo.timezone.now", lambda: NOW)
    first = StringIO()
    call_command("demo", "--only-seed", stdout=first)
    users, grants = User.objects.count(), RoleGrant.objects.count()
    call_command("demo", "--only-seed", stdout=StringIO())
    assert (User.objects.count(), RoleGrant.objects.count()) == (users, grants)
    roles = set(RoleGrant.objects.filter(user__username__startswith="demo.").values_list("role", flat=True))
    assert len(roles) == 9
    assert "demo.maria.rossi" in first.getvalue()


@pytest.mark.usefixtures("db")
def test_the_demonstration_is_never_made_in_production(settings: object) -> None:
    settings.MODE = "production"
    with pytest.raises(CommandError, match="never in production"):
        call_command("demo")
    assert not User.objects.exists()


def test_a_scenario_moved_there_and_back_is_the_same() -> None:
    scenario = scenario_of(HISTORIC)
    assert shifted(shifted(scenario, 12), -12) == scenario
    assert moved(NOW.date().replace(month=10, day=31), 4).isoformat() == "2027-02-28"
