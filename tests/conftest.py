"""Fixtures every test may use: an instant, the database in use, and a guard against reads that write."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseOperations as SQLiteOperations
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

# Chromium's driver keeps an event loop in the test's thread; Django would take that for an asynchronous call.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

hypothesis_settings.register_profile(
    "ci",
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.register_profile("deep", parent=hypothesis_settings.get_profile("ci"), max_examples=1_000)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ROME = ZoneInfo("Europe/Rome")
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


_plain_flush = SQLiteOperations.sql_flush


def _flush_past_the_laws(self: SQLiteOperations, style: Any, tables: list[str], **options: Any) -> list[str]:
    """Empty SQLite's tables after a transactional test: append-only triggers step aside, then come back."""
    with self.connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        laws = cursor.fetchall()
    drops = [f'DROP TRIGGER "{name}"' for name, _ in laws]
    return [*drops, *_plain_flush(self, style, tables, **options), *(sql for _, sql in laws)]


SQLiteOperations.sql_flush = _flush_past_the_laws


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run with the settings of a demo or of production: their database is not ours to empty."""
    if settings.MODE != "test":
        pytest.exit("Tests need PIUTEMPO_MODE=test. Run `make test`, or set it yourself.", returncode=4)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that needs PostgreSQL is left out, by name, when the database is SQLite (``make test`` runs both)."""
    if connection.vendor == "postgresql" or os.environ.get("PIUTEMPO_FAIL_ON_SKIP"):
        return
    for item in items:
        if item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: make test starts one"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In ``make test`` a skipped test is a failure: nothing is left out silently."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("PIUTEMPO_FAIL_ON_SKIP") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _italian() -> Iterator[None]:
    """Every test starts in the language of the source, whatever a request before it activated."""
    with translation.override("it"):
        yield


@pytest.fixture
def at() -> datetime:
    """An ordinary instant: Monday 14 March 2011 at 10:30 in Rome."""
    return datetime(2011, 3, 14, 10, 30, tzinfo=ROME)


@pytest.fixture
def vendor() -> str:
    """The database in use: ``"sqlite"`` or ``"postgresql"``."""
    return connection.vendor


@contextmanager
def _no_writes() -> Iterator[None]:
    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(WRITES):
            pytest.fail(f"a read wrote to the database: {sql[:80]}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def refuse_writes() -> Callable[[], AbstractContextManager[None]]:
    """A guard for reads: inside ``with refuse_writes():`` an INSERT, UPDATE, DELETE or REPLACE fails the test."""
    return _no_writes
