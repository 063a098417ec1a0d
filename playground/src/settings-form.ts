/**
 * Owns the form for the settings, made of their JSON Schema, in groups that fold. A field that is empty, or says what is
 * the default anyway, leaves its setting out.
 */

import { element } from "./dom.ts";
import type { Mark } from "./evaluate.ts";
import { pathOf } from "./path.ts";
import type { PlainSetting, PlainSettings } from "./settings.ts";

/** What a schema says of one setting. */
export interface Property {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  items?: { enum?: unknown[] };
}

/** What belongs together. A setting that stands nowhere here is shown in the last group. */
const GROUPS: readonly [title: string, names: string[]][] = [
  [
    "Where the home API server is",
    ["homeApiServerHost", "homeApiServerPort", "homeApiServerAddresses", "clusterDomain", "homeCredentialsSecret"],
  ],
  ["Which home cluster a pod comes from", ["homeClusterId", "homeClusters", "originLabel", "namespaceLookup"]],
  [
    "What pods may do",
    ["defaultMode", "allowedModes", "allowedRemoteServiceAccounts", "keptTokenAudiences", "foreignContainers"],
  ],
  ["Checks", ["strict", "validateOnly", "verifyOnly"]],
];

type OnChange = (name: string, value: PlainSetting | undefined) => void;

/** How one kind of setting is shown and read. */
interface Control {
  /** What a label names; a group of fields is named by a legend. */
  element: HTMLElement;
  show(value: PlainSetting | undefined): void;
  read(): PlainSetting | undefined;
}

interface Field {
  control: Control;
  error: HTMLElement;
  /** What the settings have, as JSON. */
  value: string | undefined;
  /** Why what stands in the field did not become the value. */
  refusal: string | undefined;
  /** What the policy says of the value. */
  problems: string;
}

interface Group {
  title: string;
  names: string[];
  element: HTMLDetailsElement;
  /** How many of the settings are set, or wrong. */
  count: HTMLElement;
}

export class SettingsForm {
  readonly #fields = new Map<string, Field>();
  readonly #groups: Group[];

  constructor(
    private readonly parent: HTMLFieldSetElement,
    properties: Record<string, Property>,
    onChange: OnChange,
  ) {
    this.#groups = GROUPS.map(([title, names]) => {
      const count = element("span", { className: "count" });
      const details = element("details", { className: "group" }, element("summary", {}, title, " ", count));
      return { title, names, element: details, count };
    });
    this.parent.append(...this.#groups.map((group) => group.element));
    const last = this.#groups.at(-1) as Group;
    for (const name of Object.keys(properties)) {
      if (!this.#groups.some(({ names }) => names.includes(name))) last.names = [...last.names, name];
    }
    for (const group of this.#groups) {
      for (const name of group.names) this.#add(name, properties[name], group.element, onChange);
    }
  }

  /**
   * Shows settings, or that they cannot be read. The field that is being edited stays as it is, and so does one that was
   * refused until the setting has another value.
   */
  show(settings: PlainSettings | undefined): void {
    this.parent.disabled = settings === undefined;
    if (!settings) return;
    for (const [name, field] of this.#fields) {
      const value = JSON.stringify(settings[name]);
      const isNew = value !== field.value;
      field.value = value;
      if (field.control.element.contains(document.activeElement) || (field.refusal && !isNew)) continue;
      field.control.show(settings[name]);
      this.refuse(name, undefined);
    }
    this.#count();
  }

  /** Shows each problem at the field that it is about. */
  mark(marks: Mark[]): void {
    const messages = marks.map(({ message }) => message);
    for (const [name, field] of this.#fields) {
      field.problems = messages.filter((message) => pathOf(message)?.[0] === name).join("; ");
      showProblem(field);
    }
    this.#count();
  }

  /** Tells beside a group's title what is in it. */
  #count(): void {
    for (const { names, element, count } of this.#groups) {
      const fields = names.flatMap((name) => this.#fields.get(name) ?? []);
      const wrong = fields.filter(({ refusal, problems }) => refusal || problems).length;
      const set = fields.filter(({ value }) => value !== undefined).length;
      element.classList.toggle("wrong", wrong > 0);
      count.textContent = wrong ? `${wrong} wrong` : set ? `${set} set` : "";
    }
  }

  /** Shows why what stands in a field did not become the setting's value, or that it did. */
  refuse(name: string, reason: string | undefined): void {
    const field = this.#fields.get(name);
    if (!field) return;
    field.refusal = reason;
    showProblem(field);
    this.#count();
  }

  #add(name: string, property: Property | undefined, parent: HTMLElement, onChange: OnChange): void {
    if (!property) return;
    const id = `setting-${name}`;
    const control = controlOf(property, id);
    const help = element("p", { id: `${id}-help`, className: "hint" }, ...prose(property.description ?? ""));
    const error = element("p", { id: `${id}-error`, className: "field-error" });
    const isGroup = control.element instanceof HTMLFieldSetElement;
    const label = isGroup ? element("legend", {}, name) : element("label", { htmlFor: id }, name);
    control.element.setAttribute("aria-describedby", `${help.id} ${error.id}`);
    control.element.addEventListener("input", () => onChange(name, control.read()));
    if (isGroup) control.element.prepend(label);
    const isCheckbox = control.element instanceof HTMLInputElement && control.element.type === "checkbox";
    const row = element("div", { className: "check" }, control.element, label);
    const parts = isCheckbox ? [row] : isGroup ? [control.element] : [label, control.element];
    parent.append(element("div", { className: "field" }, ...parts, help, error));
    this.#fields.set(name, { control, error, value: undefined, refusal: undefined, problems: "" });
  }
}

