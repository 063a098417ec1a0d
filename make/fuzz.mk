# What is fuzzed has no unsafe code: a sanitizer would find nothing and slow the fuzzers down.
FUZZ_SECONDS ?= 900
fuzz-run = cargo +nightly fuzz run --sanitizer none $(1) -- -max_total_time=$(FUZZ_SECONDS) $(2)

.PHONY: fuzz
fuzz: | fuzz-tools ## Fuzz the policy, each target for FUZZ_SECONDS (900)
	fuzz/seed
	$(call fuzz-run,validate,-max_len=32768 -dict=fuzz/dictionary)
	$(call fuzz-run,settings,-dict=fuzz/dictionary)
	$(call fuzz-run,structured,-max_len=4096 -len_control=0)

.PHONY: mutants
mutants: ## Change the policy's code bit by bit, and show which changes no test notices (see tests/mutants.md)
	@cargo mutants --version >/dev/null 2>&1 || cargo install cargo-mutants --locked
	RUSTFLAGS='--cfg native_only' cargo mutants --package $(PACKAGE) --output '$(TARGET_DIR)'

.PHONY: fuzz-tools
fuzz-tools:
	@cargo +nightly --version >/dev/null 2>&1 || \
	$(call rustup,toolchain install nightly --profile minimal,Rust's nightly toolchain)
	@cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked
