import { describe, expect, test } from "vitest";
import type { Json, Step } from "../src/json.ts";
import { editYaml, readYaml, SyntaxProblem, writeYaml } from "../src/yaml.ts";

describe("YAML is read as kubectl reads it", () => {
  test.each<[string, Json[]]>([
    ["", []],
    ["# nothing\n---\n", []],
    ["---\na: 1\n---\n# nothing\n---\nb: 2\n", [{ a: 1 }, { b: 2 }]],
    ["[0644, 0x1F, 0b11, 1_000, -017, +5, 1.50, .5]", [[420, 31, 3, 1000, -15, 5, 1.5, 0.5]]],
    ["[yes, No, on, off, true, ~, null, '1', \"yes\"]", [[true, false, true, false, true, null, null, "1", "yes"]]],
    ["[2026-11-21, 12:30:45, 1.2.3, 0xZZ]", [["2026-11-21", "12:30:45", "1.2.3", "0xZZ"]]],
    ["{1: a, true: b, b: d}", [{ "1": "a", true: "b", b: "d" }]],
    ["a: &a {b: 1, c: 2}\nd: {<<: *a, c: 3}\ne: *a\n", [{ a: { b: 1, c: 2 }, d: { b: 1, c: 3 }, e: { b: 1, c: 2 } }]],
    ["a: |\n  x\n  y\nb: >-\n  x\n  y\n", [{ a: "x\ny\n", b: "x y" }]],
    ['{\n\t"a": "\\ud83d\\ude00\\/",\n\t"a": 1.0\n}', [{ a: 1 }]],
    ['{"a": 1}\n---\n{"b": 2}\n', [{ a: 1 }, { b: 2 }]],
  ])("%j", (text, values) => {
    expect(readYaml(text).map(({ value }) => value)).toEqual(values);
  });
});

describe("a problem is told where it is, in plain words", () => {
  test.each([
    ["a:\n\t- b\n", "indented with a tab: use spaces", "\t- b"],
    ["a: [1, 2\nb: 3\n", "a `[` before this has no `]`", "b: 3"],
    ["{a: 1", "a `{` before this has no `}`", ""],
    ['{\n"spec": {', "a `{` before this has no `}`", ""],
    ["a: 1\na: 2\n", "this name stands twice in one object", "a: 2"],
    ["a: .nan\n", ".nan is a number that JSON does not have", ".nan"],
    ["a: *b\nb: &b 1\n", "there is no &b before its alias", "*b"],
    ["a: &a [*a]\n", "an alias stands for something that it is part of", "*a]"],
    [explosion(), "aliases stand for more than 1000 values", "*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]"],
    ["- ".repeat(20_000), "nested too deep", undefined],
    ["a: b: c\n", "a second `: ` in one line: put the value in quotes, or on a line of its own", "b: c"],
    ["containers:\n- name: a\n  image: b\nb\n", "the list item needs `- `", "b"],
    ["- a\nb: 1\n", "the list item needs `- `", "b: 1"],
    ["metadata:\n  name web\n  x: y\n", "a `:` is missing after the name", "name web"],
    ["a:\n  b: 1\n c: 2\n", "this does not fit the lines around it: check its indentation", " c: 2"],
    ["a:\n    - b\n   - c\n", "this does not fit the lines around it: check its indentation", "   - c"],
    ["  - a\n- b\n", "this does not fit the lines around it: check its indentation", "- b"],
    ["a: - b\n", "a list must begin on a line of its own", "- b"],
    ['a: "x\nb: 1\n', "a text before this has no closing quote", ""],
    ["a: @x\n", "this value needs quotes", "@x"],
    ["a: 'x' y\n", "something follows a value that is complete", "y"],
    [`a: ${"x".repeat(3 * 1024 * 1024)}`, "longer than the 3 MiB that the API server takes", undefined],
  ])("%#", (text, message, line) => {
    const problem = problemOf(text);
    expect(problem?.message).toBe(message);
    if (line !== undefined) expect(text.slice(problem?.from).split("\n")[0]).toBe(line);
  });
});

function problemOf(text: string): SyntaxProblem | undefined {
  try {
    readYaml(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) return error;
  }
  return undefined;
}

