/** Owns one evaluation, from the texts of the editors to everything that the page shows of the policy's answers. */

import { type Access, accessOf } from "./access.ts";
import { changeInWords } from "./change.ts";
import { kwctlCommand } from "./command.ts";
import { at, inOrderOf, isMembers, itemsAt, type Json, type Members, membersAt, type Step, textAt } from "./json.ts";
import { Cluster, homeCluster, looksUpNamespaces, namespaceOf, offloadedNamespace } from "./namespace.ts";
import { type Pasted, pastedIn } from "./objects.ts";
import { diff } from "./patch.ts";
import { pathOf, ShapeProblem } from "./path.ts";
import { type As, OtherKind, type Review, reviewOf } from "./review.ts";
import { type Selection, selectionOf, selectsNamespaces } from "./selection.ts";
import { type SettingsText, settingsIn } from "./settings.ts";
import { call, GuestFailure, type Host } from "./wapc.ts";
import { lineAt, type Range, readYaml, SyntaxProblem, writeYaml } from "./yaml.ts";

export interface Input {
  /** Pods, workloads or AdmissionReviews, with their Namespaces and a policy's manifest if there are any. */
  object: string;
  /** Settings, or a policy's manifest. */
  settings: string;
  as: As;
  /** The Namespace of the chosen object; one is made where none is given. */
  namespace: string | undefined;
  /** Which object is shown; none stands for the first that the policy looks at. */
  chosen: number | undefined;
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
  settings: Members | undefined;
  /** All objects, and which of them the verdict is about. */
  objects: Listed[];
  chosen: number;
  /** Whether policy or selectors look at the Namespace; unknown when the settings could not be read. */
  needsNamespace: boolean | undefined;
  /** The Namespace that was pasted or made for the object. */
  madeNamespace: string | undefined;
  /** A policy's manifest that stands beside the objects. */
  policy: string | undefined;
}

/** An object of several. */
export interface Listed {
  kind: string;
  name: string;
  state: "accepted" | "warned" | "rejected" | "other";
  isAsked: boolean | undefined;
}

export type Verdict =
  | { kind: "empty" }
  | { kind: "unreadable" | "invalid-settings" | "failed" | "other-kind"; message: string }
  | Answer;

/** What the policy said. */
export interface Answer {
  kind: "accepted" | "rejected";
  /** The kind of what was asked about, and of the workload that it would belong to. */
  subject: string;
  workload: string | undefined;
  message: string | undefined;
  auditAnnotations: [key: string, value: string][];
  warnings: string[];
  way: string;
  change: Change | undefined;
  selection: Selection | undefined;
  access: Access | undefined;
  command: string;
  milliseconds: number;
}

/** What the policy changed. */
export type Change = { before: string; after: string; patch: string; words: string[] };

export async function evaluate(module: WebAssembly.Module, version: string, input: Input): Promise<Evaluation> {
  const marks: Mark[] = [];
  const settings = read("settings", input.settings, marks, settingsIn);
  const evaluation: Evaluation = {
    verdict: { kind: "empty" },
    marks,
    settings: settings && membersAt(settings.value),
    objects: [],
    chosen: 0,
    needsNamespace: settings && (looksUpNamespaces(settings.value) || selectsNamespaces(settings.policy)),
    madeNamespace: undefined,
    policy: undefined,
  };
  try {
    const refusal = settings && refusalOf(module, settings, marks);
    if (refusal !== undefined) return { ...evaluation, verdict: { kind: "invalid-settings", message: refusal } };
    const pasted = read("object", input.object, marks, (text) => pastedIn(readYaml(text)));
    const namespace = evaluation.needsNamespace ? (input.namespace ?? "") : "";
    const givenNamespace = read("namespace", namespace, marks, namespaceIn);
    if (!settings || !pasted || marks.length) {
      return { ...evaluation, verdict: { kind: "unreadable", message: firstProblem(input, marks) } };
    }
    const context = { module, version, input, settings, pasted, givenNamespace, marks };
    return { ...evaluation, ...(await evaluated(context)) };
  } catch (error) {
    if (!(error instanceof GuestFailure)) throw error;
    return { ...evaluation, verdict: { kind: "failed", message: error.message } };
  }
}

/** What an evaluation of texts that could be read goes by. */
interface Context {
  module: WebAssembly.Module;
  version: string;
  input: Input;
  settings: SettingsText;
  pasted: Pasted;
  givenNamespace: Members | undefined;
  marks: Mark[];
}

