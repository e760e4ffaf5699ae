# `make` alone lists what can be done.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
SUITE ?=
WORKERS ?= auto

.PHONY: help demo screenshots test lint types unit browser bench conformance lock translations clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12"; exit 1; }
	@echo "Making .venv (once; a minute or two) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/ready ## Run the whole way of the data with real processes (ARGS=--exit to stop at the end)
	@$(BIN)/lrs demo $(ARGS)

test: .venv/ready lint types browser ## Lint, types and every test (under CI=true a skip is a failure)
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

lint: .venv/ready ## Style and common faults
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/ready ## Static types
	@$(BIN)/mypy

unit: .venv/ready ## The quick tests only
	@$(BIN)/python -m pytest -n $(WORKERS) tests/unit $(ARGS)

browser: .venv/ready ## Find or install the browser of the browser tests
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash tests/browser/install.sh

bench: .venv/ready ## Measure, and write bench/results.json and docs/performance.md (ARGS="ingest 50" for a part)
	@$(BIN)/python -m tests.bench $(ARGS)

conformance: .venv/ready ## Run ADL's conformance suite (SUITE=folder of its checkout, with Node)
	@$(BIN)/python -m tests.conformance "$(SUITE)"

screenshots: .venv/ready browser ## Take the pictures of README.md anew, from the demonstration
	@$(BIN)/python -m tests.browser.screenshots

lock: ## Renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate -q --custom-compile-command "make lock" --upgrade -o requirements.lock

translations: .venv/ready ## Collect texts into the catalogues and compile them
	@$(BIN)/pybabel -q extract -F lrs/translations/babel.cfg -o lrs/translations/messages.pot --no-location --sort-output .
	@$(BIN)/pybabel -q update -i lrs/translations/messages.pot -d lrs/translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@$(BIN)/pybabel -q compile -d lrs/translations

clean: ## Remove .venv and what tools left behind (never ./data)
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis build artefacts *.egg-info
