/**
 * Owns the form for the settings, made of their JSON Schema, in groups that fold. A field that is empty, or says what is
 * the default anyway, leaves its setting out.
 */

import { element } from "./dom.ts";
import type { Mark } from "./evaluate.ts";
import type { Json, Members } from "./json.ts";
import { pathOf } from "./path.ts";

/** What a schema says of one setting. */
export interface Property {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  items?: { enum?: unknown[] };
}

/** What belongs together. A setting that stands nowhere here is shown in the last group. */
const GROUPS = Object.entries({
  "Where the home API server is":
    "homeApiServerHost homeApiServerPort homeApiServerAddresses clusterDomain homeCredentialsSecret",
  "Which home cluster a pod comes from": "homeClusterId homeClusters originLabel namespaceLookup",
  "What pods may do": "defaultMode allowedModes allowedRemoteServiceAccounts keptTokenAudiences foreignContainers",
  Checks: "strict validateOnly verifyOnly",
}).map(([title, names]) => ({ title, names: names.split(" ") }));

type OnChange = (name: string, value: Json | undefined) => void;

/** How one kind of setting is shown and read. */
interface Control {
  /** What a label names; a group of fields is named by a legend. */
  element: HTMLElement;
  show(value: Json | undefined): void;
  read(): Json | undefined;
}

/** A group's summary counts its settings that are set, or wrong. */
interface Group {
  element: HTMLElement;
  count: HTMLElement;
  fields: { name: string; control: Control; error: HTMLElement }[];
}

export class SettingsForm {
  readonly #groups: Group[];

  constructor(
    private readonly parent: HTMLFieldSetElement,
    properties: Record<string, Property>,
    private readonly onChange: OnChange,
  ) {
    const grouped = GROUPS.flatMap(({ names }) => names);
    const others = Object.keys(properties).filter((name) => !grouped.includes(name));
    this.#groups = GROUPS.map(({ title, names }, index) => {
      const count = element("span", { className: "count" });
      const group = element("details", { className: "group" }, element("summary", {}, title, " ", count));
      const shown = index === GROUPS.length - 1 ? [...names, ...others] : names;
      const fields = shown.flatMap((name) => (properties[name] ? [this.#field(name, properties[name], group)] : []));
      return { element: group, count, fields };
    });
    parent.append(...this.#groups.map(({ element }) => element));
  }

  /** Shows settings with what is wrong with them, or that they cannot be read. A field that is edited stays as it is. */
  show(settings: Members | undefined, marks: Mark[]): void {
    this.parent.disabled = settings === undefined;
    const messages = marks.filter(({ editor }) => editor === "settings").map(({ message }) => message);
    for (const { element, count, fields } of this.#groups) {
      for (const { name, control, error } of fields) {
        if (settings && !control.element.contains(document.activeElement)) control.show(settings[name]);
        error.textContent = messages.filter((message) => pathOf(message)?.[0] === name).join("; ");
        control.element.setAttribute("aria-invalid", String(error.textContent !== ""));
      }
      const wrong = fields.filter(({ error }) => error.textContent).length;
      const set = fields.filter(({ name }) => settings?.[name] !== undefined).length;
      element.classList.toggle("wrong", wrong > 0);
      count.textContent = wrong ? `${wrong} wrong` : set ? `${set} set` : "";
    }
  }

  #field(name: string, property: Property, group: HTMLElement): Group["fields"][0] {
    const id = `setting-${name}`;
    const control = controlOf(property, id);
    const help = element("p", { id: `${id}-help`, className: "hint" }, ...prose(property.description ?? ""));
    const error = element("p", { id: `${id}-error`, className: "field-error" });
    control.element.setAttribute("aria-describedby", `${help.id} ${error.id}`);
    control.element.addEventListener("input", () => this.onChange(name, control.read()));
    const field = element("div", { className: "field" }, control.element, help, error);
    if (control.element instanceof HTMLFieldSetElement) control.element.prepend(element("legend", {}, name));
    else control.element.before(element("label", { htmlFor: id }, name));
    group.append(field);
    return { name, control, error };
  }
}

function controlOf(property: Property, id: string): Control {
  const types = [property.type ?? []].flat();
  if (types.includes("boolean")) return checkbox(property, id);
  // Null is another way to leave a setting out.
  const names = (property.enum ?? property.items?.enum)?.filter((name) => typeof name === "string");
  if (property.enum) return choice(property, names ?? [], id);
  if (types.includes("array")) return names ? choices(property, names, id) : lines(property, id);
  return types.includes("object") ? members(id) : line(property, types.includes("integer"), id);
}

/** Text in which code stands between backquotes. */
function prose(text: string): (Node | string)[] {
  return text.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));
}

