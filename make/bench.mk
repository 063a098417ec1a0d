.PHONY: bench
bench: policy.wasm ## Time the policy beside reference guests, and write benches/README.md and its chart
	cargo build --release --target $(TARGET) -p reference-guests --examples --config 'profile.release.opt-level=3'
	cargo run --profile bench -p benches -- '$(TARGET_DIR)/$(TARGET)/release/examples'
