# Two commands are all that most people need: `make up` and `make test`.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ENV ?= local
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# A file stays on one worker: those of tests/e2e are one story each, others share what they deployed.
PARALLEL := -n 2 --dist loadfile

.PHONY: help setup cluster-parts up down test lint types unit integration e2e faults soak bench lock generate format clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv with the slipway command; get the engine and its plugins (called by the others)
	@toolchain/setup.sh $(PURPOSE)

# On Knative alone the AWS provider would be built for nothing; `slipway start` gets it where a function asks for it.
up: PURPOSE = $(if $(filter %-knative,$(ENV)),--for knative)
up: setup ## Deploy the environment ENV (default local), invoke each function, print a table and what was logged
	@$(BIN)/slipway start -s $(ENV)
	@$(BIN)/slipway up -s $(ENV)
	@$(BIN)/slipway verify -s $(ENV) --logs

down: ## Stop the embedded AWS and the embedded cluster; `make up` brings them back
	@if [ -x $(BIN)/slipway ]; then $(BIN)/slipway stop; fi

cluster-parts: setup ## Get what the embedded cluster is made of; says so where it cannot run
	@toolchain/setup.sh --for yaml
	@if [ "$$(uname -s)" = Linux ] && [ "$$(id -u)" = 0 ]; then toolchain/setup.sh --for cluster; \
	  else echo "cluster-parts: the embedded cluster needs root on Linux; tests that need it are skipped"; fi

test: cluster-parts lint types ## Lint, types and all tests that this machine can run: what CI runs
	@$(PYTEST) -q $(PARALLEL) tests

lint: setup ## Style, import arrows, generated files, pipeline schema
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@PYTHONPATH=runtime $(BIN)/lint-imports
	@$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci .gitlab-ci.yml
	@$(BIN)/slipway validate

types: setup ## Strict types
	@$(BIN)/mypy

unit: setup ## Unit tests only
	@$(PYTEST) -q $(PARALLEL) tests/unit

integration: cluster-parts ## Tests with the real engine and providers, embedded AWS and embedded cluster
	@$(PYTEST) -q $(PARALLEL) tests/integration

e2e: cluster-parts ## The whole product as a user types it
	@$(PYTEST) -q tests/e2e

faults: cluster-parts ## Kill everything at 20 random moments; takes about 20 minutes
	@SLIPWAY_FAULT_RUNS=20 SLIPWAY_FAULT_SEED=$${SLIPWAY_FAULT_SEED:-$$RANDOM} $(PYTEST) -q -m faults --timeout 3600 tests

soak: cluster-parts ## Count log lines through the agent while things fail, ten times as many; takes about 20 minutes
	@SLIPWAY_SOAK_LINES=$${SLIPWAY_SOAK_LINES:-200000} SLIPWAY_SOAK_SECONDS=$${SLIPWAY_SOAK_SECONDS:-600} \
	  SLIPWAY_SOAK_SEED=$${SLIPWAY_SOAK_SEED:-$$RANDOM} $(PYTEST) -q -m soak -o log_cli=true -o log_cli_level=INFO tests

bench: setup ## Measure the ratios of docs/performance.md, write build/bench.json
	@$(BIN)/python -m benchmarks

lock: setup ## Lock Slipway's own dependencies again
	@$(BIN)/uv pip compile pyproject.toml --extra local --extra dev --universal --generate-hashes \
	  --python-version 3.11 --quiet --custom-compile-command "make lock" --output-file requirements.lock

generate: setup ## Write docs/schema and the reference tables from the models and the policies
	@$(BIN)/slipway schema --write
	@$(BIN)/python -m policies.docs --write

format: setup ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: down ## Remove .venv, build/ and this checkout's local state; the cache stays
	@rm -rf .venv build .slipway .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
