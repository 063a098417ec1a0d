import { readFileSync } from "node:fs";
import { inRoot } from "../tests/runner.ts";
import { expect, Playground, pod, test } from "./playground.ts";

test("what is typed is evaluated", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod());
  await expect(playground.message).toHaveText(/^Home mode/);
  await page.keyboard.press("ControlOrMeta+Home");
  for (let line = 1; line < 6; line++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.type("liqo.io/api-server-support: disabled");
  await expect(playground.message).toHaveText(/^Disabled mode/);
});

test("what changes is shown, with the unchanged lines on demand", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod("liqo.io/api-server-support: disabled"));
  await playground.as("As pasted");
  await expect(page.locator("#verdict-change")).toHaveText("Changed: token of the ServiceAccount not mounted.");
  const diff = page.getByRole("textbox", { name: "Before and after the policy" });
  await expect(diff.locator(".cm-changedLine")).toHaveText("  automountServiceAccountToken: false");
  await expect(diff).not.toContainText("apiVersion: v1");
  await page.getByLabel("Show unchanged lines").check();
  await expect(diff).toContainText("apiVersion: v1");
});

test("no line of the difference breaks inside a path", async ({ page, playground }) => {
  await page.setViewportSize({ width: 1280, height: 4000 });
  await playground.open();
  await page.getByLabel("Show unchanged lines").check();
  const heights = await page
    .getByRole("textbox", { name: "Before and after the policy" })
    .locator(".cm-line", { hasText: "/var/run/secrets/kubernetes.io/serviceaccount" })
    .evaluateAll((lines) => lines.map((line) => Math.round(line.clientHeight / 19.5)));
  expect(heights.length).toBeGreaterThan(0);
  expect(new Set(heights)).toEqual(new Set([1]));
});

test("digits in a text are no number", async ({ page, playground }) => {
  await playground.open();
  const spec = "  a: 10\n  b: web-8080\n  c: tcp://host:6443\n  d: 2.14.0\n  e: turned-on\n  f: true\n  g: 1.5\n";
  await playground.paste(playground.object, pod("", spec));
  const color = await page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = "var(--code-number)";
    return getComputedStyle(probe).color;
  });
  const coloured = await playground.object
    .locator("span")
    .evaluateAll(
      (spans, color) =>
        spans.filter((span) => getComputedStyle(span).color === color).map((span) => span.textContent?.trim()),
      color,
    );
  expect(coloured).toEqual(["10", "true", "1.5"]);
});

