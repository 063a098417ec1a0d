SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

comma := ,

PACKAGE := liqo-api-access-policy
TARGET := wasm32-wasip1
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
BUILT := $(TARGET_DIR)/$(TARGET)/release/$(subst -,_,$(PACKAGE)).wasm
REPRODUCED := $(TARGET_DIR)/reproduced
RUNNER := $(TARGET_DIR)/debug/runner
MANIFESTS := Cargo.toml Cargo.lock
CARGO_HOME_DIR := $(or $(CARGO_HOME),$(HOME)/.cargo)

# What the end-to-end tests drive: kwctl, or the runner, which answers like it, where kwctl is not installed.
KWCTL ?= $(or $(shell command -v kwctl),$(abspath $(RUNNER)))
USES_RUNNER := $(filter runner,$(notdir $(KWCTL)))
E2E_MODULE := $(if $(USES_RUNNER),policy.wasm,annotated-policy.wasm)

# The module is built as a cdylib only, since Cargo optimises across crates where a library is nothing else, and
# - with numbers of functions and addresses that take the bytes they need, not those of the largest one,
# - with SHA-256 as a loop instead of 64 rounds one after the other: the policy hashes one short path for each token,
# - without paths of this machine: locations in the sources of crates stay in the module, and anybody builds the same.
MODULE_FLAGS := -C link-arg=--compress-relocations --cfg sha2_backend_soft="compact" \
  --remap-path-prefix=$(CARGO_HOME_DIR)=/cargo

# What the playground's tests drive: the system's browser, since Playwright's own cannot be downloaded everywhere.
CHROMIUM ?= $(firstword $(shell command -v chromium chromium-browser google-chrome))

explain = "$(RUNNER)" explain --request-path "$(1)" $(if $(2),--settings-path "$(2)") policy.wasm
fail = { echo "$(1)" >&2; exit 1; }
needs-kwctl = $(if $(USES_RUNNER),$(call fail,kwctl is missing: see https://docs.kubewarden.io$(comma) or name it in KWCTL))
rustup = { command -v rustup >/dev/null || $(call fail,rustup is missing: install it$(comma) or $(2) in another way); rustup $(1); }

# What is fuzzed has no unsafe code: a sanitizer would find nothing and slow the fuzzers down.
FUZZ_SECONDS ?= 900
fuzz-run = cargo +nightly fuzz run --sanitizer none $(1) -- -max_total_time=$(FUZZ_SECONDS) $(2)

# Where `make publish` pushes to, by default where the metadata says, and kwctl's file about registries without TLS.
metadata = $(shell sed -n 's/^  io\.kubewarden\.policy\.$(1): //p' metadata.yml)
REFERENCE ?= $(call metadata,ociUrl):v$(call metadata,version)
SOURCES ?=

.PHONY: help
help: ## List the targets
	@sed -nE 's/^([a-z0-9.-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

policy.wasm: export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS := $(MODULE_FLAGS)
policy.wasm: $(shell find src -name '*.rs') $(MANIFESTS) Makefile | wasm-target ## Build the policy
	cargo rustc --release --locked --target $(TARGET) -p $(PACKAGE) --lib --crate-type cdylib
	@cp '$(BUILT)' $@

# kwctl and policy-server take annotated modules only.
annotated-policy.wasm: policy.wasm metadata.yml README.md ## Build the policy with its metadata, as it is published
	@$(needs-kwctl)
	'$(KWCTL)' annotate -m metadata.yml -u README.md -o $@ policy.wasm

artifacthub-pkg.yml: metadata.yml questions-ui.yml ## Write the description for Artifact Hub
	@$(needs-kwctl)
	'$(KWCTL)' scaffold artifacthub -m metadata.yml -q questions-ui.yml -o $@

policy.cdx.json: $(MANIFESTS) ## List what the module is made of, as a CycloneDX SBOM
	@cargo cyclonedx --version >/dev/null 2>&1 || cargo install cargo-cyclonedx --locked
	cargo cyclonedx --quiet --format json --spec-version 1.5 --target $(TARGET) --no-build-deps --override-filename policy.cdx
	@rm benches/$@ benches/guests/$@ runner/$@

.PHONY: run
run: policy.wasm $(RUNNER) ## Show what the policy does to recorded pods, or to your own: make run REQUEST=file [SETTINGS=file]
ifdef REQUEST
	@$(call explain,$(REQUEST),$(SETTINGS))
else
	@for pod in named-service-account remote-other-sa disabled; do \
	  $(call explain,test_data/requests/$$pod.json,$(or $(SETTINGS),examples/settings.yaml)); echo; \
	done
endif

.PHONY: test
test: policy.wasm lint-tools ## Check format and lints, and run the tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --target $(TARGET) -p $(PACKAGE) -- -D warnings
	cargo test --workspace

.PHONY: e2e-tests
e2e-tests: bats-and-jq $(E2E_MODULE) $(if $(USES_RUNNER),$(RUNNER)) ## Run the end-to-end tests, with kwctl where it is installed
	KWCTL='$(KWCTL)' POLICY=$(E2E_MODULE) bats e2e.bats

.PHONY: bench
bench: policy.wasm ## Time the policy beside reference guests, and write benches/README.md and its chart
	cargo build --release --target $(TARGET) -p reference-guests --examples --config 'profile.release.opt-level=3'
	cargo run --profile bench -p benches -- '$(TARGET_DIR)/$(TARGET)/release/examples'

.PHONY: playground
playground: playground-build ## Serve the playground, a page that runs the policy in the browser
	cd playground && npm run --silent preview

.PHONY: playground-build
playground-build: policy.wasm playground/node_modules ## Build the playground into playground/dist
	cd playground && npm run --silent build

.PHONY: playground-test
playground-test: chromium playground-build $(RUNNER) ## Check the playground's format, lints and types, and test it in Chromium
	cd playground && npm run --silent check
	cd playground && RUNNER='$(abspath $(RUNNER))' npm run --silent unit
	cd playground && RUNNER='$(abspath $(RUNNER))' CHROMIUM='$(CHROMIUM)' npm run --silent e2e

.PHONY: playground-screenshot
playground-screenshot: chromium playground-build ## Take the picture of the playground that README.md shows
	cd playground && SCREENSHOT=screenshot.png CHROMIUM='$(CHROMIUM)' npm run --silent e2e screenshot

playground/node_modules: playground/package-lock.json playground/.npmrc | npm
	cd playground && npm ci
	@touch $@

.PHONY: fuzz
fuzz: fuzz-tools ## Fuzz the policy, each target for FUZZ_SECONDS (900)
	fuzz/seed
	$(call fuzz-run,validate,-max_len=32768 -dict=fuzz/dictionary)
	$(call fuzz-run,settings,-dict=fuzz/dictionary)
	$(call fuzz-run,structured,-max_len=4096 -len_control=0)

.PHONY: mutants
mutants: ## Change the policy's code bit by bit, and show which changes no test notices (see tests/mutants.md)
	@cargo mutants --version >/dev/null 2>&1 || cargo install cargo-mutants --locked
	RUSTFLAGS='--cfg native_only' cargo mutants --package $(PACKAGE) --output '$(TARGET_DIR)'

.PHONY: reproducible
reproducible: policy.wasm ## Build the policy once more, as another user in another place, and compare the modules
	@rm -rf '$(REPRODUCED)' && mkdir -p '$(REPRODUCED)/sources' '$(REPRODUCED)/cargo'
	@cp -r Makefile $(MANIFESTS) src benches runner '$(REPRODUCED)/sources'
	@ln -s '$(CARGO_HOME_DIR)/registry' '$(abspath $(REPRODUCED))/cargo/registry'
	CARGO_HOME='$(abspath $(REPRODUCED))/cargo' CARGO_TARGET_DIR=built $(MAKE) -C '$(REPRODUCED)/sources' policy.wasm
	cmp policy.wasm '$(REPRODUCED)/sources/policy.wasm'
	@rm -rf '$(REPRODUCED)'

.PHONY: publish
publish: annotated-policy.wasm ## Push the annotated policy to its registry, or to another: make publish REFERENCE=host/name:tag
	@$(needs-kwctl)
	'$(KWCTL)' push --output json $(if $(SOURCES),--sources-path '$(SOURCES)') annotated-policy.wasm 'registry://$(REFERENCE)'

.PHONY: fmt
fmt: lint-tools ## Format the code
	cargo fmt --all

.PHONY: clean
clean: ## Remove everything that was built
	cargo clean
	rm -f policy.wasm annotated-policy.wasm policy.cdx.json
	rm -rf playground/dist playground/node_modules

$(RUNNER): $(shell find runner/src -name '*.rs') runner/Cargo.toml $(MANIFESTS)
	cargo build -p runner
	@touch '$@'

.PHONY: wasm-target
wasm-target:
	@test -d "$$(rustc --print target-libdir --target $(TARGET))" || \
	$(call rustup,target add $(TARGET),Rust's target $(TARGET))

.PHONY: lint-tools
lint-tools:
	@{ cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1 || \
	$(call rustup,component add rustfmt clippy,rustfmt and clippy)

.PHONY: fuzz-tools
fuzz-tools:
	@cargo +nightly --version >/dev/null 2>&1 || \
	$(call rustup,toolchain install nightly --profile minimal,Rust's nightly toolchain)
	@cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked

.PHONY: bats-and-jq
bats-and-jq:
	@for tool in bats jq; do \
	  command -v $$tool >/dev/null || $(call fail,$$tool is missing: install it with your system's package manager); \
	done

.PHONY: npm
npm:
	@command -v npm >/dev/null || $(call fail,npm is missing: install Node.js 20.19 or newer)

.PHONY: chromium
chromium:
	@test -n '$(CHROMIUM)' || $(call fail,Chromium is missing: install it$(comma) or name it in CHROMIUM)
