"""Reads of the network: where vouchers are spent, desks, what a user acts for."""

from piutempo.network.selectors.desks import get_desk_for, list_desks, list_desks_for, list_desks_for_public
from piutempo.network.selectors.sites import (
    PublicService,
    PublicSite,
    count_sites_for_public,
    find_provider,
    get_grant,
    get_provider,
    get_site,
    get_site_for,
    list_accredited_services,
    list_grants_of,
    list_grants_of_sites,
    list_providers,
    list_provinces_for_public,
    list_sites,
    list_sites_for,
    list_sites_for_public,
)

__all__ = [
    "PublicService",
    "PublicSite",
    "count_sites_for_public",
    "find_provider",
    "get_desk_for",
    "get_grant",
    "get_provider",
    "get_site",
    "get_site_for",
    "list_accredited_services",
    "list_desks",
    "list_desks_for",
    "list_desks_for_public",
    "list_grants_of",
    "list_grants_of_sites",
    "list_providers",
    "list_provinces_for_public",
    "list_sites",
    "list_sites_for",
    "list_sites_for_public",
]
