/**
 * Owns the JSON patch (RFC 6902) between an object and the policy's copy of it, operation for operation as
 * policy-server sends it: lists are compared index by index, and members in the order of their names.
 */

import { isMembers, type Json, type Members } from "./json.ts";

export type Operation = { op: "add" | "replace"; path: string; value: Json } | { op: "remove"; path: string };

export function diff(before: Json, after: Json, path = ""): Operation[] {
  if (isMembers(before) && isMembers(after)) return compareMembers(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) return compareItems(before, after, path);
  return before === after ? [] : [{ op: "replace", path, value: after }];
}

function compareMembers(before: Members, after: Members, path: string): Operation[] {
  const pathTo = (name: string) => `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const isIn = (members: Members) => (name: string) => Object.hasOwn(members, name);
  const kept = Object.keys(after).sort();
  const removed = Object.keys(before)
    .sort()
    .filter((name) => !isIn(after)(name));
  return [
    ...kept.flatMap((name) => compareMember(isIn(before)(name) ? before[name] : undefined, after[name], pathTo(name))),
    ...removed.map((name): Operation => ({ op: "remove", path: pathTo(name) })),
  ];
}

function compareMember(before: Json | undefined, after: Json = null, path: string): Operation[] {
  return before === undefined ? [{ op: "add", path, value: after }] : diff(before, after, path);
}

function compareItems(before: Json[], after: Json[], path: string): Operation[] {
  // Each removal moves the rest up, so the index stays.
  const surplus = Array.from({ length: Math.max(0, before.length - after.length) });
  return [
    ...after.flatMap((value, index) => compareMember(before[index], value, `${path}/${index}`)),
    ...surplus.map((): Operation => ({ op: "remove", path: `${path}/${after.length}` })),
  ];
}
