"""Sites, providers and what they are accredited to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from piutempo.kernel.identifiers import normal_vat_number
from piutempo.network.models import Grant, Provider, Site
from piutempo.programmes.models import Programme


@dataclass(frozen=True, slots=True)
class PublicService:
    """A service as the public sees it; ``unit_ceiling_cents`` is the most a unit costs in vouchers."""

    code: str
    network: str
    unit: str
    unit_ceiling_cents: int


@dataclass(frozen=True, slots=True)
class PublicSite:
    """A site as the public sees it, with what it accepts on the day asked for."""

    id: int
    name: str
    provider: str
    unit_type: str
    address: str
    municipality: str
    province: str
    phone: str
    services: tuple[PublicService, ...]


def _granted_on(on: date, prefix: str = "") -> Q:
    return Q(**{f"{prefix}valid_from__lte": on}) & (
        Q(**{f"{prefix}valid_until": None}) | Q(**{f"{prefix}valid_until__gt": on})
    )


def _public_sites(
    programme: Programme, on: date, place: str, province: str, service: str, network: str
) -> QuerySet[Site]:
    grants = Grant.objects.filter(_granted_on(on), programme=programme)
    if service:
        grants = grants.filter(service=service)
    if network:
        grants = grants.filter(network=network)
    rows = Site.objects.filter(pk__in=grants.values("site_id"))
    if place.strip():
        rows = rows.filter(municipality__name__istartswith=place.strip())
    if province:
        rows = rows.filter(municipality__province=province)
    return rows


def list_sites_for_public(
    *,
    programme: Programme,
    on: date,
    place: str = "",
    province: str = "",
    service: str = "",
    network: str = "",
    offset: int = 0,
    limit: int = 20,
) -> list[PublicSite]:
    """
    Return a page of the sites that accept vouchers on a day, by municipality and name. Two queries.

    :param place: start of the municipality's name
    :param service: a service code; sites found show all that they accept, that service first
    """
    rows = list(
        _public_sites(programme, on, place, province, service, network)
        .select_related("provider", "municipality")
        .order_by("municipality__name", "name", "pk")[offset : offset + limit]
    )
    accepted = list_accredited_services([row.pk for row in rows], programme=programme, on=on)
    return [
        PublicSite(
            id=row.pk,
            name=row.name,
            provider=row.provider.name,
            unit_type=row.unit_type,
            address=row.address,
            municipality=row.municipality.name,
            province=row.municipality.province,
            phone=row.phone or row.provider.phone,
            services=tuple(sorted(accepted.get(row.pk, ()), key=lambda s: (s.code != service, s.code))),
        )
        for row in rows
    ]


def count_sites_for_public(
    *, programme: Programme, on: date, place: str = "", province: str = "", service: str = "", network: str = ""
) -> int:
    """Return how many sites ``list_sites_for_public`` would list on all its pages."""
    return _public_sites(programme, on, place, province, service, network).count()


def list_provinces_for_public(*, programme: Programme, on: date) -> list[str]:
    """Return the provinces that have a site which accepts vouchers on a day."""
    rows = _public_sites(programme, on, "", "", "", "").values_list("municipality__province", flat=True)
    return sorted(set(rows.distinct()))


def list_accredited_services(
    site_ids: Sequence[int], *, programme: Programme, on: date
) -> dict[int, list[PublicService]]:
    """Return what each site accepts on a day, by site id. One query."""
    found: dict[int, list[PublicService]] = {}
    grants = Grant.objects.filter(_granted_on(on), programme=programme, site_id__in=list(site_ids))
    for grant in grants.order_by("service", "pk"):
        found.setdefault(grant.site_id, []).append(
            PublicService(grant.service, grant.network, grant.unit, grant.unit_ceiling_cents)
        )
    return found


def get_grant(*, site: Site, programme: Programme, network: str, service: str, on: date) -> Grant | None:
    """Return the row that lets a site accept a service on a day."""
    return (
        Grant.objects.filter(_granted_on(on), site=site, programme=programme, network=network, service=service)
        .order_by("pk")
        .first()
    )


def list_sites_for(site_ids: Iterable[int] | None, provider_ids: Iterable[int] | None) -> QuerySet[Site]:
    """
    Return the sites a provider's operator acts for: named sites, and every site of named providers.

    Both come from ``Roles.scope_ids``; None in either means everywhere.
    """
    rows = Site.objects.select_related("provider", "municipality").order_by("provider__name", "code", "pk")
    if site_ids is None or provider_ids is None:
        return rows
    return rows.filter(Q(pk__in=list(site_ids)) | Q(provider_id__in=list(provider_ids)))


def get_site_for(site_ids: Iterable[int] | None, provider_ids: Iterable[int] | None, site_id: int) -> Site:
    """
    Return a site that the user acts for.

    :raises Site.DoesNotExist: no such site, or not theirs (views answer 404)
    """
    return list_sites_for(site_ids, provider_ids).get(pk=site_id)


def list_sites(*, programme: Programme | None = None, on: date | None = None) -> QuerySet[Site]:
    """Return sites with provider and municipality, and how many services each accepts (``services_count``)."""
    granted = _granted_on(on, "grants__") if on else Q()
    if programme:
        granted &= Q(grants__programme=programme)
    return (
        Site.objects.select_related("provider", "municipality")
        .annotate(services_count=Count("grants__service", filter=granted, distinct=True))
        .order_by("code", "pk")
    )


def list_providers() -> QuerySet[Provider]:
    """Return providers with how many sites each has (``sites_count``)."""
    return Provider.objects.annotate(sites_count=Count("sites")).order_by("name", "pk")


def get_provider(provider_id: int) -> Provider:
    """
    Return a provider.

    :raises Provider.DoesNotExist: none
    """
    return Provider.objects.get(pk=provider_id)


def find_provider(vat_number: str) -> Provider | None:
    """Return the provider with this partita IVA as somebody typed it; None if there is none, or it is not valid."""
    try:
        return Provider.objects.filter(vat_number=normal_vat_number(vat_number)).first()
    except ValueError:
        return None


def list_grants_of(site: Site) -> QuerySet[Grant]:
    """Return everything a site is or was accredited to, the newest period first."""
    return site.grants.select_related("programme").order_by("programme_id", "service", "-valid_from", "pk")


def list_grants_of_sites(sites: QuerySet[Site]) -> QuerySet[Grant]:
    """Return what some sites are or were accredited to, with site, municipality and programme."""
    return (
        Grant.objects.filter(site__in=sites.order_by().values("pk"))
        .select_related("site__municipality", "programme")
        .order_by("site__name", "service", "valid_from", "pk")
    )


def get_site(site_id: int) -> Site:
    """
    Return a site with provider and municipality.

    :raises Site.DoesNotExist: none
    """
    return Site.objects.select_related("provider", "municipality").get(pk=site_id)
