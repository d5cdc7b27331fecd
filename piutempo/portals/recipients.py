"""The families whom the office may write to all at once, by programme."""

from collections.abc import Collection, Sequence

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from piutempo.applications.models import Application, Status
from piutempo.correspondence.recipients import Source, Target

_GROUPS = {
    "in-attesa": (Status.SUBMITTED,),
    "accolte": (Status.APPROVED,),
    "tutte": (Status.SUBMITTED, Status.APPROVED, Status.REFUSED),
}


def _labels() -> dict[str, str]:
    return {
        "in-attesa": _("Famiglie che aspettano la decisione"),
        "accolte": _("Famiglie con la domanda accolta"),
        "tutte": _("Famiglie che hanno presentato domanda"),
    }


def _applications(programme_ids: Collection[int] | None) -> QuerySet[Application]:
    rows = Application.objects.all()
    return rows if programme_ids is None else rows.filter(programme_id__in=programme_ids)


def list_groups(programme_ids: Collection[int] | None) -> list[Target]:
    """Return the groups that have somebody in them. One query."""
    rows = (
        _applications(programme_ids)
        .filter(status__in=_GROUPS["tutte"])
        .values_list("programme_id", "programme__title", "status")
        .annotate(n=Count("applicant_id", distinct=True))
        .order_by("programme__title", "status")
    )
    titles: dict[int, str] = {}
    counts: dict[tuple[int, str], int] = {}
    for programme_id, title, status, count in rows:
        titles[programme_id] = title
        for group, statuses in _GROUPS.items():
            if status in statuses:
                counts[programme_id, group] = counts.get((programme_id, group), 0) + count
    labels = _labels()
    return [
        Target(group, f"{titles[programme_id]}: {labels[group].lower()}", programme_id, count)
        for (programme_id, group), count in counts.items()
    ]


def list_applicant_ids(target: Target) -> Sequence[int]:
    """Return the applicants of a group. One query."""
    rows = _applications([target.programme_id]).filter(status__in=_GROUPS[target.code])
    return list(rows.order_by("applicant_id").values_list("applicant_id", flat=True).distinct())


FAMILIES = Source(targets=list_groups, person_ids=list_applicant_ids)
