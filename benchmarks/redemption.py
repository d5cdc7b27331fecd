"""
Redemption through the service, 2 processes x 4 threads, against L: a hand-written SQL function called by pgbench, 8
clients.

L does the least a redemption can: one conditional UPDATE of the voucher, one redemption row, two ledger rows, on
copies of the same
tables with the same indexes. Rounds alternate, and medians are compared, because the machine's speed drifts.
"""

import http.client
import json
import multiprocessing
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
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
from piutempo.vouchers.services.keys import create_api_key
from piutempo.vouchers.services.redemption import redeem

VOUCHERS, TITLES = 30_000, 20
ROUNDS, SECONDS = 3, 6
#: Redemptions of each thread before its seconds count: connections, prepared statements, caches.
WARM_UP = 30
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


def till(codes: list[str], sites: list[int], service: str, member_id: int, gate: Any, done: list[int]) -> None:
    """One thread: redeem its own titles, the first to warm up, then for the measured seconds."""
    shops = {pk: Site(pk=pk) for pk in sites}
    until, count = 0.0, 0
    for n, code in enumerate(codes):
        if n == WARM_UP:
            gate.wait()
            until = time.time() + SECONDS
        if n >= WARM_UP and time.time() >= until:
            break
        redeem(
            site=shops[sites[n % len(sites)]], codes=[code], service=service, quantity=1, served_on=make.served_on(),
            at=make.AT, by=None, key=code, person_cared_id=member_id,
        )  # fmt: skip
        count += n >= WARM_UP
    done.append(count)
    connection.close()


def process(chunks: list[list[str]], sites: list[int], service: str, member_id: int, gate: Any, out: Any) -> None:
    """One process of four threads."""
    done: list[int] = []
    run_threads(till, [(chunk, sites, service, member_id, gate, done) for chunk in chunks])
    out.put(sum(done))


def run_threads(target: Callable[..., None], arguments: list[tuple[Any, ...]]) -> None:
    """Run a thread for each tuple of arguments, and wait for all."""
    threads = [threading.Thread(target=target, args=args) for args in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run_processes(target: Callable[..., None], arguments: list[tuple[Any, ...]]) -> list[Any]:
    """Run a process for each tuple of arguments; each gets a gate shared by all threads, and puts one answer."""
    spawn = multiprocessing.get_context("spawn")
    gate, out = spawn.Barrier(PROCESSES * THREADS, timeout=120), spawn.Queue()
    workers = [spawn.Process(target=target, args=(*args, gate, out)) for args in arguments]
    for worker in workers:
        worker.start()
    found = [out.get(timeout=300) for _ in workers]
    for worker in workers:
        worker.join()
    return found


def deal(codes: list[str]) -> list[list[list[str]]]:
    """Take codes off the list, more than can be spent: for each process, a chunk for each thread."""
    size = min(SECONDS * 1_500, len(codes) // (PROCESSES * THREADS))
    return [[[codes.pop() for _ in range(size)] for _ in range(THREADS)] for _ in range(PROCESSES)]


def service_per_second(codes: list[str], sites: list[int], service: str, member_id: int) -> float:
    """Return redemptions a second through the service; takes the codes it spends off the list."""
    arguments = [(chunks, sites, service, member_id) for chunks in deal(codes)]
    return sum(run_processes(process, arguments)) / SECONDS


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


def client(port: int, secret: str, bodies: list[tuple[str, bytes]], pause: float, gate: Any, out: list[float]) -> None:
    """One keep-alive client: warm up, then post redemptions for the measured seconds, noting those of each answer."""
    connection_ = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    until = 0.0
    for n, (key, body) in enumerate(bodies):
        if n == WARM_UP:
            gate.wait()
            until = time.time() + SECONDS
        start = time.perf_counter()
        if n >= WARM_UP and time.time() >= until:
            break
        connection_.request("POST", "/api/v1/redemptions", body, {**headers, "Idempotency-Key": key})
        answer = connection_.getresponse()
        text = answer.read()
        seconds = time.perf_counter() - start
        assert answer.status == 201, text
        if n >= WARM_UP:
            out.append(seconds)
            if pause:
                time.sleep(max(0.0, pause - seconds))
    connection_.close()


def clients(
    port: int, secret: str, chunks: list[list[str]], service: str, member_id: int, pause: float, gate: Any, out: Any
) -> None:
    """One process of four clients."""
    shared = {"service": service, "quantity": 1, "served_on": f"{make.served_on()}", "person_cared_id": member_id}
    bodies = [[(code, json.dumps({"codes": [code], **shared}).encode()) for code in chunk] for chunk in chunks]
    seconds: list[float] = []
    run_threads(client, [(port, secret, chunk, pause, gate, seconds) for chunk in bodies])
    out.put(seconds)


def over_http(scene: make.World, codes: list[str], rate: float = 0) -> tuple[float, float]:
    """Return answers a second over HTTP and the 99th percentile in ms; at most ``rate`` a second (0: no limit)."""
    _key, secret = create_api_key(site=scene.sites[0], name="bench", at=make.AT, by=None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
            "--blocking-threads", "4", "--no-access-log", "--log-level", "error", "config.wsgi:application",
        ],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    try:
        for _ in range(300):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        pause = PROCESSES * THREADS / rate if rate else 0
        arguments = [(port, secret, chunks, scene.service, scene.member.pk, pause) for chunks in deal(codes)]
        seconds = sorted(second for found in run_processes(clients, arguments) for second in found)
    finally:
        server.terminate()
        server.wait()
    return len(seconds) / SECONDS, seconds[int(len(seconds) * 0.99)] * 1000


def main() -> None:
    """Measure and tell."""
    scene, codes = prepared()
    with connection.cursor() as cursor:
        cursor.execute(BARE)
        cursor.execute("ANALYZE")
    sites = [site.pk for site in scene.sites]
    limits, uniform, hot_site, hot_voucher = [], [], [], []
    for _ in range(ROUNDS):
        limits.append(limit_per_second())
        uniform.append(service_per_second(codes, sites, scene.service, scene.member.pk))
        hot_site.append(service_per_second(codes, sites[:1], scene.service, scene.member.pk))
    limit, ours = statistics.median(limits), statistics.median(uniform)
    tell("redeem in process, 2 processes x 4 threads", value=ours, unit="1/s", limit=limit, target=">= 0.60 L (0.80)")
    tell(
        "hot provider against uniform", value=statistics.median(hot_site), unit="1/s", limit=ours, target=">= 0.9"
    )  # fmt: skip
    best, _p99 = over_http(scene, codes)
    _half, p99 = over_http(scene, codes, rate=best / 2)
    tell("redeem over HTTP, key and idempotency on", value=best, unit="1/s", limit=limit, target=">= 0.30 L (0.40)")
    tell("redeem over HTTP, 99th percentile at half load", value=p99, unit="ms", target="< 50 ms")
    # Eight tills on one carnet at a time: neighbours are titles of the same voucher, dealt to eight threads.
    hot = sorted(codes, key=lambda code: code[:12])[: 8 * SECONDS * 1_500]
    hot_voucher.append(
        service_per_second([code for n in range(8) for code in hot[n::8]][::-1], sites, scene.service, scene.member.pk)
    )
    tell("hot voucher against uniform", value=statistics.median(hot_voucher), unit="1/s", limit=ours, target=">= 0.4")


if __name__ == "__main__":
    main()
