/** Owns the view of what changed, with lines that went above those that came. */

import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { byId } from "./dom.ts";
import { appearance } from "./editor.ts";
import type { Change } from "./evaluate.ts";

/** A difference that takes longer to find is shown coarser: the page must not wait for it. */
const DIFF = { scanLimit: 1000, timeout: 200 };

export class DiffView {
  #change: Change | undefined;
  #view: EditorView | undefined;

  readonly #showsAll = byId<HTMLInputElement>("shows-all");

  constructor() {
    this.#showsAll.addEventListener("change", () => this.#draw());
  }

  show(change: Change | undefined): void {
    if (change?.before === this.#change?.before && change?.after === this.#change?.after) return;
    this.#change = change;
    this.#draw();
  }

  #draw(): void {
    this.#view?.destroy();
    this.#view = undefined;
    if (!this.#change) return;
    const merge = unifiedMergeView({
      original: this.#change.before,
      mergeControls: false,
      diffConfig: DIFF,
      highlightChanges: false,
      ...(this.#showsAll.checked ? {} : { collapseUnchanged: { margin: 3, minSize: 6 } }),
    });
    // It can still be reached with the keyboard and read line by line.
    const label = { "aria-label": "Before and after the policy", "aria-readonly": "true", tabindex: "0" };
    const readOnly = [EditorState.readOnly.of(true), EditorView.lineWrapping, EditorView.contentAttributes.of(label)];
    const parent = byId("diff");
    this.#view = new EditorView({ parent, doc: this.#change.after, extensions: [appearance, readOnly, merge] });
  }
}
