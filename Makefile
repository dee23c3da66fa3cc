# `make app` serves the app, `make test` tests it; Python 3.11 or newer is all they need.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PYTEST := $(BIN)/python -m pytest
# The browser has one server, and every core to itself.
PARALLEL := --numprocesses auto --maxprocesses 4 --ignore tests/browser

.PHONY: app test test-slow check benchmark clean

app: .venv/app.stamp data/en/events.csv
	$(BIN)/streamlit run app.py

test: check
	$(BIN)/python tests/browser/install.py
	$(PYTEST) -m "not slow" $(PARALLEL)
	$(PYTEST) -m "not slow" tests/browser

test-slow: .venv/test.stamp
	$(PYTEST) -m slow $(PARALLEL)
	$(PYTEST) -m slow tests/browser

check: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST) -q tests/test_architecture.py

benchmark: .venv/test.stamp
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

data/en/events.csv: | .venv/app.stamp
	$(BIN)/python -m opslib.simulate --out data

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis test-report

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("opslib needs Python 3.11 or newer; name one: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

.venv/app.stamp: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) --editable '.[app]'
	@touch $@

.venv/test.stamp: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) --editable '.[test]'
	@touch $@ .venv/app.stamp
