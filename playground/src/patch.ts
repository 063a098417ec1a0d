/**
 * Owns the JSON patch (RFC 6902) between an object and the policy's copy of it, operation for operation as
 * policy-server sends it: lists are compared index by index, and members in the order of their names.
 */

import { isMembers, type Members, Numeral, type Value } from "./json.ts";

export type Operation = { op: "add" | "replace"; path: string; value: Value } | { op: "remove"; path: string };

export function diff(before: Value, after: Value): Operation[] {
  const operations: Operation[] = [];
  compare(before, after, "", operations);
  return operations;
}

/** The patch as a value, to be written. */
export function patchValue(operations: Operation[]): Value {
  return operations.map((operation) => new Map(Object.entries(operation)));
}

function compare(before: Value, after: Value, path: string, operations: Operation[]): void {
  if (isMembers(before) && isMembers(after)) {
    compareMembers(before, after, path, operations);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareItems(before, after, path, operations);
  } else if (!isSameScalar(before, after)) {
    operations.push({ op: "replace", path, value: after });
  }
}

function compareMembers(before: Members, after: Members, path: string, operations: Operation[]): void {
  for (const name of [...after.keys()].sort()) {
    const at = `${path}/${escaped(name)}`;
    const value = after.get(name) as Value;
    const old = before.get(name);
    if (old === undefined) {
      operations.push({ op: "add", path: at, value });
    } else {
      compare(old, value, at, operations);
    }
  }
  for (const name of [...before.keys()].sort()) {
    if (!after.has(name)) operations.push({ op: "remove", path: `${path}/${escaped(name)}` });
  }
}

function compareItems(before: Value[], after: Value[], path: string, operations: Operation[]): void {
  for (const [index, value] of after.entries()) {
    const old = before[index];
    if (old === undefined) {
      operations.push({ op: "add", path: `${path}/${index}`, value });
    } else {
      compare(old, value, `${path}/${index}`, operations);
    }
  }
  // Each removal moves the rest up, so the index stays.
  for (let count = after.length; count < before.length; count++) {
    operations.push({ op: "remove", path: `${path}/${after.length}` });
  }
}

function isSameScalar(before: Value, after: Value): boolean {
  if (before instanceof Numeral && after instanceof Numeral) return before.text === after.text;
  return before === after;
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
