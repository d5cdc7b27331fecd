"""
``python -m benchmarks [NAME …]``: prints a JSON line for each figure: ``name, value, unit, limit, ratio, target``.

Starts a private PostgreSQL (tools/postgres.sh), runs every benchmark in a process of its own, and stops it. ``ratio``
is
value / limit, both measured in this run; ``target`` is the figure of docs/performance.md. Nothing here fails: it
measures.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("redemption", "files", "issuance", "eligibility", "reports", "pages", "opening", "queues")
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the benchmarks named, or all of them."""
    wanted = sys.argv[1:] or list(NAMES)
    if unknown := [name for name in wanted if name not in NAMES]:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as var:
        environment = {**os.environ, "PIUTEMPO_VAR": var, "PIUTEMPO_MODE": "test"}
        subprocess.run(["tools/postgres.sh", "start"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        try:
            url = subprocess.run(
                ["tools/postgres.sh", "url"], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
            ).stdout.strip()
            for name in wanted:
                database = f"bench_{name}"
                base, _slash, options = url.partition("/piutempo")
                subprocess.run(["psql", "-q", url, "-c", f"CREATE DATABASE {database}"], check=True)
                done = subprocess.run(
                    [sys.executable, "-m", f"benchmarks.{name}"],
                    cwd=ROOT,
                    env={**environment, "DATABASE_URL": f"{base}/{database}{options}"},
                    check=False,
                )
                if done.returncode:
                    return done.returncode
                subprocess.run(["psql", "-q", url, "-c", f"DROP DATABASE {database} WITH (FORCE)"], check=True)
        finally:
            subprocess.run(["tools/postgres.sh", "stop"], cwd=ROOT, env=environment, check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
