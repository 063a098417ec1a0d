import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "./playground.ts";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const files = readdirSync(dist, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(html|css|js|wasm|svg)$/.test(name))
  .map((name) => ({ name, bytes: readFileSync(dist + name) }));

const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);

test("the page is small", () => {
  const page = files.filter(({ name }) => !name.endsWith(".wasm"));
  expect(page.length).toBeGreaterThan(4);
  expect(sum(page.map(({ bytes }) => bytes.length))).toBeLessThan(600_000);
  expect(sum(files.map(({ bytes }) => gzipSync(bytes).length))).toBeLessThan(335_000);
});

/** What Lighthouse takes for a phone: a slow 4G network, in bytes a second and in seconds for each turn. */
const SLOW_4G = { throughput: 1_638_400 / 8, latency: 0.15 };

test("page and module cross the network of a slow phone within two seconds", () => {
  const bytes = sum(files.map(({ bytes }) => gzipSync(bytes).length));
  // One turn for the document, one for what it names.
  expect(bytes / SLOW_4G.throughput + 2 * SLOW_4G.latency).toBeLessThan(2);
});
