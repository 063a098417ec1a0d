/** Owns the page as a whole: what is typed goes to the policy, and what the policy says is shown. */

import { examples, manifests } from "virtual:examples";
import schema from "../../docs/settings.schema.json";
import policyUrl from "../../policy.wasm?url";
import { byId, element } from "./dom.ts";
import { Editor } from "./editor.ts";
import type { Evaluation, Input, Mark } from "./evaluate.ts";
import { type Job, Jobs, type Outcome, TimedOut } from "./jobs.ts";
import JobsWorker from "./jobs.worker.ts?worker";
import type { Json } from "./json.ts";
import { Memory } from "./memory.ts";
import { showObjects } from "./objects-view.ts";
import { BrokenLink, packed, unpacked } from "./permalink.ts";
import { showResult } from "./result-view.ts";
import type { As } from "./review.ts";
import { type Property, SettingsForm } from "./settings-form.ts";
import "./style.css";

declare const __VERSION__: string;

/** How long the page waits for a pause in the typing, and for an answer. */
const PAUSE = 150;
const PATIENCE = 10_000;

const memory = new Memory();
const outcome = byId("outcome");
const ways = [...document.querySelectorAll<HTMLInputElement>("input[name=as]")];
const exampleChooser = byId<HTMLSelectElement>("example");
const manifestChooser = byId<HTMLSelectElement>("manifest");
const undo = byId<HTMLButtonElement>("undo");
const namespacePanel = byId("namespace-panel");
const settingsPanel = byId<HTMLDetailsElement>("settings-panel");
const editors = {
  object: new Editor(byId("object"), "Pods, workloads or AdmissionReviews", () => {
    chosen = undefined;
    evaluateSoon();
  }),
  settings: new Editor(byId("settings"), "Settings in YAML", evaluateSoon),
  namespace: new Editor(byId("namespace"), "Namespace", evaluateSoon),
};
const form = new SettingsForm(
  byId<HTMLFieldSetElement>("settings-form"),
  schema.properties as Record<string, Property>,
  setSetting,
);

const jobs = loadPolicy();
let pause: ReturnType<typeof setTimeout> | undefined;
/** The Namespace that was made for the object, and is made anew for another one; none when its user gave it. */
let madeNamespace: string | undefined = "";
/** The object that is shown of several; none for the first that is worth it. */
let chosen: number | undefined;
/** The manifest that stands beside the objects; null until that is known, since the first one was taken long ago. */
let takenPolicy: string | undefined | null = null;
/** What the page put into the editors, until its user changes it. */
let untouched = "";
/** An evaluation is under way; another one is wanted after it. */
let isEvaluating = false;
let isStale = false;

function input(): Input {
  return {
    object: editors.object.text,
    settings: editors.settings.text,
    as: (ways.find(({ checked }) => checked)?.value ?? "liqo") as As,
    namespace: editors.namespace.text === madeNamespace ? undefined : editors.namespace.text,
    chosen,
  };
}

/** Puts something else into the editors. What was there before comes back with a button. */
function setInput(next: Input, at: number | undefined): void {
  const [before, beforeAt] = [input(), memory.at];
  undo.hidden = before.object === "" && before.settings === "";
  undo.onclick = () => setInput(before, beforeAt);
  editors.object.text = next.object;
  editors.settings.text = next.settings;
  for (const way of ways) way.checked = way.value === next.as;
  madeNamespace = next.namespace === undefined ? "" : undefined;
  editors.namespace.text = next.namespace ?? "";
  chosen = next.chosen;
  memory.at = at;
  byId("taken").hidden = true;
  untouched = texts();
  evaluateSoon();
}

/** What makes an input its user's own: not which of its objects is shown. */
function texts(): string {
  return JSON.stringify({ ...input(), chosen: undefined });
}

function remember(): void {
  if (texts() !== untouched) {
    memory.edit(input());
    untouched = texts();
    byId("taken").hidden = true;
    // A reload shows what was typed, not what a link held.
    if (location.hash) history.replaceState(null, "", location.pathname);
  }
  memory.save(input());
  showChoices();
}

