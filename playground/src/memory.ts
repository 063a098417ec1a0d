/** Owns what the page remembers in the browser: what was shown last, and the latest texts of its user. */

import type { Input } from "./evaluate.ts";
import { inputIn } from "./permalink.ts";

const KEY = "playground";

/** How many texts are kept. The oldest one goes when another is begun. */
const KEPT = 5;

export class Memory {
  /** The user's own texts, the newest first. */
  readonly own: Input[] = [];
  /** Which of them is being edited; none while an example is shown. */
  at: number | undefined;
  /** What was shown when the page was left. */
  readonly last: Input | undefined;

  constructor() {
    try {
      const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}");
      this.last = inputIn(stored.last);
      this.own.push(...[stored.own ?? []].flat().flatMap((input) => inputIn(input) ?? []));
      this.at = this.own[stored.at] ? stored.at : undefined;
    } catch {
      // A browser that keeps nothing begins anew.
    }
  }

  /** The user changed what is shown: an own text goes on, and anything else becomes one. */
  edit(input: Input): void {
    if (this.at === undefined) {
      this.own.unshift(input);
      this.own.splice(KEPT);
      this.at = 0;
    }
    this.own[this.at] = input;
  }

  save(last: Input): void {
    try {
      localStorage.setItem(KEY, JSON.stringify({ last, own: this.own, at: this.at }));
    } catch {
      // It is full or not there; the page works without it.
    }
  }
}
