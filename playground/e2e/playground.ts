/** The page under test, as its users see it. Nothing may go wrong unseen, and no other host may be asked. */

import { test as base, expect, type Locator, type Page } from "@playwright/test";

export { expect };

export class Playground {
  readonly object: Locator;
  readonly settings: Locator;
  readonly namespace: Locator;
  readonly title: Locator;
  readonly message: Locator;

  constructor(readonly page: Page) {
    this.object = page.getByRole("textbox", { name: "Pods, workloads or AdmissionReviews" });
    this.settings = page.getByRole("textbox", { name: "Settings in YAML" });
    this.namespace = page.getByRole("textbox", { name: "Namespace" });
    this.title = page.locator("#verdict-title");
    this.message = page.locator("#verdict-message");
  }

  async open(fragment = ""): Promise<void> {
    await this.page.goto(`./${fragment}`);
    await this.settle();
  }

  /** Waits until what is shown is about what was typed. */
  async settle(): Promise<void> {
    await expect(this.page.locator("#outcome")).toHaveAttribute("aria-busy", "false");
  }

  async example(title: string): Promise<void> {
    await this.page.getByLabel("Example", { exact: true }).selectOption({ label: title });
    await this.settle();
  }

  /** Chooses how the pod comes to the policy. */
  async as(way: "As Liqo makes it" | "As the API server sends it" | "As pasted"): Promise<void> {
    await this.page.getByLabel(way).check();
    await this.settle();
  }

  /** Replaces the whole text of an editor, as from the clipboard. */
  async paste(editor: Locator, text: string): Promise<void> {
    await this.page.evaluate((text) => navigator.clipboard.writeText(text), text);
    await editor.focus();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.press(text ? "ControlOrMeta+V" : "Delete");
    await this.settle();
  }

  async pasteSettings(text: string): Promise<void> {
    await this.openSettings("All as YAML");
    await this.paste(this.settings, text);
  }

  /** Opens groups of the settings that may be folded. */
  async openSettings(...titles: string[]): Promise<void> {
    for (const title of ["Edit the settings", ...titles]) {
      const group = this.page.locator("details", { has: this.page.locator(`> summary:has-text("${title}")`) }).last();
      if (!(await group.evaluate((details: HTMLDetailsElement) => details.open))) {
        await group.locator("> summary").click();
      }
    }
  }

  /** The text of an editor that is short enough to be drawn as a whole. */
  async textOf(editor: Locator): Promise<string> {
    return (await editor.locator(".cm-line").allTextContents()).join("\n");
  }

  /** The lines of an editor that are marked as wrong. */
  markedLines(editor: Locator): Locator {
    return editor.locator(".marked-error");
  }
}

export const test = base.extend<{ playground: Playground; expectedErrors: RegExp }>({
  /** Errors that a test brings about on purpose. */
  expectedErrors: [/^$/, { option: true }],
  playground: async ({ page, baseURL, expectedErrors }, use) => {
    const errors: string[] = [];
    const hosts = new Set<string>();
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("request", (request) => {
      if (!/^(blob|data):/.test(request.url())) hosts.add(new URL(request.url()).origin);
    });
    await use(new Playground(page));
    expect(errors.filter((error) => !expectedErrors.test(error))).toEqual([]);
    expect([...hosts]).toEqual([new URL(baseURL ?? "").origin]);
  },
});

/** A pod in YAML, with lines of its own in its spec. */
export function pod(annotations = "", spec = "", metadata = "  namespace: shop\n"): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: web
${metadata}  annotations: {${annotations}}
spec:
  containers:
  - name: web
    image: web:1
${spec}`;
}
