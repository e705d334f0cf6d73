# The front door: `make help` says what there is. The work is done by scripts/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build run test check chaos conformance interop peers bench format lint clean
MAKEFLAGS += --no-print-directory

PORT ?= 8080
OPERATOR_PORT ?= 8081

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the library, the examples, the tests and the benchmark, in build/release
	@scripts/install-deps.sh
	@scripts/build.sh release

run: ## seven programs as tools on http://127.0.0.1:PORT/mcp (PORT=8080), a page of them at OPERATOR_PORT (8081)
	@scripts/install-deps.sh
	@scripts/build.sh release longhaul-server longhaul-run
	@scripts/how-to-connect.sh $(PORT)
	@exec build/release/longhaul serve examples/quickstart/longhaul.toml --http 127.0.0.1:$(PORT) \
	  --operator 127.0.0.1:$(OPERATOR_PORT)

test: ## what a change must pass: tests, conformance, interop, sanitizers, format, lints
	@scripts/install-deps.sh
	@scripts/test.sh

check: ## make test with everything under sanitizers, g++, clang-tidy, the installed package, fuzzing
	@scripts/install-deps.sh check
	@scripts/test.sh full

chaos: build ## three replicas on one database that are killed, frozen and cut off for an hour (ARGS="3600 --seed 1")
	@scripts/fleet.sh $(or $(ARGS),3600)

conformance: build ## the official MCP conformance suite
	@scripts/conformance.py
	@scripts/conformance_client.py

interop: build ## tests with the TypeScript SDK as client
	@scripts/interop.sh

peers: ## tests with the clients of others; brings docs/interop.md up to date
	@scripts/install-deps.sh check
	@scripts/build.sh release
	@scripts/interop-peers.py --write

bench: ## the benchmark (ARGS="--help" for what it takes)
	@scripts/install-deps.sh
	@scripts/build.sh release longhaul-bench
	@build/release/longhaul-bench $(ARGS)

format: ## format the C++ files
	@scripts/format.sh

lint: ## layers, co_await, sizes, words, keys, format
	@scripts/lint-layers.py
	@scripts/lint-await.py
	@scripts/lint-size.py
	@scripts/lint-words.py
	@scripts/lint-keys.py
	@scripts/man.py --check
	@scripts/format.sh check

clean: ## remove what was built
	@rm -rf build
