#!/usr/bin/env bash
# test.sh: every test on SQLite, every test on PostgreSQL, then the journeys in a browser. Fails if any of them fails,
# and a skipped test counts as a failure (see tests/conftest.py): nothing is left out silently.
set -uo pipefail

export PIUTEMPO_MODE=test PIUTEMPO_FAIL_ON_SKIP=1 PYTHONDONTWRITEBYTECODE=1
pytest=(.venv/bin/python -m pytest -q)
failed=()
run() {
    local name=$1 began=$SECONDS
    shift
    echo "── $name"
    "$@" || failed+=("$name")
    echo "── $name: $((SECONDS - began)) s"
}

tools/packages.sh || exit 1
trap 'tools/postgres.sh stop' EXIT
url=$(tools/postgres.sh start) || { echo "PostgreSQL did not start" >&2; exit 1; }

run "SQLite" env DATABASE_URL= "${pytest[@]}" -n 2 -m "not browser and not postgres"
run "PostgreSQL" env DATABASE_URL="$url" "${pytest[@]}" -n 2 -m "not browser and not embedded"
run "browser" env DATABASE_URL= "${pytest[@]}" -m browser

if [ ${#failed[@]} -gt 0 ]; then
    echo "FAILED: ${failed[*]}"
    exit 1
fi
echo "all tests passed in $SECONDS s"
