/**
 * Owns YAML: as values and back, and where in a text a value stands. It is read as kubectl reads it, which follows YAML
 * 1.1 in its booleans (`on`), octal numbers (`0644`) and merge keys (`<<`), and leaves dates as text. JSON is read, too.
 */

import {
  Composer,
  type CST,
  Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type ParsedNode,
  Parser,
  type ScalarTag,
  type Tags,
  visit,
} from "yaml";
import { DEPTH, type Members, Numeral, parseJson, SyntaxProblem, type Value } from "./json.ts";
import type { Step } from "./path.ts";

export interface Range {
  from: number;
  to: number;
}

type Span = [from: number, to: number];

/** A text that could be read. */
export interface Source {
  value: Value;
  /** Where the value at a path stands, or the nearest one around it. */
  locate(path: Step[]): Range;
}

/** How often aliases may stand for something, each counted with those inside what it stands for. */
const ALIASES = 1000;

const NUMERAL_TAGS: ScalarTag[] = [
  numberTag("int", /^[-+]?(0b[01][01_]*|0x[\da-fA-F][\da-fA-F_]*|0o[0-7][0-7_]*|\d[\d_]*)$/, integerText),
  numberTag("float", /^[-+]?(\d[\d_]*\.?|(\d[\d_]*)?\.[\d_]*\d)([eE][-+]?\d+)?$/, floatText),
  {
    tag: "tag:yaml.org,2002:float",
    default: true,
    test: /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/,
    resolve: (text, onError) => onError(`${text} is a number that JSON does not have`),
  },
];
const REPLACED = /:(int|float|timestamp|binary|omap|pairs|set)$/;
const OPTIONS = {
  version: "1.1",
  customTags: (tags: Tags): Tags => [
    ...tags.filter((tag) => typeof tag === "string" || !REPLACED.test(tag.tag)),
    ...NUMERAL_TAGS,
  ],
} as const;

