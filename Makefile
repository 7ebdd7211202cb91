# The words of this project; CI uses the same ones.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.docs-installed
NATIVE := CMakeLists.txt $(wildcard native/*.cpp native/*.h)
# Kept from one install to the next, so that only what changed is compiled.
BUILD := build/native
BENCH ?=
SPREAD := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help install demo check test test-slow docs bench fuzz kills truth sanitize clean

help:  ## show these words
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml constraints.txt $(NATIVE)
	$(PYTHON) -c 'import sys; sys.exit("slicken needs Python 3.11 or newer; try make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --constraint constraints.txt --group build
	$(BIN)/pip install --quiet --constraint constraints.txt --no-build-isolation --config-settings build-dir=$(BUILD) --editable '.[all]' --group dev
	@! cat $(VENV)/lib/*/site-packages/slicken/learning/engine/not-built.txt 2>/dev/null || \
	  echo "so slicken is installed without its native engine; $(BIN)/slicken doctor says more, and if a compiler ran, $(BIN)/cmake --build $(BUILD) shows its words"
	@touch $@

install: $(STAMP)  ## make .venv with slicken and its tools, versions pinned

demo: install  ## simulate a rig, run a small study on it, write figures to demo/
	$(BIN)/slicken demo --out demo

check: install  ## format, lint, types, and the walls between the rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: install  ## what to run after a change: every room, doctests, one study from logs to page
	$(BIN)/pytest $(SPREAD)

test-slow: install  ## the rest: kills, workers, a browser, fuzz, all shapes, real logs
	$(BIN)/pytest $(SPREAD) -m slow

$(DOCS_STAMP): $(STAMP)
	$(BIN)/pip install --quiet --constraint constraints.txt --group docs
	@touch $@

docs: $(DOCS_STAMP)  ## the documentation as pages, in build/docs; a broken link is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --conf-dir docs --doctree-dir build/doctrees . build/docs
	@echo "build/docs/index.html"

bench: install  ## memory, and speed beside peers, with the machine they were measured on
	$(BIN)/python benchmarks/memory.py
	$(BIN)/python benchmarks/environments.py
	$(BIN)/python benchmarks/speed.py $(BENCH)

fuzz: install  ## spoil ten thousand logs; with SLICKEN_DATA, real ones too
	SLICKEN_FUZZ_CASES=10000 $(BIN)/pytest -m '' tests/fuzz

kills: install  ## kill a study 500 times, and compare what it ends with
	$(BIN)/python tests/study/kills.py 500 --figures

truth: install  ## study every planted truth, and fit every planted law; writes docs/truth.json, docs/laws.json and the pages
	$(BIN)/slicken truth --out truth --write docs/truth.json
	$(BIN)/python benchmarks/truth_page.py docs/truth.json
	$(BIN)/slicken truth --laws --workers 2 --out truth --write docs/laws.json
	$(BIN)/python benchmarks/laws_page.py docs/laws.json $(wildcard docs/laws_real.json)

sanitize: install  ## the native engine under AddressSanitizer and ThreadSanitizer
	native/sanitize.sh address -m ''
	native/sanitize.sh thread -m ''

clean:  ## remove what make made
	rm -rf $(VENV) benchmarks/.venvs build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