/** Brings the menus to what is shown. */
function showChoices(): void {
  const option = (value: string | number, title: string) => element("option", { value: String(value) }, title);
  const example = examples.findIndex(({ object }) => object === editors.object.text);
  exampleChooser.replaceChildren(
    ...(memory.at === undefined && example < 0 ? [option(-1, "What is shown")] : []),
    ...memory.own.map((_, index) => option(`own-${index}`, index ? `Your own (${index + 1})` : "Your own")),
    ...examples.map(({ title }, index) => option(index, title)),
  );
  exampleChooser.value = memory.at === undefined ? String(example) : `own-${memory.at}`;
  const manifest = manifests.findIndex(({ text }) => text === editors.settings.text);
  manifestChooser.replaceChildren(
    ...(manifest < 0 ? [option(-1, "Your own")] : []),
    ...manifests.map(({ name }, index) => option(index, name)),
  );
  manifestChooser.value = String(manifest);
}

function evaluateSoon(): void {
  outcome.ariaBusy = "true";
  clearTimeout(pause);
  pause = setTimeout(() => void evaluateNow(), PAUSE);
}

async function evaluateNow(): Promise<void> {
  pause = undefined;
  isStale = isEvaluating;
  if (isEvaluating) return;
  isEvaluating = true;
  remember();
  const done = await outcomeOf(() => ({ kind: "evaluate", ...input() }));
  if ("evaluation" in done) await showEvaluation(done.evaluation);
  isEvaluating = false;
  if (isStale) await evaluateNow();
  else if (pause === undefined) outcome.ariaBusy = "false";
}

/** Has a job done, and shows why it could not be. */
async function outcomeOf(makeJob: () => Job): Promise<Outcome> {
  const outcome = await jobs.then((jobs) => jobs.run(makeJob)).catch((error) => ({ failure: reason(error) }));
  if ("failure" in outcome) showStopped(outcome.failure);
  return outcome;
}

/** The text is taken when it is this change's turn, so no change made in the form undoes another. */
async function setSetting(name: string, value: Json | undefined): Promise<void> {
  const done = await outcomeOf(() => ({ kind: "set", settings: editors.settings.text, name, value }));
  if ("settings" in done) editors.settings.text = done.settings;
}

async function showEvaluation(evaluation: Evaluation): Promise<void> {
  const { verdict, marks, settings, needsNamespace, madeNamespace: made, policy } = evaluation;
  if (takePolicy(policy)) return;
  if (needsNamespace !== undefined) namespacePanel.hidden = !needsNamespace;
  if (made !== undefined && editors.namespace.text === madeNamespace) {
    const isUntouched = texts() === untouched;
    madeNamespace = made;
    editors.namespace.text = made;
    if (isUntouched) untouched = texts();
  }
  mark(marks);
  form.show(settings, marks);
  byId("settings-set").textContent = `${Object.keys(settings ?? {}).length} set`;
  byId("form-unreadable").hidden = settings !== undefined;
  byId("way").textContent = "way" in verdict ? verdict.way : "";
  showObjects(evaluation, (index) => {
    chosen = index;
    evaluateSoon();
  });
  const [first] = marks.filter(({ severity }) => severity === "error");
  await showResult(verdict, first, first && place(first), goTo);
}

/** Takes a manifest that was pasted beside the objects into the settings, once. */
function takePolicy(policy: string | undefined): boolean {
  const isNew = takenPolicy !== null && policy !== takenPolicy;
  takenPolicy = policy;
  if (!isNew || policy === undefined || policy === editors.settings.text) return false;
  setInput({ ...input(), settings: policy }, undefined);
  byId("taken").hidden = false;
  return true;
}

function mark(marks: Mark[]): void {
  for (const [name, editor] of Object.entries(editors)) editor.mark(marks.filter((mark) => mark.editor === name));
}

const OF_EDITOR = { object: "", settings: " of the settings", namespace: " of the Namespace" };

