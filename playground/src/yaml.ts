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
  Lexer,
  type Node,
  Parser,
  type ScalarTag,
  type Tags,
  visit,
  YAMLMap,
  type YAMLParseError,
} from "yaml";
import type { Json, Step } from "./json.ts";

export type Range = { from: number; to: number };

/** A document that could be read. */
export interface Source {
  value: Json;
  /** Where the value at a path stands, or the nearest one around it. */
  locate(path: Step[]): Range;
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

/** How deep values may nest: more than the policy takes, and less than a stack holds. */
const DEPTH = 500;

/** The API server refuses longer requests. */
const LENGTH = 3 * 1024 * 1024;
const TOO_LONG = "longer than the 3 MiB that the API server takes";

/** How often aliases may stand for something, each counted with those inside what it stands for. */
const ALIASES = 1000;

const NOT_JSON = /:(timestamp|binary|omap|pairs|set)$/;
const OPTIONS = {
  version: "1.1",
  prettyErrors: false,
  customTags: (tags: Tags): Tags =>
    tags.filter((tag) => typeof tag === "string" || !(NOT_JSON.test(tag.tag) || (tag as ScalarTag).format === "TIME")),
} as const;

/** Reads the documents of a text, without empty ones. Throws a {@link SyntaxProblem} that says where it went wrong. */
export function readYaml(text: string): Source[] {
  if (text.length > LENGTH) throw new SyntaxProblem(TOO_LONG, 0, 1);
  if (/^\s*[{[]/.test(text)) {
    try {
      // JSON is YAML, but a reader of its own is many times faster.
      return [{ value: JSON.parse(text), locate: (path) => locate(documentsIn(text, false)[0], path) }];
    } catch {
      // Several documents begin with a brace, too, and what is no JSON may be YAML.
    }
  }
  const documents = documentsIn(text).filter((document) => !isNothing(document));
  return documents.map((document) => ({ value: toJson(document), locate: (path) => locate(document, path) }));
}

/** Writes a value as kubectl would: lists are not indented, and lines are as long as they are. */
export function writeYaml(value: Json): string {
  const document = new Document(value, { ...OPTIONS, aliasDuplicateObjects: false });
  return document.toString({ lineWidth: 0, indentSeq: false });
}

/** Changes or, without a value, removes the member at a path in one of a text's documents. Comments stay. */
export function editYaml(text: string, index: number, path: string[], value: Json | undefined): string {
  const documents = documentsIn(text);
  const document = documents.filter((document) => !isNothing(document))[index] ?? (documents[0] as Document.Parsed);
  if (value === undefined) {
    if (document.hasIn(path)) document.deleteIn(path);
  } else {
    const parent = blockAt(document, path.slice(0, -1));
    const old = parent.get(path.at(-1), true);
    if (isScalar(old) && typeof value !== "object") old.value = value;
    else parent.set(path.at(-1), document.createNode(value, { aliasDuplicateObjects: false }));
  }
  if (isMap(document.contents) && !document.contents.items.length) document.contents = null;
  const written = documents.map((document) => document.toString({ lineWidth: 0 })).join("");
  return written.replace(/(^|\n)null\n$/, "$1");
}

/** The object at a path, which is made where there is none, and spread over lines where it is empty. */
function blockAt(document: Document.Parsed, path: string[]): YAMLMap {
  for (let length = 0; length <= path.length; length++) {
    const place = path.slice(0, length);
    if (!isMap(document.getIn(place, true))) document.setIn(place, new YAMLMap());
  }
  const found = document.getIn(path, true) as YAMLMap;
  if (!found.items.length) found.flow = false;
  return found;
}

function documentsIn(text: string, uniqueKeys = true): Document.Parsed[] {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    // Composing it, which recurses, would take more stack than there is.
    if (parser.stack.length > DEPTH) throw new SyntaxProblem("nested too deep", parser.offset, parser.offset + 1);
  }
  tokens.push(...parser.end());
  const documents = [...new Composer({ ...OPTIONS, uniqueKeys }).compose(tokens, true, text.length)];
  for (const document of documents) {
    const [error] = document.errors;
    if (error) throw new SyntaxProblem(inPlainWords(error, text), ...error.pos);
  }
  return documents;
}

function isNothing({ contents }: Document.Parsed): boolean {
  return contents === null || (isScalar(contents) && contents.value === null && !contents.source);
}

function toJson(document: Document.Parsed): Json {
  let alias: Range | undefined;
  visit(document, {
    Alias: (_, node) => {
      alias ??= rangeOf(node);
    },
    Scalar: (_, { value, source, range }) => {
      if (typeof value !== "number" || Number.isFinite(value)) return;
      throw new SyntaxProblem(`${source} is a number that JSON does not have`, range?.[0] ?? 0, range?.[1] ?? 0);
    },
  });
  if (!alias) return document.toJS();
  try {
    // What aliases stand for is written out, so that nothing is shared.
    const text = JSON.stringify(document.toJS({ maxAliasCount: ALIASES }));
    if (text.length > LENGTH) throw new RangeError(TOO_LONG);
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxProblem(aliasProblem(error as Error), alias.from, alias.to);
  }
}

function aliasProblem({ message }: Error): string {
  if (message === TOO_LONG) return message;
  if (/Excessive/.test(message)) return `aliases stand for more than ${ALIASES} values`;
  const missing = /Unresolved alias.*: (.*)$/.exec(message)?.[1];
  return missing ? `there is no &${missing} before its alias` : "an alias stands for something that it is part of";
}

function locate(document: Document.Parsed | undefined, path: Step[]): Range {
  let node: unknown = document?.contents;
  let range = rangeOf(node);
  for (const step of path) {
    if (isAlias(node)) break;
    if (isMap(node)) {
      // Where names may stand twice, the last one counts.
      const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === step);
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
  const range = (node as Partial<Node> | null | undefined)?.range;
  return range ? { from: range[0], to: range[1] } : undefined;
}

/** The library's problems, in the words of someone who does not know YAML's grammar. */
const PLAIN: [problem: RegExp, words: string][] = [
  [
    /same column|seq-item-ind at node end|^A block|^Block collections/,
    "this does not fit the lines around it: check its indentation",
  ],
  [/on same line with key/, "a list must begin on a line of its own"],
  [/^Nested mappings/, "a second `: ` in one line: put the value in quotes, or on a line of its own"],
  [/^Implicit|^Missing , or : /, "a `:` is missing after the name"],
  [/^Flow map .*must|end with a }/, "a `{` before this has no `}`"],
  [/^Flow sequence .*must|end with a \]/, "a `[` before this has no `]`"],
  [/^Missing closing/, "a text before this has no closing quote"],
  [/^Map keys must be unique/, "this name stands twice in one object"],
  [/^Tabs are not allowed/, "indented with a tab: use spaces"],
  [/^Plain value cannot start with/, "this value needs quotes"],
  [/at node end|^Unexpected scalar/, "something follows a value that is complete"],
];

function inPlainWords({ message, pos }: YAMLParseError, text: string): string {
  if (isItemWithoutDash(text.split("\n").slice(0, lineAt(text, pos[0])))) return "the list item needs `- `";
  const words = PLAIN.find(([problem]) => problem.test(message))?.[1];
  return words ?? message.charAt(0).toLowerCase() + message.slice(1);
}

/** Whether the last line stands where the items of a list begin, without being one. */
function isItemWithoutDash(lines: string[]): boolean {
  const indentOf = (line: string) => line.search(/\S|$/);
  const last = lines.at(-1) ?? "";
  const before = lines.slice(0, -1).findLast((line) => line.trim() && indentOf(line) <= indentOf(last)) ?? "";
  return indentOf(before) === indentOf(last) && /^\s*- /.test(before) && !/^\s*(-|$)/.test(last);
}