function showProblem({ control, error, refusal, problems }: Field): void {
  error.textContent = refusal ?? problems;
  control.element.setAttribute("aria-invalid", String(error.textContent !== ""));
}

function controlOf(property: Property, id: string): Control {
  const types = [property.type ?? []].flat();
  if (types.includes("boolean")) return checkbox(property, id);
  if (property.enum) return choice(property, names(property.enum), id);
  if (types.includes("array")) {
    return property.items?.enum ? choices(property, names(property.items.enum), id) : lines(property, id);
  }
  if (types.includes("object")) return yaml(id);
  return line(property, types.includes("integer"), id);
}

/** Null is another way to leave a setting out. */
function names(values: unknown[]): string[] {
  return values.filter((value) => typeof value === "string");
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

function choice(property: Property, names: string[], id: string): Control {
  const unset = element("option", { value: "" }, `unset: ${String(property.default ?? "none")}`);
  const select = element("select", { id }, unset, ...names.map((name) => element("option", { value: name }, name)));
  return {
    element: select,
    show: (value) => {
      select.value = names.includes(value as string) ? (value as string) : "";
    },
    read: () => select.value || undefined,
  };
}

function choices(property: Property, names: string[], id: string): Control {
  const byDefault = Array.isArray(property.default) ? property.default.map(String) : names;
  const boxes = names.map((name) => element("input", { type: "checkbox", value: name }));
  const labels = boxes.map((box) => element("label", { className: "inline" }, box, box.value));
  const group = element("fieldset", { id }, ...labels);
  return {
    element: group,
    show: (value) => {
      const chosen = Array.isArray(value) ? value : byDefault;
      for (const box of boxes) box.checked = chosen.includes(box.value);
    },
    read: () => {
      const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
      return chosen.length === byDefault.length && chosen.every((name) => byDefault.includes(name))
        ? undefined
        : chosen;
    },
  };
}

function lines(property: Property, id: string): Control {
  const area = element("textarea", { id, rows: 2, spellcheck: false });
  const unset = Array.isArray(property.default) ? "one per line" : "unset; one per line";
  return {
    element: area,
    show: (value) => {
      area.value = Array.isArray(value) ? value.map(shown).join("\n") : shown(value);
      area.placeholder = Array.isArray(value) && !value.length ? "an empty list" : unset;
    },
    read: () => {
      const items = area.value
        .split("\n")
        .map((item) => item.trim())
        .filter(Boolean);
      return items.length ? items : undefined;
    },
  };
}

function yaml(id: string): Control {
  const area = element("textarea", { id, rows: 6, spellcheck: false, placeholder: "unset; YAML" });
  return {
    element: area,
    show: (value) => {
      area.value = isYaml(value) ? String(value.yaml) : shown(value);
    },
    read: () => (area.value.trim() ? { yaml: area.value } : undefined),
  };
}

function isYaml(value: PlainSetting | undefined): value is { yaml: string } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && "yaml" in value;
}

function line(property: Property, isNumber: boolean, id: string): Control {
  const input = element("input", { id, type: "text", spellcheck: false, autocomplete: "off" });
  input.placeholder = String(property.default ?? "unset");
  if (isNumber) input.inputMode = "numeric";
  return {
    element: input,
    show: (value) => {
      input.value = shown(value);
    },
    read: () => {
      const text = input.value.trim();
      if (!text) return undefined;
      return isNumber && /^(0|[1-9]\d*)$/.test(text) ? Number(text) : text;
    },
  };
}

/** A value as text. Those that a field cannot hold are shown as their kind; the YAML has them in full. */
function shown(value: PlainSetting | undefined): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return "(a list)";
  return typeof value === "object" ? "(an object)" : String(value);
}
