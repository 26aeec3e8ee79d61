# Two commands on a fresh machine: `make verify` and `make test`.
# Both create .venv and install into it once; a second call installs nothing.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP_ARGS ?=
VERIFY_ARGS ?=
PYTEST_ARGS ?=
MUTATION_ARGS ?= --sample 100
PIP := $(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt $(PIP_ARGS)

.PHONY: verify test mutation lint docs study findings map law capacity certificates coq proofs weights release install install-all clean

verify: $(VENV)/.installed
	$(BIN)/factbound verify $(VERIFY_ARGS)
	@echo "The command is $(BIN)/factbound. To type 'factbound' alone: source $(BIN)/activate"

test: $(VENV)/.installed-all
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

lint: $(VENV)/.installed-all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

docs: $(VENV)/.installed-all
	$(BIN)/python -m sphinx -W -q -b html docs docs/_build/html

# What is too long for the tests: error rates, twenty kills, the reference tables with all their seeds.
study: $(VENV)/.installed-all
	$(BIN)/python tests/studies/statistics_study.py
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --full tests/runs/test_kill.py tests/experiments/one_layer/reference

# Whether tests notice small faults (docs/development.md); run again, it resumes. Nightly: --sample 30 --seed COMMIT.
mutation: $(VENV)/.installed-all
	$(BIN)/python tests/mutation/mutate.py $(MUTATION_ARGS)

# The study behind docs/findings.md; finished runs are found again in results/findings.
findings: $(VENV)/.installed-all
	-$(BIN)/factbound verify --config tests/studies/findings.toml --output results/findings
	-$(BIN)/factbound lm run --set seeds.base=3000 --set 'seeds.looks=[16,32]' --output results/findings-lm
	$(BIN)/python tests/studies/findings.py results/findings/results.json docs/findings.md results/findings-lm/results.json

# The record of proofs that results state: proves everything again.
certificates: $(VENV)/.installed
	$(BIN)/python -m theory.certify.record

# The formal proofs: installs Coq where it may, compiles, compares with the claims, and records that (docs/proofs/formal.md).
COQ := coq libcoq-mathcomp-ssreflect libcoq-mathcomp-algebra libcoq-mathcomp-zify
coq:
	@command -v coqc > /dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(COQ) > /dev/null; } \
	  || { echo "the formal proofs need Coq 8.16 and mathcomp 1.15; on Debian 12, as root: apt-get install $(COQ)"; exit 1; }
proofs: coq $(VENV)/.installed-all
	$(BIN)/python -m theory.certify.formal_proofs
	$(BIN)/python -m pytest tests/theory/certify/test_formal.py

# The map of regimes in docs/findings.md; finished runs are found again in results/map.
MAP := factbound map --config tests/studies/map.toml
map: $(VENV)/.installed
	$(BIN)/$(MAP) --output results/map
	$(BIN)/python tests/studies/map_section.py results/map/map.json docs "$(MAP)"

# The law of extraction in docs/map.md, and law.json, which predict and plan read; what is trained is found again.
law: $(VENV)/.installed
	$(BIN)/python tests/studies/law.py measure results/law
	$(BIN)/python tests/studies/law.py fit results/law docs/law.csv
	$(BIN)/python tests/studies/law.py tell docs/law.csv docs/map.md

# Storage and extraction against the width of the MLP, in docs/papers/capacity.md.
capacity: $(VENV)/.installed
	$(BIN)/python tests/studies/capacity.py measure docs/papers/capacity.csv
	$(BIN)/python tests/studies/capacity.py tell docs/papers/capacity.csv docs/papers/capacity.md

# A small pretrained language model for 'factbound lm run --preset smollm2', into the user's cache.
weights: $(VENV)/.installed-all
	$(BIN)/python -m empirics.experiments.language_models.weights

# Wheel, source distribution, bill of materials and SHA256SUMS of HEAD in dist/; fails where two builds differ.
release: $(VENV)/.installed-all
	$(BIN)/python tests/release/release.py

install: $(VENV)/.installed
install-all: $(VENV)/.installed-all

$(BIN)/python:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "factbound needs Python 3.11 or later; try: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.installed-all: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist *.egg-info docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
