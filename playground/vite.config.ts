import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { examplesPlugin } from "./build/examples.ts";
import { serviceWorkerPlugin } from "./build/service-worker.ts";

const cargo = readFileSync(new URL("../Cargo.toml", import.meta.url), "utf8");

export default defineConfig({
  base: "./",
  plugins: [examplesPlugin(), serviceWorkerPlugin()],
  define: { __VERSION__: JSON.stringify(/^version = "(.*)"$/m.exec(cargo)?.[1]) },
  // The editors are most of the page, and it cannot do without them.
  build: { chunkSizeWarningLimit: 700 },
  server: { fs: { allow: [".."] } },
  // A busy machine may take its time: a test is about an answer, not about how soon it comes.
  test: { include: ["tests/**/*.test.ts"], maxConcurrency: 2, testTimeout: 120_000 },
});