async function evaluated(context: Context): Promise<Partial<Evaluation>> {
  const { input, pasted, settings, marks } = context;
  const policy = pasted.policies[0] && writeYaml(pasted.policies[0]);
  const reviews = await Promise.all(
    pasted.objects.map(({ value }) => reviewOf(value, input.as, settings.value).catch(shapeProblem)),
  );
  const first = reviews.findIndex((review) => !(review instanceof ShapeProblem));
  const chosen = Math.min(input.chosen ?? Math.max(0, first), reviews.length - 1);
  const judged = reviews.map((review, index) =>
    review instanceof ShapeProblem ? review : judgedIn(context, review, index === chosen),
  );
  const objects = judged.map((one, index) => listed(pasted.objects[index]?.value, one));
  const [found, shown] = [pasted.objects[chosen], judged[chosen]];
  if (!found || !shown) return { policy };
  if (shown instanceof ShapeProblem) {
    marks.push({ editor: "object", severity: "error", ...found.locate(shown.path), message: shown.message });
    const isOther = shown instanceof OtherKind;
    const message = isOther ? shown.message : firstProblem(input, marks);
    return { policy, objects, chosen, verdict: { kind: isOther ? "other-kind" : "unreadable", message } };
  }
  const verdict = answerOf(context, shown);
  const { review, request, namespace } = shown;
  markAnswer(verdict, marks, (path) => found.locate(request === review.request ? review.pathInText(path) : path));
  const madeNamespace = input.namespace === undefined && namespace ? writeYaml(namespace) : undefined;
  return { policy, objects, chosen, verdict, madeNamespace };
}

function shapeProblem(error: unknown): ShapeProblem {
  if (error instanceof ShapeProblem) return error;
  throw error;
}

/** An object with what the policy decides about it. */
type Judged = ReturnType<typeof ask> & Pick<Answer, "selection"> & { review: Review; namespace: Members | undefined };

/** Asks about a pod or a workload, and about a pod of the workload where the workload itself is accepted. */
function judgedIn(context: Context, review: Review, isChosen: boolean): Judged {
  const { policy } = context.settings;
  const namespace = namespaceFor(context, review, isChosen);
  const selection = policy && selectionOf(policy, review.request, namespace);
  const ofWorkload = review.workload && ask(context, review.workload, namespace);
  if (ofWorkload?.answer.accepted === false) return { ...ofWorkload, review, namespace, selection };
  const decision = ask(context, review.request, namespace);
  const warnings = [ofWorkload?.answer, decision.answer].flatMap((answer) => itemsAt(answer, "warnings"));
  const answer = { ...decision.answer, warnings: [...new Set(warnings)] };
  return { ...decision, answer, review, namespace, selection };
}

/** The Namespace that was given, else one that was pasted, else one as Liqo would have made it. */
function namespaceFor({ input, givenNamespace, pasted, settings }: Context, { request }: Review, isChosen: boolean) {
  if (isChosen && input.namespace !== undefined) return givenNamespace;
  const name = textAt(request, "namespace") || "default";
  const known = pasted.namespaces.find((namespace) => textAt(namespace, "metadata", "name") === name);
  const object = { metadata: { ...membersAt(request, "object", "metadata"), namespace: name } };
  return known ?? offloadedNamespace(name, homeCluster(object, settings.value));
}

function ask({ module, version, settings: { value } }: Context, request: Members, namespace: Members | undefined) {
  const cluster = new Cluster(looksUpNamespaces(value) ? namespace : undefined);
  const text = JSON.stringify(request);
  const settings = JSON.stringify(value ?? {});
  const start = performance.now();
  const answer = membersAt(callJson(module, "validate", `{"request":${text},"settings":${settings}}`, cluster.host));
  const milliseconds = performance.now() - start;
  return { request, answer, milliseconds, command: () => kwctlCommand(text, settings, version, cluster.exchanges) };
}

function listed(value: Json | undefined, judged: Judged | ShapeProblem): Listed {
  const names = { kind: textAt(value, "kind") || "object", name: textAt(value, "metadata", "name") || "unnamed" };
  if (judged instanceof ShapeProblem) return { ...names, state: "other", isAsked: undefined };
  const { answer, selection } = judged;
  const accepted = itemsAt(answer, "warnings").length ? "warned" : "accepted";
  return { ...names, state: answer.accepted === true ? accepted : "rejected", isAsked: selection?.isAsked };
}