function checkbox(property: Property, id: string): Control {
  const input = element("input", { id, type: "checkbox" });
  const byDefault = property.default === true;
  return {
    element: input,
    show: (value) => {
      input.checked = typeof value === "boolean" ? value : byDefault;
    },
    read: () => (input.checked === byDefault ? undefined : input.checked),
  };
}

function choices(property: Property, names: string[], id: string): Control {
  const byDefault = Array.isArray(property.default) ? property.default.map(String) : names;
  const boxes = names.map((name) => element("input", { type: "checkbox", value: name }));
  const labels = boxes.map((box) => element("label", { className: "inline" }, box, box.value));
  return {
    element: element("fieldset", { id }, ...labels),
    show: (value) => {
      const chosen = Array.isArray(value) ? value : byDefault;
      for (const box of boxes) box.checked = chosen.includes(box.value);
    },
    read: () => {
      const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
      const isDefault = chosen.length === byDefault.length && chosen.every((name) => byDefault.includes(name));
      return isDefault ? undefined : chosen;
    },
  };
}

/** A control whose text stands for the value; no text leaves the setting out. */
function written(
  field: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement,
  show: (value: Json | undefined) => string,
  read: (text: string) => Json,
): Control {
  return {
    element: field,
    show: (value) => {
      field.value = show(value);
    },
    read: () => (field.value.trim() ? read(field.value.trim()) : undefined),
  };
}

function choice(property: Property, names: string[], id: string): Control {
  const unset = element("option", { value: "" }, `unset: ${String(property.default ?? "none")}`);
  const select = element("select", { id }, unset, ...names.map((name) => element("option", { value: name }, name)));
  return written(select, (value) => names.find((name) => name === value) ?? "", String);
}

function lines(property: Property, id: string): Control {
  const area = element("textarea", { id, rows: 2, spellcheck: false });
  area.placeholder = Array.isArray(property.default) ? "one per line" : "unset; one per line";
  const show = (value: Json | undefined) => (Array.isArray(value) ? value.map(shown).join("\n") : shown(value));
  return written(area, show, (text) => text.split("\n").flatMap((item) => item.trim() || []));
}

/** What has a depth of its own is written in the YAML, and here only shown. */
function members(id: string): Control {
  const input = element("input", { id, type: "text", readOnly: true, placeholder: "unset; write it in “All as YAML”" });
  const show = (value: Json | undefined) => Object.keys(value ?? {}).join(", ");
  return written(input, show, String);
}

function line(property: Property, isNumber: boolean, id: string): Control {
  const input = element("input", { id, type: "text", spellcheck: false, autocomplete: "off" });
  input.placeholder = String(property.default ?? "unset");
  if (isNumber) input.inputMode = "numeric";
  return written(input, shown, (text) => (isNumber && /^(0|[1-9]\d*)$/.test(text) ? Number(text) : text));
}

/** A value as text. Those that a field cannot hold are shown as their kind; the YAML has them in full. */
function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.length ? "(a list)" : "";
  return typeof value === "object" ? "(an object)" : String(value);
}
