/** Owns the text editors. Tab leaves them, as it leaves every other field. */

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import {
  HighlightStyle,
  indentUnit,
  StreamLanguage,
  type StreamParser,
  syntaxHighlighting,
} from "@codemirror/language";
import { yaml } from "@codemirror/legacy-modes/mode/yaml";
import { type Diagnostic, forEachDiagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Mark } from "./evaluate.ts";

const colors = HighlightStyle.define([
  // The names of members.
  { tag: tags.atom, color: "var(--code-name)" },
  { tag: tags.string, color: "var(--code-text)" },
  { tag: [tags.number, tags.keyword], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
]);

/** YAML in colours. The mode takes digits and words at the end of any text for numbers and keywords. */
const language: StreamParser<unknown> = {
  ...(yaml as StreamParser<unknown>),
  token(stream, state) {
    const style = (yaml as StreamParser<unknown>).token(stream, state);
    if (style !== "number" && style !== "keyword") return style;
    const isAlone = /[\s[{,]$/.test(stream.string.slice(0, stream.start)) || /^\s/.test(stream.current());
    return isAlone && /^\s*(-?\d+(\.\d+)?|\w+)\s*$/.test(stream.current()) ? style : null;
  },
};

/** Makes the whole line of a mark stand out. */
const markedLines = EditorView.decorations.of(({ state }) => {
  const lines: [start: number, severity: string][] = [];
  forEachDiagnostic(state, ({ severity }, from) => lines.push([state.doc.lineAt(from).from, severity]));
  const ranges = lines.map(([start, severity]) => Decoration.line({ class: `marked-${severity}` }).range(start));
  return Decoration.set(ranges, true);
});

/**
 * What all editors of YAML look like. They colour line by line: a parser of the whole text builds a tree as deep as the
 * text nests while it is being written, and ends at the limit of the stack.
 */
export const appearance: Extension = [lineNumbers(), StreamLanguage.define(language), syntaxHighlighting(colors)];

/** An editor in place of an element's content, with the label that assistive technology reads. */
export class Editor {
  readonly #view: EditorView;

  constructor(parent: HTMLElement, label: string, onChange: () => void) {
    this.#view = new EditorView({
      parent,
      extensions: [
        appearance,
        lintGutter(),
        markedLines,
        history(),
        drawSelection(),
        highlightActiveLine(),
        indentUnit.of("  "),
        EditorState.tabSize.of(2),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange();
        }),
      ],
    });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  set text(text: string) {
    if (text === this.text) return;
    this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } });
  }

  /** Replaces all marks. They are about a text that may have changed since. */
  mark(marks: Mark[]): void {
    const { doc } = this.#view.state;
    const diagnostics = marks.map(({ from, to, severity, message }): Diagnostic => {
      const line = doc.lineAt(Math.min(from, doc.length));
      const start = Math.min(from, line.to);
      return { from: start, to: Math.max(start, Math.min(to, line.to)), severity, message };
    });
    this.#view.dispatch(setDiagnostics(this.#view.state, diagnostics));
  }

  lineAt(offset: number): number {
    const { doc } = this.#view.state;
    return doc.lineAt(Math.min(offset, doc.length)).number;
  }

  /** Moves the cursor to an offset, and the reader with it. */
  goTo(offset: number): void {
    const anchor = Math.min(offset, this.#view.state.doc.length);
    this.#view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    this.#view.focus();
  }
}