for (const [width, height] of [
  [390, 800],
  [1280, 820],
  [1920, 1000],
] as const) {
  test(`the outcome stays in view, ${width} pixels wide`, async ({ page, playground }) => {
    await page.setViewportSize({ width, height });
    await playground.open();
    await playground.openSettings(
      "Where the home API server is",
      "Which home cluster a pod comes from",
      "What pods may do",
      "Checks",
    );
    await expect(playground.title).toBeInViewport();
    await page.getByLabel("verifyOnly").check();
    await expect(page.getByLabel("verifyOnly")).toBeInViewport();
    await expect(playground.title).toHaveText("Rejected");
    await expect(playground.title).toBeInViewport();
    const box = await page.getByLabel("verifyOnly").boundingBox();
    const label = await page.locator("label[for=setting-verifyOnly]").boundingBox();
    expect(Math.abs((box?.y ?? 0) - (label?.y ?? 99))).toBeLessThan(12);
    expect(label?.x).toBeGreaterThan(box?.x ?? 999);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
}

test("the form changes the YAML, and the YAML the form", async ({ page, playground }) => {
  await playground.open();
  await playground.pasteSettings("# Mine\nhomeClusterId: milan # here\n");
  await playground.openSettings(
    "Where the home API server is",
    "Which home cluster a pod comes from",
    "What pods may do",
    "Checks",
  );
  await expect(page.getByLabel("homeClusterId")).toHaveValue("milan");

  await page.getByLabel("homeApiServerPort").fill("6443");
  await page.getByLabel("homeClusterId").fill("rome");
  await page.getByLabel("homeApiServerAddresses").fill("10.0.0.1\nfd00::1\n");
  await page.getByLabel("defaultMode").selectOption("remote");
  await page.getByRole("group", { name: "allowedModes" }).getByLabel("disabled").uncheck();
  await page.getByLabel("keptTokenAudiences").fill("vault");
  await page.getByLabel("originLabel").fill("from");
  await page.getByLabel("strict").check();
  await page.getByLabel("validateOnly").check();
  await expect
    .poll(() => playground.textOf(playground.settings))
    .toBe(
      "# Mine\nhomeClusterId: rome # here\nhomeApiServerPort: 6443\nhomeApiServerAddresses:\n  - 10.0.0.1\n  - fd00::1\n" +
        "defaultMode: remote\nallowedModes:\n  - home\n  - remote\nkeptTokenAudiences:\n  - vault\noriginLabel: from\n" +
        "strict: true\nvalidateOnly: true\n",
    );

  await playground.paste(
    playground.settings,
    'homeApiServerPort: "443"\nallowedModes: [remote]\ndefaultMode: remote\nhomeClusters: {turin: {}, milan: {}}\n',
  );
  await expect(page.getByLabel("homeApiServerPort")).toHaveValue("443");
  await expect(page.getByLabel("homeClusterId")).toHaveValue("");
  await expect(page.getByLabel("homeClusters")).toHaveValue("turin, milan");
  await expect(page.getByLabel("validateOnly")).not.toBeChecked();
  const modes = page.getByRole("group", { name: "allowedModes" });
  await expect(modes.getByLabel("home")).not.toBeChecked();
  await expect(modes.getByLabel("remote")).toBeChecked();
  await page.getByLabel("defaultMode").selectOption("");
  await modes.getByLabel("home").check();
  await modes.getByLabel("disabled").check();
  await page.getByLabel("homeApiServerPort").fill("");
  await expect.poll(() => playground.textOf(playground.settings)).toBe("homeClusters: { turin: {}, milan: {} }\n");
});

test("every setting of the schema is in the form", async ({ page, playground }) => {
  await playground.open();
  const schema = JSON.parse(readFileSync(inRoot("docs/settings.schema.json"), "utf8"));
  const fields = await page
    .locator("[id^=setting-]:not([id$=-help], [id$=-error])")
    .evaluateAll((all) => all.map(({ id }) => id.slice(8)));
  expect(fields.sort()).toEqual(Object.keys(schema.properties).sort());
});

const NAMESPACE = `apiVersion: v1
kind: Namespace
metadata:
  name: shop-rome
  labels:
    liqo.io/remote-cluster-id: rome
  annotations:
    liqo.io/original-name: shop
`;

test("the pod's Namespace is looked up", async ({ page, playground }) => {
  await playground.open();
  await playground.as("As the API server sends it");
  await playground.paste(playground.object, pod("", "", "  namespace: shop-rome\n"));
  await playground.pasteSettings("homeClusters: {rome: {}}\n");
  await expect(playground.namespace).toBeHidden();
  await playground.openSettings("Which home cluster a pod comes from");
  await page.getByLabel("namespaceLookup").check();
  await expect(playground.namespace).toBeVisible();
  await expect.poll(() => playground.textOf(playground.namespace)).toBe(NAMESPACE);
  await expect(playground.message).toHaveText(/^Home mode/);
  const diff = page.getByRole("textbox", { name: "Before and after the policy" });
  await expect(diff.locator(".cm-changedLine").filter({ hasText: "/home-namespace: shop" })).toHaveCount(1);
  await expect(page.locator("#command")).toContainText("name: shop-rome");

  await playground.paste(playground.object, pod("", "", "  namespace: billing-rome\n"));
  await expect(playground.namespace).toContainText("liqo.io/original-name: billing");
  await playground.paste(playground.namespace, NAMESPACE.replace("rome\n  ann", "turin\n  ann"));
  await expect(playground.message).toContainText("Cannot find v1/Namespace named 'billing-rome'");
  await playground.paste(playground.object, pod("", "", "  namespace: shop-rome\n"));
  await expect(playground.message).toHaveText(/"turin"/);
  await playground.paste(playground.namespace, NAMESPACE.replaceAll(/^ {2}labels:\n.*\n/gm, ""));
  await expect(playground.title).toHaveText("Accepted");
  await expect(playground.message).toHaveText("The policy leaves this pod as it is.");
  await playground.example("One of many home clusters");
  await expect(playground.namespace).toContainText("name: liqo-demo-milan");
  await page.getByLabel("Manifest", { exact: true }).selectOption("settings.yaml");
  await expect(playground.namespace).toBeHidden();
});

test("a pod that is not as the policy would leave it is marked where that shows", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod());
  await playground.openSettings("Checks");
  await page.getByLabel("verifyOnly").check();
  await expect(playground.title).toHaveText("Rejected");
  await expect(playground.message).toHaveText(/another webhook/);
  await expect(playground.markedLines(playground.object)).toHaveCount(1);
});

test("a link holds everything", async ({ page, playground, context, baseURL }) => {
  await playground.open();
  const object = pod("liqo.io/api-server-support: disabled", "  own: ü 😀\n");
  await playground.paste(playground.object, object);
  await playground.pasteSettings("homeClusterId: rome\nnamespaceLookup: true\n");
  const namespace = NAMESPACE.replace("shop-rome", "shop");
  await playground.paste(playground.namespace, namespace);
  await playground.as("As pasted");
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(new RegExp(`^${baseURL}#2\\.[\\w-]+$`));
  expect(page.url()).toBe(link);

  const other = await context.newPage();
  await other.goto(link);
  await expect(other.locator("#verdict-message")).toHaveText("Disabled mode: the pod uses no API server.");
  await expect(other.getByLabel("As pasted")).toBeChecked();
  await expect(other.getByLabel("homeClusterId")).toHaveValue("rome");
  const there = new Playground(other);
  expect(await there.textOf(there.object)).toBe(object);
  expect(await there.textOf(there.namespace)).toBe(namespace);

  await playground.open();
  await playground.example("A pod that Liqo has prepared");
  await expect(playground.message).toHaveText(/^Home mode/);
  await playground.open(new URL(link).hash);
  await expect(playground.message).toHaveText("Disabled mode: the pod uses no API server.");
});

test("a broken link is told", async ({ playground }) => {
  await playground.open("#2.broken");
  await expect(playground.title).toHaveText("No answer");
  await expect(playground.message).toHaveText("Nothing was loaded: the link is damaged or incomplete.");
  await playground.paste(playground.object, pod());
  await expect(playground.title).toHaveText(/^Accepted/);
});

test("the patch and the command can be copied", async ({ page, playground }) => {
  await playground.open();
  await expect(playground.title).toHaveText(/^Accepted/);
  for (const [section, id] of [
    ["JSON patch", "#patch"],
    ["Run it with kwctl", "#command"],
  ] as const) {
    const details = page.getByRole("group").filter({ hasText: section });
    await details.getByText(section, { exact: true }).click();
    await details.getByRole("button", { name: "Copy" }).click();
    await expect(details.getByRole("button", { name: "Copied" })).toBeVisible();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(await page.locator(id).textContent());
  }
});
