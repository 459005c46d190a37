# `make` alone lists what there is to make. All set-up that tests and the demo
# need, PostgreSQL included, is done by the Go code that needs it.

SHELL := /bin/bash
.DEFAULT_GOAL := help

GO ?= go
# one package may fetch PostgreSQL first, and the slowest build takes minutes
TIMEOUT ?= 20m
# how long each fuzz target runs
FUZZTIME ?= 60s
# how many cases of the fault suite, and the seed of their points
FAULTS ?= 500
SEED ?= 1
# flags of the benchmarks, such as -run peers -sets orders -rounds 3
BENCH ?=
# where races can be: the pipe, its stages and all rooms above them
RACE ?= ./pipeline/... ./stages/... ./internal/...
LINT = $(GO) tool -modfile=internal/tools/go.mod golangci-lint
PLATFORMS = linux/amd64 linux/arm64 darwin/arm64 windows/amd64

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## copy a database between two throw-away clusters, to watch
	$(GO) run ./cmd/pgsluice demo

.PHONY: test
test: ## all tests, and one iteration of each benchmark
	$(GO) test -timeout $(TIMEOUT) -bench . -benchtime 1x ./...

.PHONY: race
race: ## the tests with the race detector
	$(GO) test -race -timeout $(TIMEOUT) $(RACE)

.PHONY: lint
lint: ## golangci-lint, also of the formatting (built first, once: minutes)
	$(LINT) run ./...

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (60s)
	set -euo pipefail; \
	packages=$$($(GO) list ./...); \
	for package in $$packages; do \
		listed=$$($(GO) test -list '^Fuzz' "$$package"); \
		for target in $$(grep '^Fuzz' <<< "$$listed" || true); do \
			echo "== $$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done

.PHONY: mutants
mutants: ## break the code in known ways and see a test fail for each
	bash internal/mutants/run.sh

.PHONY: faults
faults: ## FAULTS (500) cases in which something breaks, drawn by SEED (1)
	$(GO) test -v -count=1 -timeout 3h ./internal/faults -args -cases $(FAULTS) -seed $(SEED) -results RESULTS.md

.PHONY: durable
durable: ## 40 transfers of a daemon that is killed at 30 moments drawn by SEED (1)
	$(GO) test -v -count=1 -timeout 1h ./internal/daemon/durable -args -transfers 40 -kills 30 -seed $(SEED)

.PHONY: compat
compat: ## the programs of PostgreSQL 15, 17, 18 and servers of 12 to 18 beside ours (fetched first; half an hour)
	PGSLUICE_FETCH=1 $(GO) test -v -count=1 -timeout 3h -run TestEnsureMajor ./internal/cluster
	PGSLUICE_FETCH=1 $(GO) test -v -count=1 -timeout 3h ./internal/compat -args -full -results RESULTS.md

.PHONY: huge
huge: ## rows of up to 1 GB, which take gigabytes of memory
	PGSLUICE_LONG=1 $(GO) test -v -count=1 -timeout 40m -run 'TestHostile|TestRowTooLong|TestStandbyReplays' ./internal/transfer

.PHONY: bench
bench: ## pgsluice and its peers side by side: hours; less of it with BENCH='-run peers -scale 0.1'
	$(GO) run ./bench $(BENCH)

.PHONY: build
build: ## bin/pgsluice, and see that all platforms compile and vet
	$(GO) build -trimpath -o bin/ ./cmd/pgsluice
	set -euo pipefail; \
	for platform in $(PLATFORMS); do \
		echo "== $$platform"; \
		export GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0; \
		$(GO) build ./...; \
		$(GO) vet ./...; \
	done

.PHONY: clean
clean: ## remove what build made
	rm -rf bin
