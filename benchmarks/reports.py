"""The money of an official report over 5 million ledger rows, read from the monthly summary, against the plain scan."""

from datetime import date

from django.db import connection

from benchmarks import world as make
from benchmarks.measure import median_ms, tell
from piutempo.ledger.models import MonthTotal, Watermark
from piutempo.ledger.selectors import get_balances, get_monthly_movements, get_movements
from piutempo.ledger.services import refresh_totals

ROWS = 5_000_000


def main() -> None:
    """Measure and tell."""
    scene = make.build(sites=1)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO ledger_transfer (kind, subject_id, sequence, pot_id, source_id, from_account, to_account,
                 amount_cents, booked_on, effective_on)
               SELECT 'spend', n, 0, %s, s.id, 'issued', 'owed', 500, d, d
               FROM generate_series(1, %s) n CROSS JOIN ledger_source s,
                    LATERAL (SELECT date '2024-01-01' + (n %% 730) AS d) x WHERE s.pot_id = %s""",
            [scene.pot_id, ROWS // 2, scene.pot_id],
        )
        cursor.execute("ANALYZE ledger_transfer")
    pots, since, until = [scene.pot_id], date(2025, 1, 1), date(2025, 4, 1)

    def report() -> None:
        get_movements(pots, since=since, before=until)
        get_movements(pots, before=until)
        get_balances(pots, before=until)
        get_monthly_movements(pots, before=until)

    MonthTotal.objects.all().delete()
    Watermark.objects.all().delete()
    plain = median_ms(report, 3)
    refresh_totals()
    summed = median_ms(report, 9)
    tell(
        "official report's money over 5M ledger rows, from the summary", value=summed, unit="ms", limit=plain,
        target="<= 50 ms", rows=ROWS,
    )  # fmt: skip


if __name__ == "__main__":
    main()
