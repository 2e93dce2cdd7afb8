# make figures | make test | make bench. Each does its own set-up in .venv, from pyproject.toml and requirements.lock.
#
#   make figures                      every figure and verdict, laptop scale
#   make figures SCALE=smoke          smoke | laptop | paper
#   make figures STUDY=multi_index    one study (or several: STUDY=a,b)
#   make figures CORES=4 DEVICE=cpu   cores to use; auto | cpu | cuda
#   make report                       the report of a scale, if it is out of date (make figures does this too)
#   make archive                      pack a finished scale; WITH_RUNS=1 with training artifacts, ALLOW_UNCOMMITTED=1
#   make verify ARCHIVE=file          is it what was packed, and a valid Workflow Run RO-Crate?
#   make restore ARCHIVE=file         lay its results into results/; FORCE=1 replaces others
#   make reproduce ARCHIVE=file       run again and compare; STUDY=a,b for some of its studies
#   make readme                       write the table of verdicts into README.md
#   make pictures                     copy the README's pictures from the results

SCALE ?=
STUDY ?=
CORES ?= all
DEVICE ?=
PYTHON ?= python3
ARCHIVE ?=
WITH_RUNS ?=
ALLOW_UNCOMMITTED ?=
FORCE ?=
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.made
export PATH := $(CURDIR)/$(BIN):$(PATH)

VALIDATOR := .venv-validator
ARCHIVING := $(BIN)/python -m learnability.archive

.PHONY: figures test bench lint clean help report archive verify restore reproduce readme pictures named-archive
.DEFAULT_GOAL := figures

figures: $(SETUP)/workflow
	@$(BIN)/python -m learnability.pipeline.launch --scale "$(SCALE)" --studies "$(STUDY)" --device "$(DEVICE)" --cores "$(CORES)"

report: $(SETUP)/workflow
	@$(BIN)/python -m learnability.report.engine_report --scale "$(SCALE)" --studies "$(STUDY)"

archive: $(SETUP)/workflow
	@$(ARCHIVING).pack --scale "$(SCALE)" --studies "$(STUDY)" $(if $(WITH_RUNS),--with-runs) $(if $(ALLOW_UNCOMMITTED),--allow-uncommitted)

verify: named-archive $(SETUP)/workflow
	@[ -e $(VALIDATOR)/.made ] || $(MAKE) --no-print-directory $(VALIDATOR) || echo "the profile will not be checked" >&2
	@$(ARCHIVING).verify "$(ARCHIVE)"

restore: named-archive $(SETUP)/workflow
	@$(ARCHIVING).restore "$(ARCHIVE)" $(if $(FORCE),--force)

reproduce: named-archive $(SETUP)/workflow
	@$(ARCHIVING).reproduce "$(ARCHIVE)" --studies "$(STUDY)" --device "$(DEVICE)" --cores "$(CORES)"

pictures:
	@mkdir -p docs/pictures
	@for f in multi_index/figures/escape_times multi_index/figures/planted_split two_parameter/figures/splitting; do \
	  cp "results/$(or $(SCALE),laptop)/$$f.png" docs/pictures/; done

readme: $(SETUP)/workflow
	@$(BIN)/python -m learnability.report.verdict_table results/$(or $(SCALE),laptop)/claims.json

named-archive:
	@[ -n "$(ARCHIVE)" ] || { echo "name an archive: make ... ARCHIVE=results/archive/<file>.zip" >&2; exit 2; }

test: $(SETUP)/test
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST)

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
	rm -rf $(VENV) $(VALIDATOR) .snakemake .cache

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

.PHONY: $(VALIDATOR)
$(VALIDATOR):
	@[ -e $(VALIDATOR)/.made ] || echo "making $(VALIDATOR) (once)"
	@[ -e $(VALIDATOR)/.made ] || $(PYTHON) -m venv $(VALIDATOR)
	@[ -e $(VALIDATOR)/.made ] || $(VALIDATOR)/bin/python -m pip install --quiet --disable-pip-version-check "roc-validator==0.13.0"
	@touch $(VALIDATOR)/.made