function answerOf({ settings }: Context, judged: Judged): Answer {
  const { review, request, answer, milliseconds, command, selection } = judged;
  const object = request.object ?? null;
  const mutated = answer.mutated_object ?? object;
  const audit = membersAt(answer, "audit_annotations");
  return {
    kind: answer.accepted === true ? "accepted" : "rejected",
    subject: textAt(request, "kind", "kind"),
    workload: request === review.workload ? undefined : textAt(review.workload, "kind", "kind") || undefined,
    message: textAt(answer, "message") || undefined,
    auditAnnotations: Object.entries(audit).map(([key, value]) => [key, String(value)]),
    warnings: itemsAt(answer, "warnings").map(String),
    way: review.way,
    change: changeOf(object, mutated),
    selection,
    access: accessOf(mutated, audit, homeCluster(object, settings.value)),
    command: command(),
    milliseconds,
  };
}

/** Marks the places that the answer's messages begin with. */
function markAnswer(answer: Answer, marks: Mark[], locate: (path: Step[]) => Range): void {
  const mark = (severity: Mark["severity"], message: string) => {
    const path = pathOf(message);
    if (path) marks.push({ editor: "object", severity, ...locate(path), message });
  };
  if (answer.kind === "rejected" && answer.message) mark("error", answer.message);
  for (const warning of answer.warnings) mark("warning", warning);
}

/** Reads one of the texts, or marks what is wrong with it. */
function read<T>(editor: Mark["editor"], text: string, marks: Mark[], make: (text: string) => T): T | undefined {
  try {
    return make(text);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    marks.push({ editor, severity: "error", from: error.from, to: error.to, message: error.message });
    return undefined;
  }
}

function namespaceIn(text: string): Members | undefined {
  const [source] = readYaml(text);
  try {
    return namespaceOf(source?.value);
  } catch (error) {
    const { path, message } = shapeProblem(error);
    const { from, to } = source?.locate(path) ?? { from: 0, to: 0 };
    throw new SyntaxProblem(message, from, to);
  }
}

/** How a message begins that is about a line of a text. */
const PLACES = { object: "", settings: "settings, ", namespace: "Namespace, " };

function firstProblem(input: Input, marks: Mark[]): string {
  const [mark] = marks.filter(({ severity }) => severity === "error");
  if (!mark) return "";
  return `${PLACES[mark.editor]}line ${lineAt(input[mark.editor] ?? "", mark.from)}: ${mark.message}`;
}

/** What stands between two problems of the settings: the next one begins with a path, or with a name in quotes. */
const NEXT_PROBLEM = /; (?=(?:"[^"]*"|[A-Za-z][\w-]*(?:\.[\w-]+)*(?:\[\d+\])?): )/;

/** Why the policy refuses the settings, with each setting that it names marked. */
function refusalOf(
  module: WebAssembly.Module,
  { source, path, value }: SettingsText,
  marks: Mark[],
): string | undefined {
  const answer = callJson(module, "validate_settings", JSON.stringify(value ?? {}), new Cluster(undefined).host);
  if (at(answer, "valid") === true) return undefined;
  const message = textAt(answer, "message") || "no reason given";
  for (const problem of message.split(NEXT_PROBLEM)) {
    const range = source?.locate([...path, ...settingOf(problem)]) ?? { from: 0, to: 0 };
    marks.push({ editor: "settings", severity: "error", ...range, message: problem });
  }
  return message;
}

/** The path of the setting that a problem is about. A name that is no setting's comes in quotes, behind a path or alone. */
function settingOf(problem: string): Step[] {
  const [, place, unknown] = /^([\w.-]+: )?"([^"]+)": /.exec(problem) ?? [];
  return [...(pathOf(place ?? problem) ?? []), ...(unknown === undefined ? [] : [unknown])];
}

function callJson(module: WebAssembly.Module, operation: string, payload: string, host: Host): Json {
  const answer = call(module, operation, new TextEncoder().encode(payload), host);
  return JSON.parse(new TextDecoder().decode(answer));
}

function changeOf(before: Json, after: Json): Change | undefined {
  const operations = diff(before, after);
  if (!operations.length) return undefined;
  return {
    before: writeYaml(withoutManagedFields(before)),
    after: writeYaml(withoutManagedFields(inOrderOf(before, after))),
    patch: JSON.stringify(operations, null, 2),
    words: changeInWords(before, after),
  };
}

/** They say nothing about the pod and much of it. */
function withoutManagedFields(object: Json): Json {
  if (!isMembers(object) || !isMembers(object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
