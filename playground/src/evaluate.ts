/** Owns one evaluation, from the texts of the editors to everything that the page shows of the policy's answer. */

import { kwctlCommand } from "./command.ts";
import {
  isMembers,
  itemsOf,
  lineAt,
  type Members,
  member,
  parseJson,
  SizeProblem,
  SyntaxProblem,
  textMember,
  type Value,
  writeJson,
} from "./json.ts";
import { Cluster, looksUpNamespaces, namespaceOf, offloadedNamespace } from "./namespace.ts";
import { diff, patchValue } from "./patch.ts";
import { pathOf, ShapeProblem, type Step } from "./path.ts";
import { type Review, reviewOf } from "./review.ts";
import { type PlainSettings, plainSettings } from "./settings.ts";
import { call, GuestFailure, type Host } from "./wapc.ts";
import { type Range, readYaml, type Source, writeYaml } from "./yaml.ts";

export interface Input {
  /** A pod, a workload or an AdmissionReview. */
  object: string;
  settings: string;
  /** Whether a pod gets what the API server adds. */
  asApiServer: boolean;
  /** The object's Namespace, which the policy looks up where the settings say so; one is made where none is given. */
  namespace: string | undefined;
}

/** A message about a place in one of the texts. */
export interface Mark extends Range {
  editor: "object" | "settings" | "namespace";
  severity: "error" | "warning";
  message: string;
}

export interface Evaluation {
  verdict: Verdict;
  marks: Mark[];
  /** For the form; none when they could not be read. */
  settings: PlainSettings | undefined;
  /** Whether the policy looks up Namespaces; unknown when the settings could not be read. */
  looksUp: boolean | undefined;
  /** The Namespace that was made for the object. */
  madeNamespace: string | undefined;
}

export type Verdict =
  | { kind: "empty" }
  | { kind: "unreadable"; message: string }
  | { kind: "invalid-settings"; message: string }
  | { kind: "failed"; message: string }
  | Answer;

/** What the policy said. */
export interface Answer {
  kind: "accepted" | "rejected";
  message: string | undefined;
  auditAnnotations: [key: string, value: string][];
  warnings: string[];
  added: string[] | undefined;
  change: Change | undefined;
  request: string;
  command: string;
  milliseconds: number;
}

/** What the policy changed. */
export interface Change {
  before: string;
  after: string;
  patch: string;
  operations: number;
}

export function evaluate(module: WebAssembly.Module, version: string, input: Input): Evaluation {
  const marks: Mark[] = [];
  const settings = read("settings", input.settings, marks);
  const looksUp = settings && looksUpNamespaces(settings.value);
  const evaluation = { marks, settings: settings && plainSettings(settings.value), looksUp, madeNamespace: undefined };
  try {
    const refusal = settings && refusalOf(module, settings, marks);
    if (refusal !== undefined) return { ...evaluation, verdict: { kind: "invalid-settings", message: refusal } };
    const isEmpty = !input.object.trim();
    if (isEmpty && settings) return { ...evaluation, verdict: { kind: "empty" } };

    const source = isEmpty ? undefined : read("object", input.object, marks);
    const review = source && shaped("object", source, marks, (value) => reviewOf(value, input.asApiServer));
    const isMade = looksUp && input.namespace === undefined;
    const madeNamespace = isMade && review ? offloadedNamespace(review.request, settings.value) : undefined;
    const cluster = looksUp ? clusterOf(madeNamespace ?? input.namespace ?? "", marks) : new Cluster(undefined);
    if (!settings || !review || !cluster) {
      const verdict: Verdict = { kind: "unreadable", message: firstProblem(input, marks) };
      return { ...evaluation, verdict, madeNamespace };
    }
    const answer = ask(module, version, review, settingsJson(settings), cluster);
    markAnswer(answer, source, review, marks);
    return { ...evaluation, verdict: answer, madeNamespace };
  } catch (error) {
    if (!(error instanceof GuestFailure)) throw error;
    return { ...evaluation, verdict: { kind: "failed", message: error.message } };
  }
}

/** Reads one of the texts, or marks what is wrong with it. */
function read(editor: Mark["editor"], text: string, marks: Mark[]): Source | undefined {
  try {
    const source = readYaml(text);
    // Aliases can make a short text too long to be handled.
    writeJson(source.value);
    return source;
  } catch (error) {
    const mark = problemMark(error);
    if (!mark) throw error;
    marks.push({ editor, severity: "error", ...mark });
    return undefined;
  }
}

function problemMark(error: unknown): (Range & { message: string }) | undefined {
  if (error instanceof SyntaxProblem) return { from: error.from, to: error.to, message: error.message };
  if (error instanceof SizeProblem) return { from: 0, to: 1, message: error.message };
  // What nests too deep for a reader that recurses ends so.
  if (error instanceof RangeError) return { from: 0, to: 1, message: "nested too deep" };
  return undefined;
}

