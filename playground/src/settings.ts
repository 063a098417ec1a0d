/** Owns the way between the text of the settings and the values that a form shows. */

import { isMembers, lineAt, Numeral, SyntaxProblem, type Value } from "./json.ts";
import { editYaml, readYaml, writeYaml } from "./yaml.ts";

/** A value that can go from thread to thread; an object goes as YAML. */
export type PlainSetting = null | boolean | string | { number: string } | { yaml: string } | PlainSetting[];
export type PlainSettings = Record<string, PlainSetting>;

export function plainSettings(settings: Value): PlainSettings {
  const entries = isMembers(settings) ? [...settings] : [];
  return Object.fromEntries(entries.map(([name, value]) => [name, plain(value)]));
}

/** A value is YAML that cannot be read, or that is no object. */
export class UnreadableValue extends Error {}

/** The text with one setting changed or, without a value, removed. Throws an {@link UnreadableValue}. */
export function setSetting(text: string, name: string, value: PlainSetting | undefined): string {
  return editYaml(text, name, value === undefined ? undefined : fromPlain(value));
}

function plain(value: Value): PlainSetting {
  if (value instanceof Numeral) return { number: value.text };
  if (value instanceof Map) return { yaml: writeYaml(value) };
  return Array.isArray(value) ? value.map(plain) : value;
}

function fromPlain(value: PlainSetting): Value {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value !== "object" || value === null) return value;
  return "number" in value ? new Numeral(value.number) : membersIn(value.yaml);
}

function membersIn(text: string): Value {
  try {
    const { value } = readYaml(text);
    if (isMembers(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    throw new UnreadableValue(`line ${lineAt(text, error.from)}: ${error.message}`);
  }
  throw new UnreadableValue("expected names with values, such as milan: {}");
}
