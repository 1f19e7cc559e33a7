# Every target sets up what it needs by itself. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-down test oracle check fmt lint types layers unit images crds schemas requirements bench-install bench-fleet clean

PY := .venv/bin/python
DAEMONS := 1.6 1.7 2.0 2.1 2.2 2.3.4 2.3 2.4
export PYTHONPATH := kind:tests
# Programs that tests start by the hundred read compiled modules, also where a machine's default is to keep none.
unexport PYTHONDONTWRITEBYTECODE
# By content, so that a fresh clone checks only what has changed since another one did.
export MYPY_CACHE_DIR := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/wasmwright/mypy
# Files of tests lie in memory where that has room for them, and go with a test that passes.
export PYTEST_DEBUG_TEMPROOT := $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 2^20 {print "/dev/shm"}')
# Programs of Go collect garbage a third as often in tests: those wait for processors, not for memory.
test oracle chaos: export GOGC := 300
PYTEST := $(PY) -m pytest -o tmp_path_retention_policy=failed

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv hold the pinned development environment
	@scripts/setup

demo: ## raise a cluster, install wasmwright, run a wasm pod and show its output
	@python3 kind/demo/preflight.py
	@scripts/setup
	@$(PY) -m demo up

demo-down: ## remove every trace of the demo
	@scripts/setup
	@$(PY) -m demo down

test: lint types layers ## everything: static checks, then all tests on a real cluster
	@python3 kind/localcluster/preflight.py
	@$(PYTEST) -n 5 --dist loadscope --cov --cov-report=term:skip-covered $(ARGS)

oracle: setup ## configurations x operations x daemons: containerd 1.6 to 2.4 judge what is written
	@python3 kind/localcluster/preflight.py
	@$(PY) -m localcluster build node $(DAEMONS:%=containerd-%)
	@$(PYTEST) -q -n logical --dist loadscope -m "" tests/oracle $(ARGS)

.PHONY: chaos
chaos: setup ## twenty rollouts over 150 to 200 nodes with kills, API errors, nodes that fail, vanish and come anew
	@python3 kind/localcluster/preflight.py
	@$(PY) -m pytest -q -m chaos tests/integration/operator/chaos $(ARGS)

check: lint types layers unit ## format, lint, types, layers, unit tests: before each commit

lint: setup ## ruff: format and rules
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .

types: setup ## mypy, strict
	@.venv/bin/mypy

layers: setup ## import-linter: who may import whom
	@.venv/bin/lint-imports --no-logo

unit: setup ## unit tests only
	@$(PYTEST) -q -n logical --dist worksteal tests/unit $(ARGS)

fmt: setup ## format and mend what ruff can mend
	@.venv/bin/ruff check --quiet --fix .
	@.venv/bin/ruff format .

.PHONY: airgap
airgap: setup ## list what a cluster without a way out needs of a release; ARGS=--help tells of values for the chart
	@$(PY) scripts/airgap.py $(ARGS)

images: setup ## build the operator's and the installer's image
	@$(PY) deploy/images/build.py

crds: setup ## write crds/ anew from the models
	@$(PY) scripts/generate_crds.py

schemas: setup ## write docs/schemas/ anew from the models
	@$(PY) scripts/generate_schemas.py

.PHONY: pages
pages: setup ## write the tables of docs/runtimes.md anew from the catalogue and the tests' markers
	@$(PY) scripts/generate_runtimes_page.py

requirements: setup ## pin the dependencies anew, with hashes
	@scripts/pin-requirements

bench-install: setup ## seconds, restarts and requests of an install, one JSON line per containerd flavour
	@python3 kind/localcluster/preflight.py
	@$(PY) -m perf.install $(ARGS)

bench-fleet: setup ## requests, CPU, memory and time of a rollout over NODES=100 nodes and RUNTIMES=1 runtimes
	@python3 kind/localcluster/preflight.py
	@$(PY) -m perf.fleet --nodes $(or $(NODES),100) --runtimes $(or $(RUNTIMES),1) $(ARGS)

.PHONY: bench-plan
bench-plan: setup ## CPU time of a fleet plan for NODES=5000 nodes and RUNTIMES=3 runtimes; needs no cluster
	@$(PY) -m perf.plan --nodes $(or $(NODES),5000) --runtimes $(or $(RUNTIMES),3)

clean: demo-down ## remove the demo and the virtual environment (caches stay)
	@rm -rf .venv

.PHONY: bench-node
bench-node: setup ## restarts, silence, pods lost and plan time of the installer on real nodes, as JSON lines
	@python3 kind/localcluster/preflight.py
	@$(PY) -m perf.node $(ARGS)
