"""Signing in at an instant of the test world, and counting queries of a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from piutempo.people.models import Role, RoleGrant, Scope, User
from tests.vouchers.factories import NOW


def enter(client: Client, name: str, role: Role, scope: Scope = Scope.ALL, scope_id: int | None = None) -> User:
    """Sign in as somebody with one role."""
    user, _ = User.objects.get_or_create(username=name, defaults={"full_name": name.title(), "created_at": NOW})
    RoleGrant.objects.get_or_create(
        user=user, role=role, scope=scope, scope_id=scope_id, defaults={"valid_from": date(2010, 1, 1)}
    )
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


@contextmanager
def counting() -> Iterator[Callable[[], int]]:
    """Give a function that says how many queries ran."""
    with CaptureQueriesContext(connection) as found:
        yield lambda: len(found)


def queries_of(client: Client, address: str) -> int:
    """Open a page twice and return the queries of the second time."""
    client.get(address)
    with counting() as n:
        answer = client.get(address)
        count = n()
    assert answer.status_code == 200
    return count


def text_of(answer: object) -> str:
    """Return a page as text with single blanks."""
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]
