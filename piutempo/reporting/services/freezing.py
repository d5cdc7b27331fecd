"""Freezing a report: from then on it is only superseded."""

from datetime import date, datetime

from django.db import transaction

from piutempo.ledger.selectors import get_watermark
from piutempo.ledger.services import refresh_totals
from piutempo.people.models import User
from piutempo.programmes.models import Programme, ProgrammeVersion, VersionStatus
from piutempo.records.services import hash_json, record_event
from piutempo.reporting.models import FrozenReport
from piutempo.reporting.selectors.figures import compute_report, instant_of


class ReportRefused(Exception):
    """The report cannot be frozen. ``code`` is stable: ``not-ended`` (facts may still change)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@transaction.atomic
def freeze_report(
    *,
    programme: Programme,
    kind: str,
    period_from: date,
    period_until: date,
    as_of: date,
    at: datetime,
    by: User | None = None,
) -> FrozenReport:
    """
    Freeze a report of [period_from, period_until) with the facts before ``as_of``.

    The same figures again give the report that stands; other figures supersede it and both are kept.

    :raises ReportRefused: ``as_of`` is later than ``at``
    """
    if instant_of(as_of) > at:
        raise ReportRefused("not-ended")
    Programme.objects.select_for_update(of=("self",), no_key=True).get(pk=programme.pk)
    refresh_totals()
    report = compute_report(
        programme=programme,
        kind=kind,
        period_from=period_from,
        period_until=period_until,
        as_of=as_of,
        watermark=get_watermark(),
    )
    data = report.as_data()
    standing = FrozenReport.objects.filter(
        programme=programme, kind=kind, period_from=period_from, period_until=period_until, superseded_by__isnull=True
    ).first()
    if standing and _facts(standing.data) == _facts(data):
        return standing
    frozen = FrozenReport.objects.create(
        programme=programme,
        kind=kind,
        period_from=period_from,
        period_until=period_until,
        as_of=as_of,
        watermark=report.watermark,
        data=data,
        sha256=hash_json(data),
        version_ids=list(
            ProgrammeVersion.objects.filter(
                programme=programme, status=VersionStatus.PUBLISHED, valid_from__lt=as_of
            ).values_list("id", flat=True)
        ),
        frozen_at=at,
        frozen_by=by,
        supersedes=standing,
    )
    record_event(
        name="reporting.report_frozen",
        subject="reporting.frozenreport",
        subject_id=frozen.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"sha256": frozen.sha256, "supersedes": standing.pk if standing else None},
    )
    return frozen


def _facts(data: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if key != "watermark"}
