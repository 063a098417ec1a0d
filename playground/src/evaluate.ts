/** Owns one evaluation, from the texts of the editors to everything that the page shows of the policy's answers. */

import { type Access, accessOf } from "./access.ts";
import { changeInWords } from "./change.ts";
import { kwctlCommand } from "./command.ts";
import { at, isMembers, itemsAt, type Json, type Members, membersAt, type Step, textAt } from "./json.ts";
import { Cluster, homeCluster, looksUpNamespaces, namespaceOf, offloadedNamespace } from "./namespace.ts";
import { type Found, type Pasted, pastedIn } from "./objects.ts";
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
export interface Change {
  before: string;
  after: string;
  patch: string;
  words: string[];
}

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
    const given = read("namespace", namespace, marks, (text) => namespaceIn(text, marks));
    if (settings && pasted && !marks.length) {
      return {
        ...evaluation,
        ...(await new Session(module, version, input, settings, pasted, given, marks).evaluated()),
      };
    }
    return { ...evaluation, verdict: { kind: "unreadable", message: firstProblem(input, marks) } };
  } catch (error) {
    if (!(error instanceof GuestFailure)) throw error;
    return { ...evaluation, verdict: { kind: "failed", message: error.message } };
  }
}

/** The evaluation of texts that could be read. */
class Session {
  constructor(
    private readonly module: WebAssembly.Module,
    private readonly version: string,
    private readonly input: Input,
    private readonly settings: SettingsText,
    private readonly pasted: Pasted,
    private readonly givenNamespace: Members | undefined,
    private readonly marks: Mark[],
  ) {}

  async evaluated(): Promise<Partial<Evaluation>> {
    const { objects, policies } = this.pasted;
    const policy = policies[0] && writeYaml(policies[0]);
    if (!objects.length) return { policy };
    const reviews = await Promise.all(objects.map(({ value }) => this.#review(value)));
    const first = Math.max(
      0,
      reviews.findIndex((review) => !(review instanceof ShapeProblem)),
    );
    const chosen = Math.min(this.input.chosen ?? first, objects.length - 1);
    const listed = objects.map(({ value }, index) => this.#listed(value, reviews[index], index === chosen));
    const [found, review] = [objects[chosen] as Found, reviews[chosen]];
    if (review instanceof ShapeProblem) {
      const isOther = review instanceof OtherKind;
      this.marks.push({ editor: "object", severity: "error", ...found.locate(review.path), message: review.message });
      const message = isOther ? review.message : firstProblem(this.input, this.marks);
      return { policy, objects: listed, chosen, verdict: { kind: isOther ? "other-kind" : "unreadable", message } };
    }
    const made = this.#isGiven(true) ? undefined : this.#namespaceFor(review as Review, true);
    const verdict = this.#show(review as Review, found);
    return { policy, objects: listed, chosen, verdict, madeNamespace: made && writeYaml(made) };
  }

  async #review(value: Json): Promise<Review | ShapeProblem> {
    try {
      return await reviewOf(value, this.input.as, this.settings.value);
    } catch (error) {
      if (error instanceof ShapeProblem) return error;
      throw error;
    }
  }

  #listed(value: Json, review: Review | ShapeProblem | undefined, isChosen: boolean): Listed {
    const names = { kind: textAt(value, "kind") || "object", name: textAt(value, "metadata", "name") || "unnamed" };
    if (!review || review instanceof ShapeProblem) return { ...names, state: "other", isAsked: undefined };
    const { answer } = this.#decide(review, isChosen);
    const accepted = itemsAt(answer, "warnings").length ? "warned" : "accepted";
    const state = at(answer, "accepted") === true ? accepted : "rejected";
    return { ...names, state, isAsked: this.#selection(review, isChosen)?.isAsked };
  }

  /** Asks about a workload, and about a pod of it where the workload itself is accepted. */
  #decide(review: Review, isChosen: boolean): Decision {
    const namespace = this.#namespaceFor(review, isChosen);
    if (!review.workload) return this.#ask(review.request, namespace);
    const ofWorkload = this.#ask(review.workload, namespace);
    if (at(ofWorkload.answer, "accepted") !== true) return ofWorkload;
    const ofPod = this.#ask(review.request, namespace);
    const warnings = new Set([...itemsAt(ofWorkload.answer, "warnings"), ...itemsAt(ofPod.answer, "warnings")]);
    return { ...ofPod, answer: { ...membersAt(ofPod.answer), warnings: [...warnings] } };
  }

  #ask(request: Members, namespace: Members | undefined): Decision {
    const cluster = new Cluster(looksUpNamespaces(this.settings.value) ? namespace : undefined);
    const text = JSON.stringify(request);
    const settings = JSON.stringify(this.settings.value ?? {});
    const start = performance.now();
    const answer = callJson(this.module, "validate", `{"request":${text},"settings":${settings}}`, cluster.host);
    const milliseconds = performance.now() - start;
    return {
      request,
      answer,
      milliseconds,
      command: () => kwctlCommand(text, settings, this.version, cluster.exchanges),
    };
  }

