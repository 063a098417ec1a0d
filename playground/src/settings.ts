/** Owns the way between the text of the settings and the values that a form shows. */

import { isMembers, Numeral, type Value } from "./json.ts";
import { editYaml } from "./yaml.ts";

/** A value that can go from thread to thread. */
export type PlainSetting = null | boolean | string | { number: string } | { members: true } | PlainSetting[];
export type PlainSettings = Record<string, PlainSetting>;

export function plainSettings(settings: Value): PlainSettings {
  const entries = isMembers(settings) ? [...settings] : [];
  return Object.fromEntries(entries.map(([name, value]) => [name, plain(value)]));
}

/** The text with one setting changed or, without a value, removed. */
export function setSetting(text: string, name: string, value: PlainSetting | undefined): string {
  return editYaml(text, name, value === undefined ? undefined : fromPlain(value));
}

function plain(value: Value): PlainSetting {
  if (value instanceof Numeral) return { number: value.text };
  if (value instanceof Map) return { members: true };
  return Array.isArray(value) ? value.map(plain) : value;
}

function fromPlain(value: PlainSetting): Value {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value !== "object" || value === null) return value;
  return "number" in value ? new Numeral(value.number) : new Map();
}
