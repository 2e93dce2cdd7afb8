# make figures | make test | make bench. Each does its own set-up in .venv, from pyproject.toml and requirements.lock.
#
#   make figures                      every figure and verdict, laptop scale
#   make figures SCALE=smoke          smoke | laptop | paper
#   make figures STUDY=multi_index    one study (or several: STUDY=a,b)
#   make figures CORES=4 DEVICE=cpu   cores to use; auto | cpu | cuda

SCALE ?=
STUDY ?=
CORES ?= all
DEVICE ?=
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.made
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: figures test bench lint clean help
.DEFAULT_GOAL := figures

figures: $(SETUP)/workflow
	@$(BIN)/python -m learnability.pipeline.launch --scale "$(SCALE)" --studies "$(STUDY)" --device "$(DEVICE)" --cores "$(CORES)"

test: $(SETUP)/test
	$(BIN)/python -m pytest $(PYTEST)

lint: $(SETUP)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy

bench: $(SETUP)/bench
	$(BIN)/python -m benchmarks $(BENCH)

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

clean:
	rm -rf $(VENV) .snakemake .cache

$(SETUP)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with make PYTHON=..." >&2; exit 2; }
	@echo "making $(VENV) (once; this takes a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p $(SETUP) && touch $@

$(SETUP)/workflow: $(SETUP)/python pyproject.toml requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ".[workflow]"
	@touch $@

$(SETUP)/test: $(SETUP)/workflow
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ".[workflow,test]"
	@touch $@

$(SETUP)/bench: $(SETUP)/workflow
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ".[workflow,bench]"
	@touch $@
