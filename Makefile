SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

include make/common.mk

.PHONY: help run fmt fmt-fix lint test e2e-tests clean
help: ## List the targets
	@sed -nE 's/^([a-z0-9.-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

policy.wasm: export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS := $(MODULE_FLAGS)
policy.wasm: $(MODULE_SOURCES) | wasm-target ## Build the policy
	$(call announce,$(TARGET)/release/deps/libserde_json,$(FIRST_BUILD))
	cargo rustc --release --locked --target $(TARGET) -p $(PACKAGE) --lib --crate-type cdylib
	@cp '$(TARGET_DIR)/$(TARGET)/release/$(subst -,_,$(PACKAGE)).wasm' $@

annotated-policy.wasm: policy.wasm metadata.yml README.md | kwctl ## Build the policy with its metadata, as it is published
	'$(KWCTL)' annotate -m metadata.yml -u README.md -o $@ policy.wasm

run: policy.wasm $(RUNNER) ## Show what the policy does to recorded pods, or to your own: make run REQUEST=file [SETTINGS=file] [CLUSTER=file]
	@for request in $(REQUESTS); do \
	  '$(RUNNER)' explain --request-path "$$request" $(INPUTS) policy.wasm; echo; \
	done

fmt: | rustfmt ## Check the format
	cargo fmt --all -- --check

fmt-fix: | rustfmt ## Format the code
	cargo fmt --all

lint: | clippy wasm-target ## Check with clippy, natively while the tests are built, and for the module
	$(call announce,debug/deps/libwasmtime,$(FIRST_TEST))
	$(WITH_CLIPPY) cargo test --workspace --no-run
	cargo clippy --target $(TARGET) -p $(PACKAGE) -- -D warnings

test: fmt lint policy.wasm ## Check format and lints, and run the tests, natively and on the module
	$(WITH_CLIPPY) cargo test --workspace

e2e-tests: $(E2E_POLICY) | bats jq ## Run the end-to-end tests, with kwctl where it is installed
	KWCTL='$(KWCTL)' POLICY=$(firstword $(E2E_POLICY)) bats e2e.bats

clean: ## Remove everything that was built
	cargo clean
	rm -f policy.wasm annotated-policy.wasm policy.cdx.json
	rm -rf playground/dist playground/node_modules

include make/bench.mk make/cluster.mk make/fuzz.mk make/playground.mk make/release.mk
