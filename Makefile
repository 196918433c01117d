# teams-sbc. `make help` says what there is. Everything runs on the Node that npm pins (docs/adr/0004), whatever the machine has.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export npm_config_update_notifier := false
export NODE_NO_WARNINGS := 1

# A test that hangs fails when its time is over (milliseconds, for each test). Should its process not end after that, the run
# does, and node names the file that ran. Ten times and more of what two cores need.
TEST_MS := 120000
INTEGRATION_TEST_MS := 300000
LONG_TEST_MS := 7200000
AT_MOST := timeout --kill-after=30s

.PHONY: help demo test unit scenarios integration cluster cluster-binaries fuzz soak lint format types generate verify bench bench-node bench-operator setup clean install-manifest images node test-cluster cluster-up cluster-down playground-up playground-down

##@ The two commands
demo: setup ## Three manifests in, two real calls through a real RTPEngine out, with a ladder to read
	node test/demo/main.ts

# The build of the API server (minutes where nothing is cached) runs beside the first lanes; `cluster` waits for it, and `node` for
# the rest of it. It ends with us.
test: setup ## Everything that must hold: lint, unit, scenarios, a real API server, real pods on a real node, integration on real parts
	@setsid scripts/build-cluster-binaries.sh & build=$$!; trap 'kill -- -$$build 2> /dev/null' EXIT; \
		$(MAKE) --no-print-directory lint unit scenarios cluster node integration

##@ Parts of the test
unit: node_modules/.stamp ## Unit and property tests beside the code
	$(AT_MOST) 30m node --test --test-timeout=$(TEST_MS) 'crds/**/*.test.ts' 'operator/**/*.test.ts' 'sbc-runtime/**/*.test.ts' 'test/packaging/*.test.ts'

scenarios: node_modules/.stamp ## Call ladders on virtual time, the architecture's rules
	$(AT_MOST) 30m node --test --test-timeout=$(TEST_MS) \
		'test/kit/**/*.test.ts' 'test/scenarios/**/*.test.ts' 'test/conformance/*.test.ts' 'test/architecture/**/*.test.ts'

integration: setup ## Real sockets, real TLS, real RTPEngine, sound in both directions
	$(AT_MOST) 90m node --test --test-timeout=$(INTEGRATION_TEST_MS) --test-concurrency=1 \
		'test/integration/**/*.test.ts' 'test/conformance/live/*.test.ts'

cluster: setup ## A real kube-apiserver, etcd and controller manager: CustomResourceDefinitions, operator, chart
	scripts/build-cluster-binaries.sh --no-nodes
	$(AT_MOST) 60m node --test --test-timeout=$(INTEGRATION_TEST_MS) --test-concurrency=3 'test/cluster/**/*.test.ts'

# Each file in namespaces of its own, which end with it. One after the other: a node wants the cores for itself.
NODE_LANES := short
define in_namespaces
@for file in $(foreach lane,$(NODE_LANES),$(sort $(wildcard test/node/$(lane)/*.test.ts))); do echo "$$file"; \
	$(AT_MOST) 30m test/node/in-namespace.sh node --test --test-timeout=$(1) "$$file" || exit; done
endef

node: cluster-binaries images ## A real node with kubelet, containerd and kube-proxy: real pods of our images, as short as it can be
	$(AT_MOST) 10m node --test --test-timeout=$(INTEGRATION_TEST_MS) 'test/node/playground/*.test.ts'
	$(call in_namespaces,$(INTEGRATION_TEST_MS))

test-cluster: NODE_LANES := short long
test-cluster: cluster-binaries images ## The same, and what takes longer: two nodes, drains, rollouts, upgrades, losses
	$(call in_namespaces,$(LONG_TEST_MS))

soak: node_modules/.stamp ## One million calls in a day of virtual time: nothing left, memory flat (5 to 15 minutes); `make test` plays a hundredth
	$(AT_MOST) 2h node --expose-gc test/scenarios/soak/main.ts

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

FUZZ_SEED ?= $(shell date +%s)
FUZZ_MESSAGES ?= 100000
FUZZ_MAX_BLOCK_MS ?= 20
fuzz: setup ## Damaged and odd messages for minutes, with a new seed; wants a quiet machine (docs/hostile-input.md)
	FUZZ_SEED=$(FUZZ_SEED) FUZZ_RUNS=50000 node --test --test-timeout=$(LONG_TEST_MS) test/conformance/grammar.test.ts
	FUZZ_SEED=$(FUZZ_SEED) FUZZ_MESSAGES=$(FUZZ_MESSAGES) FUZZ_MAX_BLOCK_MS=$(FUZZ_MAX_BLOCK_MS) \
		node --test --test-timeout=$(LONG_TEST_MS) test/conformance/live/fuzz.test.ts

##@ A cluster to try things in
cluster-up: cluster-binaries ## Real nodes (NODES=1 or 2) with real pods, in namespaces of their own (docs/test-cluster.md)
	@test/node/playground/cluster.sh up

cluster-down: ## End it
	@test/node/playground/cluster.sh down

playground-up: setup ## The same without images: a real API server, pods as processes of this clone
	@scripts/build-cluster-binaries.sh --no-nodes
	@test/cluster/playground/playground.sh up

playground-down: ## End it
	@test/cluster/playground/playground.sh down

##@ Generated files
generate: node_modules/.stamp ## CustomResourceDefinitions, schemas and reference pages from the sources
	node scripts/generate.ts

verify: node_modules/.stamp ## Fail where a generated file does not match its source
	node scripts/generate.ts --check

install-manifest: setup ## work/install.yaml: the CustomResourceDefinitions, the operator and its rights in one file
	@scripts/build-cluster-binaries.sh --no-nodes
	work/cluster-binaries/kubectl kustomize config/default > work/.install.yaml && mv work/.install.yaml work/install.yaml

##@ Images
images: setup ## work/images: operator, runtime, RTPEngine and call test as OCI archives, each with its SBOM (docs/images.md)
	node scripts/images.ts --tag=$(VERSION)

##@ Figures
bench: setup bench-operator ## CPU and memory per call beside Kamailio + RTPEngine; writes docs/performance.md
	test/bench/run.sh

bench-operator: setup cluster-binaries ## 2000 trunks on a real API server, ten idle minutes; writes docs/performance-operator.md
	node test/bench/operator/main.ts --page

bench-node: cluster-binaries images ## helm install to the first call, a drain with 100 calls, memory; writes docs/performance-cluster.md
	test/node/in-namespace.sh node test/bench/node/main.ts --page

##@ Ground
setup: node_modules/.stamp ## Install what the machine lacks: npm packages, RTPEngine, test phones
	scripts/setup.sh

cluster-binaries: setup ## Build Kubernetes, containerd, helm, cert-manager and Argo CD from Go modules, once a machine (17 minutes, into ~/.cache/teams-sbc)
	scripts/build-cluster-binaries.sh

node_modules/.stamp: package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@# npm 10, which comes with Node 20 and 22, removes this link with the other architecture's package (npm/cli#4362).
	@cd node_modules/.bin && for pinned in ../node-linux-*/bin/node; do [ ! -e "$$pinned" ] || ln -sf "$$pinned" node; done
	@touch $@

# A cluster that runs would be out of reach afterwards.
clean: cluster-down playground-down ## Remove what was installed and built here
	rm -rf node_modules work

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
