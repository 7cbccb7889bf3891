# The targets for developers and CI. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test browser check contract mutants lowest lock audit release dist owner bench soak fuzz format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("promosync needs Python 3.11 or newer; try make PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: .venv/ready ## every step against a local sandbox; no Stripe account needed
	@$(BIN)/promosync demo

test: .venv/ready ## all tests; those in a browser only if one is installed
	$(BIN)/python -m pytest -n auto --dist worksteal
	@$(BIN)/python -m tests.browser.chromium || true

browser: .venv/ready ## the tests in a browser, which must be installed
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m pytest tests/browser

check: .venv/ready ## format, lint, strict types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist worksteal
	@$(BIN)/python -m tests.browser.chromium || true

contract: .venv/ready ## requests and answers, checked by Stripe's own validator and spec; needs Go
	@$(BIN)/python -m tests.contract.validator
	$(BIN)/python -m pytest tests/contract

SAMPLE ?= 40
SEED ?= 1
mutants: .venv/mutants ## do the tests see SAMPLE=40 changes of a line of the core, drawn by SEED=1
	@$(BIN)/python -m tests.mutants $(SAMPLE) $(SEED)

.venv/mutants: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutants]'
	@touch $@

lowest: .venv-lowest/ready ## all tests with the oldest releases that pyproject.toml allows
	.venv-lowest/bin/python -m pytest -n auto --dist worksteal

.venv-lowest/ready: .venv/ready
	$(BIN)/uv venv --quiet --clear --seed --python $(BIN)/python .venv-lowest
	$(BIN)/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable '.[dev]'
	@touch $@

lock: .venv/ready ## update action/requirements.txt: the packages of the action and the image, by version and hash
	$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --output-file action/requirements.txt

audit: .venv/ready ## known vulnerabilities of the locked packages (needs the network)
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement action/requirements.txt || \
		{ echo 'make audit: pip-audit found a vulnerability, or could not read the advisories: see above'; exit 1; }

release: ## list what is missing before this version can be released (TAG=v1.2.3: for this existing tag)
	@$(PYTHON) -I .github/release.py $(if $(TAG),--tag '$(TAG)')

dist: .venv/ready ## build the wheel and the source archive, check them, and try the wheel in a new environment
	rm -rf dist build/tried
	$(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/twine check --strict dist/*
	$(BIN)/python -m venv build/tried
	build/tried/bin/python -m pip install --quiet --require-hashes --only-binary :all: --requirement action/requirements.txt
	build/tried/bin/python -m pip install --quiet --no-deps --no-index dist/*.whl
	cd build && tried/bin/promosync demo > demo.txt && tail -2 demo.txt

owner: ## write the owner of the repository into all files that name it (OWNER=name)
	@test -n "$(OWNER)" || { echo 'name the owner: make owner OWNER=name'; exit 1; }
	@git grep -lz 'OWNER/promosync' -- '*.md' Dockerfile pyproject.toml | \
		xargs -0 perl -pi -e 's#OWNER/promosync#$(OWNER)/promosync#g'

bench: .venv/ready ## measure the speed, compared with Stripe's limit (QUICK=1: a minute, otherwise 15 minutes)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

soak: .venv/ready ## random edits and failures for MINUTES=60; fails if an invariant breaks or memory grows
	@$(BIN)/python -m benchmarks.soak $(or $(MINUTES),60)

fuzz: .venv/ready ## hostile files, saved plans and answers for MINUTES=10; every command must end with 0 or 1 and a message
	@$(BIN)/python -m benchmarks.fuzz $(or $(MINUTES),10)

format: .venv/ready ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove all files that the targets made
	rm -rf .venv .venv-lowest .mypy_cache .ruff_cache .pytest_cache .hypothesis .stripe-mock dist build
