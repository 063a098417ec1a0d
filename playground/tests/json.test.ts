import { describe, expect, test } from "vitest";
import { Numeral, parseJson, SizeProblem, SyntaxProblem, type Value, writeJson } from "../src/json.ts";

describe("what is read is written as it was", () => {
  test.each([
    ["numbers that no machine type holds", "[9007199254740993,1.0,1e400,-0,0.10,123456789012345678901234567890]"],
    ["names that objects treat otherwise", '{"b":1,"10":2,"2":3,"__proto__":4,"constructor":5,"":6}'],
    ["strings", '["","a\\"b\\\\","\\n\\t","ü","😀"]'],
    ["words", "[true,false,null,{},[]]"],
  ])("%s", (_, text) => {
    expect(writeJson(parseJson(text))).toBe(text);
  });
});

test("of members with one name the last counts", () => {
  expect(writeJson(parseJson('{"a":1,"b":2,"a":3}'))).toBe('{"a":3,"b":2}');
});

test("JSON can be indented", () => {
  expect(writeJson(parseJson(' {"a" : [ 1 , {} ] , "b" : { "c" : "d" } } '), 2)).toBe(
    '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": {\n    "c": "d"\n  }\n}',
  );
});

describe("a problem is told where it is", () => {
  test.each([
    ["", "a value", 0],
    ["{", "a member's name in quotes", 1],
    ['{"a"', "a colon", 4],
    ['{"a":1', "a comma or the end of the object", 6],
    ["[1 2]", "a comma or the end of the list", 3],
    ["[1,]", "a value", 3],
    ["01", "the end", 1],
    ["+1", "a value", 0],
    ["nul", "a value", 0],
    ['"a', "a string that ends", 0],
    ['["\\x"]', "a string without control characters and unknown escapes", 1],
    ['["a\nb"]', "a string without control characters and unknown escapes", 1],
    ["[".repeat(100_000), "at most 500 levels", 501],
  ])("%#", (text, expected, at) => {
    const to = Math.min(at + 1, text.length);
    expect(() => parseJson(text)).toThrow(new SyntaxProblem(`expected ${expected}`, at, to));
    expect(problemOf(text)).toEqual([at, to]);
  });
});

function problemOf(text: string): number[] | undefined {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) return [error.from, error.to];
  }
  return undefined;
}

test("what is shared can be too long to be written", () => {
  let value: Value = new Numeral("1");
  for (let level = 0; level < 30; level++) value = [value, value];
  expect(() => writeJson(value)).toThrow(new SizeProblem("longer than the 3 MiB that the API server takes"));
});
