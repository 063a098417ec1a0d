# What the targets share: names, flags, and the programs that they need.

PACKAGE := liqo-api-access-policy
TARGET := wasm32-wasip1
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
CARGO_HOME_DIR := $(or $(CARGO_HOME),$(HOME)/.cargo)
MANIFESTS := Cargo.toml Cargo.lock
MODULE_SOURCES := $(shell find src -name '*.rs') $(MANIFESTS) Makefile make/common.mk

# Cargo optimises across crates where the module is built as a cdylib and nothing else. The flags ask
# - for numbers of functions and addresses that take the bytes they need, not those of the largest one,
# - for SHA-256 as a loop instead of 64 rounds one after the other: the policy hashes one short path for each token,
# - for no paths of this machine: locations in the sources of crates stay in the module, and anybody builds the same.
MODULE_FLAGS := -C link-arg=--compress-relocations --cfg sha2_backend_soft="compact" \
  --remap-path-prefix=$(CARGO_HOME_DIR)=/cargo

# The tests are built under clippy, so that nothing is checked first and then built once more.
WITH_CLIPPY := RUSTC_WORKSPACE_WRAPPER='$(CURDIR)/make/clippy'

# Says what takes long and why, where a build has not made the files $(1) yet.
announce = @compgen -G '$(TARGET_DIR)/$(1)*' >/dev/null || echo '$(2)'
FIRST_BUILD := The first build takes a minute or two: it compiles all crates that the policy is made of. Later ones take seconds.
FIRST_TEST := The first test takes minutes: it compiles wasmtime, in which kwctl runs policies, too. Later ones take seconds.

# What `make run` shows: the request that was named, or three recorded pods, one for each mode. CLUSTER names a file with
# what kwctl recorded of a cluster, for policies that ask for Namespaces.
ifdef REQUEST
REQUESTS := '$(REQUEST)'
else
REQUESTS := $(patsubst %,test_data/requests/%.json,named-service-account remote-other-sa disabled)
SETTINGS ?= examples/settings.yaml
endif
INPUTS = $(if $(SETTINGS),--settings-path '$(SETTINGS)') \
  $(if $(CLUSTER),--allow-context-aware --replay-host-capabilities-interactions '$(CLUSTER)')

RUNNER := $(TARGET_DIR)/debug/runner
$(RUNNER): $(shell find runner/src -name '*.rs') runner/Cargo.toml $(MANIFESTS)
	cargo build -p runner
	@touch '$@'

# What the end-to-end tests drive: kwctl, which takes annotated modules only, or where it is not installed the runner,
# which answers like it.
KWCTL ?= $(or $(shell command -v kwctl),$(abspath $(RUNNER)))
USES_RUNNER := $(filter runner,$(notdir $(KWCTL)))
E2E_POLICY := $(if $(USES_RUNNER),policy.wasm $(RUNNER),annotated-policy.wasm)

comma := ,
fail = { echo "$(1)" >&2; exit 1; }
rustup = { command -v rustup >/dev/null || $(call fail,rustup is missing: install it$(comma) or $(2) in another way); rustup $(1); }

.PHONY: wasm-target rustfmt clippy kwctl bats jq npm chromium
wasm-target:
	@test -d "$$(rustc --print target-libdir --target $(TARGET))" || \
	$(call rustup,target add $(TARGET),Rust's target $(TARGET))

rustfmt:
	@cargo fmt --version >/dev/null 2>&1 || $(call rustup,component add $@,$@)

clippy:
	@cargo clippy --version >/dev/null 2>&1 || $(call rustup,component add $@,$@)

kwctl:
	@$(if $(USES_RUNNER),$(call fail,kwctl is missing: see https://docs.kubewarden.io$(comma) or name it in KWCTL))

bats jq:
	@command -v $@ >/dev/null || $(call fail,$@ is missing: install it with your system's package manager)

npm:
	@command -v npm >/dev/null || $(call fail,npm is missing: install Node.js 20.19 or newer)

# The playground's tests drive the system's browser, since Playwright's own cannot be downloaded everywhere.
CHROMIUM ?= $(firstword $(shell command -v chromium chromium-browser google-chrome))
chromium:
	@test -n '$(CHROMIUM)' || $(call fail,Chromium is missing: install it$(comma) or name it in CHROMIUM)
