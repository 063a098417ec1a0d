/** Owns the settings in a text: plain ones, or those in a policy's manifest. */

import { isMembers, itemsAt, type Json, type Members } from "./json.ts";
import { isPolicy } from "./selection.ts";
import { editYaml, lineAt, readYaml, type Source, SyntaxProblem, writeYaml } from "./yaml.ts";

/** The settings, and where they stand. */
export interface SettingsText {
  source: Source | undefined;
  /** Which of the text's documents it is, and where in it the settings are. */
  index: number;
  path: string[];
  value: Json;
  /** The manifest that they are part of. */
  policy: Members | undefined;
}

/** A value of the form; an object stands there as YAML. */
export type PlainSetting = Json | { yaml: string };
export type PlainSettings = Record<string, PlainSetting>;

/** Finds the settings: those of the first policy, else the first document. Throws as {@link readYaml} does. */
export function settingsIn(text: string): SettingsText {
  const sources = readYaml(text);
  const index = Math.max(
    0,
    sources.findIndex(({ value }) => isPolicy(value)),
  );
  const source = sources[index];
  const value = source?.value ?? {};
  if (!isPolicy(value)) return { source, index, path: [], value, policy: undefined };
  const spec = isMembers(value.spec) ? value.spec : {};
  return { source, index, path: ["spec", "settings"], value: spec.settings ?? {}, policy: value };
}

export function plainSettings(settings: Json): PlainSettings {
  const entries = isMembers(settings) ? Object.entries(settings) : [];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isMembers(value) ? { yaml: writeYaml(value) } : value]),
  );
}

/** A value is YAML that cannot be read, or that is no object. */
export class UnreadableValue extends Error {}

/** The text with one setting changed or, without a value, removed. Throws an {@link UnreadableValue}. */
export function setSetting(text: string, name: string, value: PlainSetting | undefined): string {
  const { index, path } = settingsIn(text);
  return editYaml(text, index, [...path, name], isMembers(value) ? membersIn(String(value.yaml)) : value);
}

function membersIn(text: string): Json {
  try {
    const [source] = readYaml(text);
    if (isMembers(source?.value)) return source.value;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    throw new UnreadableValue(`line ${lineAt(text, error.from)}: ${error.message}`);
  }
  throw new UnreadableValue("expected names with values, such as milan: {}");
}

/** Whether a policy's selectors look at Namespaces. */
export function selectsNamespaces(policy: Members | undefined): boolean {
  return itemsAt(policy, "spec", "namespaceSelector", "matchExpressions").length > 0;
}
