"""Eligibility of 100,000 households: microseconds each in Python, and their explanation against a bare insert."""

import json
import os
import random
from datetime import UTC, date, datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from benchmarks.measure import tell, watch
from piutempo.programmes.models import ProgrammeVersion
from piutempo.programmes.rules.eligibility import evaluate
from piutempo.programmes.rules.facts import build_facts
from piutempo.programmes.selectors import get_terms
from piutempo.programmes.services import load_programme

COUNT = 100_000


def declared(draw: random.Random) -> dict[str, object]:
    """Return a household's declaration, nothing missing: every criterion has something to read."""

    def person(relation: str, first_year: int, last_year: int) -> dict[str, object]:
        return {
            "relation": relation,
            "birth_date": f"{draw.randint(first_year, last_year)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
            "cohabiting": draw.random() < 0.95,
            "non_self_sufficient": draw.random() < 0.05,
            "short_time_work": relation != "child" and draw.random() < 0.5,
        }

    members = [person("applicant", 1950, 1985)]
    if draw.random() < 0.7:
        members.append(person("partner", 1950, 1985))
    members += [person("child", 1985, 2009) for _ in range(draw.choice([0, 1, 1, 2, 3]))]
    assigned = date(2009, 9, 1) + timedelta(days=draw.randint(0, 180))
    start = date(2010, 3, 1) + timedelta(days=draw.randint(0, 300))
    return {
        "members": members,
        "isee_cents": draw.randint(0, 6_000_000),
        "measures": [{"code": "dote-lavoro-ammortizzatori-sociali", "assigned_on": f"{assigned}"}],
        "trainings": [{"from": f"{start}", "until": f"{start + timedelta(days=draw.randint(20, 200))}", "title": ""}],
        "other_benefits": [],
        "province": "MI",
    }


def main() -> None:
    """Measure and tell."""
    # The historic programme has the most criteria, and those that read the most.
    call_command("migrate", verbosity=0)
    load_programme(settings.PROGRAMMES_DIR / "obiettivo-conciliazione-2010.toml", at=datetime(2010, 1, 1, tzinfo=UTC))
    terms = get_terms(ProgrammeVersion.objects.get().pk)
    draw = random.Random(1)
    households = [declared(draw) for _ in range(COUNT)]
    day = date(2010, 3, 2)
    with watch() as clock:
        found = [evaluate(terms.eligibility, build_facts(household, day)) for household in households]
    tell(
        "eligibility, 100,000 households, in Python", value=clock.seconds / COUNT * 1e6, unit="us each",
        target="<= 60 us each", criteria=len(terms.eligibility.criteria),
    )  # fmt: skip
    rows = [
        (n, line.code, line.group, line.outcome, line.value[:300], line.sentence, line.source, line.is_decisive)
        for n, evaluation in enumerate(found)
        for line in evaluation.criteria
    ]
    with connection.cursor() as cursor:
        shape = (
            "(id bigint generated always as identity primary key, decision_id bigint, code varchar(60),"
            " grp varchar(60),"
            " outcome varchar(10), value varchar(300), sentence text, source varchar(200), is_decisive boolean,"
            " UNIQUE (decision_id, code))"
        )
        cursor.execute(f"CREATE TABLE stored {shape}")
        cursor.execute(f"CREATE TABLE bare {shape}")
        columns = "decision_id, code, grp, outcome, value, sentence, source, is_decisive"
        with watch() as storing, cursor.copy(f"COPY stored ({columns}) FROM STDIN") as copy:  # type: ignore[attr-defined]  # psycopg's own cursor
            for row in rows:
                copy.write_row(row)
        with watch() as bare:
            cursor.execute(f"INSERT INTO bare ({columns}) SELECT {columns} FROM stored")
    tell(
        "eligibility with stored explanation", value=clock.seconds + storing.seconds, unit="s", limit=bare.seconds,
        target="<= 3 x a bare insert of the same rows", rows=len(rows), example=json.dumps(rows[0][:4]),
    )  # fmt: skip


if __name__ == "__main__":
    main()
