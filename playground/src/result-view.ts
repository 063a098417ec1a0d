/** Owns the right side of the page: everything that is told of an evaluation. */

import { DiffView } from "./diff-view.ts";
import { byId, element } from "./dom.ts";
import type { Answer, Mark, Verdict } from "./evaluate.ts";

/** A verdict, or why there is none. */
export type Shown = Verdict | { kind: "stopped"; message: string };

const MODES: Record<string, string> = {
  home: "talks to the API server of its home cluster",
  remote: "talks to the API server of the foreign cluster",
  disabled: "talks to no API server",
};

/** The look of a verdict, and the sign that says the same without colour. */
const LOOKS: Record<Shown["kind"], [look: string, sign: string]> = {
  accepted: ["good", "✓"],
  rejected: ["bad", "✕"],
  "invalid-settings": ["bad", "✕"],
  unreadable: ["bad", "!"],
  failed: ["bad", "!"],
  stopped: ["bad", "!"],
  empty: ["calm", "…"],
};

export class ResultView {
  readonly #diff = new DiffView(byId("diff"), matchMedia("(min-width: 60rem)"), byId<HTMLInputElement>("shows-all"));

  /** Shows a verdict; `goTo` leads to the place that it is about, where it names one. */
  show(verdict: Shown, mark: Mark | undefined, place: string, goTo: (mark: Mark) => void): void {
    const answer = verdict.kind === "accepted" || verdict.kind === "rejected" ? verdict : undefined;
    this.#showVerdict(verdict);
    const jump = byId<HTMLButtonElement>("go-to-mark");
    jump.hidden = !mark;
    jump.textContent = place;
    jump.onclick = () => mark && goTo(mark);

    this.#showNotes(answer);
    byId("change").hidden = !answer?.change;
    this.#diff.show(answer?.change);
    this.#showCode("patch", answer?.change?.patch);
    this.#showCode("command", answer?.command);
    byId("time").textContent = answer ? `Evaluated in ${answer.milliseconds.toFixed(1)} ms by` : "";
  }

  #showVerdict(verdict: Shown): void {
    const [look, sign] = LOOKS[verdict.kind];
    const box = byId("verdict");
    box.className = `verdict ${look}`;
    byId("verdict-sign").textContent = sign;
    // The same words again are no news to who listens.
    setText(byId("verdict-title"), title(verdict));
    setText(byId("verdict-message"), message(verdict));
  }

  #showNotes(answer: Answer | undefined): void {
    const warnings = answer?.warnings ?? [];
    byId("warnings").hidden = !warnings.length;
    byId("warning-list").replaceChildren(...warnings.map((warning) => element("li", {}, warning)));

    const annotations = answer?.auditAnnotations ?? [];
    byId("audit").hidden = !annotations.length;
    byId("audit-list").replaceChildren(
      ...annotations.map(([key, value]) => element("div", {}, element("dt", {}, key), element("dd", {}, value))),
    );
  }

  #showCode(id: "patch" | "command", text: string | undefined): void {
    byId(`${id}-section`).hidden = text === undefined;
    byId(id).textContent = text ?? "";
  }
}

function title(verdict: Shown): string {
  switch (verdict.kind) {
    case "accepted":
      return acceptedTitle(verdict);
    case "rejected":
      return "Rejected";
    case "invalid-settings":
      return "The policy refuses these settings";
    case "unreadable":
      return "This cannot be read";
    case "failed":
      return "The policy failed";
    case "stopped":
      return "No answer";
    case "empty":
      return "Nothing to look at";
  }
}

function acceptedTitle({ change }: Answer): string {
  if (!change) return "Accepted, unchanged";
  return `Accepted, with ${change.operations === 1 ? "one change" : `${change.operations} changes`}`;
}

function message(verdict: Shown): string {
  if (verdict.kind === "empty") return "Paste a pod, a workload or an AdmissionReview, or choose an example.";
  if (verdict.kind !== "accepted") return verdict.message ?? "";
  const mode = new Map(verdict.auditAnnotations).get("mode");
  if (mode) return `Mode ${mode}: the pod ${MODES[mode]}.`;
  return "The policy has no more to say: it changes offloaded pods that are created, and only checks workloads.";
}

function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
