import { expect, test } from "vitest";
import { type PlainSetting, plainSettings, setSetting } from "../src/settings.ts";
import { readYaml } from "../src/yaml.ts";

test("settings become plain", () => {
  const text = "a: x\nb: 1.0\nc: [1, {}, [z]]\nd: true\ne: null\nf: {}\n";
  expect(plainSettings(readYaml(text).value)).toEqual({
    a: "x",
    b: { number: "1.0" },
    c: [{ number: "1" }, { members: true }, ["z"]],
    d: true,
    e: null,
    f: { members: true },
  });
});

test.each(["", "text", "[]"])("%j has no settings", (text) => {
  expect(plainSettings(readYaml(text).value)).toEqual({});
});

test.each<[PlainSetting | undefined, string]>([
  ["x", "# why\na: x # one\n"],
  ["6443", '# why\na: "6443" # one\n'],
  [{ number: "6443" }, "# why\na: 6443 # one\n"],
  [true, "# why\na: true # one\n"],
  [["x", "yes"], '# why\na:\n- x\n- "yes" # one\n'],
  [undefined, "# why\n"],
])("a setting becomes %j", (value, text) => {
  expect(setSetting("# why\na: 1 # one\n", "a", value)).toBe(text);
});
