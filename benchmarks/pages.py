"""The heaviest pages after a full replay: median server milliseconds through Django's test client, and queries."""

import os
import statistics
import time
from datetime import date

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.measure import tell, watch
from piutempo.people.models import Role, RoleGrant, Scope, User
from piutempo.reporting.models import FrozenReport
from piutempo.settlements.models import Statement
from piutempo.vouchers.models import Redemption

SCENARIO = "obiettivo-conciliazione-2010"
RUNS = 15
TARGET = "median <= 100 ms of server time (50), <= 12 queries"


def sign_in(role: Role, scope: Scope = Scope.ALL, scope_id: int | None = None) -> Client:
    """Return a browser signed in as somebody with this role."""
    user = User.objects.create(username=f"bench-{role}", full_name=role.label, created_at=timezone.now())
    RoleGrant.objects.create(user=user, role=role, scope=scope, scope_id=scope_id, valid_from=date(2000, 1, 1))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(name: str, client: Client, path: str) -> None:
    """Measure one page: a first visit is not counted."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path, secure=True)
    count = len(queries)
    assert answer.status_code == 200, (path, answer.status_code)
    found = []
    for _ in range(RUNS):
        start = time.perf_counter()
        client.get(path, secure=True)
        found.append((time.perf_counter() - start) * 1000)
    tell(
        f"page: {name}", value=statistics.median(found), unit="ms", target=TARGET, queries=count,
        worst_ms=round(max(found), 1), kilobytes=round(len(answer.content) / 1024),
    )  # fmt: skip


def busiest(field: str) -> int:
    """Return the site or provider that redeemed most."""
    rows = Redemption.objects.values_list(field).annotate(n=Count("id")).order_by("-n")
    return int(rows[0][0])


def main() -> None:
    """Replay, measure and tell."""
    call_command("migrate", verbosity=0)
    if not Redemption.objects.exists():
        with watch() as clock:
            call_command("replay", SCENARIO, quiet=True)
        tell("replay of the 24 months, PostgreSQL", value=clock.seconds, unit="s", target="<= 120 s on SQLite (60)")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    officer, manager = sign_in(Role.CASE_OFFICER), sign_in(Role.PROGRAMME_MANAGER)
    accountant, reader = sign_in(Role.ACCOUNTING_OFFICER), sign_in(Role.AUTHORITY_READER)
    desk = sign_in(Role.DESK_OPERATOR)
    provider = sign_in(Role.PROVIDER_OPERATOR, Scope.BODY, busiest("site__provider_id"))
    statement = Statement.objects.annotate(n=Count("lines")).order_by("-n").first()
    report = FrozenReport.objects.order_by("-id").first()
    assert statement
    assert report
    visits: list[tuple[str, Client, str]] = [
        ("officer's queue", officer, "/ufficio/domande/"),
        ("officer's queue, second page", officer, "/ufficio/domande/?page=2"),
        ("search of a voucher", officer, "/ufficio/buoni/"),
        ("expiring vouchers", manager, "/ufficio/scadenze/"),
        ("issuance runs", manager, "/ufficio/emissione/"),
        ("families of a desk", desk, "/sportello/famiglie/"),
        ("cases of a desk", desk, "/sportello/domande/"),
        ("stock of a desk", desk, "/sportello/buoni/"),
        ("provider's redemptions", provider, "/operatore/utilizzi/"),
        ("provider's files", provider, "/operatore/file/"),
        ("provider's statements", provider, "/operatore/rendiconti/"),
        ("statements", accountant, "/contabilita/rendiconti/"),
        ("the longest statement", accountant, f"/contabilita/rendiconti/{statement.pk}/"),
        ("balances", accountant, "/contabilita/saldi/"),
        ("ledger drill-down", accountant, "/contabilita/movimenti/"),
        ("ledger drill-down, last page", accountant, "/contabilita/movimenti/?page=1000"),
        ("sites of the network", officer, "/ufficio/rete/sedi/"),
        ("where to spend", Client(), "/dove-spendere/"),
        ("reports", reader, "/autorita/rapporti/"),
        ("final report", reader, f"/autorita/rapporti/{report.pk}/"),
        ("rows behind the euro spent", reader, f"/autorita/rapporti/{report.pk}/righe/spent_cents/"),
        (
            "rows behind the applications approved",
            reader,
            f"/autorita/rapporti/{report.pk}/righe/applications_approved/",
        ),
    ]
    for name, client, path in visits:
        page(name, client, path)


if __name__ == "__main__":
    main()
