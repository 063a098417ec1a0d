/** Owns the outcome: everything that is told of an evaluation. */

import type { DiffView } from "./diff-view.ts";
import { byId, element } from "./dom.ts";
import type { Answer, Mark, Verdict } from "./evaluate.ts";
import { sectionAbout } from "./messages.ts";
import { pictureOf } from "./picture.ts";
import type { Selection } from "./selection.ts";

/** A verdict, or why there is none. */
export type Shown = Verdict | { kind: "stopped"; message: string };

const MODES: Record<string, string> = {
  home: "the API server of the home cluster",
  remote: "the API server of the foreign cluster",
  disabled: "no API server",
};

/** The look of a verdict, the sign that says the same without colour, and its title. */
const LOOKS: Record<Shown["kind"], [look: string, sign: string, title: string]> = {
  accepted: ["good", "✓", "Accepted"],
  rejected: ["bad", "✕", "Rejected"],
  "invalid-settings": ["bad", "✕", "The policy refuses these settings"],
  unreadable: ["bad", "!", "This cannot be read"],
  failed: ["bad", "!", "The policy failed"],
  stopped: ["bad", "!", "No answer"],
  "other-kind": ["calm", "–", "Not a pod or workload"],
  empty: ["calm", "…", "Nothing to look at"],
};

let diffView: Promise<DiffView> | undefined;

/** Shows a verdict; `goTo` leads to the place that it is about, where it names one. Done when all of it is drawn. */
export async function showResult(verdict: Shown, mark?: Mark, place = "", goTo?: (mark: Mark) => void): Promise<void> {
  const answer = verdict.kind === "accepted" || verdict.kind === "rejected" ? verdict : undefined;
  showVerdict(verdict, answer, mark);
  Object.assign(byId("go-to-mark"), { hidden: !mark, textContent: place, onclick: () => mark && goTo?.(mark) });

  showNotes(answer);
  byId("change").hidden = !answer?.change;
  showCode("patch", answer?.change?.patch);
  showCode("command", answer?.command);
  byId("time").textContent = answer ? `Evaluated in ${answer.milliseconds.toFixed(1)} ms by` : "";
  // It comes when the first difference is there, and again when it could not come.
  if (answer?.change) diffView ??= import("./diff-view.ts").then(({ DiffView }) => new DiffView());
  const drawn = diffView?.then((view) => view.show(answer?.change));
  await drawn?.catch(() => {
    diffView = undefined;
  });
}

function showVerdict(verdict: Shown, answer: Answer | undefined, mark: Mark | undefined): void {
  const [look, sign, title] = LOOKS[verdict.kind];
  const warnings = answer?.warnings.length ?? 0;
  const isWarned = verdict.kind === "accepted" && warnings > 0;
  byId("verdict").className = `verdict ${isWarned ? "warn" : look}`;
  byId("verdict-sign").textContent = isWarned ? "!" : sign;
  const warned = warnings === 1 ? `${title}, with a warning` : `${title}, with ${warnings} warnings`;
  setText("verdict-title", isWarned ? warned : title);
  setText("verdict-message", message(verdict));
  setText("verdict-change", answer?.change ? `Changed: ${answer.change.words.join(", ")}.` : "");
  showSelection(answer?.selection);
  const address = verdict.kind === "rejected" || mark ? sectionAbout(mark?.message ?? message(verdict)) : undefined;
  Object.assign(byId("verdict-link"), { hidden: !address, href: address ?? "" });
}

function showNotes(answer: Answer | undefined): void {
  const warnings = answer?.warnings ?? [];
  byId("warnings").hidden = !warnings.length;
  byId("warning-list").replaceChildren(...warnings.map(warningItem));

  byId("access").hidden = !answer?.access;
  byId("picture").replaceChildren(...(answer?.access ? [pictureOf(answer.access)] : []));

  const annotations = answer?.auditAnnotations ?? [];
  byId("audit").hidden = !annotations.length;
  byId("audit-list").replaceChildren(
    ...annotations.map(([key, value]) => element("div", {}, element("dt", {}, key), element("dd", {}, value))),
  );
}

function showCode(id: "patch" | "command", text = ""): void {
  byId(`${id}-section`).hidden = text === "";
  byId(id).textContent = text;
}

function showSelection(selection: Selection | undefined): void {
  byId("selection").hidden = !selection;
  if (!selection) return;
  const { policy, isAsked, missing, advice } = selection;
  const asked = isAsked ? `${policy} applies to it.` : `${policy} does not apply to it: ${missing.join("; ")}.`;
  byId("selection").className = isAsked ? "asked" : "not-asked";
  setText("selection", [`The policy ${asked}`, ...advice.map((text) => `Note: ${text}.`)].join(" "));
}

function warningItem(warning: string): HTMLElement {
  const address = sectionAbout(warning);
  const link = element("a", { href: address ?? "", ariaLabel: `What to do: ${warning}` }, "What to do");
  return element("li", {}, warning, ...(address ? [" ", link] : []));
}

function message(verdict: Shown): string {
  if (verdict.kind === "empty") return "Paste pods or workloads, or choose an example.";
  if (verdict.kind === "other-kind") return `${capital(verdict.message)}. It looks at pods and at workloads.`;
  if (verdict.kind !== "accepted") return verdict.message ?? "";
  const { auditAnnotations, subject, workload, change } = verdict;
  const mode = new Map(auditAnnotations).get("mode");
  const checked = workload ? `The ${workload} is checked, not changed. ` : "";
  const uses = `${workload ? "its pods use" : "the pod uses"} ${MODES[mode ?? ""]}.`;
  if (mode) return `${checked}${capital(mode)} mode: ${uses}${change ? "" : " Nothing has to be changed."}`;
  if (subject === "Pod") return `${checked}The policy leaves this pod as it is.`;
  return `The ${subject} is checked, not changed: the policy changes the pods that it makes.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The same words again are no news to who listens. */
function setText(id: string, text: string): void {
  const target = byId(id);
  target.hidden = text === "";
  if (target.textContent !== text) target.textContent = text;
}