function place({ editor, from }: Mark): string {
  return `Go to line ${editors[editor].lineAt(from)}${OF_EDITOR[editor]}`;
}

function goTo({ editor, from }: Mark): void {
  if (editor === "settings") {
    settingsPanel.open = true;
    byId<HTMLDetailsElement>("settings-yaml").open = true;
  }
  editors[editor].goTo(from);
}

function showStopped(message: string): void {
  mark([]);
  outcome.ariaBusy = "false";
  void showResult({ kind: "stopped", message });
}

function reason(error: unknown): string {
  if (!(error instanceof TimedOut)) return error instanceof Error ? error.message : String(error);
  return `Stopped after ${PATIENCE / 1000} seconds. Change the input to try again.`;
}

function onCopy(id: string, makeText: () => string | Promise<string>): void {
  const button = byId<HTMLButtonElement>(id);
  const label = button.textContent;
  const say = (text: string) => button.replaceChildren(text);
  button.addEventListener("click", async () => {
    const copied = navigator.clipboard.writeText(await makeText());
    await copied.then(() => say("Copied")).catch(() => say("Copying is not allowed here"));
    setTimeout(() => say(label), 2000);
  });
}

async function link(): Promise<string> {
  const fragment = await packed(input());
  history.replaceState(null, "", fragment);
  return location.href;
}

function choose(value: string): void {
  const at = Number(value.replace("own-", ""));
  const own = value.startsWith("own-") ? memory.own[at] : undefined;
  if (own) setInput(own, at);
  else setExample(examples[at]);
}

function setExample(example: (typeof examples)[number] | undefined): void {
  const settings = manifests.find(({ name }) => name === example?.settings)?.text;
  if (!example || settings === undefined) return;
  setInput({ object: example.object, settings, as: example.as, namespace: undefined, chosen: undefined }, undefined);
}

/** Takes the input of a link; tells whether there was one. */
async function followLink(): Promise<boolean> {
  const linked = await unpacked(location.hash).catch((error: BrokenLink) => error);
  if (linked instanceof BrokenLink) showStopped(`Nothing was loaded: ${linked.message}.`);
  else if (linked) setInput(linked, undefined);
  return linked !== undefined;
}

async function loadPolicy(): Promise<Jobs> {
  try {
    // The first one is fetched while the module is.
    const started = [new JobsWorker()];
    const response = await fetch(policyUrl);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const bytes = await response.arrayBuffer();
    const setup = { module: await WebAssembly.compile(bytes), version: __VERSION__ };
    byId("size").textContent = `${Math.round(bytes.byteLength / 1000)} kB`;
    return new Jobs(() => started.pop() ?? new JobsWorker(), setup, PATIENCE);
  } catch (error) {
    throw new Error(`The policy could not be loaded: ${reason(error)}`);
  }
}

async function start(): Promise<void> {
  // Beside the pod there is room for them.
  settingsPanel.open = matchMedia("(min-width: 100rem)").matches;
  byId("version").textContent = `v${__VERSION__}`;
  exampleChooser.addEventListener("change", () => choose(exampleChooser.value));
  manifestChooser.addEventListener("change", () => {
    const settings = manifests[Number(manifestChooser.value)];
    if (settings) setInput({ ...input(), settings: settings.text }, undefined);
  });
  for (const way of ways) way.addEventListener("change", evaluateSoon);
  onCopy("copy-link", link);
  onCopy("copy-patch", () => byId("patch").textContent ?? "");
  onCopy("copy-command", () => byId("command").textContent ?? "");
  addEventListener("hashchange", () => void followLink());

  if (await followLink()) memory.at = undefined;
  else if (memory.last) setInput(memory.last, memory.at);
  else setExample(examples[0]);
  // What a service worker fetches should not hold up the policy. Not every window may have one.
  await jobs.catch(() => {});
  if (import.meta.env.PROD) await navigator.serviceWorker?.register("./service-worker.js").catch(() => {});
}

void start();
