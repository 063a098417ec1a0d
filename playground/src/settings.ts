/** Owns the settings in a text: plain ones, or those in a policy's manifest. */

import { at, type Json, type Members } from "./json.ts";
import { isPolicy } from "./selection.ts";
import { editYaml, readYaml, type Source } from "./yaml.ts";

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

/** Finds the settings: those of the first policy, else the first document. Throws as {@link readYaml} does. */
export function settingsIn(text: string): SettingsText {
  const sources = readYaml(text);
  const first = sources.findIndex(({ value }) => isPolicy(value));
  const index = Math.max(0, first);
  const source = sources[index];
  const value = source?.value ?? {};
  if (!isPolicy(value)) return { source, index, path: [], value, policy: undefined };
  const path = ["spec", "settings"];
  return { source, index, path, value: at(value, ...path) ?? {}, policy: value };
}

/** The text with one setting changed or, without a value, removed. */
export function setSetting(text: string, name: string, value: Json | undefined): string {
  const { index, path } = settingsIn(text);
  return editYaml(text, index, [...path, name], value);
}
