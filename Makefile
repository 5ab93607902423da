# Everything here runs from a fresh clone: it installs what it needs first, and only what is missing.
SHELL := /bin/sh
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
NODE := node_modules/.bin/node

.PHONY: demo test check bench format setup clean

demo: setup
	@$(NODE) examples/demo.ts

test: setup clients
	@$(NODE) scripts/test.ts

check: node_modules/.installed
	@scripts/check.sh

bench: setup
	@$(NODE) test/bench/run.ts

format: node_modules/.installed
	biome check --write .

setup: node_modules/.installed
	@$(NODE) scripts/fetch-openvino.ts --if-missing >/dev/null

.PHONY: clients
clients:
	@scripts/python-env.sh test/clients/requirements.txt >/dev/null

node_modules/.installed: package.json package-lock.json .npmrc
	npm ci
	@touch $@
