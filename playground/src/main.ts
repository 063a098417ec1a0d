/** Owns the page as a whole: what is typed goes to the policy, and what the policy says is shown. */

import { examples } from "virtual:examples";
import schema from "../../docs/settings.schema.json";
import policyUrl from "../../policy.wasm?url";
import { byId, element } from "./dom.ts";
import { Editor } from "./editor.ts";
import type { Evaluation, Input, Mark } from "./evaluate.ts";
import { type Job, Jobs, TimedOut } from "./jobs.ts";
import JobsWorker from "./jobs.worker.ts?worker&inline";
import { BrokenLink, packed, unpacked } from "./permalink.ts";
import { ResultView } from "./result-view.ts";
import { type Property, SettingsForm } from "./settings-form.ts";
import "./style.css";
import { tabs } from "./tabs.ts";

declare const __VERSION__: string;

/** How long the page waits for a pause in the typing, and for an answer. */
const PAUSE = 150;
const PATIENCE = 10_000;

const outcome = byId("outcome");
const result = new ResultView();
const asApiServer = byId<HTMLInputElement>("as-api-server");
const chooser = byId<HTMLSelectElement>("example");
const objectEditor = new Editor(byId("object"), "Pod, workload or AdmissionReview", evaluateSoon);
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
/** An evaluation is under way; another one is wanted after it. */
let isEvaluating = false;
let isStale = false;

function input(): Input {
  return {
    object: objectEditor.text,
    settings: settingsEditor.text,
    asApiServer: asApiServer.checked,
    namespace: namespaceEditor.text === madeNamespace ? undefined : namespaceEditor.text,
  };
}

function setInput({ object, settings, asApiServer: checked, namespace }: Input): void {
  objectEditor.text = object;
  settingsEditor.text = settings;
  asApiServer.checked = checked;
  madeNamespace = namespace === undefined ? "" : undefined;
  namespaceEditor.text = namespace ?? "";
  evaluateSoon();
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

function showEvaluation({ verdict, marks, settings, looksUp, madeNamespace: made }: Evaluation): void {
  if (looksUp !== undefined) namespacePanel.hidden = !looksUp;
  if (made !== undefined && namespaceEditor.text === madeNamespace) {
    madeNamespace = made;
    namespaceEditor.text = made;
  }
  const ofSettings = marksOf(marks, "settings");
  objectEditor.mark(marksOf(marks, "object"));
  namespaceEditor.mark(marksOf(marks, "namespace"));
  settingsEditor.mark(ofSettings);
  form.show(settings);
  form.mark(ofSettings);
  byId("form-unreadable").hidden = settings !== undefined;
  byId("added").textContent = addition("added" in verdict ? verdict.added : undefined);
  const [first] = marks.filter(({ severity }) => severity === "error");
  result.show(verdict, first, first ? place(first) : "", goTo);
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

function addition(added: string[] | undefined): string {
  if (!asApiServer.checked) return "The policy gets the pod as it stands here.";
  if (!added) return "Adds a ServiceAccount and its token to a pod. Anything else goes in as it stands here.";
  return added.length ? `Added: ${added.join(", ")}.` : "Nothing had to be added.";
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

function setExample(id: string): void {
  const example = examples.find((example) => example.id === id);
  if (!example) return;
  const { object, settings } = example;
  setInput({ object, settings, asApiServer: true, namespace: undefined });
}

/** Takes the input of a link; tells whether there was one. */
async function followLink(): Promise<boolean> {
  try {
    const linked = await unpacked(location.hash);
    if (linked) setInput(linked);
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
  // Where the outcome stands below the settings, these must not hide it.
  settingsPanel.open = matchMedia("(min-width: 60rem)").matches;
  byId("version").textContent = `v${__VERSION__}`;
  chooser.append(...examples.map(({ id, title }) => element("option", { value: id }, title)));
  chooser.addEventListener("change", () => setExample(chooser.value));
  asApiServer.addEventListener("change", evaluateSoon);
  onCopy("copy-link", link);
  onCopy("copy-patch", () => byId("patch").textContent ?? "");
  onCopy("copy-command", () => byId("command").textContent ?? "");
  addEventListener("hashchange", () => void followLink());

  if (!(await followLink())) setExample(chooser.value);
  if (import.meta.env.PROD) await workOffline();
}

void start();
