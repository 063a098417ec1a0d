import { expect, test } from "vitest";
import type { Json } from "../src/json.ts";
import { setSetting, settingsIn } from "../src/settings.ts";

const MANIFEST = `# mine
apiVersion: policies.kubewarden.io/v1
kind: ClusterAdmissionPolicy
metadata:
  name: milan
spec:
  settings:
    strict: true # yes
`;

test.each<[string, Json, string | undefined]>([
  ["", {}, undefined],
  ["a: 1", { a: 1 }, undefined],
  ["[]", [], undefined],
  [MANIFEST, { strict: true }, "milan"],
  [`kind: Secret\n---\n${MANIFEST}---\n${MANIFEST.replaceAll("milan", "turin")}`, { strict: true }, "milan"],
  ["apiVersion: policies.kubewarden.io/v1\nkind: AdmissionPolicy\nmetadata: {name: x}\n", {}, "x"],
])("%j has settings", (text, value, name) => {
  const { policy, ...found } = settingsIn(text);
  expect([found.value, (policy?.metadata as { name?: string } | undefined)?.name]).toEqual([value, name]);
});

test.each<[Json | undefined, string]>([
  ["x", "# why\na: x # one\n"],
  ["6443", '# why\na: "6443" # one\n'],
  [6443, "# why\na: 6443 # one\n"],
  [true, "# why\na: true # one\n"],
  [["x", "yes"], '# why\na:\n  - x\n  - "yes"\n'],
  [undefined, ""],
])("a setting becomes %j", (value, text) => {
  expect(setSetting("# why\na: 1 # one\n", "a", value)).toBe(text);
});

test("a setting of a manifest is changed there", () => {
  expect(setSetting(MANIFEST, "strict", false)).toBe(MANIFEST.replace("true #", "false #"));
  expect(setSetting(MANIFEST, "homeClusterId", "rome")).toBe(`${MANIFEST}    homeClusterId: rome\n`);
  expect(setSetting(`a: 1\n---\n${MANIFEST}`, "x", 1)).toBe(`a: 1\n---\n${MANIFEST}    x: 1\n`);
});
