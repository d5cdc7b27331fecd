"""Keys to the JSON API: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db import transaction

from piutempo.network.models import Site
from piutempo.people.models import User
from piutempo.records.services import record_event
from piutempo.vouchers.models import ApiKey


@transaction.atomic
def create_api_key(*, site: Site, name: str, at: datetime, by: User | None) -> tuple[ApiKey, str]:
    """Make a key for a site; return it with the secret, which nobody can read again."""
    secret = f"pt_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        site=site, name=name[:100], prefix=secret[:10], sha256=hash_secret(secret), created_at=at, created_by=by
    )
    record_event(
        name="vouchers.api_key_created",
        subject="vouchers.ApiKey",
        subject_id=key.pk,
        at=at,
        by_id=by.pk if by else None,
    )
    return key, secret


@transaction.atomic
def revoke_api_key(*, key: ApiKey, at: datetime, by: User | None) -> ApiKey:
    """Revoke a key; doing it again changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=at):
        record_event(
            name="vouchers.api_key_revoked",
            subject="vouchers.ApiKey",
            subject_id=key.pk,
            at=at,
            by_id=by.pk if by else None,
        )
    key.refresh_from_db()
    return key


def hash_secret(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
