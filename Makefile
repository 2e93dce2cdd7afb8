# make figures | make test | make docs | make bench. Each does its own set-up in
# .venv, from pyproject.toml and requirements.lock.
#
#   make figures                      every figure and verdict, laptop scale
#   make figures SCALE=smoke          smoke | laptop | paper
#   make quick                        a few figures, small, in about a minute
#   make figures STUDY=multi_index    one study (or several: STUDY=a,b)
#   make figures FIGURE=escape_times  one figure, or several, with what they need
#   make figures CORES=4 DEVICE=cpu   cores to use; auto | cpu | cuda
#   make figures PROFILE=slurm        where jobs run: a folder of profiles/
#   make figures STORE=s3://bucket/folder
#                                     results live in an object store: fetched
#                                     before, sent after; archive, too
#   make push STORE=...  make pull STORE=...
#                                     send and fetch results, without a run
#   make cost SCALE=paper             CPU hours, the longest job, memory
#   make spent                        where the CPU time of the last runs went
#   make ask TARGET="h2(z1) + h3(z2)" what learns a target; D=1000 its dimension,
#                                     CHECK=1 with a measured check, NOISE=0.5
#                                     with label noise, LINK=g=values.csv with a
#                                     function of your own
#   make status                       what is current, stale, edited, damaged or
#                                     missing, and why
#   make report                       the report of a scale, if it is out of date
#                                     (make figures does this too)
#   make docs                         the site, in docs/_build/html
#   make new-study NAME=my_study      a study from the template, to be changed
#   make fuzz                         strange configs, targets and archives for
#                                     10 minutes; FUZZ_SECONDS=60
#   make campaign                     kills, flips, swaps and strange input: what
#                                     held; AREA=flips SEED=1 FIRST=0 COUNT=100
#   make test  make lint  make bench  tests; style, types and English; timings
#                                     beside other libraries
#   make gpu-check                    every CUDA path beside the CPU, in eight
#                                     minutes; WRITE=1 keeps the times for
#                                     DEVICE=auto
#   make gpu-wheels                   what gpu-check needs on a machine with
#                                     PyTorch alone, in gpu_wheels/;
#                                     PYTHON_VERSION=3.12 for another Python
#   make archive                      pack a finished scale; WITH_RUNS=1 with
#                                     training artifacts, ALLOW_UNCOMMITTED=1,
#                                     SIGN=key
#   make verify ARCHIVE=file          is it what was packed, and a valid Workflow
#                                     Run RO-Crate? SIGNERS=file: by whom?
#   make restore ARCHIVE=file         put its results into results/; FORCE=1
#                                     replaces others
#   make reproduce ARCHIVE=file       run again and compare; STUDY=a,b for some of
#                                     its studies
#   make paper-exports                figures as PDF and claims.tex, macros by
#                                     claim, for a paper
#   make verdicts                     write docs/verdicts.md; those of another
#                                     SCALE into a page beside it
#   make robustness                   do the verdicts hold under rounding, other
#                                     seeds (ROOT_SEED=7), by chance?
#   make pictures                     copy the pictures of the documents from the
#                                     results
#   make clean                        remove .venv, caches, the records of the
#                                     engine and the built site; without its
#                                     records the engine judges results by their
#                                     times, and makes some of them again

KNOWN := SCALE STUDY FIGURE PROFILE STORE CORES DEVICE ARCHIVE WITH_RUNS ALLOW_UNCOMMITTED FORCE SIGN SIGNERS NAME TARGET D CHECK NOISE LINK ROOT_SEED WRITE FUZZ_SECONDS AREA SEED FIRST COUNT PYTHON PYTHON_VERSION VENV PYTEST BENCH SPHINX
UNKNOWN := $(strip $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $(v))),$(filter-out $(KNOWN),$(v)))))
NEAREST = $(shell python3 -c 'import difflib, sys; print(*("did you mean %s? " % name for name in difflib.get_close_matches(sys.argv[1], sys.argv[2:], 1)))' $(firstword $(UNKNOWN)) $(KNOWN) 2>/dev/null)
$(if $(UNKNOWN),$(error $(firstword $(UNKNOWN)) is not a variable of this Makefile; $(NEAREST)known: $(KNOWN)))

SCALE ?=
STUDY ?=
FIGURE ?=
PROFILE ?=
STORE ?=
CORES ?= all
DEVICE ?=
PYTHON ?= python3
ARCHIVE ?=
WITH_RUNS ?=
ALLOW_UNCOMMITTED ?=
FORCE ?=
SIGN ?=
SIGNERS ?=
NAME ?=
ROOT_SEED ?=
WRITE ?=
FUZZ_SECONDS ?= 600
AREA ?=
SEED ?=
FIRST ?=
COUNT ?=
TARGET ?=
D ?=
CHECK ?=
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.made
export PATH := $(CURDIR)/$(BIN):$(PATH)

