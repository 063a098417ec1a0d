/**
 * Owns the list of files that make the page work without a network: everything that was built. It is put into the
 * service worker, which so is another one whenever a file is.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

export function serviceWorkerPlugin(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const files = Object.keys(bundle).sort();
      const hash = createHash("sha256");
      for (const file of files) {
        const output = bundle[file];
        hash.update(output?.type === "asset" ? output.source : (output?.code ?? ""));
      }
      const source = readFileSync(new URL("../src/service-worker.js", import.meta.url), "utf8")
        .replace("__FILES__", JSON.stringify(["./", ...files.filter((file) => file !== "index.html")]))
        .replace("__CACHE__", JSON.stringify(`playground-${hash.digest("hex").slice(0, 16)}`));
      this.emitFile({ type: "asset", fileName: "service-worker.js", source });
    },
  };
}
