/** Owns the page as a whole: what is typed goes to the policy, and what the policy says is shown. */

import { examples, manifests } from "virtual:examples";
import schema from "../../docs/settings.schema.json";
import policyUrl from "../../policy.wasm?url";
import { byId, element } from "./dom.ts";
import { Editor } from "./editor.ts";
import type { Evaluation, Input, Mark } from "./evaluate.ts";
import { type Job, Jobs, TimedOut } from "./jobs.ts";
import JobsWorker from "./jobs.worker.ts?worker&inline";
import { Memory } from "./memory.ts";
import { showObjects } from "./objects-view.ts";
import { BrokenLink, packed, unpacked } from "./permalink.ts";
import { ResultView } from "./result-view.ts";
import type { As } from "./review.ts";
import { type Property, SettingsForm } from "./settings-form.ts";
import "./style.css";
import { tabs } from "./tabs.ts";

declare const __VERSION__: string;

/** How long the page waits for a pause in the typing, and for an answer. */
const PAUSE = 150;
const PATIENCE = 10_000;

const memory = new Memory();
const outcome = byId("outcome");
const result = new ResultView();
const ways = [...document.querySelectorAll<HTMLInputElement>("input[name=as]")];
const exampleChooser = byId<HTMLSelectElement>("example");
const manifestChooser = byId<HTMLSelectElement>("manifest");
const undo = byId<HTMLButtonElement>("undo");
const objectEditor = new Editor(byId("object"), "Pods, workloads or AdmissionReviews", evaluateSoon);
const settingsEditor = new Editor(byId("settings"), "Settings in YAML", evaluateSoon);
const namespacePanel = byId("namespace-panel");
const namespaceEditor = new Editor(byId("namespace"), "Namespace", evaluateSoon);
const settingsPanel = byId<HTMLDetailsElement>("settings-panel");
const showSettings = tabs(byId("settings-tabs"));
const form = new SettingsForm(
  byId<HTMLFieldSetElement>("settings-form"),
  schema.properties as Record<string, Property>,
  (name, value) => setSetting(name, value),
);

const jobs = loadPolicy();
// Whoever waits for it tells of its failure.
jobs.catch(() => {});
let pause: ReturnType<typeof setTimeout> | undefined;
/** The Namespace that was made for the object, and is made anew for another one; none when its user gave it. */
let madeNamespace: string | undefined = "";
/** The object that is shown of several; none for the first that is worth it. */
let chosen: number | undefined;
/** The manifest that was last taken out of a pasted text. */
let takenPolicy: string | undefined;
/** What the page put into the editors, until its user changes it. */
let untouched = "";
/** An evaluation is under way; another one is wanted after it. */
let isEvaluating = false;
let isStale = false;

function input(): Input {
  return {
    object: objectEditor.text,
    settings: settingsEditor.text,
    as: (ways.find(({ checked }) => checked)?.value ?? "liqo") as As,
    namespace: namespaceEditor.text === madeNamespace ? undefined : namespaceEditor.text,
    chosen,
  };
}

/** Puts something else into the editors. What was there before comes back with a button. */
function setInput(next: Input, at: number | undefined): void {
  const [before, beforeAt] = [input(), memory.at];
  undo.hidden = before.object === "" && before.settings === "";
  undo.onclick = () => setInput(before, beforeAt);
  objectEditor.text = next.object;
  settingsEditor.text = next.settings;
  for (const way of ways) way.checked = way.value === next.as;
  madeNamespace = next.namespace === undefined ? "" : undefined;
  namespaceEditor.text = next.namespace ?? "";
  chosen = next.chosen;
  memory.at = at;
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
    // A reload shows what was typed, not what a link held.
    if (location.hash) history.replaceState(null, "", location.pathname);
  }
  memory.save(input());
  showChoices();
}

