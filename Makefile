# Dossier. `make run` and `make test` do everything, on a fresh machine too.

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# The distribution keeps PostgreSQL's programs off the PATH.
PACKAGES := libpq-dev postgresql zlib1g-dev
SWIFT ?= swift
DATA ?= $(CURDIR)/.dossier
LISTEN ?= 127.0.0.1:8787
# Where the scripts are that start and exercise a real Manila.
MANILA ?= ../shared/manila
SOURCES := Package.swift Sources Tests Benchmarks schema queries

.PHONY: help run test tamper crash fuzz e2e bench build format lint install compose clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## install libpq and PostgreSQL where they are missing (apt-get, as root or with sudo)
	@sh .ci/install $(PACKAGES)

build: install ## build everything, warnings of our own code as errors
	$(SWIFT) build --product dossier

run: build ## start Dossier on its own PostgreSQL with the sample history, http://127.0.0.1:8787
	.build/debug/dossier up --sample --data "$(DATA)" --listen $(LISTEN)

test: install lint ## check the format, build, and run every test on a throwaway PostgreSQL
	@sh .ci/install python3
	$(SWIFT) build --build-tests
	@SWIFT="$(SWIFT)" sh .ci/test

tamper: install ## change a log at random 10,000 times (DOSSIER_TAMPERS) and have each change found, and its place
	$(SWIFT) build --build-tests
	DOSSIER_TAMPERS=$${DOSSIER_TAMPERS:-10000} $(SWIFT) test --skip-build --filter RandomTamperingTests

crash: install ## kill everything at random 1,000 times (DOSSIER_KILLS), fail over, fill disks, step clocks, cut connections
	$(SWIFT) build --build-tests
	DOSSIER_KILLS=$${DOSSIER_KILLS:-1000} DOSSIER_FAILOVERS=$${DOSSIER_FAILOVERS:-10} $(SWIFT) test --skip-build \
	    --no-parallel --filter '(Kill|Crash|Failover|FullDisk|Clock|TwoWriter|Cut)Tests'

e2e: build ## run it against a real Manila, through kills of the gateway and of PostgreSQL (as root; MANILA=…)
	python3 -B Tests/e2e --dossier .build/debug/dossier --manila "$(MANILA)" --venv .build/e2e-venv

fuzz: build ## send it a million mutated events, broken requests and secrets; schemathesis from PyPI (DOSSIER_MUTATIONS=…)
	@sh .ci/install python3 python3-venv
	for suite in contract requests secrets events; do \
		python3 -B Tests/hostile $$suite --dossier .build/debug/dossier --venv .build/fuzz-venv || exit 1; \
	done

lint: ## check the format and the compose file
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)
	@sh .ci/check-compose

format: ## write the format
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

bench: install ## how fast, as ratios to ceilings measured in the same run
	@sh .ci/install wrk
	$(SWIFT) build -c release --product Benchmarks
	$(SWIFT) build -c release --product dossier
	.build/release/Benchmarks

clean: ## remove what was built
	$(SWIFT) package clean
