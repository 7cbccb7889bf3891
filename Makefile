# The targets a newcomer and CI use. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test browser check bench soak fuzz format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("promosync needs Python 3.11 or newer; try make PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: .venv/ready ## the whole story against a local sandbox, no Stripe account
	@$(BIN)/promosync demo

test: .venv/ready ## all tests; those in a browser where one is installed
	$(BIN)/python -m pytest -n auto
	@$(BIN)/python -m tests.browser.chromium || true

browser: .venv/ready ## the tests in a browser, which must be there
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m pytest tests/browser

check: .venv/ready ## format, lint, strict types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto
	@$(BIN)/python -m tests.browser.chromium || true

bench: .venv/ready ## how fast, beside what Stripe's limit allows (QUICK=1: a minute, else a quarter of an hour)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

soak: .venv/ready ## random edits and failures for MINUTES=60: invariants hold, memory does not grow
	@$(BIN)/python -m benchmarks.soak $(or $(MINUTES),60)

fuzz: .venv/ready ## hostile files, saved plans and answers for MINUTES=10: every command ends with 0 or 1, in words
	@$(BIN)/python -m benchmarks.fuzz $(or $(MINUTES),10)

format: .venv/ready ## put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what the targets made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
