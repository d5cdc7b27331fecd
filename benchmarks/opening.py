"""
The window's opening: people already signed in, each with a ready draft, submit over HTTP as soon as they may.

The served program (granian, as in production) on PostgreSQL; the clients share its cores. First a burst: half of the
people at once, as fast as the program answers; then the others, spread over the rest of the time. Some click before the
opening and come back, some click twice at the same moment, some send the form again after the answer. Afterwards the
database is counted: nobody lost, nobody twice, no gap in the places and in the protocol, and nobody overtaken: whoever
had the answer before another asked has the lower place.

``BENCH_PEOPLE`` (10,000) and ``BENCH_SECONDS`` (300, for all) make it shorter.
"""

import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter as CountOf
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from stdnum.it import codicefiscale

from benchmarks.measure import tell, watch
from benchmarks.visitors import Answer, Visitor
from piutempo.applications.models import Application, Channel, Status
from piutempo.people.models import Person, Role, RoleGrant, Scope, User
from piutempo.people.services import HouseholdInput, MemberInput, PersonInput, register_households
from piutempo.programmes.models import Programme
from piutempo.programmes.services import load_programme
from piutempo.records.models import Document, RegisterEntry
from piutempo.records.services import hash_json

ROME = ZoneInfo("Europe/Rome")
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "10000"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "300"))
PROCESSES, THREADS = 2, 24
CODE = "piu-tempo-2026"
SUBJECT = "applications.application"


