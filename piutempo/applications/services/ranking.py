"""
Drawing up a ranking, publishing it, sending it back.

A ranking is drawn up once all that was asked of families is in or its days have run (the request for documents comes
before a ranking), frozen, and looked at by another person where the programme wants two signatures. Publication decides
every request of it, in rank order: money is committed until it ends, the others wait in the same order.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from piutempo.applications.models import Conflict, Decision, Place, Ranking, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.rules.ranking import Ranked, hash_rows, rank
from piutempo.applications.selectors.rankings import Draft, get_draft, get_round, is_frozen_as, list_rows
from piutempo.applications.services.deciding import decide_applications
from piutempo.applications.services.judging import DecisionInput
from piutempo.applications.services.refused import ApplicationRefused
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.records.models import Event
from piutempo.records.services import record_events

#: No vowels and nothing that looks like something else: a code is read over the telephone and spells no word.
ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"


@dataclass(frozen=True, slots=True)
class Check:
    """What drawing up the same ranking again gives: the same rows, or not."""

    is_same: bool
    sha256: str


@transaction.atomic
def draw_ranking(*, programme: Programme, cut_off: str, at: datetime, by: User | None) -> Ranking:
    """
    Draw up the ranking of a cut-off and freeze it. Drawing up again what stands answers the same ranking.

    :raises ApplicationRefused: NOT_A_RANKING, CUT_OFF_OPEN, EARLIER_RANKING_FIRST, CONFLICT_OPEN,
        REQUEST_RUNNING_IN_RANKING, REQUEST_NEEDED_FOR_RANKING
    """
    held = Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    standing = Ranking.objects.filter(programme=held, cut_off=cut_off, returned_at__isnull=True).first()
    if standing is not None:
        return standing
    found = get_round(held, cut_off)
    if found is None:
        raise ApplicationRefused(Refusal.NOT_A_RANKING)
    if at < found.span.before:
        raise ApplicationRefused(Refusal.CUT_OFF_OPEN)
    drawn = set(Ranking.objects.filter(programme=held, published_at__isnull=False).values_list("cut_off", flat=True))
    if any(c.code not in drawn for c in found.terms.ranking.cut_offs[: found.span.order - 1]):
        raise ApplicationRefused(Refusal.EARLIER_RANKING_FIRST)
    draft = get_draft(held, found, on=timezone.localdate(at), lock=True)
    _check_ready(draft)
    rows = rank(found.terms.ranking, draft.candidates)
    ranking = Ranking.objects.create(
        programme=held, version=found.version, cut_off=cut_off, drawn_at=at, drawn_by=by, sha256=hash_rows(rows)
    )
    _freeze(ranking, rows)
    record_events(
        [_event("applications.ranking_drawn", ranking, at, by, {"sha256": ranking.sha256, "rows": len(rows)})]
    )
    return ranking


def _check_ready(draft: Draft) -> None:
    """Refuse while a family may still answer, or was never asked for what is missing; no way around it."""
    conflict = Conflict.objects.filter(application_id__in=draft.numbers, settled_at__isnull=True).order_by("id").first()
    if conflict is not None:
        raise ApplicationRefused(Refusal.CONFLICT_OPEN, number=draft.numbers[conflict.application_id])
    if draft.running:
        raise ApplicationRefused(Refusal.REQUEST_RUNNING_IN_RANKING, number=min(draft.running))
    if draft.unasked:
        raise ApplicationRefused(Refusal.REQUEST_NEEDED_FOR_RANKING, number=min(draft.unasked))


def _freeze(ranking: Ranking, rows: Sequence[Ranked]) -> None:
    codes: set[str] = set()
    while len(codes) < len(rows):
        text = "".join(secrets.choice(ALPHABET) for _ in range(8))
        codes.add(f"{text[:4]}-{text[4:]}")
    drawn = list(codes)
    secrets.SystemRandom().shuffle(drawn)
    Place.objects.bulk_create(
        [
            Place(
                ranking=ranking,
                application_id=row.application_id,
                code=code,
                position=row.position,
                points=row.points,
                lines=[list(line) for line in row.lines],
            )
            for row, code in zip(rows, drawn, strict=True)
        ],
        batch_size=500,
    )


def check_ranking(*, ranking: Ranking) -> Check:
    """Draw up the ranking again from the requests as they are, without those withdrawn since, and compare."""
    found = get_round(ranking.programme, ranking.cut_off, version=ranking.version)
    if found is None:
        return Check(is_same=False, sha256="")
    draft = get_draft(ranking.programme, found, on=timezone.localdate(ranking.drawn_at), of=ranking)
    again = rank(found.terms.ranking, draft.candidates)
    return Check(is_same=is_frozen_as(ranking, again), sha256=hash_rows(list_rows(ranking)))


@transaction.atomic
def publish_ranking(*, ranking: Ranking, at: datetime, by: User | None) -> Ranking:
    """
    Publish a ranking and decide its requests, in rank order. Publishing twice changes nothing.

    :raises ApplicationRefused: RANKING_RETURNED, SAME_PERSON (two signatures are wanted), RANKING_CHANGED, and as
        ``decide_applications``
    """
    held = Ranking.objects.select_for_update(of=("self",)).select_related("programme", "version").get(pk=ranking.pk)
    if held.published_at is not None:
        return held
    if held.returned_at is not None:
        raise ApplicationRefused(Refusal.RANKING_RETURNED)
    found = get_round(held.programme, held.cut_off, version=held.version)
    if found is None:
        raise ApplicationRefused(Refusal.NOT_A_RANKING)
    if found.terms.procedure.needs_second_signature and (by is None or by.pk == held.drawn_by_id):
        raise ApplicationRefused(Refusal.SAME_PERSON)
    if not check_ranking(ranking=held).is_same:
        raise ApplicationRefused(Refusal.RANKING_CHANGED)
    held.published_at, held.published_by = at, by
    held.save(update_fields=["published_at", "published_by"])
    places = list(
        Place.objects.filter(ranking=held, application__status=Status.SUBMITTED).select_related("application")
    )
    places.sort(key=lambda place: (place.position is None, place.position or 0, place.pk))
    decisions: list[Decision] = decide_applications(
        [
            DecisionInput(
                place.application,
                at,
                approve=place.position is not None,
                by=by,
                place=(found.span.order, place.position),
                proposed_by=held.drawn_by if found.terms.procedure.needs_second_signature else None,
            )
            for place in places
        ]
    )
    record_events(
        [
            _event(
                "applications.ranking_published",
                held,
                at,
                by,
                {
                    "approved": sum(d.is_approved for d in decisions),
                    "refused": sum(not d.is_approved for d in decisions),
                },
            )
        ]
    )
    return held


@transaction.atomic
def return_ranking(*, ranking: Ranking, reason: str, at: datetime, by: User | None) -> Ranking:
    """
    Send a ranking back with a reason: its requests may be worked on again, and another is drawn up.

    :raises ApplicationRefused: NO_REASON, RANKING_PUBLISHED, RANKING_RETURNED
    """
    if not reason.strip():
        raise ApplicationRefused(Refusal.NO_REASON)
    held = Ranking.objects.select_for_update(of=("self",)).get(pk=ranking.pk)
    if held.published_at is not None:
        raise ApplicationRefused(Refusal.RANKING_PUBLISHED)
    if held.returned_at is not None:
        raise ApplicationRefused(Refusal.RANKING_RETURNED)
    held.returned_at, held.returned_by, held.return_reason = at, by, reason.strip()
    held.save(update_fields=["returned_at", "returned_by", "return_reason"])
    record_events([_event("applications.ranking_returned", held, at, by, {"reason": held.return_reason[:300]})])
    return held


def _event(name: str, ranking: Ranking, at: datetime, by: User | None, data: dict[str, object]) -> Event:
    return Event(
        name=name,
        subject="applications.ranking",
        subject_id=ranking.pk,
        happened_at=at,
        actor_id=by.pk if by else None,
        data={"cut_off": ranking.cut_off, **data},
    )
