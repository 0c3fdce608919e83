# The commands of Casehouse. `make help` lists them.
PYTHON ?= python3
UV_VERSION = 0.13.9
BIN = .venv/bin
UV = $(BIN)/uv
export UV_PROJECT_ENVIRONMENT = .venv
export GX_ANALYTICS_ENABLED = false
export DAGSTER_TELEMETRY_ENABLED = false
REAL = ../shared/data/argentina_linea_145

.DEFAULT_GOAL := help
.PHONY: help install run real ui check test fuzz mutants release verify docs pictures peers spark bench clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: .venv/.installed  ## Make .venv with the casehouse command in it

# Wheels only: a source distribution runs code when it is installed.
.venv/.uv: Makefile
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: uv==$(UV_VERSION)
	@touch $@

.venv/.installed: .venv/.uv uv.lock pyproject.toml
	@echo "Installing Casehouse into .venv ..."
	@$(UV) sync --quiet --locked --no-build --compile-bytecode --no-install-project --inexact
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@echo "Compiling the anonymizer (once) ..."
	@$(BIN)/python -c 'from anonymize.warming import main; main()' > /dev/null
	@touch $@

.venv/.installed-dev: .venv/.installed
	@echo "Installing what checks and tests need ..."
	@$(UV) sync --quiet --locked --no-build --compile-bytecode --no-install-project --inexact --group dev
	@touch $@

run: install  ## Sample batches in, a verified anonymous release out, on an instance in var/
	@$(BIN)/casehouse run --sample --release
	@$(BIN)/casehouse verify $${CASEHOUSE_HOME:-var}/releases/latest

real: install  ## The two published Argentine files in, a k-anonymous extract out, on an instance in var/real
	@test -d $(REAL) || { echo "$(REAL) is absent: put the two published files of Linea 145 there"; exit 2; }
	@CASEHOUSE_HOME=$${CASEHOUSE_HOME:-var/real} sh -c '$(BIN)/casehouse submit ar-linea-145 $(REAL)/*.csv && $(BIN)/casehouse run --release'

ui: install  ## Open the Dagster web pages on the same instance (ctrl-c ends them)
	@$(BIN)/casehouse ui

release: install  ## Publish what the warehouse holds
	@$(BIN)/casehouse release

verify: install  ## Recompute what the latest release promises from its bytes
	@$(BIN)/casehouse verify $${CASEHOUSE_HOME:-var}/releases/latest

check: .venv/.installed-dev  ## Format, lint, types, import contracts, generated docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/casehouse docs --check

test: .venv/.installed-dev  ## All tests, with branch coverage
	@sh tests/browser/install.sh
	@$(BIN)/pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder --durations 10

fuzz: .venv/.installed-dev  ## The long runs: 100,000 mutated files, 1,000 histories of corrections, 10,000 tables measured twice (hours)
	@CASEHOUSE_FUZZ=1 CASEHOUSE_FUZZ_FILES=100000 CASEHOUSE_ALL_FAULTS=1 $(BIN)/pytest --numprocesses 2 --dist load tests/property tests/faults

mutants: .venv/.installed-dev  ## Change the search, the measures and the gate in every small way: do the tests notice? (an hour)
	@NUMBA_DISABLE_JIT=1 POLARS_MAX_THREADS=1 $(BIN)/mutmut run --max-children 2
	@$(BIN)/python benchmarks/mutants.py

pictures: .venv/.installed-dev  ## Draw the pictures of README and docs anew, from the instance in var/
	@$(BIN)/python docs/pictures/chart.py
	@$(BIN)/python docs/pictures/graph.py
	@$(BIN)/python docs/pictures/check.py
	@$(BIN)/python docs/pictures/classes.py
	@$(BIN)/python docs/pictures/review.py

.venv/.installed-bench: .venv/.installed-dev
	@echo "Installing what the benchmarks compare with ..."
	@$(UV) sync --quiet --locked --no-build --compile-bytecode --no-install-project --inexact --group dev --group bench
	@touch $@

# A peer pins what another forbids, so each has an environment of its own. Wheels only, as everywhere.
.venv-peers/.installed: .venv/.uv $(wildcard benchmarks/peers/requirements/*.txt)
	@for file in benchmarks/peers/requirements/*.txt; do \
	  peer=$$(basename $$file .txt); echo "Installing $$peer ..."; \
	  $(UV) venv --quiet --clear --python $(PYTHON) .venv-peers/$$peer || exit 1; \
	  $(UV) pip install --quiet --no-build --no-deps --python .venv-peers/$$peer/bin/python --requirement $$file || exit 1; \
	done
	@touch $@

peers: .venv-peers/.installed  ## Install what docs/anonymizers.md and docs/linkage.md compare with, into .venv-peers

# Spark for one measurement. pyspark has no wheel, so this alone is built from source: a pinned version, in an environment of its own.
PYSPARK = pyspark==4.3.0
.venv-spark/.installed: .venv/.uv uv.lock
	@echo "Installing pyspark, which is built from source (half a gigabyte) ..."
	@$(UV) venv --quiet --clear --python $(PYTHON) .venv-spark
	@UV_PROJECT_ENVIRONMENT=.venv-spark $(UV) sync --quiet --locked --no-build --no-install-project
	@$(UV) pip install --quiet --no-build --python .venv-spark/bin/python py4j==0.10.9.9 setuptools==84.2.1
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python .venv-spark/bin/python $(PYSPARK)
	@touch $@

spark: .venv-spark/.installed  ## Install Spark, on which docs/linkage.md shows the same pairs, into .venv-spark (needs Java 17)

bench: .venv/.installed-bench peers  ## Measure what the README claims, beside the peers
	@$(BIN)/python benchmarks/anonymizers.py
	@$(BIN)/python benchmarks/flags.py
	@$(BIN)/python benchmarks/attacks.py
	@$(BIN)/python benchmarks/releases_over_time.py
	@$(BIN)/python benchmarks/hostile_files.py
	@$(BIN)/python benchmarks/reading.py
	@$(BIN)/python benchmarks/checking.py
	@$(BIN)/python benchmarks/linkers.py

docs: .venv/.installed-dev  ## Write docs/generated anew
	@$(BIN)/casehouse docs

clean:  ## Remove the environment and the instance in var/
	rm -rf .venv .venv-peers .venv-spark var