  #isGiven(isChosen: boolean): boolean {
    return isChosen && this.input.namespace !== undefined;
  }

  /** The Namespace that was given, else one that was pasted, else one as Liqo would have made it. */
  #namespaceFor({ request }: Review, isChosen: boolean): Members | undefined {
    if (this.#isGiven(isChosen)) return this.givenNamespace;
    const name = textAt(request, "namespace") || "default";
    const known = this.pasted.namespaces.find((namespace) => textAt(namespace, "metadata", "name") === name);
    const object = { metadata: { ...membersAt(request, "object", "metadata"), namespace: name } };
    return known ?? offloadedNamespace(name, homeCluster(object, this.settings.value));
  }

  #selection(review: Review, isChosen: boolean): Selection | undefined {
    const { policy } = this.settings;
    return policy && selectionOf(policy, review.request, this.#namespaceFor(review, isChosen));
  }

  #show(review: Review, found: Found): Answer {
    const { request, answer, milliseconds, command } = this.#decide(review, true);
    const object = at(request, "object");
    const mutated = at(answer, "mutated_object");
    const audit = Object.entries(membersAt(answer, "audit_annotations")).map(([key, value]): [string, string] => [
      key,
      String(value),
    ]);
    const cluster = homeCluster(object ?? null, this.settings.value);
    const shown: Answer = {
      kind: at(answer, "accepted") === true ? "accepted" : "rejected",
      subject: textAt(request, "kind", "kind"),
      workload: request === review.workload ? undefined : textAt(review.workload, "kind", "kind") || undefined,
      message: textAt(answer, "message") || undefined,
      auditAnnotations: audit,
      warnings: itemsAt(answer, "warnings").map(String),
      way: review.way,
      change: changeOf(object, mutated),
      selection: this.#selection(review, true),
      access: accessOf(mutated ?? object ?? null, new Map(audit), cluster),
      command: command(),
      milliseconds,
    };
    const isWhole = request === review.workload;
    this.#markAnswer(shown, (path) => found.locate(isWhole ? path : review.pathInText(path)));
    return shown;
  }

  /** Marks the places that the answer's messages begin with. */
  #markAnswer(answer: Answer, locate: (path: Step[]) => Range): void {
    const mark = (severity: Mark["severity"], message: string) => {
      const path = pathOf(message);
      if (path) this.marks.push({ editor: "object", severity, ...locate(path), message });
    };
    if (answer.kind === "rejected" && answer.message) mark("error", answer.message);
    for (const warning of answer.warnings) mark("warning", warning);
  }
}

interface Decision {
  request: Members;
  answer: Json;
  milliseconds: number;
  command: () => string;
}

/** Reads one of the texts, or marks what is wrong with it. */
function read<T>(editor: Mark["editor"], text: string, marks: Mark[], make: (text: string) => T): T | undefined {
  try {
    return make(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) {
      marks.push({ editor, severity: "error", from: error.from, to: error.to, message: error.message });
    } else if (error instanceof RangeError) {
      // What nests too deep for a reader that recurses ends so.
      marks.push({ editor, severity: "error", from: 0, to: 1, message: "nested too deep" });
    } else {
      throw error;
    }
    return undefined;
  }
}

function namespaceIn(text: string, marks: Mark[]): Members | undefined {
  const [source] = readYaml(text);
  try {
    return namespaceOf(source?.value);
  } catch (error) {
    if (!(error instanceof ShapeProblem && source)) throw error;
    marks.push({ editor: "namespace", severity: "error", ...source.locate(error.path), message: error.message });
    return undefined;
  }
}

/** How a message begins that is about a line of a text. */
const PLACES: Record<Mark["editor"], string> = { object: "", settings: "settings, ", namespace: "Namespace, " };

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

function changeOf(before: Json | undefined, after: Json | undefined): Change | undefined {
  if (before === undefined || after === undefined) return undefined;
  const operations = diff(before, after);
  if (!operations.length) return undefined;
  return {
    before: writeYaml(withoutManagedFields(before)),
    after: writeYaml(withoutManagedFields(after)),
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
