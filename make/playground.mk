.PHONY: playground
playground: playground-build ## Serve the playground, a page that runs the policy in the browser
	cd playground && npm run --silent preview

.PHONY: playground-build
playground-build: policy.wasm playground/node_modules ## Build the playground into playground/dist
	cd playground && npm run --silent build

.PHONY: playground-test
playground-test: playground-build $(RUNNER) | chromium ## Check the playground's format, lints and types, and test it in Chromium
	cd playground && npm run --silent check
	cd playground && RUNNER='$(abspath $(RUNNER))' npm run --silent unit
	cd playground && RUNNER='$(abspath $(RUNNER))' CHROMIUM='$(CHROMIUM)' npm run --silent e2e

.PHONY: playground-screenshot
playground-screenshot: playground-build | chromium ## Take the picture of the playground that README.md shows
	cd playground && SCREENSHOT=screenshot.png CHROMIUM='$(CHROMIUM)' npm run --silent e2e screenshot

playground/node_modules: playground/package-lock.json playground/.npmrc | npm
	cd playground && npm ci
	@touch $@