/** Reads a text with one document, which may be empty. Throws a {@link SyntaxProblem} that says where it went wrong. */
export function readYaml(text: string): Source {
  const json = readAsJson(text);
  if ("value" in json) return json;
  try {
    const document = singleDocument(text);
    return { value: toValue(document), locate: (path) => locate(document.contents, path) };
  } catch (error) {
    // What looks like JSON is meant to be JSON.
    throw error instanceof SyntaxProblem && /^\s*[{[]/.test(text) ? json.problem : error;
  }
}

/** Writes a value as kubectl would: lists are not indented, and lines are as long as they are. */
export function writeYaml(value: Value): string {
  const document = new Document(value, { ...OPTIONS, aliasDuplicateObjects: false });
  return document.toString({ indentSeq: false, lineWidth: 0 });
}

/** Changes or, without a value, removes a member of the object in a text. The rest of the text stays as it is. */
export function editYaml(text: string, name: string, value: Value | undefined): string {
  const document = singleDocument(text);
  const { contents } = document;
  if (isNothing(document)) return value === undefined ? text : insertedAfter(text, text.length, "", name, value);
  const first = isMap(contents) && !contents.flow ? contents.items[0] : undefined;
  const start = rangeOf(first?.key)?.from ?? 0;
  const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  if (!isMap(contents) || !first || indent.trim()) return rewritten(document, name, value);

  const pair = contents.items.find(({ key }) => isScalar(key) && nameText(key.value) === name);
  if (!pair) {
    const last = contents.items.at(-1);
    return value === undefined ? text : insertedAfter(text, endOf(text, last), indent, name, value);
  }
  const { from } = rangeOf(pair.key) ?? { from: 0 };
  if (value !== undefined) {
    return text.slice(0, from) + memberText(indent, name, value).slice(indent.length) + text.slice(endOf(text, pair));
  }
  return text.slice(0, from - indent.length) + text.slice(endOfLine(text, endOf(text, pair)) + 1);
}

/** For notations in which a line is not a member. */
function rewritten(document: Document.Parsed, name: string, value: Value | undefined): string {
  if (!isMap(document.contents)) document.contents = document.createNode(new Map()) as unknown as ParsedNode;
  if (value === undefined) document.delete(name);
  else document.set(name, document.createNode(value));
  return document.toString({ lineWidth: 0 });
}

function insertedAfter(text: string, at: number, indent: string, name: string, value: Value): string {
  const end = endOfLine(text, at);
  const before = text.slice(0, end);
  return `${before}${before && !before.endsWith("\n") ? "\n" : ""}${memberText(indent, name, value)}${text.slice(end) || "\n"}`;
}

function memberText(indent: string, name: string, value: Value): string {
  return writeYaml(new Map([[name, value]]))
    .trimEnd()
    .replaceAll(/^/gm, indent);
}

/** The end of what is written of a member, without the comment behind it. */
function endOf(text: string, pair: Pair<unknown, unknown> | undefined): number {
  const { to } = rangeOf(pair?.value) ?? rangeOf(pair?.key) ?? { to: text.length };
  return text.slice(0, to).trimEnd().length;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** JSON is YAML, but a reader of its own is many times faster. */
function readAsJson(text: string): Source | { problem: SyntaxProblem } {
  try {
    return { value: parseJson(text), locate: (path) => locate(singleDocument(text, false).contents, path) };
  } catch (error) {
    if (error instanceof SyntaxProblem) return { problem: error };
    throw error;
  }
}

function singleDocument(text: string, uniqueKeys = true): Document.Parsed {
  const tokens = [...new Parser().parse(text)];
  tokens.forEach(checkDepth);
  // At least one document is wanted, also of an empty text.
  const documents = [
    ...new Composer({ ...OPTIONS, uniqueKeys, prettyErrors: false }).compose(tokens, true, text.length),
  ];
  for (const document of documents) {
    const [error] = document.errors;
    if (error) throw new SyntaxProblem(reworded(error.message), ...error.pos);
  }
  const [first, second] = documents.filter((document) => !isNothing(document));
  if (second) {
    const [from] = second.contents?.range ?? second.range;
    throw new SyntaxProblem("a second document begins here; the playground takes one at a time", from, from + 1);
  }
  return first ?? (documents[0] as Document.Parsed);
}

/** Refuses what nests too deep, without recursion: composing it would take more stack than there is. */
function checkDepth(root: CST.Token): void {
  const pending: [token: CST.Token, depth: number][] = [[root, 0]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [token, depth] = next;
    if (depth > DEPTH) throw new SyntaxProblem(`nested more than ${DEPTH} levels deep`, token.offset, token.offset + 1);
    if ("value" in token && token.value) pending.push([token.value, depth]);
    if (!("items" in token)) continue;
    for (const { key, value } of token.items) {
      if (key) pending.push([key, depth + 1]);
      if (value) pending.push([value, depth + 1]);
    }
  }
}

function isNothing({ contents }: Document.Parsed): boolean {
  return contents === null || (isScalar(contents) && contents.value === null && !contents.source);
}

function toValue(document: Document.Parsed): Value {
  const firstAlias = checkAliases(document);
  try {
    return normalized(document.toJS({ mapAsMap: true, maxAliasCount: ALIASES }));
  } catch (error) {
    // The library's way to say that there are too many.
    if (error instanceof ReferenceError) {
      throw new SyntaxProblem(`aliases stand for more than ${ALIASES} values`, ...firstAlias);
    }
    if (!(error instanceof Cycle)) throw error;
    throw new SyntaxProblem("an alias stands for something that it is part of", ...firstAlias);
  }
}

/** Refuses an alias whose anchor does not come before it, and tells where the first alias stands. */
function checkAliases(document: Document.Parsed): Span {
  const anchors = new Set<string>();
  let first: Span | undefined;
  visit(document, {
    Node(_, node) {
      if (!isAlias(node)) {
        if (node.anchor) anchors.add(node.anchor);
        return;
      }
      const span: Span = [node.range?.[0] ?? 0, node.range?.[1] ?? 0];
      if (!anchors.has(node.source)) throw new SyntaxProblem(`there is no &${node.source} before this`, ...span);
      first ??= span;
    },
  });
  return first ?? [0, 0];
}

/** What an alias stands for contains the alias. */
class Cycle extends Error {}

/** Members' names are text in JSON, whatever they look like in YAML. */
function normalized(value: unknown, seen = new Map<object, Value | undefined>()): Value {
  if (value === undefined) return null;
  if (!(value instanceof Map || Array.isArray(value))) return value as Value;
  const known = seen.get(value);
  if (known) return known;
  if (seen.has(value)) throw new Cycle();
  seen.set(value, undefined);
  let result: Value;
  if (Array.isArray(value)) {
    result = value.map((item) => normalized(item, seen));
  } else {
    const members: Members = new Map();
    for (const [name, member] of value) members.set(nameText(name), normalized(member, seen));
    result = members;
  }
  seen.set(value, result);
  return result;
}

function nameText(name: unknown): string {
  return name instanceof Numeral ? name.text : String(name);
}

function locate(root: Node | null, path: Step[]): Range {
  let node: unknown = root;
  let range = rangeOf(root);
  for (const step of path) {
    if (isAlias(node)) break;
    if (isMap(node)) {
      // Where names may stand twice, the last one counts.
      const pair = node.items.findLast(({ key }) => isScalar(key) && nameText(key.value) === step);
      if (!isPair(pair)) break;
      range = rangeOf(pair.key) ?? range;
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number" && step < node.items.length) {
      node = node.items[step];
      range = rangeOf(node) ?? range;
    } else {
      break;
    }
  }
  return range ?? { from: 0, to: 0 };
}

function rangeOf(node: unknown): Range | undefined {
  const range = (node as Partial<Node> | null)?.range;
  return range ? { from: range[0], to: range[1] } : undefined;
}

/** The library's message, in the words of someone who does not know its grammar. */
function reworded(message: string): string {
  const unclosed = /must be sufficiently indented and end with a (.)$/.exec(message)?.[1];
  return unclosed ? `expected ${unclosed} before this` : message.charAt(0).toLowerCase() + message.slice(1);
}

function numberTag(name: "int" | "float", test: RegExp, toJson: (text: string) => string): ScalarTag {
  return {
    tag: `tag:yaml.org,2002:${name}`,
    default: true,
    test,
    identify: (value) => value instanceof Numeral,
    resolve: (text) => new Numeral(toJson(text)),
    stringify: ({ source, value }) => source ?? (value as Numeral).text,
  };
}

/** The JSON text of an integer in any of its notations. A 0 before octal digits makes an octal number. */
function integerText(text: string): string {
  const [, sign, digits = ""] = /^([-+]?)(.*)$/.exec(text.replaceAll("_", "")) ?? [];
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  return `${sign === "-" ? "-" : ""}${BigInt(octal)}`;
}

/** The JSON text of a number with a fraction or an exponent: as it is written, as far as JSON allows. */
function floatText(text: string): string {
  const parts = /^([-+]?)0*(\d*)(?:\.(\d*))?([eE].*)?$/.exec(text.replaceAll("_", "")) ?? [];
  const [, sign, whole, fraction, exponent = ""] = parts;
  return `${sign === "-" ? "-" : ""}${whole || "0"}${fraction ? `.${fraction}` : ""}${exponent}`;
}
