/** Owns the view of what changed, with lines that went above those that came. */

import { Change as Difference, diff, unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { byId } from "./dom.ts";
import { appearance } from "./editor.ts";
import type { Change } from "./evaluate.ts";

/** The lines that differ. To the library each distinct line is one character, so it finds whole lines, and soon. */
function differingLines(before: string, after: string): readonly Difference[] {
  const known = new Map<string, number>();
  const read = (text: string) => {
    let [end, code] = [0, ""];
    const starts = text.split(/(?<=\n)/).map((line) => {
      if (!known.has(line)) known.set(line, known.size);
      code += String.fromCharCode(known.get(line) ?? 0);
      end += line.length;
      return end - line.length;
    });
    return { code, at: (line: number) => starts[line] ?? end };
  };
  const [a, b] = [read(before), read(after)];
  // Beyond this, a character is half of one.
  if (known.size > 0xd800) return [new Difference(0, before.length, 0, after.length)];
  const differences = diff(a.code, b.code, { scanLimit: 1000 });
  return differences.map((it) => new Difference(a.at(it.fromA), a.at(it.toA), b.at(it.fromB), b.at(it.toB)));
}

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
      diffConfig: { override: differingLines },
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
