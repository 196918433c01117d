# teams-sbc. `make help` says what there is. Everything runs on the Node that npm pins (docs/adr/0004), whatever the machine has.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export npm_config_update_notifier := false
export NODE_NO_WARNINGS := 1

.PHONY: help demo test unit scenarios integration lint format types generate verify bench setup clean

##@ The two commands
demo: setup ## Three manifests in, two real calls through a real RTPEngine out, with a ladder to read
	node test/demo/main.ts

test: setup lint unit scenarios integration ## Everything that must hold: lint, unit, scenarios, integration on real parts

##@ Parts of the test
unit: node_modules/.stamp ## Unit and property tests beside the code
	node --test 'crds/**/*.test.ts' 'operator/**/*.test.ts' 'sbc-runtime/**/*.test.ts'

scenarios: node_modules/.stamp ## Call ladders on virtual time, the architecture's rules
	node --test 'test/kit/**/*.test.ts' 'test/scenarios/**/*.test.ts' 'test/architecture/**/*.test.ts'

integration: setup ## Real sockets, real TLS, real RTPEngine, sound in both directions
	node --test --test-concurrency=1 'test/integration/**/*.test.ts'

lint: node_modules/.stamp verify ## Types, lint, import directions and cycles, dead code, generated files
	tsc
	eslint .
	depcruise --config .dependency-cruiser.cjs crds operator sbc-runtime test
	knip
	prettier --check --log-level warn .

types: node_modules/.stamp ## The type checker alone
	tsc

format: node_modules/.stamp ## Write the house format
	prettier --write --log-level warn .

##@ Generated files
generate: node_modules/.stamp ## CustomResourceDefinitions, schemas and reference pages from the sources
	node scripts/generate.ts

verify: node_modules/.stamp ## Fail where a generated file does not match its source
	node scripts/generate.ts --check

##@ Figures
bench: setup ## CPU and memory per call beside Kamailio + RTPEngine; writes docs/performance.md
	test/bench/run.sh

##@ Ground
setup: node_modules/.stamp ## Install what the machine lacks: npm packages, RTPEngine, test phones
	scripts/setup.sh

node_modules/.stamp: package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@# npm 10, which comes with Node 20 and 22, removes this link with the other architecture's package (npm/cli#4362).
	@cd node_modules/.bin && for pinned in ../node-linux-*/bin/node; do [ ! -e "$$pinned" ] || ln -sf "$$pinned" node; done
	@touch $@

clean: ## Remove what was installed and built here
	rm -rf node_modules work

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
