"""The window's opening at a small size, as ``make bench`` runs it: the served program on PostgreSQL, real HTTP."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

# Starts a PostgreSQL of its own, the server and the clients: some twenty seconds.
pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_everybody_who_submits_has_one_place_and_one_number():
    people = 40
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "opening"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "BENCH_PEOPLE": str(people), "BENCH_SECONDS": "25"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    for name in ("received", "placed", "protocol numbers", "receipts frozen"):
        assert figures[f"opening: {name}"]["value"] == people, name
    for name in (
        "lost",
        "doubled",
        "gaps in the places",
        "gaps in the protocol",
        "overtaken",
        "let in before the opening",
        "errors of the server",
    ):
        assert figures[f"opening: {name}"]["value"] == 0, name
    sent = figures["opening: requests sent"]
    assert (sent["first"], sent["double"], sent["again"]) == (people, people // 10, people // 20)