/** Brings the menus to what is shown. */
function showChoices(): void {
  const own = memory.own.map((_, index) =>
    element("option", { value: `own-${index}` }, index ? `Your own (${index + 1})` : "Your own"),
  );
  const given = examples.map(({ title }, index) => element("option", { value: String(index) }, title));
  const shown = examples.findIndex(({ object }) => object === objectEditor.text);
  const mixed = memory.at === undefined && shown < 0 ? [element("option", { value: "-1" }, "Your own")] : [];
  exampleChooser.replaceChildren(...mixed, ...own, ...given);
  exampleChooser.value = memory.at === undefined ? String(shown) : `own-${memory.at}`;

  const manifest = manifests.findIndex(({ text }) => text === settingsEditor.text);
  const ownSettings = manifest < 0 ? [element("option", { value: "-1" }, "Your own")] : [];
  manifestChooser.replaceChildren(
    ...ownSettings,
    ...manifests.map(({ name }, index) => element("option", { value: String(index) }, name)),
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
  try {
    const done = await (await jobs).run(() => ({ kind: "evaluate", ...input() }));
    if ("evaluation" in done) showEvaluation(done.evaluation);
    if ("failure" in done) showStopped(done.failure);
  } catch (error) {
    showStopped(reason(error));
  }
  isEvaluating = false;
  if (isStale) await evaluateNow();
  else if (pause === undefined) outcome.ariaBusy = "false";
}

/** The text is taken when it is this change's turn, so no change made in the form undoes another. */
async function setSetting(name: string, value: Extract<Job, { kind: "set" }>["value"]): Promise<void> {
  try {
    const done = await (await jobs).run(() => ({ kind: "set", settings: settingsEditor.text, name, value }));
    if ("settings" in done) settingsEditor.text = done.settings;
    form.refuse(name, "refusal" in done ? done.refusal : undefined);
    if ("failure" in done) showStopped(done.failure);
  } catch (error) {
    showStopped(reason(error));
  }
}

function showEvaluation(evaluation: Evaluation): void {
  const { verdict, marks, settings, needsNamespace, madeNamespace: made, policy } = evaluation;
  if (takePolicy(policy)) return;
  if (needsNamespace !== undefined) namespacePanel.hidden = !needsNamespace;
  if (made !== undefined && namespaceEditor.text === madeNamespace) {
    const isUntouched = texts() === untouched;
    madeNamespace = made;
    namespaceEditor.text = made;
    if (isUntouched) untouched = texts();
  }
  const ofSettings = marksOf(marks, "settings");
  objectEditor.mark(marksOf(marks, "object"));
  namespaceEditor.mark(marksOf(marks, "namespace"));
  settingsEditor.mark(ofSettings);
  form.show(settings);
  form.mark(ofSettings);
  byId("settings-set").textContent = Object.keys(settings ?? {}).join(", ") || "none set";
  byId("form-unreadable").hidden = settings !== undefined;
  byId("way").textContent = "way" in verdict ? verdict.way : "";
  showObjects(evaluation, (index) => {
    chosen = index;
    evaluateSoon();
  });
  const [first] = marks.filter(({ severity }) => severity === "error");
  result.show(verdict, first, first ? place(first) : "", goTo);
}

/** Takes a manifest that was pasted beside the objects into the settings, once. */
function takePolicy(policy: string | undefined): boolean {
  const isNew = policy !== undefined && policy !== takenPolicy;
  takenPolicy = policy;
  if (!isNew || policy === settingsEditor.text) return false;
  setInput({ ...input(), settings: policy }, undefined);
  byId("taken").hidden = false;
  return true;
}

function marksOf(marks: Mark[], editor: Mark["editor"]): Mark[] {
  return marks.filter((mark) => mark.editor === editor);
}

const OF_EDITOR: Record<Mark["editor"], string> = {
  object: "",
  settings: " of the settings",
  namespace: " of the Namespace",
};

function place({ editor, from }: Mark): string {
  return `Go to line ${editorOf(editor).lineAt(from)}${OF_EDITOR[editor]}`;
}

function goTo({ editor, from }: Mark): void {
  if (editor === "settings") {
    settingsPanel.open = true;
    showSettings("yaml");
  }
  editorOf(editor).goTo(from);
}

function editorOf(editor: Mark["editor"]): Editor {
  return { object: objectEditor, settings: settingsEditor, namespace: namespaceEditor }[editor];
}

function showStopped(message: string): void {
  for (const editor of [objectEditor, settingsEditor, namespaceEditor]) editor.mark([]);
  outcome.ariaBusy = "false";
  result.show({ kind: "stopped", message }, undefined, "", () => {});
}

function reason(error: unknown): string {
  if (!(error instanceof TimedOut)) return error instanceof Error ? error.message : String(error);
  return `Stopped after ${PATIENCE / 1000} seconds. Change the input to try again.`;
}

async function copy(button: HTMLButtonElement, makeText: () => string | Promise<string>): Promise<void> {
  try {
    await navigator.clipboard.writeText(await makeText());
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copying is not allowed here";
  }
}

function onCopy(id: string, makeText: () => string | Promise<string>): void {
  const button = byId<HTMLButtonElement>(id);
  const label = button.textContent;
  let restore: ReturnType<typeof setTimeout> | undefined;
  button.addEventListener("click", async () => {
    await copy(button, makeText);
    clearTimeout(restore);
    restore = setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
}

async function link(): Promise<string> {
  const fragment = await packed(input());
  history.replaceState(null, "", fragment);
  return location.href;
}

function choose(value: string): void {
  const index = Number(value.replace("own-", ""));
  const own = value.startsWith("own-") ? memory.own[index] : undefined;
  if (own) setInput(own, index);
  else setExample(examples[index]);
}

function setExample(example: (typeof examples)[number] | undefined): void {
  const settings = manifests.find(({ name }) => name === example?.settings);
  if (!example || !settings) return;
  const { object, as } = example;
  setInput({ object, settings: settings.text, as, namespace: undefined, chosen: undefined }, undefined);
}

/** Takes the input of a link; tells whether there was one. */
async function followLink(): Promise<boolean> {
  try {
    const linked = await unpacked(location.hash);
    if (linked) setInput(linked, undefined);
    return linked !== undefined;
  } catch (error) {
    if (!(error instanceof BrokenLink)) throw error;
    showStopped(`Nothing was loaded: ${error.message}.`);
    return true;
  }
}

async function loadPolicy(): Promise<Jobs> {
  try {
    const response = await fetch(policyUrl);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const bytes = await response.arrayBuffer();
    const setup = { module: await WebAssembly.compile(bytes), version: __VERSION__ };
    byId("size").textContent = `${Math.round(bytes.byteLength / 1000)} kB`;
    return new Jobs(() => new JobsWorker(), setup, PATIENCE);
  } catch (error) {
    throw new Error(`The policy could not be loaded: ${reason(error)}`);
  }
}

async function workOffline(): Promise<void> {
  try {
    await navigator.serviceWorker?.register("./service-worker.js");
  } catch {
    // Not every window may have one, and with a network the page does without it.
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
  if (import.meta.env.PROD) await workOffline();
}

void start();
