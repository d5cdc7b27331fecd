"""Eligibility of 100,000 households: microseconds each in Python, and the explanation's rows against a bare insert of them."""

import json
import random
from datetime import date

from django.db import connection

from benchmarks import world as make
from benchmarks.measure import tell, watch
from piutempo.programmes.rules.eligibility import evaluate
from piutempo.programmes.rules.facts import build_facts
from piutempo.programmes.selectors import get_terms

COUNT = 100_000


def declared(draw: random.Random) -> dict[str, object]:
    """Return a household's declaration."""
    members: list[dict[str, object]] = [
        {"relation": "applicant", "birth_date": f"{draw.randint(1960, 1995)}-05-05", "is_cohabiting": True}
    ]
    if draw.random() < 0.7:
        members.append(
            {"relation": "partner", "birth_date": f"{draw.randint(1960, 1995)}-06-06", "is_cohabiting": True}
        )
    members += [
        {"relation": "child", "birth_date": f"{draw.randint(2000, 2025)}-07-07", "is_cohabiting": True}
        for _ in range(draw.choice([0, 1, 1, 2, 3]))
    ]
    return {"members": members, "isee_cents": draw.randint(0, 6_000_000)}


def main() -> None:
    """Measure and tell."""
    scene = make.build(sites=1)
    terms = get_terms(scene.version.pk)
    draw = random.Random(1)
    households = [declared(draw) for _ in range(COUNT)]
    day = date(2026, 3, 2)
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
            "(id bigint generated always as identity primary key, decision_id bigint, code varchar(60), grp varchar(60),"
            " outcome varchar(10), value varchar(300), sentence text, source varchar(200), is_decisive boolean,"
            " UNIQUE (decision_id, code))"
        )
        cursor.execute(f"CREATE TABLE stored {shape}; CREATE TABLE bare {shape}")
        columns = "decision_id, code, grp, outcome, value, sentence, source, is_decisive"
        with watch() as storing, cursor.copy(f"COPY stored ({columns}) FROM STDIN") as copy:  # type:
        ignore[attr-defined]
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
