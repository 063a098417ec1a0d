/** Owns the list of a text's objects, with the verdict on each. */

import { byId, element } from "./dom.ts";
import type { Evaluation, Listed } from "./evaluate.ts";

const STATES: Record<Listed["state"], [look: string, sign: string, words: string]> = {
  accepted: ["good", "✓", "accepted"],
  warned: ["warn", "!", "accepted with a warning"],
  rejected: ["bad", "✕", "rejected"],
  other: ["calm", "–", "not a pod or workload"],
};

/** Shows the objects where there are several. */
export function showObjects({ objects, chosen }: Evaluation, choose: (index: number) => void): void {
  byId("objects").hidden = objects.length < 2;
  byId("objects-summary").textContent = summary(objects);
  const about = objects.length < 2 ? undefined : objects[chosen];
  byId("verdict-object").textContent = about ? ` – ${about.kind} ${about.name}` : "";
  const list = byId("object-list");
  // The button that was pressed keeps the focus.
  const focused = [...list.querySelectorAll("button")].indexOf(document.activeElement as HTMLButtonElement);
  list.replaceChildren(
    ...(objects.length < 2 ? [] : objects.map((object, index) => row(object, index === chosen, () => choose(index)))),
  );
  list.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
}

function row({ kind, name, state, isAsked }: Listed, isChosen: boolean, choose: () => void): HTMLElement {
  const [look, sign, words] = STATES[state];
  const verdict = isAsked === false ? `${words}, but not selected` : words;
  const mark = element("span", { className: `mark ${look}`, ariaHidden: "true" }, sign);
  const title = element("span", { className: "name" }, `${kind} `, element("code", {}, name));
  const shown = [mark, title, element("span", { className: "state" }, verdict)];
  const button = element("button", { type: "button", onclick: choose }, ...shown);
  button.setAttribute("aria-current", String(isChosen));
  return element("li", {}, button);
}

function summary(objects: Listed[]): string {
  const parts = Object.entries(STATES).flatMap(([state, [, , words]]) => {
    const count = objects.filter((object) => object.state === state).length;
    return count ? [`${count} ${words}`] : [];
  });
  const notAsked = objects.filter(({ isAsked }) => isAsked === false).length;
  return [...parts, ...(notAsked ? [`${notAsked} not selected by the policy`] : [])].join(", ");
}
