# The two commands: `make run` and `make test`. Both set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup setup-dev servers run test lint types collected tests soak lock messages bench clean

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.lock
	@./setup.sh $(PYTHON) requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock
	@./setup.sh $(PYTHON) requirements-dev.lock
	@touch $@ $(VENV)/.installed

run: setup
	@exec $(BIN)/python -m auditor serve

test: setup-dev browser servers lint
	@$(MAKE) --no-print-directory -j 2 types collected
	@$(MAKE) --no-print-directory tests

browser:
	@./setup.sh browser

servers: .venv-servers/.installed

.venv-servers/.installed: requirements-servers.lock
	@./setup.sh $(PYTHON) requirements-servers.lock .venv-servers
	@touch $@

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev
	$(BIN)/mypy

# A core is free while mypy runs: pytest writes the tests as it runs them once, not once in each process.
collected: setup-dev
	@$(BIN)/python -m pytest -m "not soak" --collect-only -qq > $(VENV)/collected.txt || { cat $(VENV)/collected.txt; exit 1; }

tests: setup-dev
	$(BIN)/python -m pytest -m "not soak" -n 4 --dist loadfile --no-loadscope-reorder

soak: setup-dev
	$(BIN)/python -m tests.soak

bench: setup-dev
	$(BIN)/python -m benchmarks.whole_audit
	$(BIN)/python -m benchmarks.counts
	$(BIN)/python -m benchmarks.sandbox
	$(BIN)/python -m benchmarks.uploads
	$(BIN)/python -m benchmarks.reports

lock:
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 --custom-compile-command "make lock" requirements.txt -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 --custom-compile-command "make lock" -c requirements.lock requirements-dev.txt -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 --custom-compile-command "make lock" requirements-servers.txt -o requirements-servers.lock

messages: setup-dev
	$(BIN)/python -m locales.messages

clean:
	rm -rf $(VENV) .venv-servers out
