/** Owns what a pasted text holds: objects in one or several documents and in lists, and what belongs to them. */

import { isMembers, itemsAt, type Json, type Members, membersAt, type Step, textAt } from "./json.ts";
import { isPolicy } from "./selection.ts";
import type { Range, Source } from "./yaml.ts";

export interface Found {
  value: Json;
  locate(path: Step[]): Range;
}

export interface Pasted {
  /** What the policy may be asked about, and anything else that is no policy and no Namespace. */
  objects: Found[];
  /** Kubewarden's policies. */
  policies: Members[];
  namespaces: Members[];
}

export function pastedIn(sources: Source[]): Pasted {
  const found = sources.flatMap(({ value, locate }) => flattened(value, locate));
  const isNamespace = ({ value }: Found) =>
    textAt(value, "kind") === "Namespace" && textAt(value, "apiVersion") === "v1";
  return {
    objects: found.filter((one) => !isPolicy(one.value) && !isNamespace(one)),
    policies: found.map(({ value }) => value).filter(isPolicy),
    namespaces: found.filter(isNamespace).map(({ value }) => membersAt(value)),
  };
}

/** The items of a list, such as `kubectl get -o yaml` prints. A list of one kind leaves the kind out of its items. */
function flattened(value: Json, locate: Found["locate"]): Found[] {
  const kind = /^(.*)List$/.exec(textAt(value, "kind"))?.[1];
  if (kind === undefined) return [{ value, locate }];
  const type = kind === "" ? {} : { apiVersion: textAt(value, "apiVersion"), kind };
  return itemsAt(value, "items").flatMap((item, index) => {
    const whole = isMembers(item) ? { ...type, ...item } : item;
    return flattened(whole, (path) => locate(["items", index, ...path]));
  });
}
