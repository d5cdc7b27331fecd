"""
Redemption through the service, 2 processes x 4 threads, against L: a hand-written SQL function called by pgbench, 8
clients.

L does the least a redemption can: one conditional UPDATE of the voucher, one redemption row, two ledger rows, on
copies of the same
tables with the same indexes. Rounds alternate, and medians are compared, because the machine's speed drifts.
"""

import multiprocessing
import os
import random
import re
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

from django.conf import settings
from django.db import connection

from benchmarks import world as make
from benchmarks.measure import tell
from piutempo.kernel.codes import title_code
from piutempo.network.models import Site
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.services.redemption import redeem

VOUCHERS, TITLES = 30_000, 20
ROUNDS, SECONDS = 3, 6
PROCESSES, THREADS = 2, 4

BARE = """
CREATE TABLE bare_voucher (LIKE vouchers_voucher INCLUDING ALL);
INSERT INTO bare_voucher SELECT * FROM vouchers_voucher;
CREATE TABLE bare_redemption (LIKE vouchers_redemption INCLUDING ALL);
CREATE TABLE bare_transfer (LIKE ledger_transfer INCLUDING ALL);
CREATE FUNCTION bare_redeem(p_voucher bigint, p_mask bigint, p_site bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE the_pot bigint; face bigint; redemption bigint;
BEGIN
  UPDATE bare_voucher SET spent = spent | p_mask, spent_cents = spent_cents + face_cents
  WHERE id = p_voucher AND spent & p_mask = 0 AND handed & p_mask = p_mask RETURNING pot_id, face_cents INTO the_pot,
  face;
  IF NOT FOUND THEN RETURN 0; END IF;
  INSERT INTO bare_redemption (voucher_id, site_id, service, quantity, mask, amount_cents, served_on, redeemed_at, key,
    key_hash, is_settled)
  VALUES (p_voucher, p_site, 'x', 1, p_mask, face, '2026-03-02', now(), gen_random_uuid()::text, '', false)
  RETURNING id INTO redemption;
  INSERT INTO bare_transfer (kind, subject_id, sequence, pot_id, source_id, from_account, to_account, amount_cents,
    booked_on, effective_on)
  SELECT 'spend', redemption, 0, the_pot, s.id, 'issued', 'owed', face * s.share_bp / 10000, '2026-03-02', '2026-03-02'
  FROM ledger_source s WHERE s.pot_id = the_pot;
  RETURN redemption;
END $$;
"""


def limit_per_second() -> float:
    """Return L: transactions a second of pgbench with the hand-written function."""
    url = urlparse(os.environ["DATABASE_URL"])
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(
            f"\\set v random(1, {VOUCHERS})\n\\set b random(0, {TITLES - 1})\n\\set s random(1, 200)\n"
            "SELECT bare_redeem(:v, 1::bigint << :b, :s);\n"
        )
        script.flush()
        pgbench = max(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
        out = subprocess.run(
            [
                str(pgbench), "-n", "-h", parse_qs(url.query)["host"][0], "-U", "postgres", "-c", "8", "-j", "2", "-T",
                str(SECONDS), "-M", "prepared", "-f", script.name, url.path.lstrip("/"),
            ],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", out)
    assert found, out
    return float(found[1])


def till(codes: list[str], sites: list[int], service: str, member_id: int, until: float, done: list[int]) -> None:
    """One thread: redeem its own titles until the time is over."""
    shops = {pk: Site(pk=pk) for pk in sites}
    count = 0
    for n, code in enumerate(codes):
        if time.time() >= until:
            break
        redeem(
            site=shops[sites[n % len(sites)]], codes=[code], service=service, quantity=1, served_on=make.served_on(),
            at=make.AT.replace(month=4), by=None, key=code, person_cared_id=member_id,
        )  # fmt: skip
        count += 1
    done.append(count)
    connection.close()


def process(chunks: list[list[str]], sites: list[int], service: str, member_id: int, start: float, out: Any) -> None:
    """One process of four threads."""
    done: list[int] = []
    time.sleep(max(0.0, start - time.time()))
    threads = [
        threading.Thread(target=till, args=(chunk, sites, service, member_id, start + SECONDS, done))
        for chunk in chunks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.put(sum(done))


def service_per_second(codes: list[str], sites: list[int], service: str, member_id: int) -> float:
    """Return redemptions a second through the service; takes the codes it spends off the list."""
    spawn = multiprocessing.get_context("spawn")
    out = spawn.Queue()
    size = SECONDS * 1_500
    start = time.time() + 4
    workers = []
    for _ in range(PROCESSES):
        chunks = [[codes.pop() for _ in range(min(size, len(codes)))] for _ in range(THREADS)]
        workers.append(spawn.Process(target=process, args=(chunks, sites, service, member_id, start, out)))
    for worker in workers:
        worker.start()
    total = sum(out.get() for _ in workers)
    for worker in workers:
        worker.join()
    return total / SECONDS


def prepared() -> tuple[make.World, list[str]]:
    """Return a world full of handed titles and their codes, shuffled."""
    scene = make.build()
    make.add_awards(scene, VOUCHERS)
    make.issue_all(scene)
    codes = [
        title_code(code, index, settings.CODE_KEY)
        for code in Voucher.objects.order_by("id").values_list("code", flat=True)
        for index in range(1, TITLES + 1)
    ]
    random.Random(1).shuffle(codes)
    return scene, codes


def main() -> None:
    """Measure and tell."""
    scene, codes = prepared()
    with connection.cursor() as cursor:
        cursor.execute(BARE)
        cursor.execute("ANALYZE")
    sites = [site.pk for site in scene.sites]
    limits, uniform, hot_site, hot_voucher = [], [], [], []
    by_voucher = sorted(codes, key=lambda code: code[:12])
    for _ in range(ROUNDS):
        limits.append(limit_per_second())
        uniform.append(service_per_second(codes, sites, scene.service, scene.member.pk))
        hot_site.append(service_per_second(codes, sites[:1], scene.service, scene.member.pk))
    left = set(codes)
    hot = [code for code in by_voucher if code in left][: 8 * 1_500]
    # Eight tills on one carnet at a time: neighbours in the list are titles of the same voucher.
    spread: list[str] = []
    for n in range(8):
        spread += hot[n::8]
    hot_voucher.append(service_per_second(spread[::-1], sites, scene.service, scene.member.pk))
    limit, ours = statistics.median(limits), statistics.median(uniform)
    tell("redeem in process, 2 processes x 4 threads", value=ours, unit="1/s", limit=limit, target=">= 0.60 L (0.80)")
    tell(
        "hot provider against uniform", value=statistics.median(hot_site), unit="1/s", limit=ours, target=">= 0.9"
    )  # fmt: skip
    tell("hot voucher against uniform", value=statistics.median(hot_voucher), unit="1/s", limit=ours, target=">= 0.4")


if __name__ == "__main__":
    main()
