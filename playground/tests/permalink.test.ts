import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Input } from "../src/evaluate.ts";
import { BrokenLink, packed, unpacked } from "../src/permalink.ts";

const lines = (count: number) => Array.from({ length: count }, (_, index) => `- ${index}`).join("\n");

test.each<Input>([
  { object: "", settings: "", as: "liqo", namespace: "", chosen: 0 },
  { object: "kind: Pod # ü 😀\n", settings: "a: 1\n", as: "pasted", namespace: "kind: Namespace\n", chosen: 2 },
  { object: lines(100_000), settings: "", as: "api-server", namespace: undefined, chosen: undefined },
])("what is packed can be unpacked", async (input) => {
  const fragment = await packed(input);
  expect(fragment).toMatch(/^#2\.[\w-]*$/);
  expect(await unpacked(fragment)).toEqual(input);
});

test.each(["", "#", "#settings", "#1.abc"])("%j is no link of ours", async (fragment) => {
  expect(await unpacked(fragment)).toBeUndefined();
});

const encoded = (text: string) => `#2.${deflateRawSync(text).toString("base64url")}`;

test.each([
  ["nothing", "#2."],
  ["no base64", "#2.äöü"],
  ["nothing packed", "#2.abcd"],
  ["cut off", encoded('{"object":"a","settings":"","as":"liqo"}').slice(0, -8)],
  ["no JSON", encoded("{")],
  ["other JSON", encoded('{"object":1,"settings":"","as":"liqo"}')],
  ["another way", encoded('{"object":"","settings":"","as":"mail"}')],
  ["null", encoded("null")],
  ["a bomb", encoded(" ".repeat(9 * 1024 * 1024))],
])("a link with %s is broken", async (_, fragment) => {
  await expect(unpacked(fragment)).rejects.toThrow(new BrokenLink("the link is damaged or incomplete"));
});
