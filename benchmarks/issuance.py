"""
Issuance of a million months against a bare INSERT … SELECT of the same rows and indexes.

The batch is killed half-way and continued, and the fund ends before the awards do.
"""

import contextlib
import os
import resource

from django.db import connection

from benchmarks import world as make
from benchmarks.measure import tell, watch
from piutempo.ledger.models import Holding
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.services.issuance import issue_month

COUNT = int(os.environ.get("BENCH_MONTHS", "1_000_000"))
#: 20,000 cents each: the fund ends before the last hundredth of the awards.
BUDGET = f"{COUNT * 198},00"


class Killed(Exception):
    """The batch was stopped here."""


def main() -> None:
    """Measure and tell."""
    scene = make.build(budget=BUDGET, sites=1)
    # More was committed than is allocated, as a stated over-commitment allows: issuance must end where the money ends.
    Holding.objects.update(overcommit_cents=10**12)
    make.add_awards(scene, COUNT)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    killed_at = COUNT // 2

    def kill_half_way(done: int, due: int) -> None:
        if done >= killed_at:
            raise Killed

    with watch() as clock:
        with contextlib.suppress(Killed):
            issue_month(
                programme=scene.programme, product_code=make.PRODUCT, month=make.MONTH, at=make.AT, by=None,
                progress=kill_half_way,
            )  # fmt: skip
        report = issue_month(
            programme=scene.programme, product_code=make.PRODUCT, month=make.MONTH, at=make.AT, by=None
        )
    memory_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    issued = Voucher.objects.count()
    with connection.cursor() as cursor:
        for table in ("vouchers_voucher", "ledger_transfer"):
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        with watch() as bare:
            cursor.execute("INSERT INTO bare_vouchers_voucher SELECT * FROM vouchers_voucher")
            cursor.execute("INSERT INTO bare_ledger_transfer SELECT * FROM ledger_transfer WHERE kind = 'issue'")
    tell(
        "issuance of 1M months, fund's end and restart included",
        value=clock.seconds, unit="s", limit=bare.seconds, target="<= 1.8 x bare (stretch 1.3), <= 100 MB",
        issued=issued, refused=report.refused, python_mb=round(memory_mb, 1),
    )  # fmt: skip


if __name__ == "__main__":
    main()
