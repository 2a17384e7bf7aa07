# The only entry points; continuous integration calls the same ones. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: run test check build format bench crash sim storage clean help dependencies

SWIFT ?= $(or $(shell command -v swift),/opt/swift/usr/bin/swift)
STRICT := --explicit-target-dependency-import-check error

# The commit goes into the binary as its ELF build id (prefix "MYCG", the commit, 01 if the tree had changes): only the
# last link sees it, so neither a source file nor a compiled module changes with every commit.
COMMIT := $(shell git rev-parse --verify HEAD 2>/dev/null)
CHANGED := $(if $(shell git status --porcelain 2>/dev/null),01,00)
STAMP := $(if $(COMMIT),-Xlinker --build-id=0x4d594347$(COMMIT)$(CHANGED))
RELEASE := -c release --static-swift-stdlib $(STRICT) $(STAMP)

# Programs that the verbs below pass options to.
DEMO_SECONDS ?=
SEED ?= 1
SEEDS ?= 200
ARGS ?=

help: ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

dependencies:
	@packaging/install-dependencies.sh

run: dependencies ## a demo site: gateway, simulated boards, stand-in upstream (DEMO_SECONDS=20 stops by itself)
	@$(SWIFT) build $(RELEASE) --product mycogate >&2
	@$(SWIFT) build $(RELEASE) --product mycogate-sim >&2
	@exec .build/release/mycogate-sim site --gateway .build/release/mycogate $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS)) $(ARGS)

test: dependencies ## every test (ARGS="--filter JournalTests" for some)
	@$(SWIFT) build --build-tests $(STRICT)
	@$(SWIFT) test --skip-build --no-parallel $(ARGS) 2>&1 | tee .build/test.log || \
		{ echo "what failed (all of it: .build/test.log):"; grep -A 3 -E 'recorded an issue|Fatal error|^error:' .build/test.log; exit 1; }

check: dependencies ## format, house rules, unit file
	@$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	@$(SWIFT) build --build-tests $(STRICT)
	@$(SWIFT) test --skip-build --filter TidyTests
	@BINARY=.build/debug/mycogate packaging/verify-unit.sh

build: dependencies ## .build/release/mycogate, ready to install
	@$(SWIFT) build $(RELEASE) --product mycogate

format: ## rewrite the sources in the house format
	@$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

bench: dependencies ## the budgets of ARCHITECTURE.md, measured here and now
	@$(SWIFT) build $(RELEASE) --product mycogate >&2
	@$(SWIFT) build $(RELEASE) --product mycogate-bench >&2
	@exec .build/release/mycogate-bench $(ARGS)

crash: dependencies ## 30 kills over 200000 messages, every kind of destination, counted from outside (ARGS="--kills 5 --seed 7")
	@$(SWIFT) build $(RELEASE) --product mycogate >&2
	@$(SWIFT) build $(RELEASE) --product mycogate-sim >&2
	@exec .build/release/mycogate-sim crash --gateway .build/release/mycogate $(ARGS)

storage: dependencies ## a disk that fails at every call, and 1000 power cuts (ARGS="--seeds 100 --every 10")
	@$(SWIFT) build $(RELEASE) --product mycogate-sim >&2
	@exec .build/release/mycogate-sim storage $(ARGS)

sim: dependencies ## simulated sites in fast time, one a seed, where everything goes wrong (SEED=1 SEEDS=200)
	@$(SWIFT) build $(RELEASE) --product mycogate-sim >&2
	@exec .build/release/mycogate-sim sim --seed $(SEED) --seeds $(SEEDS) $(ARGS)

clean: ## remove what was built
	@rm -rf .build demo-data
