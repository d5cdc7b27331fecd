"""Fixing a seed, then drawing the sample of a period once."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from piutempo.applications.models import Application
from piutempo.controls.models import Check, CheckState, Ground, Sample, SeedWay
from piutempo.controls.rules.checking import ControlRefused, Refusal
from piutempo.controls.rules.sampling import ALGORITHM, draw, hash_population, write_population
from piutempo.controls.selectors import Recount, read_classes
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_terms, get_version_at
from piutempo.records.models import Event
from piutempo.records.services import record_event, record_events

SUBJECT = "controls.sample"


@transaction.atomic
def open_sample(
    *,
    programme: Programme,
    period_from: date,
    period_until: date,
    at: datetime,
    by: User | None,
    seed: str = "",
    seed_source: str = "",
    is_public: bool = False,
) -> Sample:
    """
    Fix the seed for the requests submitted in a period (end exclusive).

    ``is_public``: the seed was drawn in public, ``seed_source`` says where; else the program draws 128 bits. The same
    period opened again answers the first sample.

    :raises ControlRefused: WRONG_PERIOD, NO_SEED (a public one needs number and source), OVERLAPS
    """
    if period_from >= period_until:
        raise ControlRefused(Refusal.WRONG_PERIOD)
    seed, seed_source = " ".join(seed.split()), seed_source.strip()
    if is_public and not (seed and seed_source):
        raise ControlRefused(Refusal.NO_SEED)
    Programme.objects.select_for_update(of=("self",), no_key=True).get(pk=programme.pk)
    others = Sample.objects.filter(programme=programme, period_from__lt=period_until, period_until__gt=period_from)
    if (other := others.first()) is not None:
        if (other.period_from, other.period_until) == (period_from, period_until):
            return other
        raise ControlRefused(Refusal.OVERLAPS)
    sample = Sample.objects.create(
        programme=programme,
        period_from=period_from,
        period_until=period_until,
        seed_way=SeedWay.PUBLIC if is_public else SeedWay.SYSTEM,
        seed=seed if is_public else secrets.token_hex(16),
        seed_source=seed_source if is_public else "",
        seeded_at=at,
        seeded_by=by,
    )
    _record("sample_opened", sample, at, by, {"way": sample.seed_way})
    return sample


@transaction.atomic
def draw_sample(*, sample: Sample, at: datetime, by: User | None) -> Sample:
    """
    Read the population, draw the sample and open a check for each request drawn. Drawing twice changes nothing.

    A request that is being checked already, for a founded doubt, gets no second check.

    :raises ControlRefused: PERIOD_NOT_OVER, NO_RISK_CLASSES (the programme has none), NO_POPULATION
    """
    held = Sample.objects.select_for_update(of=("self",)).select_related("programme").get(pk=sample.pk)
    if held.drawn_at is not None:
        return held
    today = timezone.localdate(at)
    if today < held.period_until:
        raise ControlRefused(Refusal.PERIOD_NOT_OVER)
    version = get_version_at(held.programme, today)
    checks = get_terms(version.pk).checks
    if not checks.risk_classes:
        raise ControlRefused(Refusal.NO_RISK_CLASSES)
    population = read_classes(held, checks.risk_classes)
    if not population:
        raise ControlRefused(Refusal.NO_POPULATION)
    drawn = draw(population, seed=held.seed, shares={c.code: c.share_bp for c in checks.risk_classes})
    titles = {c.code: c.title for c in checks.risk_classes}
    held.version, held.algorithm, held.drawn_at, held.drawn_by = version, ALGORITHM, at, by
    held.population = write_population(population)
    held.population_hash, held.population_size = hash_population(held.population), len(population)
    held.shares = [[d.code, titles[d.code], d.share_bp, d.size, len(d.drawn)] for d in drawn]
    held.drawn_count = sum(len(d.drawn) for d in drawn)
    held.save(
        update_fields=[
            "version",
            "algorithm",
            "population",
            "population_hash",
            "population_size",
            "drawn_count",
            "shares",
            "drawn_at",
            "drawn_by",
        ]
    )
    risk = {number: d.code for d in drawn for number in d.drawn}
    numbers = sorted(risk)
    opened: list[Check] = []
    for start in range(0, len(numbers), 500):
        chunk = numbers[start : start + 500]
        rows = Application.objects.filter(programme=held.programme, number__in=chunk)
        being_checked = Check.objects.exclude(state=CheckState.CLOSED).filter(programme=held.programme)
        opened += [
            Check(
                application_id=pk,
                programme=held.programme,
                sample=held,
                risk_class=risk[number],
                ground=Ground.SAMPLE,
                doubt="",
                version=version,
                checklist=list(checks.checklist),
                opened_at=at,
                opened_by=by,
                due_on=today + timedelta(days=checks.term_days),
            )
            for pk, number in rows.exclude(pk__in=being_checked.values("application_id"))
            .order_by("number")
            .values_list("pk", "number")
            if number is not None
        ]
    opened = Check.objects.bulk_create(opened, batch_size=500)
    _record("sample_drawn", held, at, by, {"population": held.population_size, "drawn": held.drawn_count})
    record_events(
        Event(
            name="controls.check_opened",
            subject="controls.check",
            subject_id=check.pk,
            happened_at=at,
            actor_id=by.pk if by else None,
            data={"ground": check.ground, "sample": held.pk},
        )
        for check in opened
    )
    return held


def note_recount(*, sample: Sample, recount: Recount, at: datetime, by: User | None) -> None:
    """Record that somebody drew a sample again, and whether it was the same."""
    _record("sample_recounted", sample, at, by, {"is_same": recount.is_same})


def _record(name: str, sample: Sample, at: datetime, by: User | None, data: dict[str, object]) -> None:
    record_event(
        name=f"controls.{name}",
        subject=SUBJECT,
        subject_id=sample.pk,
        at=at,
        by_id=by.pk if by else None,
        data=data,
    )
