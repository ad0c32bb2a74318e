# The commands of the project; `docs/settings.md` lists what the environment may say.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.PHONY: run setup test check bench quality proof lock translations clean
.DEFAULT_GOAL := run

# A stamp a requirements file: a second start installs nothing.
.venv/base.stamp: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the directory needs …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev.stamp: .venv/base.stamp requirements-dev.txt
	@echo "Installing what the tests need …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# The code scanners live in an environment of their own: they pin what the other tools need newer.
.venv/scan.stamp: .venv/base.stamp requirements-scan.txt
	@test -x .venv/scan/bin/python || $(PYTHON) -m venv .venv/scan
	@echo "Installing the code scanners …"
	@.venv/scan/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-scan.txt
	@touch $@

setup: .venv/base.stamp

run: .venv/base.stamp
	@DIRECTORY_DEMO=$${DIRECTORY_DEMO:-yes} DIRECTORY_BASE_URL=$${DIRECTORY_BASE_URL:-http://127.0.0.1:$(PORT)} \
		$(BIN)/flask up --port $(PORT) --demo-if-empty

# Chromium, PostgreSQL and the vCard judge come from Debian; where they may not be installed, the tests
# that need them say so and are left out (never in CI: see .ci/run).
test: .venv/dev.stamp
	@bash tests/prepare_machine.sh
	@$(BIN)/python -m pytest -n $${TEST_PROCESSES:-2} --dist loadfile -q $(ARGS)

check: .venv/dev.stamp .venv/scan.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python -m tests.security.scan

bench: .venv/dev.stamp
	@$(BIN)/python -m tests.bench $(ARGS)

quality: .venv/dev.stamp
	@$(BIN)/python -m tests.quality.quality
	@$(BIN)/python -m tests.quality.answers
	@$(BIN)/python -m tests.quality.pairs

proof: .venv/dev.stamp
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.quality.quality
	@$(BIN)/python -m tests.quality.answers
	@$(BIN)/python -m tests.proof.sign_in_attack
	@$(BIN)/python -m tests.proof.recovery_times
	@$(BIN)/python -m tests.proof.sql_injection
	@$(BIN)/python -m tests.proof.mail_kills
	@$(BIN)/python -m tests.proof.two_years
	@$(BIN)/python -m tests.proof.phone_books 10000
	@PROOF=long $(BIN)/python -m pytest -q -s -p no:randomly tests/security

# All strings into messages.pot; those of letters and their pages into every catalogue; then compile.
CATALOGUES := bg bs cs de fr hu it mk pt ro sq sr
translations: .venv/dev.stamp
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output --project "TRM Directory" -o directory/translations/messages.pot .
	@$(BIN)/pybabel -q extract -F directory/translations/letters.cfg --no-location --sort-output -o build/letters.pot .
	@for code in $(CATALOGUES); do \
		$(BIN)/pybabel -q update -N --no-wrap --ignore-obsolete -i build/letters.pot -d directory/translations -l $$code; done
	@$(BIN)/pybabel -q compile -d directory/translations

# Pins with hashes; run it after editing requirements*.in.
lock:
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --generate-hashes --no-header --python-version 3.11 requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-header --python-version 3.11 requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-header --python-version 3.11 requirements-scan.in -o requirements-scan.txt

clean:
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache
