# Needs python3 (3.11 or newer, with venv) and make; everything else comes from requirements.lock into .venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo serve test accept lint bench fuzz lock

demo: $(READY)
	@$(BIN)/sealform demo

test: $(READY)
	$(BIN)/python -m tests

serve: $(READY)
	$(BIN)/sealform serve

# The long runs that issues ask for; `test` holds a seeded sample of them.
accept: $(READY)
	$(BIN)/python -m pytest -m accept

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The programs that ours is measured against live in an environment of their own.
bench: $(READY) .venv-peers/.ready
	$(BIN)/python -m benchmarks

# Files that came about by chance from the fixtures, read as the product reads.
MINUTES ?= 10
fuzz: $(READY)
	$(BIN)/python -m benchmarks.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

.venv-peers/.ready: benchmarks/peers/requirements.lock
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# A folder that installs without network, on this platform and this version of Python.
bundle: $(READY)
	$(BIN)/python deploy/bundle.py -o dist/sealform-bundle

# Pins again what pyproject.toml asks for; needs uv.
lock:
	uv pip compile pyproject.toml --extra ocr --extra service --group dev --group build --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -o requirements.lock
	for folder in benchmarks/peers benchmarks/machines tests/service/pages/client_generator; do (cd $$folder && \
		uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -o requirements.lock) || exit 1; done

# The build tools are in the lock too, so that installing the project itself fetches nothing that is not pinned.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Sealform needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make a virtual environment. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "正在建立 .venv 并安装依赖，约需一两分钟 …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
