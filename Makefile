# Everything starts here. A fresh clone needs only python3 and make.
#   make demo   set up, replay the programme, serve on 127.0.0.1:8000
#   make test   every test: SQLite, PostgreSQL, browser        make check   style, types, contracts, migrations
#   make fix    mend what a machine can mend                   make bench   JSON lines, each a ratio

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
VAR := $(or $(PIUTEMPO_VAR),var)
PORT ?= 8000
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
STATIC := $(VAR)/.static
STATIC_SOURCES := $(shell find piutempo -path '*/static/*' -type f 2>/dev/null)

.PHONY: help setup demo serve seed test check fix bench docs lock clean-demo

help:
	@sed -n '2,4s/^# *//p' Makefile

setup: $(RUNTIME) $(CATALOGUES)

$(RUNTIME): requirements.txt requirements-tools.txt
	tools/install.sh $(VENV) requirements.txt
	@touch $@

$(DEV): requirements-dev.txt requirements-tools.txt
	tools/install.sh $(VENV) requirements-dev.txt
	@touch $@ $(RUNTIME)

%.mo: %.po | $(RUNTIME)
	$(PY) -m babel.messages.frontend compile --use-fuzzy -i $< -o $@

# The demo keeps its database: the first run replays the programme, the next ones only serve.
demo: export PIUTEMPO_MODE := demo
demo: setup $(STATIC)
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py demo
	@$(MAKE) --no-print-directory serve

# Beside the server run the timers (letters leave, reminders go out); they end when the server ends.
serve: export PIUTEMPO_MODE := demo
serve: setup $(STATIC)
	@echo "PiùTempo: http://127.0.0.1:$(PORT)/   (ctrl-C stops it)"
	@$(PY) manage.py run_due --watch 15 --parent $$$$ & exec $(VENV)/bin/granian --interface wsgi --host 127.0.0.1 --port $(PORT) --workers 2 --blocking-threads 4 --no-ws --workers-kill-timeout 3 --log-level warning config.wsgi:application

$(STATIC): $(RUNTIME) $(STATIC_SOURCES)
	@mkdir -p $(VAR)
	PIUTEMPO_MODE=demo $(PY) manage.py collectstatic --noinput --verbosity 0
	@touch $@

seed: export PIUTEMPO_MODE := demo
seed: setup
	$(PY) manage.py migrate --verbosity 0
	$(PY) manage.py demo --only-seed

clean-demo:
	rm -rf $(VAR)/piutempo.sqlite3* $(VAR)/media $(STATIC)

test: $(DEV) $(CATALOGUES)
	tools/test.sh

check: $(DEV) $(CATALOGUES)
	tools/check.sh

fix: $(DEV)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: export PIUTEMPO_MODE := test
bench: $(DEV) $(CATALOGUES)
	$(PY) -m benchmarks

docs:
	@echo "The documentation is plain Markdown: start from docs/ARCHITECTURE.md"

# Pins are hashed and name no host: any index that serves the same files will do.
COMPILE := $(VENV)/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate \
	--universal --python-version 3.11 --python $(PY)
lock: $(DEV)
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	echo 'uv>=0.13' | $(COMPILE) - -o requirements-tools.txt
