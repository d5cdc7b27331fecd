"""The small story of the programme that has a ranking: families in its first cut-off, published when that is over."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta

from django.db import transaction

from piutempo.applications.models import Application, Ranking
from piutempo.applications.services import ApplicationInput, submit_applications
from piutempo.applications.services.ranking import draw_ranking, publish_ranking
from piutempo.kernel.periods import Month
from piutempo.people.models import User
from piutempo.people.services import register_households
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_current_terms, get_programme, list_open_programmes
from piutempo.replay.rules.declaring import declared_facts
from piutempo.replay.rules.families import ROME, Family
from piutempo.replay.rules.scenario import scenario_from
from piutempo.replay.rules.shifting import shifted
from piutempo.replay.services.families import household_of
from piutempo.replay.services.live import ANCHOR, SCENARIO
from piutempo.replay.services.running import make_world

#: Families in the first cut-off: more than the fund of the example can pay, so that some wait.
FAMILIES = 17
#: Another seed than that of the live story: other people.
SEED = 71
#: After the cut-off: drawn up, then published.
DRAWN_AFTER, PUBLISHED_AFTER = timedelta(days=5), timedelta(days=9)


@transaction.atomic
def tell_ranked_story(*, at: datetime, officer: User, manager: User) -> Ranking | None:
    """
    Let some families apply to the programme with a ranking; draw its first cut-off up and publish it once it is over.

    Once; None: there is no such programme open by now, or its story is told already.
    """
    found = next(((p, t) for p, t in list_open_programmes(at.date()) if t.procedure.allocation == "ranking"), None)
    if found is None or Application.objects.filter(programme=found[0]).exists():
        return None
    programme, terms = found
    window, cut_off = terms.windows[0], terms.ranking.cut_offs[0]
    ends = min(at - timedelta(hours=1), cut_off.closes_at)
    if ends <= window.opens_at:
        return None
    _submit(programme, _families(at), window.opens_at, ends)
    drawn_at, published_at = cut_off.closes_at + DRAWN_AFTER, cut_off.closes_at + PUBLISHED_AFTER
    if at < published_at:
        return None
    ranking = draw_ranking(programme=programme, cut_off=cut_off.code, at=drawn_at, by=officer)
    return publish_ranking(ranking=ranking, at=published_at, by=manager)


def _submit(programme: Programme, families: list[Family], since: datetime, until: datetime) -> None:
    step = (until - since) / (len(families) + 1)
    moments = [since + step * n for n in range(1, len(families) + 1)]
    registered = register_households(
        [household_of(family, None, moment) for family, moment in zip(families, moments, strict=True)]
    )
    submit_applications(
        programme=programme,
        items=[
            ApplicationInput(
                household=row.household,
                applicant=row.applicant,
                facts=declared_facts(family, measure_code="", person_ids=[m.person_id for m in row.members])
                | {"measures": [], "trainings": []},
                desk=None,
                at=moment,
            )
            for row, family, moment in zip(registered, families, moments, strict=True)
        ],
        is_history=True,
    )


def _families(at: datetime) -> list[Family]:
    """Return families of the live scenario's kind: other people, under the rules of its own programme."""
    with SCENARIO.open("rb") as file:
        written = scenario_from(tomllib.load(file))
    today = at.astimezone(ROME).date()
    scenario = shifted(written, Month.of(today) - ANCHOR)
    terms = get_current_terms(get_programme(scenario.programme), today)
    return list(make_world(scenario, terms, seed=SEED).families[:FAMILIES])
