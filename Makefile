# `make` or `make help` lists what there is. Everything installs itself, once, and again when what it is made from changes.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(foreach p,python3 python3.11 python3.12 python3.13 python,$(shell \
	$(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
PIP := -m pip install --quiet --disable-pip-version-check
# Two libraries started at once from one checkout must not both install into it. (flock, where there is no such command.)
ifneq ($(PYTHON),)
ONE_AT_A_TIME := $(PYTHON) -c 'import fcntl, os, sys; lock = os.open("Makefile", os.O_RDONLY); \
	fcntl.flock(lock, fcntl.LOCK_EX); os.set_inheritable(lock, True); os.execvp(sys.argv[1], sys.argv[1:])'
endif
# pip and npm keep what they fetched under HOME, and fail where that is not to be written to.
ifneq ($(shell [ -w "$${HOME:-}" ] && echo yes),yes)
export PIP_CACHE_DIR := $(CURDIR)/build/pip
export npm_config_cache := $(CURDIR)/build/npm
endif

SITE := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path 'frontend/dist/*' \
	-not -name '*.spec.ts' 2>/dev/null)

.PHONY: help
help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

.PHONY: run
run: ## open the whole library on this machine (PORT, HOST, CARREL_DATA, CARREL_DEMO, see the README)
	@$(ONE_AT_A_TIME) $(MAKE) install build
	@exec .venv/bin/python -m infra.local

.PHONY: install
install: .venv/installed .venv-cloud/installed ## install what running the library needs
	@:

.PHONY: build
build: frontend/dist/index.html ## build the web app
	@:

.PHONY: test
test: ## run every test, browser tests included; the last line is their count
	@$(ONE_AT_A_TIME) $(MAKE) install .venv/installed-dev build chromium
	@npm --prefix frontend run --silent test
	@.venv/bin/python -m pytest -n 3 --dist loadfile

.PHONY: prove
prove: ## run the long proofs, of which the tests run a part
	@$(ONE_AT_A_TIME) $(MAKE) install .venv/installed-dev build
	@.venv/bin/python -m pytest -s tests/prove

.PHONY: bench
bench: SIZES ?= 1000 10000
bench: ## measure what requests cost, and write docs/bench.md (SIZES="1000 10000 100000")
	@$(ONE_AT_A_TIME) $(MAKE) install .venv/installed-dev build
	@.venv/bin/python -m infra.bench run $(SIZES)

.PHONY: check
check: ## formatting, lint, types, import direction, OpenAPI drift, known holes in what is installed
	@$(ONE_AT_A_TIME) $(MAKE) install .venv/installed-dev frontend/node_modules/installed
	.venv/bin/ruff format --check --quiet .
	.venv/bin/ruff check --quiet .
	.venv/bin/pyright
	.venv/bin/python -m pytest tests/test_architecture.py
	.venv/bin/python -m infra.resources --check
	.venv/bin/python -m chalicelib.openapi --check
	npm --prefix frontend run --silent check
	@$(MAKE) audit

.PHONY: rehearse
rehearse: ## package, deploy to the embedded cloud through CloudFormation, and test what was deployed
	@$(ONE_AT_A_TIME) $(MAKE) install .venv/installed-dev build
	@.venv/bin/python -m infra.rehearse

.PHONY: deploy
deploy: ## put the library into AWS: make deploy STAGE=…
	@[ -n "$(STAGE)" ] || { echo "Say which stage: make deploy STAGE=…" >&2; exit 1; }
	@$(ONE_AT_A_TIME) $(MAKE) install build
	@.venv/bin/python -m infra.deploy $(STAGE)

.PHONY: audit
audit: .venv/installed-dev frontend/node_modules/installed ## look up what is installed in the lists of known holes
	@.venv/bin/python -m infra.local.audit

.PHONY: chromium
chromium:
	@command -v chromium chromium-browser google-chrome >/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing chromium for the browser tests."; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium \
			>/dev/null; \
	else \
		echo "The browser tests need chromium; install it and run make test again." >&2; exit 1; \
	fi

.venv/installed: requirements.txt requirements-run.txt
	@[ -n "$(PYTHON)" ] || { echo "The library needs Python 3.11 or newer." >&2; exit 1; }
	@echo "Installing the library's Python packages."
	@# One that was cut short, or whose Python is gone, is made anew.
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv \
		|| { echo "Python's venv module is missing." >&2; exit 1; }
	@.venv/bin/python $(PIP) -r requirements-run.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@echo "Installing what the tests and checks need."
	@.venv/bin/python $(PIP) -r requirements-dev.txt
	@touch $@

.venv-cloud/installed: infra/local/requirements.txt
	@[ -n "$(PYTHON)" ] || { echo "The library needs Python 3.11 or newer." >&2; exit 1; }
	@echo "Installing the embedded cloud."
	@.venv-cloud/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv-cloud
	@.venv-cloud/bin/python $(PIP) -r infra/local/requirements.txt
	@touch $@

frontend/node_modules/installed: frontend/package-lock.json
	@command -v npm >/dev/null || { echo "The web app needs Node 20 and npm to be built." >&2; exit 1; }
	@echo "Installing the web app's packages."
	@# Not npm ci: it refuses a lock that lacks other platforms' optional builds. This keeps to the lock all the same.
	@npm --prefix frontend install --no-save --loglevel=error --no-audit --no-fund >/dev/null
	@touch $@

frontend/dist/index.html: frontend/node_modules/installed $(SITE)
	@echo "Building the web app."
	@npm --prefix frontend run --silent build -- --logLevel error
	@touch $@
