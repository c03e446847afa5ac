# `make` lists the targets. Each one does its own set-up, once, in a virtual environment.
#
#   VENV      the folder of the environment (.venv)
#   PYTHON    the interpreter that makes it (the newest suitable one that there is)
#   ARGS      more arguments for pytest: make test ARGS='-k paging'

VENV ?= .venv
ARGS ?=
# Most tests wait for servers: two at once keep a core busy.
JOBS = $(shell expr 2 '*' $$(getconf _NPROCESSORS_ONLN))
BIN = $(VENV)/bin
export VENV PYTHON

.DEFAULT_GOAL := help
.PHONY: help demo test quick check lint types imports format fuzz schemathesis foreign soak torture bench-http bench-rpc review-corpora tools clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: ## Serve the demo shop on 127.0.0.1 (PORT=8000 DATABASE=... WORKERS=...); installs only the core
	@scripts/setup core && exec "$(BIN)/dragoman" demo

test: ## Run every test
	@scripts/setup dev && scripts/tools && exec "$(BIN)/python" -m pytest -n $(JOBS) --dist worksteal $(ARGS)

quick: ## Before each commit, under a minute: lint, mypy, the dependency rule and the tests that are not slow
	@scripts/setup dev
	"$(BIN)/ruff" check --quiet
	"$(BIN)/ruff" format --check --quiet
	"$(BIN)/mypy"
	"$(BIN)/lint-imports" --no-logo
	"$(BIN)/python" -m pytest -m "not slow" -x -q -n 2 $(ARGS)

check: lint types imports ## Everything but the tests: ruff, mypy --strict, pyright, import-linter

lint: ## Rules and formatting, by ruff
	@scripts/setup dev
	"$(BIN)/ruff" check
	"$(BIN)/ruff" format --check

types: ## Types, by mypy --strict and pyright
	@scripts/setup dev
	"$(BIN)/mypy"
	"$(BIN)/pyright" --pythonpath "$(BIN)/python"

imports: ## The dependency rule, by import-linter
	@scripts/setup dev
	"$(BIN)/lint-imports" --no-logo

format: ## Format the code and correct what ruff can correct
	@scripts/setup dev
	"$(BIN)/ruff" check --fix
	"$(BIN)/ruff" format

fuzz: ## Far more random requests and random histories than `make test` runs: about ten minutes
	@scripts/setup dev
	DRAGOMAN_FUZZ=400000 DRAGOMAN_EXAMPLES=1000 DRAGOMAN_REQUESTS=100000 "$(BIN)/python" -m pytest -n 2 tests/fuzz tests/semantics/test_resources_stateful.py tests/hosts/native/test_differential.py tests/hosts/native/test_disorder.py $(ARGS)

schemathesis: ## 300 examples an operation from Schemathesis, on all surfaces: twenty minutes
	@scripts/setup dev
	DRAGOMAN_SCHEMATHESIS=300 "$(BIN)/python" -m pytest -n 2 tests/documents $(ARGS)

foreign: ## What others' tools say: linters, generated clients, a cache, a browser (installs node's, Debian's)
	@scripts/foreign && DRAGOMAN_FOREIGN=1 "$(BIN)/python" -m pytest -n 2 --dist worksteal tests/foreign $(ARGS)

soak: ## Long runs: rolling restarts, 10,000 idle connections, mixed load (DRAGOMAN_SOAK_SECONDS, an hour unless set)
	@scripts/setup dev
	DRAGOMAN_SOAK=1 "$(BIN)/python" -m pytest -s tests/soak $(ARGS)

torture: ## Exactly once under kills, failing stores and failing disks, all of it: a quarter of an hour
	@scripts/setup dev && scripts/tools torture
	DRAGOMAN_TORTURE=1 DRAGOMAN_EXAMPLES=2000 "$(BIN)/python" -m pytest -s tests/torture tests/semantics/test_idempotency_model.py $(ARGS)

bench-http: ## HTTP beside Fastify, Express, FastAPI, Litestar, Starlette: ten minutes; writes bench/RESULTS.md
	@scripts/bench-http && exec "$(BIN)/python" -m bench.http.run $(ARGS)

bench-rpc: ## RPC beside grpc.aio, grpcio, connectrpc, FastAPI: ten minutes; writes bench/RESULTS.md
	@scripts/bench-rpc && exec "$(BIN)/python" -m bench.rpc.run $(ARGS)

review-corpora: ## Read thousands of published contracts (from npm, a gigabyte): two minutes; ARGS=part-of-a-name
	@scripts/review-corpora && exec "$(BIN)/python" scripts/corpora/run.py $(ARGS)

tools: ## Install what the tests need beyond Python (today: curl and openssl)
	@scripts/tools && echo "Everything that the tests need beyond Python is there."

clean: ## Remove the virtual environments and caches; databases stay
	rm -rf tests/foreign/node_modules scripts/corpora/node_modules bench/http/peers/node_modules .venv .venv-* .venv*.lock build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
