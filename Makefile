# Every command of this project. Each makes what it needs first, in .venv, from the locked files.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Twice the processors of a small machine: the tests of whole processes mostly wait.
WORKERS ?= 4

# What a mistake would cost most in is held to more: the policy, the reading, the acting.
CORE := sesauditd/model/*,sesauditd/ingest/*,sesauditd/enforce/*
CORE_FLOOR := 95
FLOOR := 85

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Each of hundreds of processes would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --quiet
# The locks name everything, so nothing is resolved: a release made since cannot get in the way.
LOCKED := $(PIP) install --no-deps --require-hashes
PYTEST := $(BIN)/python -m pytest
SPREAD := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
ignoring = $(patsubst %,--ignore=%,$(1))
# To trace doubles what a test costs, so it is done where it tells something: not through the store,
# which every test uses, nor where the same ways are gone again and again, killed, at random or long.
HEAVY := $(addprefix tests/unit/,cli/test_any_text.py cli/test_listings.py enforce/test_any_sequence.py enforce/test_blocking.py \
	enforce/test_crashes.py enforce/test_many_blocks.py jobs/test_crashes.py jobs/test_storm.py \
	jobs/test_table.py model/test_surge.py onboard/test_hcl.py onboard/test_terraform.py \
	sandbox/test_front.py sandbox/test_furnish.py store)
# Goes through most of onboarding.
KEEPING := tests/live/test_keeping_commands.py
TRACED := tests/unit tests/contract $(KEEPING) $(call ignoring,$(HEAVY))
# The long ones first, so that no worker is left alone with one of them.
UNTRACED := tests/live $(HEAVY) tests/stories tests/acceptance tests/browser tests/packaging tests/docs \
	tests/hygiene $(call ignoring,$(KEEPING))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test units wholes test-full test-postgresql check lint types layers hygiene format soak bench \
	reference lock clean

help:
	@echo "make demo       watch a generated month of mail being judged; needs nothing but Python"
	@echo "make test       the tests: units with their coverage, then the program as a whole"
	@echo "make check      style, types, layers and budgets"
	@echo "make test-full  check, test, the slow tests, and those of the store on PostgreSQL"
	@echo "make soak       the daemon under load, in outages and killed; the property tests at length"
	@echo "make bench      the benchmarks against their peers; about 15 minutes, nothing else should run"
	@echo "make format     put the code in form"
	@echo "make reference  write docs/reference anew from the code"
	@echo "make lock       resolve the dependencies anew (UPGRADE=--upgrade: to their newest)"
	@echo "make clean      remove what was made"

demo: $(VENV)/demo.stamp
	$(BIN)/sesauditd demo --headless $(DEMO_OPTIONS)

test: units wholes

units: $(VENV)/development.stamp
	$(PYTEST) $(SPREAD) -m "not slow" --cov --cov-report= $(TRACED)
	@$(call covered,$(FLOOR),all,)
	@$(call covered,$(CORE_FLOOR),$(CORE),--include=$(CORE))

wholes: $(VENV)/development.stamp
	$(PYTEST) $(SPREAD) -m "not slow" $(UNTRACED)

test-full: check
	$(PYTEST) $(SPREAD) --cov --cov-report= $(TRACED)
	@$(call covered,$(FLOOR),all,)
	@$(call covered,$(CORE_FLOOR),$(CORE),--include=$(CORE))
	$(PYTEST) $(SPREAD) $(UNTRACED)
	$(MAKE) test-postgresql

# The same tests on a server that is started for them and gone afterwards.
test-postgresql: $(VENV)/development.stamp
	tests/support/with_postgres $(PYTEST) $(SPREAD) \
		tests/unit/store tests/unit/store_reports tests/acceptance tests/live/test_two_daemons.py

# Each check is a target of its own: `make -k check` shows what all of them find.
check: lint types layers hygiene

lint: $(VENV)/development.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/development.stamp
	$(BIN)/mypy

layers: $(VENV)/development.stamp
	$(BIN)/lint-imports --no-logo

hygiene: $(VENV)/development.stamp
	$(PYTEST) -q tests/hygiene

format: $(VENV)/development.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

soak: $(VENV)/development.stamp build/ministack/bin/ministack
	SESAUDITD_MINISTACK=$(CURDIR)/build/ministack/bin/ministack $(PYTEST) -s tests/soak
	$(PYTEST) -m slow tests/live/test_failpoints.py
	$(PYTEST) $(SPREAD) -m hypothesis --hypothesis-profile=soak

bench: $(VENV)/development.stamp
	$(BIN)/python benchmarks/all.py --json build/benchmarks/all.json --markdown build/benchmarks/all.md

# An emulator of SQS and S3 that bears some thousand messages. It pins its libraries, so it lives
# in an environment of its own.
build/ministack/bin/ministack: | $(BIN)/python
	$(BIN)/python -m venv build/ministack
	build/ministack/bin/python -m pip --quiet install ministack==1.5.33

# Resolved on the oldest Python, which needs everything that newer ones need and more.
reference: $(VENV)/development.stamp
	$(BIN)/python -m tests.support.reference docs/reference

lock:
	@$(call new_enough,$(PYTHON))
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip --quiet install "pip-tools>=7.5.2"
	$(call compiled,requirements-dev.txt,--extra=dev --extra=alerts --extra=sandbox --extra=postgres pyproject.toml requirements-build.in)
	$(call compiled,requirements-build.txt,--constraint=requirements-dev.txt requirements-build.in)
	$(call compiled,requirements-demo.txt,--constraint=requirements-dev.txt --extra=sandbox pyproject.toml)
	$(call compiled,requirements.txt,--constraint=requirements-dev.txt pyproject.toml)

clean:
	rm -rf $(VENV) build dist .coverage .coverage.* .hypothesis sesauditd-demo
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(call new_enough,$(PYTHON))
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements.txt requirements-build.txt pyproject.toml | $(BIN)/python
	$(LOCKED) -r requirements.txt -r requirements-build.txt
	$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	@touch $@

# The demo plays on a small AWS of its own.
$(VENV)/demo.stamp: requirements-demo.txt $(VENV)/runtime.stamp
	$(LOCKED) -r requirements-demo.txt
	@touch $@

$(VENV)/development.stamp: requirements-dev.txt $(VENV)/runtime.stamp
	$(LOCKED) -r requirements-dev.txt
	@touch $@

# new_enough(python): refuse in one line what cannot run this.
define new_enough
$(1) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	|| { echo "sesauditd needs Python 3.11 or newer, and $(1) is not: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
endef

# covered(floor, what, option): one line if enough branches are covered, the gaps if not.
define covered
$(BIN)/coverage report $(3) --format=total --fail-under=$(1) >$(VENV)/covered \
	&& echo "covered: $$(cat $(VENV)/covered) % of $(2), $(1) % asked for" \
	|| { $(BIN)/coverage report $(3) --fail-under=$(1); exit 1; }
endef

# compiled(file, sources): no address of an index goes into the file.
define compiled
CUSTOM_COMPILE_COMMAND="make lock" build/lock/bin/pip-compile --quiet $(UPGRADE) \
	--output-file=$(1) $(2)
endef
