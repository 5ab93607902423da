# Everything here runs from a fresh clone: it installs what it needs first, and only what is missing.
SHELL := /bin/sh
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: demo test test-cluster images check bench format setup

demo: setup
	@node examples/demo.ts

test: setup
	@node --test --test-timeout=180000 --test-reporter=spec --test-reporter-destination=stdout \
	  --test-reporter=./scripts/test-summary.ts --test-reporter-destination=stdout \
	  'src/**/*.test.ts' 'test/**/*.test.ts'

# With SCENARIOS='test/cluster/serve.scenario.ts', only those.
test-cluster: setup
	@node scripts/test-cluster.ts $(SCENARIOS)

images: setup
	@node scripts/build-images.ts

check: node_modules/.installed
	@node scripts/check.ts

bench: setup
	@node test/bench/run.ts

format: node_modules/.installed
	@biome check --write .

setup: node_modules/.installed
	@node scripts/fetch-openvino.ts

node_modules/.installed: package.json package-lock.json .npmrc
	npm ci
	@touch $@