# One figure of each study, with what computes it in seconds.
QUICK := atlas/map,two_parameter/sphere,subspace_polynomials/coefficient,multi_index/staircase,ridge_combinations/superorthogonal,gradient_hardness/cosine_class

# A folder that was copied or moved with its .venv would run nothing, or the source of the original.
ELSEWHERE := $(shell [ ! -e .venv/.made/python ] || grep -qF -- "-m venv $(CURDIR)/.venv" .venv/pyvenv.cfg || echo yes)
ifeq ($(ELSEWHERE)$(VENV),yes.venv)
$(info .venv was made in another folder: it is made again)
$(shell rm -rf .venv .venv-validator)
endif

VALIDATOR := .venv-validator
LEARNABILITY := $(BIN)/learnability

.PHONY: gpu-check gpu-wheels figures quick ask push pull cost spent status test fuzz campaign bench lint docs clean help report paper-exports archive verify restore reproduce verdicts robustness pictures new-study named-archive
.DEFAULT_GOAL := figures

figures: $(SETUP)/workflow $(if $(filter slurm,$(PROFILE)),$(SETUP)/slurm) $(if $(STORE),$(SETUP)/s3)
	@$(LEARNABILITY) figures $(if $(SCALE),--scale "$(SCALE)") $(if $(STUDY),--study "$(STUDY)") $(if $(FIGURE),--figure "$(FIGURE)") $(if $(PROFILE),--profile "$(PROFILE)") $(if $(STORE),--store "$(STORE)") $(if $(DEVICE),--device "$(DEVICE)") --cores "$(CORES)"

quick: $(SETUP)/workflow
	@$(LEARNABILITY) figures --scale smoke --figure "$(QUICK)" --cores "$(CORES)"

push pull: $(SETUP)/s3
	@[ -n "$(STORE)" ] || { echo "name a store: make $@ STORE=s3://bucket/folder" >&2; exit 2; }
	@$(LEARNABILITY) $@ "$(STORE)" $(if $(SCALE),--scale "$(SCALE)") $(if $(FORCE),--force)

cost: $(SETUP)/workflow
	@$(LEARNABILITY) cost $(if $(SCALE),--scale "$(SCALE)") $(if $(STUDY),--study "$(STUDY)") --cores "$(CORES)"

spent: $(SETUP)/workflow
	@$(LEARNABILITY) spent $(if $(SCALE),--scale "$(SCALE)")

ask: export ASKED := $(TARGET)
ask: $(SETUP)/workflow
	@[ -n "$$ASKED" ] || { echo 'name a target: make ask TARGET="h2(z1) + h3(z2)"' >&2; exit 2; }
	@$(LEARNABILITY) ask "$$ASKED" $(if $(D),--dimension "$(D)") $(if $(CHECK),--check) $(if $(NOISE),--label-noise "$(NOISE)") $(if $(LINK),--link "$(LINK)") --cores "$(CORES)"

status: $(SETUP)/workflow
	@$(LEARNABILITY) status $(if $(SCALE),--scale "$(SCALE)") $(if $(STUDY),--study "$(STUDY)")

report: $(SETUP)/workflow
	@$(LEARNABILITY) report $(if $(SCALE),--scale "$(SCALE)") $(if $(STUDY),--study "$(STUDY)")

paper-exports: $(SETUP)/workflow
	@$(LEARNABILITY) paper-exports $(if $(SCALE),--scale "$(SCALE)")

archive: $(SETUP)/workflow $(if $(STORE),$(SETUP)/s3)
	@$(LEARNABILITY) archive pack $(if $(SCALE),--scale "$(SCALE)") $(if $(STUDY),--study "$(STUDY)") $(if $(WITH_RUNS),--with-runs) $(if $(ALLOW_UNCOMMITTED),--allow-uncommitted) $(if $(SIGN),--sign "$(SIGN)") $(if $(STORE),--store "$(STORE)")

