"""Whose key it is."""

from __future__ import annotations

from django.db.models import QuerySet

from piutempo.network.models import Site
from piutempo.vouchers.models import ApiKey


def get_site_for_key(sha256: str) -> Site | None:
    """Return the site of a key not revoked, by the hash of its secret; None if there is none. One query."""
    key = ApiKey.objects.select_related("site").filter(sha256=sha256, revoked_at__isnull=True).first()
    return key.site if key else None


def list_api_keys(sites: QuerySet[Site]) -> QuerySet[ApiKey]:
    """Return the keys of some sites, the revoked ones too."""
    return ApiKey.objects.filter(site__in=sites).select_related("created_by", "site").order_by("-id")
