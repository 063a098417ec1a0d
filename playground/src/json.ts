/**
 * Owns JSON values as the page handles them: lossless. Numbers keep the text they came in, members keep their order,
 * and no member's name is special. `JSON.parse` promises none of this, and neither do libraries that make objects.
 */

export type Value = null | boolean | string | Numeral | Value[] | Members;
export type Members = Map<string, Value>;

/** A number as it is written in JSON. */
export class Numeral {
  constructor(readonly text: string) {}
}

/** A text is not what it should be, from one offset to another. */
export class SyntaxProblem extends Error {
  constructor(
    message: string,
    readonly from: number,
    readonly to: number,
  ) {
    super(message);
  }
}

/** The number of the line at an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** A value is more than a request may hold. */
export class SizeProblem extends Error {}

/** How deep values may nest: more than the policy takes, and less than a stack holds. */
export const DEPTH = 500;

/** The API server refuses longer requests. */
const LENGTH = 3 * 1024 * 1024;

const SPACE = /[ \t\r\n]*/y;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** Reads JSON. Of members with the same name the last one counts, as for the policy. */
export function parseJson(text: string): Value {
  let at = 0;

  const fail = (expected: string): never => {
    throw new SyntaxProblem(`expected ${expected}`, Math.min(at, text.length), Math.min(at + 1, text.length));
  };
  const skipSpace = () => {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
  };
  const token = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const takes = (character: string): boolean => {
    skipSpace();
    const found = text[at] === character;
    at += found ? 1 : 0;
    return found;
  };
  const string = (): string => {
    const start = at;
    const quoted = token(STRING) ?? fail("a string that ends");
    try {
      return JSON.parse(quoted);
    } catch {
      at = start;
      return fail("a string without control characters and unknown escapes");
    }
  };
  const value = (depth: number): Value => {
    skipSpace();
    if (depth > DEPTH) return fail(`at most ${DEPTH} levels`);
    switch (text[at]) {
      case "{":
        at++;
        return members(depth);
      case "[":
        at++;
        return items(depth);
      case '"':
        return string();
    }
    const number = token(NUMBER);
    if (number !== undefined) return new Numeral(number);
    for (const [word, meaning] of WORDS) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    }
    return fail("a value");
  };
  const members = (depth: number): Members => {
    const members: Members = new Map();
    if (takes("}")) return members;
    do {
      skipSpace();
      if (text[at] !== '"') fail("a member's name in quotes");
      const name = string();
      if (!takes(":")) fail("a colon");
      members.set(name, value(depth + 1));
    } while (takes(","));
    if (!takes("}")) fail("a comma or the end of the object");
    return members;
  };
  const items = (depth: number): Value[] => {
    const items: Value[] = [];
    if (takes("]")) return items;
    do {
      items.push(value(depth + 1));
    } while (takes(","));
    if (!takes("]")) fail("a comma or the end of the list");
    return items;
  };

  const whole = value(0);
  skipSpace();
  if (at < text.length) fail("the end");
  return whole;
}

/** Writes JSON, on one line or indented. Refuses what aliases have made too long for a request. */
export function writeJson(value: Value, indent = 0): string {
  const parts: string[] = [];
  let length = 0;
  const put = (part: string) => {
    length += part.length;
    if (length > LENGTH) {
      throw new SizeProblem("longer than the 3 MiB that the API server takes");
    }
    parts.push(part);
  };
  const list = <T>(open: string, close: string, all: Iterable<T>, depth: number, write: (one: T) => void) => {
    const newLine = (depth: number) => (indent ? `\n${" ".repeat(indent * depth)}` : "");
    let separator = open;
    for (const one of all) {
      put(separator + newLine(depth + 1));
      write(one);
      separator = ",";
    }
    put(separator === open ? open + close : newLine(depth) + close);
  };
  const write = (value: Value, depth: number): void => {
    if (depth > DEPTH) throw new SizeProblem(`nested more than ${DEPTH} levels deep`);
    if (value instanceof Map) {
      list("{", "}", value, depth, ([name, member]) => {
        put(`${JSON.stringify(name)}:${indent ? " " : ""}`);
        write(member, depth + 1);
      });
    } else if (Array.isArray(value)) {
      list("[", "]", value, depth, (item) => write(item, depth + 1));
    } else {
      put(value instanceof Numeral ? value.text : JSON.stringify(value));
    }
  };
  write(value, 0);
  return parts.join("");
}

/** What a literal in the code stands for. */
export type Literal = null | boolean | string | number | Value | Literal[] | { [name: string]: Literal };

/** Makes a value of a literal. */
export function fromLiteral(literal: Literal): Value {
  if (typeof literal === "number") return new Numeral(String(literal));
  if (Array.isArray(literal)) return literal.map(fromLiteral);
  if (literal instanceof Map || literal instanceof Numeral) return literal;
  if (typeof literal === "object" && literal !== null) {
    return new Map(Object.entries(literal).map(([name, member]) => [name, fromLiteral(member)]));
  }
  return literal;
}

export function isMembers(value: Value | undefined): value is Members {
  return value instanceof Map;
}

/** A member of what may be an object. */
export function member(value: Value | undefined, name: string): Value | undefined {
  return isMembers(value) ? value.get(name) : undefined;
}

/** A member that is text. */
export function textMember(value: Value | undefined, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === "string" ? found : undefined;
}

/** The items of a member that may be a list. */
export function itemsOf(value: Value | undefined, name: string): Value[] {
  const found = member(value, name);
  return Array.isArray(found) ? found : [];
}
