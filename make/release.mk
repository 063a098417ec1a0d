policy.cdx.json: $(MANIFESTS) ## List what the module is made of, as a CycloneDX SBOM
	@cargo cyclonedx --version >/dev/null 2>&1 || cargo install cargo-cyclonedx --locked
	cargo cyclonedx --quiet --format json --spec-version 1.5 --target $(TARGET) --no-build-deps --override-filename policy.cdx
	@rm runner/$@

.PHONY: deny
deny: ## Check licences, sources and advisories of the dependencies with cargo-deny
	@cargo deny --version >/dev/null 2>&1 || cargo install cargo-deny --locked
	cargo deny --workspace check
	for workspace in benches fuzz; do \
	  cargo deny --manifest-path "$$workspace/Cargo.toml" check --config '$(CURDIR)/deny.toml'; \
	done

REPRODUCED := $(TARGET_DIR)/reproduced

.PHONY: reproducible
reproducible: policy.wasm ## Build the policy once more, as another user in another place, and compare the modules
	@rm -rf '$(REPRODUCED)' && mkdir -p '$(REPRODUCED)/sources' '$(REPRODUCED)/cargo'
	@cp -r Makefile make $(MANIFESTS) src runner '$(REPRODUCED)/sources'
	@ln -s '$(CARGO_HOME_DIR)/registry' '$(abspath $(REPRODUCED))/cargo/registry'
	CARGO_HOME='$(abspath $(REPRODUCED))/cargo' CARGO_TARGET_DIR=built $(MAKE) -C '$(REPRODUCED)/sources' policy.wasm
	cmp policy.wasm '$(REPRODUCED)/sources/policy.wasm'
	@rm -rf '$(REPRODUCED)'

# Where `make publish` pushes to, by default where the metadata says, and kwctl's file about registries without TLS.
metadata = $(shell sed -n 's/^  io\.kubewarden\.policy\.$(1): //p' metadata.yml)
REFERENCE ?= $(call metadata,ociUrl):v$(call metadata,version)
SOURCES ?=

.PHONY: publish
publish: annotated-policy.wasm | kwctl ## Push the annotated policy to its registry, or to another: make publish REFERENCE=host/name:tag
	'$(KWCTL)' push --output json $(if $(SOURCES),--sources-path '$(SOURCES)') annotated-policy.wasm 'registry://$(REFERENCE)'
