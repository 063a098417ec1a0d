# What is fuzzed has no unsafe code: a sanitizer would find nothing and slow the fuzzers down.
FUZZ_SECONDS ?= 900
fuzz: export PROPTEST_CASES ?= 100000
fuzz-run = cargo +nightly fuzz run --sanitizer none $(1) -- -max_total_time=$(FUZZ_SECONDS) $(2)

.PHONY: fuzz
fuzz: | fuzz-tools ## Fuzz the policy, each target for FUZZ_SECONDS (900), and check its properties on PROPTEST_CASES pods (100000)
	fuzz/seed
	$(call fuzz-run,validate,-max_len=32768 -dict=fuzz/dictionary)
	$(call fuzz-run,settings,-dict=fuzz/dictionary)
	cargo test -p $(PACKAGE) --test policy -- properties:: clients::

.PHONY: mutants
mutants: ## Change the policy's code bit by bit, and show which changes no test notices (see CONTRIBUTING.md)
	@cargo mutants --version >/dev/null 2>&1 || cargo install cargo-mutants --locked
	cargo mutants --package $(PACKAGE) --output '$(TARGET_DIR)'

.PHONY: fuzz-tools
fuzz-tools:
	@cargo +nightly --version >/dev/null 2>&1 || \
	$(call rustup,toolchain install nightly --profile minimal,Rust's nightly toolchain)
	@cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked
