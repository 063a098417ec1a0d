import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Json, type Members, textAt } from "../src/json.ts";
import { forged } from "../src/liqo.ts";
import { inRoot } from "./runner.ts";

interface Vector {
  name: string;
  defaultMode: string;
  homeApiServerHost: string | null;
  homeApiServerPort: number | null;
  homeApiServerAddresses: string[];
  homeClusterId: string;
  pod: Members;
  expectedSpec: Members;
}

const vectors: Vector[] = readFileSync(inRoot("test_data/liqo-parity/vectors.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

const modeOf = ({ pod, defaultMode }: Vector) =>
  textAt(pod, "metadata", "annotations", "liqo.io/api-server-support") || defaultMode;

test("there are vectors of every mode", () => {
  expect(vectors.length).toBe(120);
  expect([...new Set(vectors.map(modeOf))].sort()).toEqual(["disabled", "home", "remote"]);
});

test.each(vectors)("$name is forged as Liqo's virtual kubelet forges it", async (vector) => {
  const { pod, expectedSpec, homeApiServerHost: host, homeApiServerPort: port } = vector;
  const spec = await forged(pod.spec as Members, pod, {
    homeCluster: vector.homeClusterId,
    addresses: vector.homeApiServerAddresses,
    host: host ?? undefined,
    port: port === null ? undefined : String(port),
    defaultMode: vector.defaultMode,
  });
  expect(asGoWrites(spec)).toEqual(asGoWrites(expectedSpec));
});

/** Go leaves out what is empty. */
function asGoWrites(value: Json): Json {
  if (Array.isArray(value)) return value.map(asGoWrites);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, member]): [string, Json] => [name, asGoWrites(member)]);
  return Object.fromEntries(entries.filter(([, member]) => !["[]", "{}", '""'].includes(JSON.stringify(member))));
}
