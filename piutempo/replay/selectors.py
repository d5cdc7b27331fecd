"""Reading what was replayed."""

from __future__ import annotations

from datetime import date, timedelta

from piutempo.awards.models import Award, AwardStatus
from piutempo.programmes.models import Programme
from piutempo.replay.models import ReplayRun
from piutempo.reporting.rules import Span
from piutempo.reporting.selectors.figures import get_figures


def get_replay_of(programme: Programme) -> ReplayRun | None:
    """Return the replay that stands in this database for ``programme``, or None."""
    return ReplayRun.objects.filter(programme=programme).order_by("id").first()


def get_replay_figures(programme: Programme, *, last_day: date) -> dict[str, int]:
    """Return every figure of the programme to the end of ``last_day``, by query of ledger and contexts."""
    awards = Award.objects.filter(programme=programme)
    queued = awards.filter(queued_at__isnull=False)
    return get_figures(programme, Span(None, last_day + timedelta(days=1))) | {
        "awards_queued": queued.count(),
        "awards_served_from_the_list": queued.filter(committed_at__isnull=False).count(),
        "awards_waiting": awards.filter(status=AwardStatus.WAITING).count(),
    }
