#!/usr/bin/env bash
# install.sh VENV REQUIREMENTS: create the virtual environment and install the pinned, hashed packages.
set -euo pipefail
venv=$1 requirements=$2

if [ ! -x "$venv/bin/python" ]; then
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "PiùTempo needs Python 3.11 or later." >&2; exit 1; }
    echo "creating $venv"
    if ! python3 -c 'import ensurepip' 2>/dev/null && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv # Debian ships it apart
    fi
    python3 -m venv "$venv" || {
        rm -rf "$venv"
        echo "python3 -m venv failed: on Debian, install python3-venv and try again." >&2
        exit 1
    }
fi
if [ ! -x "$venv/bin/uv" ]; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.txt || true
fi
echo "installing $requirements"
if [ -x "$venv/bin/uv" ]; then
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r "$requirements"
else # no wheel of uv for this machine: pip takes half a minute and does the same
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements"
fi
