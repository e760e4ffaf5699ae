# `make` alone lists what can be done.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
SUITE ?=
WORKERS ?= auto

.PHONY: help demo screenshots test lint types unit browser bench conformance soak fuzz audit sbom lock client translations clean

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

STORE ?= sqlite
conformance: .venv/ready ## Run ADL's conformance suite (SUITE=folder of its checkout, with Node; STORE=mongo)
	@$(BIN)/python -m tests.conformance "$(SUITE)" $(STORE)

screenshots: .venv/ready browser ## Take the pictures of README.md anew, from the demonstration
	@$(BIN)/python -m tests.browser.screenshots

soak: .venv/ready ## The long runs: kills, a steady load, a drill on a million statements (an hour and a half)
	@$(BIN)/python -m pytest -m soak $(ARGS)

COUNT ?= 75000
TARGET ?=
fuzz: .venv/ready ## Feed every parser COUNT inputs made at random (TARGET=NAME: one, led by atheris)
	@if [ -n "$(TARGET)" ]; then \
	  $(BIN)/python -m pip install -q --disable-pip-version-check atheris==3.0.0 && \
	  $(BIN)/python -m tests.fuzz.guided $(TARGET) -runs=$(COUNT) -max_len=8192; \
	else $(BIN)/python -m tests.fuzz $(COUNT); fi

audit: .venv/ready ## Look for known faults in our code and in the libraries (needs a vulnerability service)
	@$(BIN)/bandit -q -r lrs schemas adapters -c pyproject.toml
	@$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip

sbom: .venv/ready ## Write the bill of materials, sbom.json (CycloneDX)
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.json $(BIN)/python
	@echo "sbom.json"

lock: ## Renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate -q --custom-compile-command "make lock" --upgrade -o requirements.lock

client: .venv/ready ## Make the typed client anew from the description of the REST API
	@$(BIN)/python -m lrs.client.generate

translations: .venv/ready ## Collect texts into the catalogues and compile them
	@$(BIN)/pybabel -q extract -F lrs/translations/babel.cfg -k Text -k Problem:2 -o lrs/translations/messages.pot --no-location --sort-output .
	@$(BIN)/pybabel -q update -i lrs/translations/messages.pot -d lrs/translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@$(BIN)/pybabel -q compile -d lrs/translations

clean: ## Remove .venv and what tools left behind (never ./data)
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis build artefacts *.egg-info
