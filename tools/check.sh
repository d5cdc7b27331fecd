#!/usr/bin/env bash
# check.sh: what a machine can tell without running a test. Every check runs, then it fails if one failed.
set -uo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PIUTEMPO_MODE=test PIUTEMPO_VAR=$scratch DATABASE_URL= COLUMNS=120
bin=.venv/bin
failed=()
run() {
    local name=$1
    shift
    local said
    if said=$("$@" 2>&1); then
        echo "ok    $name"
    else
        echo "FAIL  $name"
        printf '%s\n' "$said" | tail -60
        failed+=("$name")
    fi
}

migrations_up_and_down() {
    "$bin/python" manage.py migrate --verbosity 0 || return
    local app
    # From the top layer to the bottom, as foreign keys point down.
    for app in replay portals reporting controls settlements vouchers reception applications awards network procedures programmes correspondence people \
        records ledger; do
        compgen -G "piutempo/$app/migrations/0*.py" >/dev/null || continue
        "$bin/python" manage.py migrate "$app" zero --verbosity 0 || return
    done
    "$bin/python" manage.py migrate --verbosity 0
}

# Collecting the texts again must change nothing. Only who translates needs GNU gettext.
catalogue_collected() {
    command -v xgettext >/dev/null || { echo "no GNU gettext here: not checked"; return; }
    local file=locale/en/LC_MESSAGES/django.po
    cp "$file" "$scratch/django.po" && "$bin/python" manage.py makemessages -l en --verbosity 0 || return
    local status=0
    cmp -s "$file" "$scratch/django.po" || status=1
    cp "$scratch/django.po" "$file"
    [ "$status" = 0 ] || echo "texts changed: run PIUTEMPO_MODE=test manage.py makemessages -l en, and translate what is new"
    return "$status"
}

run "ruff format" "$bin/ruff" format --check .
run "ruff check" "$bin/ruff" check .
run "mypy" "$bin/mypy"
run "import contracts" "$bin/lint-imports" --no-cache --no-logo
run "djlint" "$bin/djlint" piutempo --lint --quiet
run "django check" "$bin/python" manage.py check
run "catalogue collected" catalogue_collected
run "migrations complete" "$bin/python" manage.py makemigrations --check --dry-run
run "migrations up and down" migrations_up_and_down

if [ ${#failed[@]} -gt 0 ]; then
    echo "FAILED: ${failed[*]}"
    exit 1
fi
