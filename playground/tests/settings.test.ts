import { expect, test } from "vitest";
import { type PlainSetting, plainSettings, setSetting, UnreadableValue } from "../src/settings.ts";
import { readYaml } from "../src/yaml.ts";

test("settings become plain", () => {
  const text = "a: x\nb: 1.0\nc: [1, {}, [z]]\nd: true\ne: null\nf: {x: {one: 1.0}}\n";
  expect(plainSettings(readYaml(text).value)).toEqual({
    a: "x",
    b: { number: "1.0" },
    c: [{ number: "1" }, { yaml: "{}\n" }, ["z"]],
    d: true,
    e: null,
    f: { yaml: "x:\n  one: 1.0\n" },
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
  [{ yaml: "# mine\nmilan: {port: 0644}\nturin: {}\n" }, "# why\na:\n  milan:\n    port: 420\n  turin: {} # one\n"],
  [undefined, "# why\n"],
])("a setting becomes %j", (value, text) => {
  expect(setSetting("# why\na: 1 # one\n", "a", value)).toBe(text);
});

test.each([
  ["milan: {\n  a: 1\n", "line 3: expected } before this"],
  ["milan", "expected names with values, such as milan: {}"],
  ["- milan", "expected names with values, such as milan: {}"],
])("%j is no object", (yaml, message) => {
  expect(() => setSetting("a: 1\n", "a", { yaml })).toThrow(new UnreadableValue(message));
});