verify: named-archive $(SETUP)/workflow $(if $(findstring ://,$(ARCHIVE)),$(SETUP)/s3)
	@[ -e $(VALIDATOR)/.made ] || $(MAKE) --no-print-directory $(VALIDATOR) || echo "the profile will not be checked" >&2
	@$(LEARNABILITY) archive verify "$(ARCHIVE)" $(if $(SIGNERS),--signers "$(SIGNERS)")

restore: named-archive $(SETUP)/workflow $(if $(findstring ://,$(ARCHIVE)),$(SETUP)/s3)
	@$(LEARNABILITY) archive restore "$(ARCHIVE)" $(if $(FORCE),--force)

reproduce: named-archive $(SETUP)/workflow $(if $(findstring ://,$(ARCHIVE)),$(SETUP)/s3)
	@$(LEARNABILITY) archive reproduce "$(ARCHIVE)" $(if $(STUDY),--study "$(STUDY)") $(if $(DEVICE),--device "$(DEVICE)") --cores "$(CORES)"

pictures:
	@for f in atlas/map multi_index/escape_times multi_index/planted_split two_parameter/splitting; do \
	  cp "results/$(or $(SCALE),laptop)/$${f%/*}/figures/$${f#*/}.png" docs/pictures/$$f.png; done

verdicts: $(SETUP)/workflow
	@$(LEARNABILITY) verdicts results/$(or $(SCALE),laptop)/claims.json

robustness: $(SETUP)/workflow
	@$(LEARNABILITY) robustness $(if $(SCALE),--scale "$(SCALE)") $(if $(STUDY),--study "$(STUDY)") $(if $(ROOT_SEED),--root-seed "$(ROOT_SEED)") --cores "$(CORES)"

new-study: $(SETUP)/test
	@$(LEARNABILITY) new-study "$(NAME)"

docs: $(SETUP)/docs
	@$(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet docs docs/_build/html $(SPHINX)
	@echo "docs/_build/html/index.html"

named-archive:
	@[ -n "$(ARCHIVE)" ] || { echo "name an archive: make ... ARCHIVE=results/archive/<file>.zip" >&2; exit 2; }

test: $(SETUP)/test
	$(BIN)/python -m pytest -n 2 --dist loadfile -rfEs $(PYTEST)

fuzz: $(SETUP)/test
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python -m pytest -n 2 tests/fuzz

campaign: $(SETUP)/test
	cd tests && ../$(BIN)/python -m campaign $(if $(AREA),--area $(AREA)) $(if $(SEED),--seed $(SEED)) $(if $(FIRST),--first $(FIRST)) $(if $(COUNT),--count $(COUNT))

lint: $(SETUP)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/contracts/test_english.py

bench: $(SETUP)/bench
	$(BIN)/python -m benchmarks $(BENCH)

gpu-check: $(SETUP)/workflow
	@$(BIN)/python -m benchmarks.gpu_check $(if $(WRITE),--write)

gpu-wheels: $(SETUP)/workflow
	@$(BIN)/python -m pip download -qq --disable-pip-version-check --only-binary :all: -c requirements.lock -d gpu_wheels \
	  $(if $(PYTHON_VERSION),--python-version $(PYTHON_VERSION)) mpmath numba pydantic python-flint ruamel.yaml scikit-learn scipy threadpoolctl xarray
	@rm -f gpu_wheels/numpy-*.whl && du -sh gpu_wheels

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

clean:
	rm -rf $(VENV) $(VALIDATOR) .snakemake .cache docs/_build docs/generated

$(SETUP)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with make PYTHON=..." >&2; exit 2; }
	@echo "making $(VENV) (once; this takes a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p $(SETUP) && touch $@

# pip would write bytecode with one process, and that of tests and of much that no job imports, too.
$(SETUP)/workflow: $(SETUP)/python pyproject.toml requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile -c requirements.lock -e ".[workflow]"
	@$(BIN)/python -m compileall -qq -j 0 -x '/(tests?|sympy|networkx|sqlalchemy|pip|setuptools|torch/(_inductor|_dynamo|testing|onnx))/' $(VENV)/lib || true
	@touch $@

$(SETUP)/slurm: $(SETUP)/workflow
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c requirements.lock -e ".[workflow,slurm]"
	@touch $@

$(SETUP)/s3: $(SETUP)/workflow
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c requirements.lock -e ".[workflow,s3]"
	@touch $@

$(SETUP)/test: $(SETUP)/workflow
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c requirements.lock -e ".[workflow,slurm,s3,test]"
	@touch $@

$(SETUP)/docs: $(SETUP)/workflow
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c requirements.lock -e ".[workflow,docs]"
	@touch $@

$(SETUP)/bench: $(SETUP)/workflow
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c requirements.lock -e ".[workflow,bench]"
	@touch $@

.PHONY: $(VALIDATOR)
$(VALIDATOR):
	@[ -e $(VALIDATOR)/.made ] || echo "making $(VALIDATOR) (once)"
	@[ -e $(VALIDATOR)/.made ] || $(PYTHON) -m venv $(VALIDATOR)
	@[ -e $(VALIDATOR)/.made ] || $(VALIDATOR)/bin/python -m pip install -qq --disable-pip-version-check "roc-validator==0.13.0"
	@touch $(VALIDATOR)/.made
