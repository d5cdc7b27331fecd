"""Whose key it is."""

from __future__ import annotations

from django.db import connection
from django.db.models import QuerySet

from piutempo.network.models import Site
from piutempo.vouchers.models import ApiKey


def get_site_for_key(sha256: str) -> Site | None:
    """
    Return the site of a key not revoked, by the hash of its secret; None if there is none. One query.

    Every call of the API comes through here: plain SQL costs a fifth of the ORM's, and only the site's id is loaded
    (the rest when somebody reads it).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT site_id FROM vouchers_apikey WHERE sha256 = %s AND revoked_at IS NULL", [sha256])
        row = cursor.fetchone()
    return Site.from_db(connection.alias, ["id"], [row[0]]) if row else None


def list_api_keys(sites: QuerySet[Site]) -> QuerySet[ApiKey]:
    """Return the keys of some sites, the revoked ones too."""
    return ApiKey.objects.filter(site__in=sites).select_related("created_by", "site").order_by("-id")
