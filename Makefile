# Every target sets up what it needs, in .venv and target, and is safe to run again.
# A machine with Rust, Python >= 3.11, a C compiler and make is enough; peers that are absent are skipped and named.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
CACHE ?= $(or $(MAILSEAL_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/mailseal)
DEMO := out/demo
DEMO_COUNT ?= 2000
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := $(CACHE)/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny

# One interpreter, one profile and one set of flags for cargo and maturin, so that both use the same artefacts.
export PYO3_PYTHON := $(abspath $(PY))
export PYO3_BUILD_EXTENSION_MODULE := 1
export VIRTUAL_ENV := $(abspath $(VENV))
export PATH := $(abspath $(BIN)):$(CACHE)/peers/bin:$(PATH)
export MAILSEAL_VECTORS ?= $(abspath ../shared/vectors)
PROFILE := quick
# rust/py is a Python module: it is tested from Python, and cannot be linked as a program of its own.
RUST_TESTED := --workspace --exclude mailseal-py

.PHONY: all demo test test-rust test-python check check-rust check-python check-deps bench proof fuzz docs clean develop peers
all: test

# --- set-up ---------------------------------------------------------------------------------------------------------

$(VENV)/stamp-venv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, not " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/stamp-test: $(VENV)/stamp-venv requirements/build.txt requirements/test.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/build.txt -r requirements/test.txt
	@touch $@

$(VENV)/stamp-dev: $(VENV)/stamp-test requirements/dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@

# cargo knows what is fresh; a second run takes a second.
develop: $(VENV)/stamp-test
	$(BIN)/maturin develop --quiet --locked --profile $(PROFILE)

peers:
	tools/peers/install.sh

# --- the gate -------------------------------------------------------------------------------------------------------

test: test-rust test-python

test-rust: $(VENV)/stamp-test
	cargo test --locked --quiet --profile $(PROFILE) $(RUST_TESTED)

test-python: develop
	$(PY) -m pytest --quiet

check: check-rust check-python check-deps

check-rust: $(VENV)/stamp-test
	cargo fmt --all --check
	cargo clippy --locked --quiet --profile $(PROFILE) --workspace --all-targets -- -D warnings
	cargo test --locked --quiet --profile $(PROFILE) -p mailseal-core --test layers

check-python: develop $(VENV)/stamp-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(PY) -m mypy.stubtest mailseal._core --ignore-disjoint-bases
	$(PY) -m pytest --quiet tests/test_layers.py tests/threats/test_index.py
	$(PY) tools/gendocs.py --check

check-deps: $(CARGO_DENY) $(VENV)/stamp-dev
	$(CARGO_DENY) --all-features check --hide-inclusion-graph bans licenses sources
	$(PY) tools/advisories.py $(CARGO_DENY)

# Not part of the product and run once a check: speed of its own is not worth minutes of optimising it.
$(CARGO_DENY):
	CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=$(CACHE)/build-cargo-deny \
	    cargo install --quiet --locked --debug --root $(CACHE)/cargo-deny-$(CARGO_DENY_VERSION) \
	    cargo-deny@$(CARGO_DENY_VERSION)
	rm -rf $(CACHE)/build-cargo-deny

# --- the main job on a small archive --------------------------------------------------------------------------------

demo: develop
	rm -rf $(DEMO)
	$(PY) -m benches.corpus --out $(DEMO) --count $(DEMO_COUNT) --seed 1
	$(BIN)/mailseal import $(DEMO)/archive -o $(DEMO)/result --keys $(DEMO)/keys --password-file $(DEMO)/passwords.txt \
	    --trust $(DEMO)/trust/anchors.pem --policy archive
	$(PY) -m benches.compare $(DEMO)

# --- longer work ----------------------------------------------------------------------------------------------------

bench: $(VENV)/stamp-test
	$(BIN)/maturin develop --quiet --locked --release
	$(PY) -m benches.archive --out out/bench --counts 2000 20000 --jobs 1 2

proof: develop
	PROPTEST_CASES=100000 cargo test --locked --profile $(PROFILE) $(RUST_TESTED)
	MAILSEAL_PROOF=1 $(PY) -m pytest

FUZZ_SECONDS ?= 30
fuzz:
	tools/fuzz.sh $(FUZZ_SECONDS)

docs: develop
	$(PY) tools/gendocs.py

clean:
	cargo clean
	rm -rf $(VENV) out dist .pytest_cache .mypy_cache .ruff_cache .hypothesis python/mailseal/*.so
