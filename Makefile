SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

include make/common.mk

.PHONY: help run fmt fmt-fix lint test e2e-tests clean
# Everything else is for development.
USE := run playground policy.wasm annotated-policy.wasm
RELEASE := policy.cdx.json reproducible publish
help: ## List the targets
	@awk -F ':[^#]*## ' -v use=' $(USE) ' -v release=' $(RELEASE) ' ' \
	  /^[a-z0-9.-]+:.*## / { \
	    group = index(use, " " $$1 " ") ? "use" : index(release, " " $$1 " ") ? "release" : "develop"; \
	    lines[group] = lines[group] sprintf("  %-24s%s\n", $$1, $$2) } \
	  END { printf "Use:\n%s\nDevelop:\n%s\nRelease:\n%s", lines["use"], lines["develop"], lines["release"] }' \
	  $(MAKEFILE_LIST)

run: policy.wasm $(RUNNER) ## Show what the policy does to recorded pods, or to yours: make run REQUEST=file [SETTINGS=file] [CLUSTER=file]
	@for request in $(REQUESTS); do \
	  '$(RUNNER)' explain --request-path "$$request" $(INPUTS) policy.wasm; echo; \
	done

policy.wasm: export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS := $(MODULE_FLAGS)
policy.wasm: $(MODULE_SOURCES) | $(TOOLS) wasm-target ## Build the policy
	$(call announce,$(TARGET)/release/deps/libserde_json,$(FIRST_BUILD))
	cargo rustc --release --locked --target $(TARGET) -p $(PACKAGE) --lib --crate-type cdylib
	@cp '$(TARGET_DIR)/$(TARGET)/release/$(subst -,_,$(PACKAGE)).wasm' $@

annotated-policy.wasm: policy.wasm metadata.yml README.md | kwctl ## Build the policy with its metadata, as it is published
	'$(KWCTL)' annotate -m metadata.yml -u README.md -o $@ policy.wasm

fmt: | rustfmt ## Check the format
	cargo fmt --all -- --check
	cargo fmt --all --manifest-path benches/Cargo.toml -- --check

fmt-fix: | rustfmt ## Format the code
	cargo fmt --all
	cargo fmt --all --manifest-path benches/Cargo.toml

lint: | clippy wasm-target ## Check with clippy, natively while the tests are built, and for the module
	$(call announce,debug/deps/libproptest,$(FIRST_TEST))
	$(WITH_CLIPPY) cargo test --workspace --no-run
	cargo clippy --target $(TARGET) -p $(PACKAGE) -- -D warnings

test: fmt lint policy.wasm ## Check format and lints, and run the tests, natively and on the module
	$(WITH_CLIPPY) cargo test --workspace

e2e-tests: $(E2E_POLICY) $(RUNNER) | bats jq ## Run the end-to-end tests, with kwctl if it is installed
	KWCTL='$(KWCTL)' POLICY=$(E2E_POLICY) RUNNER='$(abspath $(RUNNER))' bats e2e.bats

clean: ## Remove everything that was built
	cargo clean
	rm -f policy.wasm annotated-policy.wasm policy.cdx.json
	rm -rf playground/dist playground/node_modules

include make/bench.mk make/cluster.mk make/fuzz.mk make/playground.mk make/release.mk
