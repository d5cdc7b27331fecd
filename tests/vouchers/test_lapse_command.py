"""The daily command that returns expired money to the fund."""

from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from piutempo.vouchers.models import Lapse
from tests.vouchers.factories import NOW, ROME, build_family, issued


def told(*options: str) -> str:
    out = StringIO()
    call_command("lapse_vouchers", *options, stdout=out)
    return out.getvalue()


def test_it_counts_then_lapses_once(world, monkeypatch):
    issued(world, build_family(world))
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    assert told() == "prova: 0 vouchers would lapse, 0,00\u00a0€\n"
    monkeypatch.setattr(timezone, "now", lambda: datetime(2011, 10, 1, 12, tzinfo=ROME))
    assert told("--programme", "prova") == "prova: 1 vouchers would lapse, 250,00\u00a0€\n"
    assert not Lapse.objects.exists()
    assert "1 vouchers lapsed, 250,00\u00a0€ back to the fund" in told("--commit")
    assert "0 vouchers lapsed" in told("--commit")
    assert Lapse.objects.count() == 1


def test_a_programme_that_does_not_exist_is_named(world):
    with pytest.raises(CommandError, match=r"no programme 'altro'; there are: prova"):
        told("--programme", "altro")
