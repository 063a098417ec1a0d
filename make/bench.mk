BENCH_DIR := $(abspath $(TARGET_DIR))/benches
bench-cargo = cargo $(1) --release --locked --manifest-path benches/Cargo.toml --target-dir '$(BENCH_DIR)'

.PHONY: bench
bench: policy.wasm ## Measure what an evaluation costs, also of another module beside it: make bench [OLD=file]
	$(call announce,benches/release/benches,$(FIRST_BENCH))
	$(call bench-cargo,build) --target $(TARGET) -p typed
	$(call bench-cargo,build) -p benches
	@echo 'This takes some minutes; target/benches/log has criterion'\''s own output.'
	@MODULE='$(abspath policy.wasm)' OLD='$(OLD)' TYPED='$(BENCH_DIR)/$(TARGET)/release/typed.wasm' \
	  CRITERION_HOME='$(BENCH_DIR)/criterion' SUMMARY='$(BENCH_DIR)/summary' \
	  '$(BENCH_DIR)/release/benches' --bench --quiet >'$(BENCH_DIR)/log' 2>&1 || { tail '$(BENCH_DIR)/log' >&2; exit 1; }
	@cat '$(BENCH_DIR)/summary'
