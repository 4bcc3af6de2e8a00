# One command each; all set up the environment first, all can be repeated.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
OUT ?= runs/twin
NAME ?=

.PHONY: help setup run test lint docs bench clean

help:        ## list the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/:/'

setup:       ## environment in .venv: PyTorch first (CPU build where there is no GPU), then geocryoai as pinned
	@PYTHON=$(PYTHON) sh scripts/bootstrap.sh

run: setup   ## run the bundled study (a simulated Alaska) into OUT (default runs/twin)
	@$(BIN)/geocryoai run twin --out $(OUT)

test: setup  ## all tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q

lint: setup  ## ruff, mypy, codespell, layering, documentation style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/codespell src tests docs benchmarks scripts README.md CONTRIBUTING.md CHANGELOG.md
	@PYTHONPATH=src $(BIN)/lint-imports --no-cache
	@$(BIN)/python scripts/check_environment.py

docs: setup  ## build the documentation strictly into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: setup ## run one benchmark: make bench NAME=columns (without NAME: list them)
	@$(BIN)/python benchmarks/run.py $(NAME)

clean:       ## remove what can be made again
	@rm -rf .venv site runs .mypy_cache .ruff_cache .pytest_cache
