import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { BrokenLink, packed, unpacked } from "../src/permalink.ts";

const lines = (count: number) => Array.from({ length: count }, (_, index) => `- ${index}`).join("\n");

test.each([
  { object: "", settings: "", asApiServer: true, namespace: "" },
  { object: "kind: Pod # ü 😀\n", settings: "a: 1\n", asApiServer: false, namespace: "kind: Namespace\n" },
  { object: lines(100_000), settings: "", asApiServer: true, namespace: undefined },
])("what is packed can be unpacked", async (input) => {
  const fragment = await packed(input);
  expect(fragment).toMatch(/^#1\.[\w-]*$/);
  expect(await unpacked(fragment)).toEqual(input);
});

test.each(["", "#", "#settings", "#2.abc"])("%j is no link of ours", async (fragment) => {
  expect(await unpacked(fragment)).toBeUndefined();
});

const encoded = (text: string) => `#1.${deflateRawSync(text).toString("base64url")}`;

test.each([
  ["nothing", "#1."],
  ["no base64", "#1.äöü"],
  ["nothing packed", "#1.abcd"],
  ["cut off", encoded('{"object":"a","settings":"","asApiServer":true}').slice(0, -8)],
  ["no JSON", encoded("{")],
  ["other JSON", encoded('{"object":1,"settings":"","asApiServer":true}')],
  ["a Namespace that is none", encoded('{"object":"","settings":"","asApiServer":true,"namespace":1}')],
  ["null", encoded("null")],
  ["a bomb", encoded(" ".repeat(9 * 1024 * 1024))],
])("a link with %s is broken", async (_, fragment) => {
  await expect(unpacked(fragment)).rejects.toThrow(new BrokenLink("the link is damaged or incomplete"));
});
