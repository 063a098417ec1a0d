/** Owns the view of what changed: side by side where there is room, else one below the other. */

import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { appearance } from "./editor.ts";
import type { Change } from "./evaluate.ts";

const COLLAPSE = { margin: 3, minSize: 6 };
/** A difference that takes longer to find is shown coarser: the page must not wait for it. */
const DIFF = { scanLimit: 1000, timeout: 200 };

const theme = EditorView.theme({
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: "var(--bad-soft)" },
  "&.cm-merge-b .cm-changedLine, .cm-changedLine": { backgroundColor: "var(--good-soft)" },
  ".cm-collapsedLines": { color: "var(--muted)", background: "var(--active)" },
  ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: '""' },
});

export class DiffView {
  #change: Change | undefined;
  #destroy = () => {};

  constructor(
    private readonly parent: HTMLElement,
    private readonly hasRoom: MediaQueryList,
    private readonly showsAll: HTMLInputElement,
  ) {
    hasRoom.addEventListener("change", () => this.#draw());
    showsAll.addEventListener("change", () => this.#draw());
  }

  show(change: Change | undefined): void {
    if (change?.before === this.#change?.before && change?.after === this.#change?.after) return;
    this.#change = change;
    this.#draw();
  }

  #draw(): void {
    const { scrollTop } = this.parent;
    this.#destroy();
    this.#destroy = () => {};
    if (!this.#change) return;
    const { before, after } = this.#change;
    const view = this.hasRoom.matches ? this.#sideBySide(before, after) : this.#unified(before, after);
    this.#destroy = () => view.destroy();
    this.parent.scrollTop = scrollTop;
  }

  #sideBySide(before: string, after: string): MergeView {
    return new MergeView({
      parent: this.parent,
      a: { doc: before, extensions: readOnly("Before the policy") },
      b: { doc: after, extensions: readOnly("After the policy") },
      ...this.#options(),
    });
  }

  #options() {
    const shared = { diffConfig: DIFF, highlightChanges: false };
    return this.showsAll.checked ? shared : { ...shared, collapseUnchanged: COLLAPSE };
  }

  #unified(before: string, after: string): EditorView {
    const merge = unifiedMergeView({
      original: before,
      mergeControls: false,
      ...this.#options(),
    });
    return new EditorView({
      parent: this.parent,
      doc: after,
      extensions: [readOnly("Before and after the policy"), merge],
    });
  }
}

/** It can still be reached with the keyboard and read line by line. */
function readOnly(label: string): Extension {
  return [
    appearance,
    theme,
    EditorState.readOnly.of(true),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true", tabindex: "0" }),
  ];
}
