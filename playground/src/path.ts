/** Owns the paths that the policy's messages begin with, such as `spec.containers[0].env: expected …`. */

import type { Step } from "./json.ts";

/** A value is not what it should be. */
export class ShapeProblem extends Error {
  constructor(
    message: string,
    readonly path: Step[],
  ) {
    super(message);
  }
}

const FIRST = /[A-Za-z][\w-]*/y;
const NEXT = /\.([^.[\]:\s]+)|\["(.*?)"\]|\[(\d+)\]/y;

/** The path at the start of a message; none when the message begins otherwise. */
export function pathOf(message: string): Step[] | undefined {
  FIRST.lastIndex = 0;
  const first = FIRST.exec(message)?.[0];
  if (first === undefined) return undefined;
  const path: Step[] = [first];
  let at = first.length;
  for (;;) {
    NEXT.lastIndex = at;
    const found = NEXT.exec(message);
    if (!found) break;
    const [whole, member, quoted, index] = found;
    path.push(index === undefined ? (member ?? quoted ?? "") : Number(index));
    at += whole.length;
  }
  return message.startsWith(": ", at) ? path : undefined;
}