/** Ten times ten times ten … */
function explosion(): string {
  const lines = ["a: &a [x]"];
  for (const [before, name] of ["ab", "bc", "cd", "de", "ef"]) {
    lines.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(", ")}]`);
  }
  return lines.join("\n");
}

describe("a path leads to its place, or to the nearest one", () => {
  const text = "spec:\n  a.b/c: x\n  list:\n  - name: one\n  - &two\n    name: two\n  - *two\n  1: y\n";
  test.each<[Step[], string]>([
    [[], text.trimEnd()],
    [["spec"], "spec"],
    [["spec", "a.b/c"], "a.b/c"],
    [["spec", "list", 0], "name: one"],
    [["spec", "list", 1, "name"], "name"],
    [["spec", "list", 2, "name"], "*two"],
    [["spec", "list", 3], "list"],
    [["spec", "1", "z"], "1"],
    [["nothing"], text.trimEnd()],
  ])("%j", (path, place) => {
    const { from, to } = readYaml(text)[0]?.locate(path) ?? { from: 0, to: 0 };
    expect(text.slice(from, to).trimEnd()).toBe(place);
  });

  test.each<[string, Step[], string]>([
    ['{"a": {"b": 1}, "a": {"c": 2}}', ["a", "c"], '"c"'],
    ['{"spec": {"list": [1, {"name": 2}]}}', ["spec", "list", 1, "name"], '"name"'],
  ])("in %s", (json, path, place) => {
    const { from, to } = readYaml(json)[0]?.locate(path) ?? { from: 0, to: 0 };
    expect(json.slice(from, to)).toBe(place);
  });
});

describe("what is written is read as the same", () => {
  test.each<[Json, string?]>([
    [{ a: [1.5, 2], b: {} }, "a:\n- 1.5\n- 2\nb: {}\n"],
    [["1", "1.0", "0644", "0x1F", "1_000", "1e3", ".5", ".inf"]],
    [["yes", "No", "on", "y", "true", "~", "null", "", "<<", "=", "-", "a: b", "# a"]],
    [["a\nb\n", " a ", "\t", "ü", "12:30:45", "2026-11-21"]],
    [{ "1": "a", true: "b", "": "d", "a b": "e" }],
    [["long ".repeat(60)], `- "${"long ".repeat(60)}"\n`],
  ])("%j", (value, yaml) => {
    const written = writeYaml(value);
    expect(readYaml(written)[0]?.value).toEqual(value);
    if (yaml) expect(written).toBe(yaml);
  });
});

describe("an edit keeps comments and notations", () => {
  test.each<[string, string[], Json | undefined, string]>([
    ["", ["a"], "x", "a: x\n"],
    ["", ["a"], undefined, ""],
    ["# why", ["a"], 1, "# why\n\na: 1\n"],
    ["# why\na: 1 # one\nb: 0644\n", ["a"], 2, "# why\na: 2 # one\nb: 0644\n"],
    ["a: 1\n# why\nb:\n  - x # y\n", ["a"], undefined, "# why\nb:\n  - x # y\n"],
    ["# all\n\na: 1\nb: 2\n# end\n", ["b"], undefined, "# all\n\na: 1\n\n# end\n"],
    ["a: 1\nb:\nc: 3\n", ["b"], [2], "a: 1\nb:\n  - 2\nc: 3\n"],
    ["a: 1", ["a"], undefined, ""],
    ["{a: 0644}", ["b"], 2, "{ a: 0644, b: 2 }\n"],
    ["- 1\n", ["a"], 1, "a: 1\n"],
    ["spec:\n  settings: {}\n", ["spec", "settings", "x"], { z: 1 }, "spec:\n  settings:\n    x:\n      z: 1\n"],
    ["spec:\n", ["spec", "settings", "x"], 1, "spec:\n  settings:\n    x: 1\n"],
    ["spec:\n  # d\n  settings:\n    a: 1\n", ["spec", "settings", "a"], undefined, "spec:\n  # d\n  settings: {}\n"],
  ])("%j, %j: %j", (text, path, value, edited) => {
    expect(editYaml(text, 0, path, value)).toBe(edited);
  });
});
