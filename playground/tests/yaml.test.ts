import { describe, expect, test } from "vitest";
import { parseJson, SyntaxProblem, writeJson } from "../src/json.ts";
import type { Step } from "../src/path.ts";
import { editYaml, readYaml, writeYaml } from "../src/yaml.ts";

const asJson = (text: string) => writeJson(readYaml(text).value);

describe("YAML is read as kubectl reads it", () => {
  test.each([
    ["", "null"],
    ["# nothing\n---\n", "null"],
    ["---\na: 1\n---\n# nothing\n", '{"a":1}'],
    ["[0644, 0o644, 0x1F, 0b11, 1_000, -017, +5, 08]", "[420,420,31,3,1000,-15,5,8]"],
    ["[1.0, 1.50, .5, -.5, +1.5, 1., 00.5, 1e3, 1_0.5]", "[1.0,1.50,0.5,-0.5,1.5,1,0.5,1e3,10.5]"],
    ["[9007199254740993, 123456789012345678901234567890.10]", "[9007199254740993,123456789012345678901234567890.10]"],
    ["[yes, No, on, off, true, ~, null, '1', \"yes\"]", '[true,false,true,false,true,null,null,"1","yes"]'],
    ["[2026-11-21, 12:30:45, 1.2.3, 1e, 0xZZ]", '["2026-11-21","12:30:45","1.2.3","1e","0xZZ"]'],
    ["{1: a, true: b, 0x10: c, b: d, 0: e}", '{"1":"a","true":"b","16":"c","b":"d","0":"e"}'],
    ["__proto__: 1\nconstructor: 2\n", '{"__proto__":1,"constructor":2}'],
    ["a: &a {b: 1, c: 2}\nd: {<<: *a, c: 3}\ne: *a\n", '{"a":{"b":1,"c":2},"d":{"b":1,"c":3},"e":{"b":1,"c":2}}'],
    ["a: |\n  x\n  y\nb: >-\n  x\n  y\n", '{"a":"x\\ny\\n","b":"x y"}'],
    ['{\n\t"a": "\\ud83d\\ude00\\/",\n\t"a": 1.0\n}', '{"a":1.0}'],
    ["!!str 1", '"1"'],
  ])("%j", (text, json) => {
    expect(asJson(text)).toBe(json);
  });
});

describe("a problem is told where it is", () => {
  test.each([
    ["a:\n\t- b\n", "tabs are not allowed as indentation", "\t"],
    ["a: [1, 2\nb: 3\n", "expected ] before this", "b"],
    ["{a: 1", "expected a member's name in quotes", "a"],
    ["a: 1\na: 2\n", "map keys must be unique", "a"],
    ["a: .nan\n", ".nan is a number that JSON does not have", ".nan"],
    ["a: *b\nb: &b 1\n", "there is no &b before this", "*b"],
    ["a: &a [*a]\n", "an alias stands for something that it is part of", "*a"],
    ["a: 1\n---\nb: 2\n", "a second document begins here; the playground takes one at a time", "b"],
    [explosion(), "aliases stand for more than 1000 values", "*a"],
    ["- ".repeat(100_000), "nested more than 500 levels deep", "-"],
    ["? ".repeat(100_000), "nested more than 500 levels deep", "?"],
    ["a: ".repeat(2), "nested mappings are not allowed in compact mappings", "a"],
  ])("%#", (text, message, place) => {
    expect(problemOf(text)).toEqual([message, place]);
  });
});

function problemOf(text: string): [string, string] | undefined {
  try {
    readYaml(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) return [error.message, text.slice(error.from, error.to)];
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
    const { from, to } = readYaml(text).locate(path);
    expect(text.slice(from, to).trimEnd()).toBe(place);
  });

  test("in JSON that names a member twice", () => {
    const json = '{"a": {"b": 1}, "a": {"c": 2}}';
    expect(readYaml(json).locate(["a", "c"])).toEqual({ from: 22, to: 25 });
  });

  test("in JSON", () => {
    const json = '{"spec": {"list": [1, {"name": 2}]}}';
    const { from, to } = readYaml(json).locate(["spec", "list", 1, "name"]);
    expect(json.slice(from, to)).toBe('"name"');
  });
});

describe("what is written is read as the same", () => {
  test.each([
    ['{"a":[1.0,9007199254740993,1e400],"b":{}}', "a:\n- 1.0\n- 9007199254740993\n- 1e400\nb: {}\n"],
    ['["1","1.0","0644","0x1F","1_000","1e3",".5",".inf"]', undefined],
    ['["yes","No","on","y","true","~","null","","<<","=","-","a: b","# a"]', undefined],
    ['["a\\nb\\n"," a ","\\t","ü","12:30:45","2026-11-21"]', undefined],
    ['{"1":"a","true":"b","~":"c","":"d","a b":"e"}', undefined],
    [`["${"long ".repeat(60)}"]`, `- "${"long ".repeat(60)}"\n`],
  ])("%.40s", (json, yaml) => {
    const written = writeYaml(parseJson(json));
    expect(asJson(written)).toBe(json);
    if (yaml) expect(written).toBe(yaml);
  });
});

describe("an edit leaves the rest as it is", () => {
  test.each<[string, string, string | undefined, string]>([
    ["", "a", '"x"', "a: x\n"],
    ["", "a", undefined, ""],
    ["# why", "a", "1", "# why\na: 1\n"],
    ["# why\na: 1 # one\nb: 0644\n", "a", "2", "# why\na: 2 # one\nb: 0644\n"],
    ["# why\na: 1 # one\nb:\n  - x # y\n", "a", undefined, "# why\nb:\n  - x # y\n"],
    ["# why\na: 1\nb:\n  - x # y\n# end\n", "b", undefined, "# why\na: 1\n# end\n"],
    ["a: 1\nb:\n  - x\n  - y\nc: 3\n", "b", '["z"]', "a: 1\nb:\n- z\nc: 3\n"],
    ["a: 1\nb:\nc: 3\n", "b", "2", "a: 1\nb: 2\nc: 3\n"],
    ["a: 1", "a", undefined, ""],
    ["a: 1", "b", "2", "a: 1\nb: 2\n"],
    ["a: 1 # one\n# end\n---\n", "b", '["x","1"]', 'a: 1 # one\nb:\n- x\n- "1"\n# end\n---\n'],
    ["  a: 1\n  c: 3\n", "b", '["x"]', "  a: 1\n  c: 3\n  b:\n  - x\n"],
    ["  a: 1\n  c: 3\n", "a", undefined, "  c: 3\n"],
    ['"a": 1\nb: 2\n', "a", "3", "a: 3\nb: 2\n"],
    ["{a: 0644}", "b", "2", "{ a: 0644, b: 2 }\n"],
    ["{a: 1, b: 2}", "b", undefined, "{ a: 1 }\n"],
    ["- 1\n", "a", "1", "a: 1\n"],
  ])("%j, %s: %s", (text, name, value, edited) => {
    expect(editYaml(text, name, value === undefined ? undefined : parseJson(value))).toBe(edited);
  });
});
