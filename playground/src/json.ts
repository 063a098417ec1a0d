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

/** JSON in which members stand in the order of their names, so that equal values have equal texts. */
export function textOf(value: Json): string {
  const sorted = (value: Members) => Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify(value, (_, member) => (isMembers(member) ? sorted(member) : member));
}

/** A value whose members stand in the order of a similar one's, so that the two can be compared line by line. */
export function inOrderOf(model: Json | undefined, value: Json): Json {
  if (Array.isArray(value)) {
    const models = Array.isArray(model) ? model : [];
    const similar = new Map(models.flatMap((item) => [textOf(item), textAt(item, "name")].map((key) => [key, item])));
    return value.map((item, index) =>
      inOrderOf(similar.get(textOf(item)) ?? similar.get(textAt(item, "name") || "{}") ?? models[index], item),
    );
  }
  if (!isMembers(value)) return value;
  const names = new Set([...Object.keys(membersAt(model)), ...Object.keys(value)].filter((name) => name in value));
  return Object.fromEntries([...names].map((name) => [name, inOrderOf(at(model, name), value[name] ?? null)]));
}

/** A copy that shares nothing. */
export function copyOf<T extends Json>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
