"""Accreditation: which services a site may accept, when, and up to how much per unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from piutempo.kernel.periods import Period
from piutempo.network.models import Grant, Site
from piutempo.network.rules import Refusal, overlap_of, pieces_for
from piutempo.network.services.places import NetworkRefused
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.terms import Terms
from piutempo.records.services import record_event


@dataclass(frozen=True, slots=True)
class Accreditation:
    """One site's accreditation to some services of a network; a price of None means the catalogue's ceiling."""

    site_id: int
    network: str
    services: tuple[tuple[str, int | None], ...]
    valid_from: date
    valid_until: date | None = None


@transaction.atomic
def accredit_site(
    *,
    site: Site,
    programme: Programme,
    terms: Terms,
    network: str,
    services: Sequence[tuple[str, int | None]],
    valid_from: date,
    valid_until: date | None = None,
    at: datetime,
    by: User | None = None,
) -> list[Grant]:
    """
    Let a site accept services of a programme's network; each gives one row for every ceiling in force in the period.

    :param services: pairs of service code and the site's own price per unit in cents (None: the catalogue's ceiling)
    :raises NetworkRefused: ``UNKNOWN_NETWORK``, ``NO_SERVICES``, ``UNKNOWN_SERVICE``, ``OTHER_NETWORK``, ``PRICE``,
        ``PERIOD``, ``NO_CEILING`` (no ceiling on any day), ``OVERLAP`` (already accredited on some
        day); nothing is then written
    """
    Site.objects.select_for_update(of=("self",)).get(pk=site.pk)
    item = Accreditation(site.pk, network, tuple(services), valid_from, valid_until)
    grants = accredit_sites([item], programme=programme, terms=terms)
    record_event(
        name="network.site_accredited",
        subject="network.site",
        subject_id=site.pk,
        at=at,
        by_id=by.pk if by else None,
        data={
            "programme": programme.code,
            "network": network,
            "services": [code for code, _price in services],
            "valid_from": valid_from.isoformat(),
            "valid_until": valid_until.isoformat() if valid_until else None,
        },
    )
    return grants


@transaction.atomic
def accredit_sites(items: Sequence[Accreditation], *, programme: Programme, terms: Terms) -> list[Grant]:
    """
    Accredit many sites in a few queries. Same checks as ``accredit_site``, without its event.

    :raises NetworkRefused: at the first wrong one; nothing is then written
    """
    taken: dict[tuple[int, str, str], list[Period]] = {}
    site_ids = list({item.site_id for item in items})
    for start in range(0, len(site_ids), 500):
        for grant in Grant.objects.filter(programme=programme, site_id__in=site_ids[start : start + 500]):
            key = (grant.site_id, grant.network, grant.service)
            taken.setdefault(key, []).append(Period(grant.valid_from, grant.valid_until))
    rows = [row for item in items for row in _grants_of(item, programme, terms, taken)]
    return Grant.objects.bulk_create(rows, batch_size=500)


@transaction.atomic
def end_accreditation(
    *,
    site: Site,
    programme: Programme,
    on: date,
    services: Sequence[str] | None = None,
    network: str | None = None,
    reason: str = "",
    at: datetime,
    by: User | None = None,
) -> int:
    """
    End a site's accreditation: ``on`` is the first day without it. Return how many rows changed.

    ``services`` and ``network`` limit it (None: all). Rows that would start on ``on`` or later are taken away.

    :raises NetworkRefused: ``NOT_ACCREDITED`` (nothing to end)
    """
    rows = Grant.objects.filter(site=site, programme=programme)
    if services is not None:
        rows = rows.filter(service__in=list(services))
    if network is not None:
        rows = rows.filter(network=network)
    taken_away, _by_model = rows.filter(valid_from__gte=on).delete()
    open_then = Q(valid_until=None) | Q(valid_until__gt=on)
    changed = taken_away + rows.filter(open_then, valid_from__lt=on).update(valid_until=on)
    if not changed:
        raise NetworkRefused(Refusal.NOT_ACCREDITED, site=site.name, on=on)
    record_event(
        name="network.accreditation_ended",
        subject="network.site",
        subject_id=site.pk,
        at=at,
        by_id=by.pk if by else None,
        data={
            "programme": programme.code,
            "network": network,
            "services": list(services) if services is not None else None,
            "on": on.isoformat(),
            "reason": reason,
        },
    )
    return changed


def _grants_of(
    item: Accreditation, programme: Programme, terms: Terms, taken: dict[tuple[int, str, str], list[Period]]
) -> list[Grant]:
    if item.network not in {n.code for n in terms.networks}:
        raise NetworkRefused(Refusal.UNKNOWN_NETWORK, value=item.network)
    if not item.services:
        raise NetworkRefused(Refusal.NO_SERVICES)
    if item.valid_until is not None and item.valid_until <= item.valid_from:
        raise NetworkRefused(Refusal.PERIOD, valid_from=item.valid_from, valid_until=item.valid_until)
    catalogue = {s.code: s for s in terms.services}
    grants = []
    for code, price_cents in item.services:
        service = catalogue.get(code)
        if service is None:
            raise NetworkRefused(Refusal.UNKNOWN_SERVICE, value=code)
        if service.network != item.network:
            raise NetworkRefused(Refusal.OTHER_NETWORK, service=service.title, value=item.network)
        if price_cents is not None and price_cents <= 0:
            raise NetworkRefused(Refusal.PRICE, service=service.title)
        pieces = pieces_for(service, price_cents, Period(item.valid_from, item.valid_until))
        if not pieces:
            raise NetworkRefused(Refusal.NO_CEILING, service=service.title)
        mine = taken.setdefault((item.site_id, item.network, code), [])
        wanted = [Period(p.valid_from, p.valid_until) for p in pieces]
        clash = overlap_of(wanted, mine)
        if clash:
            raise NetworkRefused(Refusal.OVERLAP, service=service.title, valid_from=clash.start, valid_until=clash.end)
        mine += wanted
        grants += [
            Grant(
                programme=programme,
                site_id=item.site_id,
                network=item.network,
                service=code,
                unit=service.unit,
                unit_ceiling_cents=p.unit_ceiling_cents,
                valid_from=p.valid_from,
                valid_until=p.valid_until,
            )
            for p in pieces
        ]
    return grants