/** Makes something of what was read, or marks where it has another shape. */
function shaped<T>(editor: Mark["editor"], source: Source, marks: Mark[], make: (value: Value) => T): T | undefined {
  try {
    return make(source.value);
  } catch (error) {
    if (!(error instanceof ShapeProblem)) throw error;
    marks.push({ editor, severity: "error", ...source.locate(error.path), message: error.message });
    return undefined;
  }
}

function clusterOf(text: string, marks: Mark[]): Cluster | undefined {
  const source = read("namespace", text, marks);
  return source && shaped("namespace", source, marks, (value) => new Cluster(namespaceOf(value)));
}

/** How a message begins that is about a line of a text. */
const PLACES: Record<Mark["editor"], string> = { object: "", settings: "settings, ", namespace: "Namespace, " };

function firstProblem(input: Input, marks: Mark[]): string {
  const [mark] = marks.filter(({ severity }) => severity === "error");
  if (!mark) return "";
  return `${PLACES[mark.editor]}line ${lineAt(input[mark.editor] ?? "", mark.from)}: ${mark.message}`;
}

function settingsJson(settings: Source): string {
  return writeJson(settings.value ?? new Map());
}

/** What stands between two problems of the settings: the next one begins with a path, or with a name in quotes. */
const NEXT_PROBLEM = /; (?=(?:"[^"]*"|[A-Za-z][\w-]*(?:\.[\w-]+)*(?:\[\d+\])?): )/;

/** Why the policy refuses the settings, with each setting that it names marked. */
function refusalOf(module: WebAssembly.Module, settings: Source, marks: Mark[]): string | undefined {
  const answer = callJson(module, "validate_settings", settingsJson(settings), new Cluster(undefined).host);
  if (member(answer, "valid") === true) return undefined;
  const message = textMember(answer, "message") ?? "no reason given";
  for (const problem of message.split(NEXT_PROBLEM)) {
    marks.push({ editor: "settings", severity: "error", ...settings.locate(settingOf(problem)), message: problem });
  }
  return message;
}

/** The path of the setting that a problem is about. A name that is no setting's comes in quotes, behind a path or alone. */
function settingOf(problem: string): Step[] {
  const [, place, unknown] = /^([\w.-]+: )?"([^"]+)": /.exec(problem) ?? [];
  return [...(pathOf(place ?? problem) ?? []), ...(unknown === undefined ? [] : [unknown])];
}

function ask(module: WebAssembly.Module, version: string, review: Review, settings: string, cluster: Cluster): Answer {
  const request = writeJson(review.request);
  const start = performance.now();
  const answer = callJson(module, "validate", `{"request":${request},"settings":${settings}}`, cluster.host);
  const milliseconds = performance.now() - start;
  const audit = member(answer, "audit_annotations");
  return {
    kind: member(answer, "accepted") === true ? "accepted" : "rejected",
    message: textMember(answer, "message"),
    auditAnnotations: isMembers(audit) ? [...audit].map(([key, value]) => [key, String(value)]) : [],
    warnings: itemsOf(answer, "warnings").map(String),
    added: review.added,
    change: changeOf(review.request.get("object"), member(answer, "mutated_object")),
    request,
    command: kwctlCommand(request, settings, version, cluster.exchanges),
    milliseconds,
  };
}

function callJson(module: WebAssembly.Module, operation: string, payload: string, host: Host): Value {
  const answer = call(module, operation, new TextEncoder().encode(payload), host);
  return parseJson(new TextDecoder().decode(answer));
}

function changeOf(before: Value | undefined, after: Value | undefined): Change | undefined {
  if (before === undefined || after === undefined) return undefined;
  const operations = diff(before, after);
  if (!operations.length) return undefined;
  return {
    before: writeYaml(withoutManagedFields(before)),
    after: writeYaml(withoutManagedFields(after)),
    patch: writeJson(patchValue(operations), 2),
    operations: operations.length,
  };
}

/** They say nothing about the pod and much of it. */
function withoutManagedFields(object: Value): Value {
  const metadata = member(object, "metadata");
  if (!isMembers(object) || !isMembers(metadata)) return object;
  const shown: Members = new Map(metadata);
  shown.delete("managedFields");
  return new Map([...object, ["metadata", shown]]);
}

/** Marks the places that the answer's messages begin with. */
function markAnswer(answer: Answer, source: Source, review: Review, marks: Mark[]): void {
  const mark = (severity: Mark["severity"], message: string) => {
    const path = pathOf(message);
    if (!path) return;
    marks.push({ editor: "object", severity, ...source.locate(review.pathInText(path)), message });
  };
  if (answer.kind === "rejected" && answer.message) mark("error", answer.message);
  for (const warning of answer.warnings) mark("warning", warning);
}
