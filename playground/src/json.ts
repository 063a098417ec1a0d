/** Owns JSON values of unknown shape: how a member is read of what may not be there. */

export type Json = null | boolean | string | number | Json[] | Members;
export type Members = { [name: string]: Json };

/** A member's name or an item's index. */
export type Step = string | number;

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path; none where something on the way is missing. Only what the value itself has counts. */
export function at(value: Json | undefined, ...path: Step[]): Json | undefined {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as Members)[step];
  }
  return found;
}

/** The text at a path; empty where there is none. */
export function textAt(value: Json | undefined, ...path: Step[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The items of the list at a path; none where there is no list. */
export function itemsAt(value: Json | undefined, ...path: Step[]): Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The members of the object at a path; none where there is no object. */
export function membersAt(value: Json | undefined, ...path: Step[]): Members {
  const found = at(value, ...path);
  return isMembers(found) ? found : {};
}

/** A copy that shares nothing. */
export function copyOf<T extends Json>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
