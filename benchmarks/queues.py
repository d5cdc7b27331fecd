"""
The office's queues at 50,000 cases: median server milliseconds through Django's test client, and queries.

The cases are written in bulk in the real schema, in every state: procedures with their deadlines, letters with their
numbers, checks with theirs. The figures at 1,000 cases come first, to see whether a page grows with its queue.
"""

import os
import re
import statistics
import time
from datetime import date, timedelta
from html import unescape
from urllib.parse import urljoin

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.measure import tell
from benchmarks.world import AT, World, build
from piutempo.applications.models import Application, Status
from piutempo.controls.models import Check, CheckState, Ground
from piutempo.correspondence.models import Channel, Letter, LetterState
from piutempo.people.models import Household, Person, Role, RoleGrant, Scope, User
from piutempo.procedures.models import Outcome, Procedure, ProcedureStatus
from piutempo.records.models import Document, Event, RegisterEntry

SIZES = (1_000, 50_000)
RUNS = 15
BATCH = 5_000
TARGET = "median <= 100 ms of server time, <= 12 queries"
TODAY = timezone.localdate(AT)
LISTS = ("/ufficio/domande/", "/ufficio/lettere/", "/ufficio/controlli/", "/ufficio/protocollo/")
#: Not limited to a programme: the register is the whole body's.
WHOLE = {"/ufficio/protocollo/"}


def make_cases(world: World, officers: list[User], first: int, last: int) -> None:
    """Write the cases numbered ``first`` to ``last``: each with its procedure, a registered letter and a check."""
    place = Person.objects.exclude(municipality=None).values_list("municipality_id", flat=True)[0]
    numbers = range(first, last + 1)
    people = Person.objects.bulk_create(
        [
            Person(
                fiscal_code=f"QUE{n:013d}", given_name="Maria", family_name=f"Rossi{n % 997:03d}",
                birth_date=date(1985, 1, 1), gender="F", municipality_id=place,
            )
            for n in numbers
        ],
        batch_size=BATCH,
    )  # fmt: skip
    households = Household.objects.bulk_create([Household(created_at=AT) for _ in numbers], batch_size=BATCH)
    when = [AT - timedelta(minutes=7 * (SIZES[-1] - n)) for n in numbers]
    status = [Status.SUBMITTED if n % 10 < 6 else Status.APPROVED if n % 10 < 9 else Status.REFUSED for n in numbers]
    cases = Application.objects.bulk_create(
        [
            Application(
                programme=world.programme, number=n, household=household, applicant=person, status=state, facts="{}",
                facts_hash="0" * 64, created_at=at, submitted_at=at, assigned_to=officers[n % 4] if n % 3 else None,
                closed_at=None if state == Status.SUBMITTED else at + timedelta(days=9),
            )
            for n, household, person, state, at in zip(numbers, households, people, status, when, strict=True)
        ],
        batch_size=BATCH,
    )  # fmt: skip
    Procedure.objects.bulk_create(
        [
            Procedure(
                subject="applications.application", subject_id=case.pk, programme=world.programme,
                started_on=timezone.localdate(at), term_days=30, responsible=officers[case.pk % 4], opened_at=at,
                due_on=max(timezone.localdate(at), TODAY + timedelta(days=case.pk % 60 - 20)),
                status=ProcedureStatus.OPEN if case.status == Status.SUBMITTED else ProcedureStatus.CLOSED,
                outcome="" if case.status == Status.SUBMITTED
                else Outcome.APPROVED if case.status == Status.APPROVED else Outcome.REFUSED,
                closed_at=case.closed_at,
            )
            for case, at in zip(cases, when, strict=True)
        ],
        batch_size=BATCH,
    )  # fmt: skip
    Event.objects.bulk_create(
        [
            Event(name="applications.submitted", subject="applications.application", subject_id=case.pk, happened_at=at)
            for case, at in zip(cases, when, strict=True)
        ],
        batch_size=BATCH,
    )
    documents = Document.objects.bulk_create(
        [
            Document(
                kind=f"queue-{case.pk}", template="correspondence/message.typ", subject="applications.application",
                subject_id=case.pk, title=f"Ricevuta della domanda n. {case.number}", data={}, sha256="0" * 64,
                created_at=at, sealed="{}",
            )
            for case, at in zip(cases, when, strict=True)
        ],
        batch_size=BATCH,
    )  # fmt: skip
    entries = RegisterEntry.objects.bulk_create(
        [
            RegisterEntry(
                register="PIUTEMPO", year=at.year, number=case.number or 0, direction="out" if case.pk % 2 else "in",
                title=document.title, correspondent=f"Maria Rossi{case.pk % 997:03d}", sha256="0" * 64,
                subject="applications.application", subject_id=case.pk, registered_at=at,
            )
            for case, document, at in zip(cases, documents, when, strict=True)
        ],
        batch_size=BATCH,
    )  # fmt: skip
    states = (LetterState.SENT, LetterState.SENT, LetterState.QUEUED, LetterState.TO_SIGN, LetterState.PAPER)
    Letter.objects.bulk_create(
        [
            Letter(
                kind="applications.receipt", subject="applications.application", subject_id=case.pk,
                programme_id=world.programme.pk, person_id=case.applicant_id, to_name="Maria Rossi",
                to_email="maria@example.org", title=document.title, template_version=0, document=document, entry=entry,
                channel=Channel.EMAIL, state=states[case.pk % len(states)], created_at=at,
            )
            for case, document, entry, at in zip(cases, documents, entries, when, strict=True)
        ],
        batch_size=BATCH,
    )  # fmt: skip
    Check.objects.bulk_create(
        [
            Check(
                application=case, programme=world.programme, ground=Ground.SAMPLE, risk_class="ordinario", doubt="",
                version=world.version, checklist=["Residenza", "ISEE"], opened_at=AT, state=CheckState.OPEN,
                due_on=TODAY + timedelta(days=case.pk % 90), officer=officers[case.pk % 4] if case.pk % 3 else None,
            )
            for case in cases
        ],
        batch_size=BATCH,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def make_officers(world: World) -> list[User]:
    """Return four officers of the programme."""
    found = []
    for n in range(4):
        user = User.objects.create(username=f"officer-{n}", full_name=f"Istruttore {n}", created_at=AT)
        RoleGrant.objects.create(
            user=user, role=Role.CASE_OFFICER, scope=Scope.PROGRAMME, scope_id=world.programme.pk,
            valid_from=date(2000, 1, 1),
        )  # fmt: skip
        found.append(user)
    return found


def list_views(client: Client, path: str) -> list[str]:
    """Return a list and what it links to on itself: its views, its headings that sort, its last page."""
    page = client.get(path, secure=True).content.decode()
    links = [urljoin(path, unescape(href)) for href in re.findall(r'href="([^"#]*\?[^"#]*)"', page)]
    own = [link for link in dict.fromkeys(links) if link.partition("?")[0] == path and "export" not in link]
    return [path, *own, f"{path}?page=2", f"{path}?q=rossi1"]


def measure(client: Client, path: str) -> tuple[float, float, int]:
    """Return median and worst milliseconds and the queries of one page; a first visit is not counted."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path, secure=True)
    count = len(queries)  # before the next request forgets them
    assert answer.status_code == 200, (path, answer.status_code)
    found = []
    for _ in range(RUNS):
        start = time.perf_counter()
        client.get(path, secure=True)
        found.append((time.perf_counter() - start) * 1000)
    return statistics.median(found), max(found), count


def main() -> None:
    """Build the cases, visit every view of every list, tell the slowest of each and what it was."""
    world = build(sites=1)
    officers = make_officers(world)
    everywhere = User.objects.create(username="officer-all", full_name="Istruttore", created_at=AT)
    RoleGrant.objects.create(user=everywhere, role=Role.CASE_OFFICER, scope=Scope.ALL, valid_from=date(2000, 1, 1))
    within, whole = Client(), Client()
    within.force_login(officers[0], backend="django.contrib.auth.backends.ModelBackend")
    whole.force_login(everywhere, backend="django.contrib.auth.backends.ModelBackend")
    done = 0
    for size in SIZES:
        make_cases(world, officers, done + 1, size)
        done = size
        for path in LISTS:
            client = whole if path in WHOLE else within
            visits = [(view, *measure(client, view)) for view in list_views(client, path)]
            slowest = max(visits, key=lambda visit: visit[1])
            for view, median, worst, queries in visits if os.environ.get("QUEUES_ALL") else [slowest]:
                tell(
                    f"queue: {path} at {size} cases", value=median, unit="ms", target=TARGET, queries=queries,
                    worst_ms=round(worst, 1), view=view, views=len(visits), most_queries=max(v[3] for v in visits),
                )  # fmt: skip


if __name__ == "__main__":
    main()
