# The embedded cluster and the tests. Each target does all its own set-up: see README.md.
.DEFAULT_GOAL := help
.PHONY: help up test test-long test-faults test-random bench bench-upgrade bench-linear bench-snapshots bench-requests bench-endings bench-rest bench-scale dashboard recordings check-page down env start lint

STACK ?= dev
NODES ?= 1
export STACK NODES

devcluster = @node_modules/.bin/tsx devcluster/main.ts

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Variables: STACK=dev|staging|prod, NODES=1 (nodes of the embedded cluster), KEEP=1 (make test leaves the cluster),"
	@echo "    MINIO_DEVCLUSTER=NAME (a cluster of that name, beside others),"
	@echo "    KUBERNETES=1.32 (the embedded Kubernetes; default: the newest, see docs/compatibility.md);"
	@echo "    of make test-faults: FAULTS=REGEXP (of their titles; default: all)"
	@echo "    of make test-random: SEED=1, RUNS=100, STEPS=6"
	@echo "    of make bench-upgrade: WAYS=version,config,staged,eight,sixteen,two-pools,two-eights,pool-last,pool,password,chart,seed (version:10 runs one 10 times), RUNS=1"
	@echo "    of make bench: ROUNDS=5, ONLY=empty,prod,... (rows; default: all)"
	@echo "    of make bench-snapshots: RUNS=10"
	@echo "    of make bench-rest: ROUNDS=5, ONLY=REGEXP (as 'PUT 1 MiB'; default: all); of make bench-scale: POOLS=2, SERVERS=16 (of each pool)"
	@echo "    of make bench-endings: ROUNDS=10, BUSY=0 (processes that keep the processors busy), OTHER=FILE (another stop.sh, to compare)"
	@echo "    of make bench-linear: RUNS=4 (version changes), POOLS=2 (two pools at rest instead, RUNS times a minute), OUT=FOLDER (of the histories)"
	@echo "    of make bench-upgrade, bench and bench-rest: CHART=PATH (MinIO's Helm chart; default: 5.4.0 from its Go module), HELM=PATH; of the first two: OUT=docs"

up: node_modules/.package-lock.json ## Start the embedded Kubernetes and deploy the stack STACK to it
	$(devcluster) up

start: node_modules/.package-lock.json ## Start the embedded Kubernetes only
	$(devcluster) start

test: node_modules/.package-lock.json ## Run the unit tests, and on the embedded Kubernetes one way through each mechanism
	$(devcluster) test

test-long: node_modules/.package-lock.json ## Run all tests: every old tool, variant, way back and refusal
	$(devcluster) test-long

test-faults: node_modules/.package-lock.json ## Break an embedded Kubernetes of four nodes in every way, and write the table of docs/reliability.md
	$(devcluster) test-faults

# A cluster of its own, beside the one that others use.
test-faults: export MINIO_DEVCLUSTER = faults
test-faults: export NODES = 4

test-random: node_modules/.package-lock.json ## Take RUNS random sequences of STEPS changes each on an embedded Kubernetes of four nodes
	$(devcluster) test-random

test-random: export MINIO_DEVCLUSTER = random
test-random: export NODES = 4

bench: node_modules/.package-lock.json ## Measure previews and updates (docs/performance.md)
	$(devcluster) bench speed

bench-upgrade: node_modules/.package-lock.json ## Measure availability while MinIO is changed, by several ways (docs/availability.svg)
	$(devcluster) bench upgrade

bench-linear: node_modules/.package-lock.json ## Change MinIO's version again and again under concurrent clients, and decide whether what they saw is linearizable
	$(devcluster) bench linear

bench-snapshots: node_modules/.package-lock.json ## Measure sets of snapshots under load: what waits, and whether a restored one is whole
	$(devcluster) bench snapshots

bench-rest: node_modules/.package-lock.json ## Measure requests beside MinIO's chart, in pairs, and what servers use at rest (docs/performance.md)
	$(devcluster) bench rest

bench-scale: node_modules/.package-lock.json ## Measure a large cluster: making, previewing, changing, snapshotting and restoring it
	$(devcluster) bench scale

bench-requests: node_modules/.package-lock.json ## Count what a rollout of 4 to 256 servers asks in each poll (no cluster)
	@node_modules/.bin/tsx tests/bench/requests.ts

bench-endings: node_modules/.package-lock.json ## Count the locks that a server leaves when it ends under load (no cluster)
	@node_modules/.bin/tsx tests/bench/endings.ts

dashboard: node_modules/.package-lock.json ## Draw the dashboard with what a real Prometheus has for it (docs/dashboard.svg)
	$(devcluster) bench dashboard

recordings: node_modules/.package-lock.json ## Record the first minutes, a staged upgrade and status in a terminal (docs/recording-*.svg)
	$(devcluster) bench recordings

# A cluster of its own: a fresh one is recorded.
recordings: export MINIO_DEVCLUSTER = rec

check-page: node_modules/.package-lock.json ## Type into docs/topology.html in a real browser (no cluster; installs Debian's chromium where there is none)
	@node_modules/.bin/mocha 'tests/browser/*.test.ts'

down: node_modules/.package-lock.json ## Stop the embedded Kubernetes and remove it, with its volumes and Pulumi state
	$(devcluster) down

env: node_modules/.package-lock.json ## Print the environment for a shell: eval "$$(make -s env)"
	$(devcluster) env

lint: node_modules/.package-lock.json ## Check types, style and format
	@npm run --silent lint

# npm writes this file when an install is complete.
node_modules/.package-lock.json: package.json package-lock.json
	@command -v npm > /dev/null || { echo "npm is missing: install Node.js 20.19 or newer" >&2; exit 1; }
	@echo "installing npm packages" >&2
	@npm ci --loglevel=error --ignore-scripts --prefer-offline --no-audit --no-fund >&2
