#!/usr/bin/env bash
# postgres.sh start|url|stop: a private PostgreSQL for the tests, on a Unix socket only, with fsync as in production.
# The server refuses root, so as root it runs as user postgres. Its place is kept in $PIUTEMPO_VAR/postgres.home.
set -euo pipefail

var=${PIUTEMPO_VAR:-var}
mkdir -p "$var"
note=$var/postgres.home
initdb=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -1 || command -v initdb) ||
    { echo "PostgreSQL is not installed: see tools/packages.sh" >&2; exit 1; }
bin=$(dirname "$(realpath "$initdb")")
owner() { if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }

start() {
    stop
    # Under $var when the server's user can reach it, else in the temporary directory (a clone inside /root, say).
    local home
    home=$(mktemp -d "$(realpath "$var")/postgres.XXXXXX")
    [ "$(id -u)" -ne 0 ] || chown postgres "$home"
    if ! owner test -w "$home" || [ ${#home} -gt 80 ]; then
        rmdir "$home"
        home=$(owner mktemp -d /tmp/piutempo-postgres.XXXXXX)
    fi
    echo "$home" >"$note"
    owner "$bin/initdb" -D "$home/data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null
    owner "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -s start \
        -o "-k $home -c listen_addresses='' -c fsync=on -c max_connections=100 -c shared_buffers=256MB -c max_wal_size=2GB"
    owner "$bin/createdb" -h "$home" -U postgres piutempo
    url
}

url() { echo "postgresql://postgres@/piutempo?host=$(cat "$note")"; }

stop() {
    [ -f "$note" ] || return 0
    local home
    home=$(cat "$note")
    [ ! -f "$home/data/postmaster.pid" ] || owner "$bin/pg_ctl" -D "$home/data" -m fast -w -s stop || true
    rm -rf "$home" "$note"
}

case ${1:-} in
start | url | stop) "$1" ;;
*) echo "usage: tools/postgres.sh start|url|stop" >&2; exit 2 ;;
esac
