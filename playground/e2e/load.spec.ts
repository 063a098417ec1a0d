import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
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
  expect(sum(files.map(({ bytes }) => gzipSync(bytes).length))).toBeLessThan(350_000);
});

/** A server that compresses, as those of pages do. */
async function served(): Promise<Server> {
  const compressed = new Map(files.map(({ name, bytes }) => [`/${name}`, gzipSync(bytes)]));
  const types: Record<string, string> = {
    css: "text/css",
    html: "text/html",
    js: "text/javascript",
    svg: "image/svg+xml",
  };
  const server = createServer(({ url = "/" }, response) => {
    const name = url === "/" ? "/index.html" : url;
    const type = types[name.split(".").at(-1) ?? ""] ?? "application/wasm";
    response.writeHead(200, { "content-type": type, "content-encoding": "gzip" }).end(compressed.get(name));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** What Lighthouse takes for a phone: a slow 4G network. */
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: 1_638_400 / 8, uploadThroughput: 750_000 / 8 };

/** How long a phone's processor may work on the page, of the two seconds that a load may take. */
const PROCESSOR = 500;

test("over the network of a slow phone, the page shows its pod within two seconds", async ({ browser }) => {
  test.slow();
  const server = await served();
  const load = async (network?: typeof SLOW_4G): Promise<number> => {
    const page = await browser.newPage({ serviceWorkers: "block" });
    const client = await page.context().newCDPSession(page);
    if (network) await client.send("Network.emulateNetworkConditions", network);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { waitUntil: "commit" });
    await page.locator("#object .cm-line").nth(5).waitFor();
    const time = await page.evaluate(() => performance.now());
    await page.close();
    return time;
  };
  // What this machine needs without a network does not count, and a busy one may take several turns.
  let [processor, whole] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < 8 && !(whole - processor < 2000 - PROCESSOR); turn++) {
    processor = Math.min(processor, await load());
    whole = Math.min(whole, await load(SLOW_4G));
  }
  server.close();
  expect(whole - processor).toBeLessThan(2000 - PROCESSOR);
});
