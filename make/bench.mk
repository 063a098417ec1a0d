BENCH_DIR := $(abspath $(TARGET_DIR))/benches
bench-cargo = cargo $(1) --release --locked --manifest-path benches/Cargo.toml --target-dir '$(BENCH_DIR)'

.PHONY: bench
bench: policy.wasm ## Measure what an evaluation costs, also of another module beside it: make bench [OLD=file]
	$(call announce,benches/release/evaluation,$(FIRST_BENCH))
	$(call bench-cargo,build) --target $(TARGET) -p typed
	MODULE='$(abspath policy.wasm)' OLD='$(OLD)' TYPED='$(BENCH_DIR)/$(TARGET)/release/typed.wasm' CRITERION_HOME='$(BENCH_DIR)/criterion' \
	  $(call bench-cargo,run) -p benches -- --bench --quiet | tee '$(BENCH_DIR)/summary'
