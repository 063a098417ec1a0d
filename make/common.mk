# What the targets share: names, flags and the programs that they need.

PACKAGE := liqo-api-access-policy
TARGET := wasm32-wasip1
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
CARGO_HOME_DIR := $(or $(CARGO_HOME),$(HOME)/.cargo)
MANIFESTS := Cargo.toml Cargo.lock
MODULE_SOURCES := $(shell find src -name '*.rs') $(MANIFESTS) Makefile make/common.mk

# Cargo optimises across crates only if the module is built as a cdylib and nothing else. The flags
# - encode each function number and address in as few bytes as it needs,
# - inline the small functions of serde_json: an evaluation takes three quarters of the time, the module is a seventh larger,
# - compile SHA-256 as a loop, not unrolled: the policy hashes one short path for each token,
# - replace this machine's paths in the locations of panics, so that everybody builds the same module.
MODULE_FLAGS := -C link-arg=--compress-relocations -C llvm-args=-inline-threshold=100 --cfg sha2_backend_soft="compact" \
  --remap-path-prefix=$(CARGO_HOME_DIR)=/cargo

# Clippy checks the tests while they are built, so that nothing is compiled twice.
WITH_CLIPPY := RUSTC_WORKSPACE_WRAPPER='$(CURDIR)/make/clippy'

# Says what takes long and why, if a build has not made the files $(1) yet.
announce = @compgen -G '$(TARGET_DIR)/$(1)*' >/dev/null || echo '$(2)'
FIRST_BUILD := The first build takes a minute or two: it compiles all crates that the policy uses. Later builds take seconds.
FIRST_TEST := The first test takes minutes: it compiles all crates that the tests use. Later tests take seconds.
FIRST_BENCH := The first run takes minutes: it compiles wasmtime, the engine of kwctl and policy-server.

# What `make run` shows: the given request, or four recorded ones. CLUSTER names a file with what kwctl recorded of a
# cluster, for policies that read Namespaces.
ifdef REQUEST
REQUESTS := '$(REQUEST)'
else
REQUESTS := $(patsubst %,test_data/requests/%.json,already-forged named-service-account remote-other-sa disabled)
SETTINGS ?= examples/settings.yaml
endif
INPUTS = $(if $(SETTINGS),--settings-path '$(SETTINGS)') \
  $(if $(CLUSTER),--allow-context-aware --replay-host-capabilities-interactions '$(CLUSTER)')

# Names of variables are case-sensitive: Make would ignore one that is written differently.
refuse = $(foreach name,$(1),$(if $(filter command,$(origin $(name))),$(error unknown variable $(name): write $(2)=)))
$(call refuse,request Request,REQUEST)
$(call refuse,settings Settings,SETTINGS)
$(call refuse,cluster Cluster,CLUSTER)

RUNNER := $(TARGET_DIR)/debug/runner
# The end-to-end tests run kwctl, which takes annotated modules only, or if that is not installed the runner.
KWCTL ?= $(or $(shell command -v kwctl),$(abspath $(RUNNER)))
USES_RUNNER := $(filter runner,$(notdir $(KWCTL)))
E2E_POLICY := $(if $(USES_RUNNER),policy.wasm,annotated-policy.wasm)

# The playground's tests drive the system's browser, since Playwright's own cannot be downloaded everywhere.
CHROMIUM ?= $(firstword $(shell command -v chromium chromium-browser google-chrome))

# The programs that the goals need. They are looked for before anything is built.
TOOLS := cargo \
  $(if $(filter e2e-tests,$(MAKECMDGOALS)),bats jq) \
  $(if $(filter playground%,$(MAKECMDGOALS)),npm) \
  $(if $(filter playground-test playground-screenshot,$(MAKECMDGOALS)),chromium) \
  $(if $(filter annotated-policy.wasm publish,$(MAKECMDGOALS)),kwctl)

$(RUNNER): $(shell find runner/src -name '*.rs') runner/Cargo.toml $(MANIFESTS) | $(TOOLS)
	cargo build -p runner
	@touch '$@'

comma := ,
missing = { echo "$(1) is missing: see $(2)" >&2; exit 1; }
RUSTUP_PAGE := https://rustup.rs
rustup = { command -v rustup >/dev/null || $(call missing,rustup$(comma) which installs $(2)$(comma),$(RUSTUP_PAGE)); rustup $(1); }

.PHONY: cargo wasm-target rustfmt clippy kwctl bats jq npm chromium
cargo:
	@command -v cargo >/dev/null || $(call missing,cargo,$(RUSTUP_PAGE))

wasm-target: | cargo
	@test -d "$$(rustc --print target-libdir --target $(TARGET))" || \
	$(call rustup,target add $(TARGET),Rust's target $(TARGET))

rustfmt: | cargo
	@cargo fmt --version >/dev/null 2>&1 || $(call rustup,component add $@,$@)

clippy: | cargo
	@cargo clippy --version >/dev/null 2>&1 || $(call rustup,component add $@,$@)

kwctl:
	@$(if $(USES_RUNNER),$(call missing,kwctl,https://docs.kubewarden.io$(comma) or set KWCTL to its path))

bats:
	@command -v $@ >/dev/null || $(call missing,$@,https://bats-core.readthedocs.io/en/stable/installation.html)

jq:
	@command -v $@ >/dev/null || $(call missing,$@,https://jqlang.org/download)

npm:
	@command -v $@ >/dev/null || $(call missing,$@ (Node.js 20.19 or newer),https://nodejs.org/en/download)

chromium:
	@test -n '$(CHROMIUM)' || $(call missing,Chromium,https://www.chromium.org/getting-involved/download-chromium$(comma) or set CHROMIUM to its path)
