# Every target sets up .venv by itself; python3 (3.11 or newer), git and make are enough.
PYTHON ?= python3
BIN := .venv/bin
# What Python compiles is kept: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check bench gallery image lock clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

demo: .venv/.ready ## A comment becomes a job and a report, all on this machine
	@$(BIN)/beaker-ci demo

test: .venv/.ready ## Run the tests on all cores
	@$(BIN)/pytest -n auto --dist worksteal

check: .venv/.ready ## Lint, check types and formats, audit workflows and image
	@echo '== ruff: mistakes and style'
	@$(BIN)/ruff check
	@echo '== ruff: format'
	@$(BIN)/ruff format --check
	@echo '== mypy: types'
	@$(BIN)/mypy
	@echo '== zizmor: security of workflows, action and dependabot'
	@$(BIN)/zizmor --offline --no-progress --persona pedantic .
	@echo '== check-jsonschema: workflows, action and dependabot'
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@echo '== hadolint: Dockerfile'
	@$(BIN)/hadolint Dockerfile

bench: .venv/.ready ## Measure submissions, reconciles and comparisons; send noise through rules and digest
	@$(BIN)/python benchmarks/submit.py
	@$(BIN)/python benchmarks/reconcile.py
	@$(BIN)/python benchmarks/evaluations.py
	@$(BIN)/python benchmarks/intervals.py
	@$(BIN)/python benchmarks/fuzz.py
	@$(BIN)/python benchmarks/digest_fuzz.py

gallery: .venv/.ready ## Write docs/gallery.md anew: how reports look
	@$(BIN)/python scripts/gallery.py

image: .venv/.ready ## Build the action's image and try it as GitHub's runner would
	@$(BIN)/python scripts/image.py

lock: ## Bring uv.lock in line with pyproject.toml
	@$(PYTHON) scripts/bootstrap.py lock

clean: ## Remove the environment and the caches
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache dist

.venv/.ready: pyproject.toml uv.lock scripts/bootstrap.py
	@$(PYTHON) scripts/bootstrap.py
	@touch $@
