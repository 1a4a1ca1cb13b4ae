# graphseg: every target sets itself up on a machine that has Python 3.11, git and make.
#
#   make repro      data, then every stage that is out of date, on all cores    (python -m graphseg.study.parallel)
#   make verify     the study anew in a fresh clone, compared with the committed files; STAGES="…" for some
#   make plan       dvc.yaml and the recipes of all runs, from study.yaml  (python -m graphseg.study.plan)
#   make test       export, clean, lint, rules, notebooks, smoke run, docs site
#   make exact      fetch the public files and compute every exact number of the ledger again, digit by digit
#   make docs       the site, in _docs/index.html
#   make outputs    execute every lesson and keep what it printed and drew  (python -m graphseg.study.lessons)
#   make lab        JupyterLab in the environment
#   make benchmark  the timing stages, a quarter of an hour on an idle machine
#   make clean      remove what make wrote; `make distclean` also the environment
#
# `make … VENV=path` uses an environment that you already have, as it is.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PYTHON ?= python3.11
VENV ?= .venv
WORKERS ?= 2
SITE ?= _docs

ifeq ($(VENV),.venv)
READY := .venv/.ready
endif

# What all runs have in common: one thread, the same instructions on every processor.
ENVIRONMENT := $(wildcard study.env study.$(shell uname -m).env)
include $(ENVIRONMENT)
export $(shell sed -n 's/^\([A-Z0-9_]*\)=.*/\1/p' $(ENVIRONMENT))

# One repository, no ANSI colours in logs.
export PYTHONPATH := $(CURDIR)
export PATH := $(abspath $(VENV))/bin:$(PATH)
export MPLBACKEND ?= agg
export NO_COLOR ?= 1
export PYTHONUNBUFFERED ?= 1
export DVC_NO_ANALYTICS ?= 1
export GRAPHSEG_EXTERNAL ?= $(abspath $(firstword $(wildcard external ../shared/data) external))

STEP := .ci/step

.PHONY: help setup data repro verify plan test test-export test-clean test-lint test-rules test-stages test-readme \
        test-notebooks test-smoke test-docs exact exact-if-here docs readme outputs lab benchmark clean distclean

help: ## List the targets
	@sed -n '/^#   make/s/^#   //p' Makefile

setup: $(READY) ## Create the environment

# pip runs again only when the pins or the package's metadata change.
.venv/.ready: requirements.lock settings.ini setup.py pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) not found; install Python 3.11 or run: make PYTHON=/path/to/python3.11"; exit 2; }
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@echo "make: installing requirements.lock into .venv, about four minutes"
	@.venv/bin/python -m pip install --quiet --quiet --requirement requirements.lock
	@.venv/bin/python -m pip install --quiet --quiet --no-deps --editable .
	@touch $@

data: $(READY) ## Put data/ in place from dvcstore/
	@dvc pull --quiet data.dvc

repro: $(READY) ## Bring data/ in place and run every stage that is out of date, side by side
	@python -m graphseg.study.parallel

verify: $(READY) ## Run the study in a fresh clone and compare its files with the committed ones
	@python -m graphseg.study.verify $(STAGES)

plan: $(READY) ## Write dvc.yaml and the recipes, and say what changed
	@python -m graphseg.study.plan

# These stages are frozen for `dvc repro`, because times differ from run to run.
BENCHMARKS := benchmark_core benchmark_runtime benchmark_roots benchmark_hearts benchmark_kernels benchmark_systems time_models benchmark_chexmask
benchmark: data ## Measure speed and memory on this machine
	for stage in $(BENCHMARKS); do python -m graphseg.study.stages $$stage || exit; done
	dvc commit --force --quiet $(BENCHMARKS)

# Downloads what is not there, after showing whose it is; GRAPHSEG_MIRROR names a server of your own instead.
exact: data ## Compute every exact number of the ledger again, from the public files
	@python -m graphseg.study.exact

exact-if-here: data # what continuous integration runs, where the public files are at hand
	@$(STEP) exact python -m graphseg.study.exact --if-here

docs: $(READY) ## Build the site
	python docs/build.py --output $(SITE)

readme: $(READY) ## Write README.md from nbs/index.ipynb
	python docs/make_readme.py

outputs: data ## Execute every lesson and keep its outputs
	python -m graphseg.study.lessons

lab: $(READY)
	jupyter lab --notebook-dir=nbs

# Every check runs, also after a failure; the last line counts them.
test: $(READY) ## Check everything
	@rm -rf build/test
	@$(MAKE) --no-print-directory --keep-going test-export test-clean test-lint test-rules test-stages test-readme \
	  test-notebooks test-smoke test-docs; status=$$?; $(STEP) --tally; exit $$status

test-export: $(READY)
	@$(STEP) export python docs/unchanged.py graphseg pyproject.toml -- nbdev_export

test-clean: $(READY)
	@$(STEP) clean python docs/unchanged.py nbs -- bash -c \
	  'nbdev_clean && git ls-files -z "nbs/stages/*.ipynb" | xargs -0 -r nbstripout --keep-id'

test-lint: $(READY)
	@$(STEP) lint ruff check --no-cache --select F,E9,B graphseg docs setup.py
	@$(STEP) format ruff format --no-cache --check --quiet nbs docs setup.py

test-rules: $(READY)
	@$(STEP) rules python -m graphseg.study.checks

test-stages: $(READY)
	@$(STEP) stages python -m graphseg.study.plan --check

test-readme: $(READY)
	@$(STEP) readme python docs/make_readme.py --check

# Stage notebooks are run by the smoke test, chapters by their stage.
test-notebooks: data
	@$(STEP) notebooks nbdev_test --n_workers $(WORKERS) --do_print --timing --skip_folder_re '^[_.]|^stages$$|^chapters$$'

# The whole pipeline, in a scratch copy of the working tree, with the smallest numbers.
test-smoke: $(READY)
	@$(STEP) smoke .ci/smoke build/smoke

test-docs: $(READY)
	@$(STEP) docs python docs/build.py --output build/site

clean:
	rm -rf build $(SITE) .ruff_cache .pytest_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv
