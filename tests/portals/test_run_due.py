"""The timers: all of them run, one fault stops nobody, and the watch ends with who started it."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from piutempo.correspondence.models import OutboxMessage
from piutempo.correspondence.services import notify
from piutempo.portals.management.commands import run_due


@pytest.mark.django_db
def test_mail_in_the_outbox_leaves(settings, tmp_path, capsys):
    settings.VAR_DIR = tmp_path
    at = datetime(2026, 1, 1, tzinfo=UTC)
    notify(to_email="a@example.org", title="t", text="t", subject="a.b", subject_id=1, key="", at=at)
    call_command("run_due")
    assert "deliver_outbox: 1 sent" in capsys.readouterr().out
    assert OutboxMessage.objects.get().state == "sent"
    call_command("run_due")
    assert "deliver_outbox" not in capsys.readouterr().out


@pytest.mark.django_db
def test_a_fault_stops_only_its_own_timer(monkeypatch, capsys):
    def broken(at):
        raise ZeroDivisionError

    monkeypatch.setattr(run_due, "TIMERS", (("broken", broken), ("next", lambda at: "done")))
    with pytest.raises(CommandError, match="broken"):
        call_command("run_due")
    assert "next: done" in capsys.readouterr().out


def test_watch_needs_a_whole_number_of_seconds():
    with pytest.raises(CommandError, match="at least 1"):
        call_command("run_due", "--watch", "0")


@pytest.mark.slow  # starts the program twice
@pytest.mark.embedded  # the watch's life does not depend on the database
def test_the_watch_ends_with_the_process_that_started_it(tmp_path):
    env = {**os.environ, "PIUTEMPO_MODE": "test", "PIUTEMPO_VAR": str(tmp_path), "DATABASE_URL": ""}
    manage = f"{sys.executable} manage.py run_due --watch 60 --parent $$"
    parent = subprocess.Popen(
        ["bash", "-c", f"{manage} >/dev/null 2>&1 & echo $!; exec sleep 60"],
        cwd=django_settings.BASE_DIR,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(parent.stdout.readline())
    assert os.path.exists(f"/proc/{child}")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 30
    while os.path.exists(f"/proc/{child}") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not os.path.exists(f"/proc/{child}")
