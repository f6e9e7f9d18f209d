# Everything runs from here; nothing is installed outside .venv. Start with: make up
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
# Labs side by side: most of their time is waiting for time-outs, so more than there are cores.
LAB_JOBS ?= 8
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
export UV_PYTHON_DOWNLOADS := never
# Byte code is made here, since commands start twice as quickly with it, and some environments forbid Python to write it.
PIP := $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes
# What "make up" installs beside the member's part: the register and its lists, and the gateway's agent.
EXTRAS := --extra registry --extra gateway --extra postgresql --extra hub
# One compile for all systems and Python versions; no registry address in the result. "make lock UPGRADE=1" moves pins.
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	$(if $(UPGRADE),--upgrade)

.PHONY: help up test test-lab test-browser lab lab-packages check lint types imports bench lock format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(VENV)/.base ## Install into .venv, then diagnose the example measurement
	@echo "Raabta is installed in $(VENV). Here is its diagnosis of the example measurement:"
	@$(BIN)/raabta diagnose --example --explain

test: $(VENV)/.dev ## Install with the tools of development, then run the tests
	@$(BIN)/python -m pytest -n auto -m "not lab and not browser" $(ARGS)

lab-packages: ## Install what the emulated country needs from Debian's packages (as root)
	@.ci/packages

test-lab: $(VENV)/.dev ## Run the tests that need namespaces and servers (see lab-packages)
	@$(BIN)/python -m pytest -m lab tests/lab $(ARGS)

test-browser: $(VENV)/.dev ## Look at every page in Chromium, as Debian has it (see lab-packages)
	@$(BIN)/python -m pytest -m browser tests/browser $(ARGS)

lab: $(VENV)/.dev ## Run every scenario of the emulated country, and check the score against what is promised
	@mkdir -p .bench
	@$(BIN)/raabta lab run --jobs $(LAB_JOBS) --output .bench/lab.jsonl $(ARGS)
	@$(BIN)/python -m tests.lab.accept .bench/lab.jsonl

check: lint types imports test ## Format, lint, types, import contracts and tests: all that a change must pass

lint: $(VENV)/.dev ## Check format and lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(VENV)/.dev ## Check types
	@$(BIN)/mypy

imports: $(VENV)/.dev ## Check who imports whom
	@$(BIN)/lint-imports

bench: $(VENV)/.dev ## Run the benchmarks (RAABTA_BENCH=quick for a short run)
	@$(BIN)/python -m tests.bench $(ARGS)

format: $(VENV)/.dev ## Format the code and apply safe fixes
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

lock: $(VENV)/.tool ## Renew the pinned requirements from pyproject.toml (UPGRADE=1 moves versions)
	@$(COMPILE) pyproject.toml --all-extras --group dev --output-file requirements/dev.txt
	@$(COMPILE) pyproject.toml --constraints requirements/dev.txt $(EXTRAS) --output-file requirements/base.txt
	@$(COMPILE) pyproject.toml --constraints requirements/dev.txt --extra analysis --output-file requirements/analysis.txt
	@$(COMPILE) --group tool --output-file requirements/tool.txt
	@echo "Renewed requirements/*.txt."

clean: ## Remove the environment, caches and build results
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .bench

# Stamps: each is made once and again only when what it depends on has changed.
$(VENV)/.tool: requirements/tool.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Raabta needs Python 3.11 or newer, but '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Install a newer Python and name it, for example: make PYTHON=python3.12 up" >&2; exit 1; }
	@echo "Making the environment $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { \
		echo "Python could not make an environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tool.txt
	@touch $@

$(VENV)/.base: $(VENV)/.tool requirements/base.txt pyproject.toml
	@echo "Installing Raabta and what it needs ..."
	@$(PIP) -r requirements/base.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base requirements/dev.txt
	@echo "Installing the tools of development ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@
