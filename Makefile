# Every target sets up what it needs first, and does nothing where nothing is to be done.
# From a clean clone this takes Python 3.11 or newer (with venv), git and make; CONTRIBUTING.md has the details.
# ARGS reach the program behind a target: make run ARGS=--lan, make test-unit ARGS='-k stream'.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

newest = for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done
ifndef PYTHON
PYTHON := $(shell $(newest))
endif
NEED = $(if $(PYTHON),$(PYTHON) -m tools need,echo 'Wherry needs Python 3.11 or newer on the PATH, or: make PYTHON=...'; false)
NPM = $(PYTHON) -m tools npm
BIN = .venv/bin
PYTEST = $(BIN)/python -m pytest

.NOTPARALLEL:
.PHONY: help run setup test check check-python check-web test-unit test-web test-browser test-nat test-docker test-fresh
.PHONY: bench screenshots docs format clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##/\1/p' Makefile | awk '{ name = $$1; $$1 = ""; printf "  make %-13s%s\n", name, $$0 }'

run:  ## a mesh of five nodes on this machine, with the page, until Ctrl-C
	@$(NEED) python page
	@trap : INT; $(BIN)/wherry demo $(ARGS) || [ $$? -eq 130 ]  # 130: ended by Ctrl-C, as it should be

setup:  ## all that running and testing need, so that both work without a network from then on
	@$(NEED) dev page web chromium namespaces

test: setup check test-web  ## everything: the checks, then every test, in the browser and behind NATs too
	@$(PYTEST) -m 'not docker' $(ARGS)

check: check-python check-web  ## formatting, lint, types, who may import whom, links in the documentation

check-python:
	@$(NEED) dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/mypy -p tools
	@$(BIN)/lint-imports --no-logo --no-cache
	@$(BIN)/python -m tools.docs --check

check-web:
	@$(NEED) web
	@$(NPM) run check

test-unit:  ## the fast tests alone, under a minute
	@$(NEED) dev
	@$(PYTEST) tests/unit $(ARGS)

test-web:  ## the TypeScript peer's and the page's own tests
	@$(NEED) web
	@$(NPM) test

test-browser:  ## the tests in Chromium
	@$(NEED) dev page chromium
	@$(PYTEST) tests/browser $(ARGS)

test-nat:  ## the tests in network namespaces (as root, on Linux)
	@$(NEED) dev namespaces
	@$(PYTEST) tests/nat $(ARGS)

test-docker:  ## builds the image and runs a mesh of three containers, where a Docker daemon answers
	@$(NEED) dev
	@$(PYTEST) tests/docker $(ARGS)

test-fresh:  ## `make run` and `make test` in a bare Debian, then again without a network (as root)
	@$(PYTHON) -m tools.fresh

bench:  ## measures, prints a table and writes bench/out/
	@$(NEED) dev page
	@$(BIN)/python -m bench $(ARGS)

screenshots:  ## the page in all its states, into screenshots/
	@$(NEED) dev web chromium
	@$(BIN)/python -m tools.screenshots $(ARGS)

docs:  ## rewrites the generated parts of docs/ and checks every link
	@$(NEED) dev
	@$(BIN)/python -m tools.docs

format:  ## formats the Python code
	@$(NEED) dev
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

clean:  ## removes all that the set-up and the tests made
	@rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist bench/out screenshots
	@rm -rf web/node_modules web/packages/*/node_modules web/packages/*/dist signaling/wherry_signaling/page
	@find node signaling tests tools bench examples -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