def fiscal_code(number: int, year: str) -> str:
    """Return a codice fiscale with the right check character, another for each number."""
    letters = "BCDFGLMNPRST"
    name = "".join(letters[number // 12**i % 12] for i in range(6))
    body = f"{name}{year}{'ABCDEHLMPRST'[number // 12**6 % 12]}{number % 28 + 1:02d}F205"
    return body + str(codicefiscale.calc_check_digit(body))


def load(opens_at: datetime) -> Programme:
    """Load the example programme with a window that opens at an instant and closes in a year."""
    text = (settings.PROGRAMMES_DIR / f"{CODE}.toml").read_text(encoding="utf-8")
    text = re.sub(r"^opens_at = .*$", f"opens_at = {opens_at:%Y-%m-%dT%H:%M:%S}", text, flags=re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{CODE}.toml"
        path.write_text(text, encoding="utf-8")
        load_programme(path, at=opens_at)
    return Programme.objects.get(code=CODE)


def write_people(now: datetime) -> list[tuple[int, int, str]]:
    """Write families with accounts and open sessions: (person id, household id, session key) of each, set by set."""
    found: list[tuple[int, int, str]] = []
    for start in range(0, PEOPLE, 1_000):
        numbers = range(start, min(PEOPLE, start + 1_000))
        registered = register_households(
            [
                HouseholdInput(
                    PersonInput(fiscal_code(n, "80"), "Maria", f"Rossi{n}"),
                    (MemberInput(fiscal_code(n, "18"), "Luca", f"Rossi{n}", "child"),),
                    now,
                )
                for n in numbers
            ],
            with_events=False,
        )
        users = User.objects.bulk_create(
            [User(username=f"famiglia{n}", full_name=f"Maria Rossi{n}", password="!", created_at=now) for n in numbers]
        )
        RoleGrant.objects.bulk_create(
            [RoleGrant(user=user, role=Role.CITIZEN, scope=Scope.ALL, valid_from=date(2020, 1, 1)) for user in users]
        )
        people = [row.applicant for row in registered]
        for person, user in zip(people, users, strict=True):
            person.user = user
        Person.objects.bulk_update(people, ["user"], batch_size=500)
        keys = write_sessions(users, now)
        found += [(row.applicant.pk, row.household.pk, key) for row, key in zip(registered, keys, strict=True)]
    return found


def write_sessions(users: list[User], now: datetime) -> list[str]:
    """Sign people in, as the sign-in page would, without Argon2's cost: this is about submitting."""
    rows = []
    for user in users:
        store = SessionStore()
        data = {
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
            "_auth_user_hash": user.get_session_auth_hash(),
        }
        rows.append(
            Session(
                session_key=f"{uuid.uuid4().hex}",
                session_data=store.encode(data),
                expire_date=now + timedelta(days=1),
            )
        )
    Session.objects.bulk_create(rows)
    return [row.session_key for row in rows]


def write_drafts(programme: Programme, people: list[tuple[int, int, str]], now: datetime) -> list[Visitor]:
    """Write a complete draft for each family."""

    members: dict[int, list[tuple[int, str, date]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.household_id, p.id, m.relation, p.birth_date FROM people_member m "
            "JOIN people_person p ON p.id = m.person_id ORDER BY m.id"
        )
        for household, person, relation, born in cursor.fetchall():
            members.setdefault(household, []).append((person, relation, born))
    visitors: list[Visitor] = []
    for start in range(0, len(people), 1_000):
        rows = []
        for person_id, household_id, _key in people[start : start + 1_000]:
            facts = {
                "members": [
                    {
                        "relation": relation,
                        "birth_date": born.isoformat(),
                        "cohabiting": True,
                        "person_id": person,
                        "non_self_sufficient": False,
                    }
                    for person, relation, born in members[household_id]
                ],
                "isee_cents": 1_000_000 + person_id,
                "province": "MI",
            }
            rows.append(
                Application(
                    programme=programme,
                    household_id=household_id,
                    applicant_id=person_id,
                    facts=json.dumps(facts, ensure_ascii=False, separators=(",", ":")),
                    facts_hash=hash_json(facts),
                    created_at=now,
                    channel=Channel.ONLINE,
                )
            )
        Application.objects.bulk_create(rows, batch_size=500)
        visitors += [Visitor(start + n, row.pk, people[start + n][2], None) for n, row in enumerate(rows)]
    return visitors


def run(port: int, visitors: list[Visitor], opens: float) -> list[Answer]:
    """Let everybody submit, from processes that know nothing of Django; neighbours are dealt to different threads."""
    lanes = PROCESSES * THREADS
    chunks = [visitors[n::lanes] for n in range(lanes)]
    workers = []
    for n in range(PROCESSES):
        worker = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.visitors"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        order = {
            "port": port,
            "opens": opens,
            "cookies": [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME],
            "lanes": [[asdict(visitor) for visitor in chunk] for chunk in chunks[n::PROCESSES]],
        }
        assert worker.stdin
        worker.stdin.write(json.dumps(order))
        worker.stdin.close()
        workers.append(worker)
    found: list[Answer] = []
    for worker in workers:
        assert worker.stdout
        found += [Answer(**row) for row in json.loads(worker.stdout.read())]
        worker.wait()
    return found


@contextmanager
def served() -> Iterator[int]:
    """The program as it is served: two workers, four threads each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = subprocess.Popen(
        [
            "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
            "--blocking-threads", "4", "--no-access-log", "--log-level", "error", "config.wsgi:application",
        ],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    try:
        for _ in range(600):
            probe = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                probe.request("GET", "/salute/")
                probe.getresponse().read()
                break
            except OSError:
                time.sleep(0.1)
            finally:
                probe.close()
        yield port
    finally:
        server.terminate()
        server.wait()


def count_overtaken(answers: list[Answer], places: dict[int, int]) -> int:
    """Return how many have a higher place than somebody who asked only after they had their answer."""
    firsts = {a.application_id: a for a in answers if a.kind == "first" and a.status == 302}
    overtaken, latest_ask = 0, 0.0
    for pk in sorted((pk for pk in firsts if pk in places), key=lambda pk: places[pk]):
        overtaken += firsts[pk].ended < latest_ask
        latest_ask = max(latest_ask, firsts[pk].began)
    return overtaken


def percentiles(answers: list[Answer]) -> dict[str, float]:
    """Return p50, p95 and p99 of the answers, in milliseconds."""
    seconds = sorted(a.ended - a.began for a in answers)
    cut = statistics.quantiles(seconds, n=100)
    return {name: round(cut[at - 1] * 1000, 1) for name, at in (("p50", 50), ("p95", 95), ("p99", 99))}


def tell_wave(name: str, answers: list[Answer], opens: float, zero: float) -> None:
    """Tell the latencies of one wave and how long it took."""
    first = [a for a in answers if a.kind == "first"]
    took = max(a.ended for a in first) - min(a.began for a in first)
    cut = percentiles(first)
    tell(
        f"opening, {name}: 95th percentile of the answer", value=cut["p95"], unit="ms", target="all within 300 s",
        p50=cut["p50"], p99=cut["p99"], people=len(first), seconds=round(took, 1),
        per_second=round(len(first) / took, 1), last_after_opening=round(max(a.ended for a in first) + zero - opens, 1),
    )  # fmt: skip


def tell_counts(answers: list[Answer], programme: Programme, opens_at: datetime) -> None:
    """Count in the database what became of everybody."""
    rows = Application.objects.filter(programme=programme, status=Status.SUBMITTED)
    places = {pk: number for pk, number in rows.values_list("id", "number") if number is not None}
    numbers = sorted(places.values())
    told = {a.application_id for a in answers if a.status == 302 and a.kind != "early"}
    entries = RegisterEntry.objects.filter(direction="in", subject=SUBJECT)
    protocol = sorted(entries.values_list("number", flat=True))
    per_request = CountOf(entries.values_list("subject_id", flat=True))
    receipts = Document.objects.filter(kind="applications.receipt").count()
    asked = len({a.application_id for a in answers})
    all_ = {"limit": asked, "unit": "people"}
    tell("opening: received", value=len(told), target="all", **all_)
    tell("opening: placed", value=len(places), target="all", **all_)
    tell("opening: protocol numbers", value=len(protocol), target="all", **all_)
    tell("opening: receipts frozen", value=receipts, target="all", **all_)
    lost = len(told - set(places)) + (asked - len(told))
    doubled = len(numbers) - len(set(numbers)) + sum(n - 1 for n in per_request.values())
    for name, value in (
        ("lost", lost),
        ("doubled", doubled),
        ("gaps in the places", (numbers[-1] if numbers else 0) - len(numbers)),
        ("gaps in the protocol", (protocol[-1] - protocol[0] + 1 if protocol else 0) - len(set(protocol))),
        ("overtaken", count_overtaken(answers, places)),
        ("let in before the opening", rows.filter(submitted_at__lt=opens_at).count()),
        ("errors of the server", sum(a.status >= 500 or a.status == 0 for a in answers)),
    ):
        tell(f"opening: {name}", value=value, unit="people", target="0")
    clicks = CountOf(a.kind for a in answers)
    tell("opening: requests sent", value=len(answers), unit="requests", **{k: clicks[k] for k in sorted(clicks)})


def main() -> None:
    """Prepare, open the window, let everybody in, count."""
    call_command("migrate", verbosity=0)
    now = datetime.now(tz=ROME)
    with watch() as preparing:
        people = write_people(now)
        # The window opens when everything is ready: the clients need some seconds to start.
        lead = 10 + PEOPLE // 1_000
        opens_at = (datetime.now(tz=ROME) + timedelta(seconds=lead)).replace(microsecond=0)
        programme = load(opens_at)
        visitors = write_drafts(programme, people, now)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    opens = opens_at.timestamp()
    half = PEOPLE // 2
    burst = visitors[:half]
    with served() as port:
        zero = time.time() - time.monotonic()
        answers = run(port, burst, opens)
        tell_wave("burst", answers, opens, zero)
        left = max(5.0, opens + SECONDS * 0.9 - time.time())
        since = time.time() - opens
        spread = [
            Visitor(v.number, v.application_id, v.session, since + 2 + left * n / max(1, len(visitors) - half))
            for n, v in enumerate(visitors[half:])
        ]
        steady = run(port, spread, opens)
        tell_wave("spread", steady, opens, zero)
        answers += steady
    last = max(a.ended for a in answers if a.kind == "first") + zero - opens
    tell(
        "opening: all have their place after", value=last, unit="s", limit=SECONDS, target="<= 300 s for 10,000",
        people=PEOPLE, prepared_in=round(preparing.seconds, 1),
    )  # fmt: skip
    tell_counts(answers, programme, opens_at)


if __name__ == "__main__":
    main()
