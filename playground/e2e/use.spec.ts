import { expect, Playground, pod, test } from "./playground.ts";

test("what is typed is evaluated", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod());
  await expect(playground.message).toHaveText(/^Mode home/);
  await page.keyboard.press("ControlOrMeta+Home");
  for (let line = 1; line < 6; line++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.type("liqo.io/api-server-support: disabled");
  await expect(playground.message).toHaveText("Mode disabled: the pod talks to no API server.");
});

test("the switch gives the pod as it stands", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod("liqo.io/api-server-support: disabled"));
  const added = page.locator("#added");
  await expect(added).toHaveText("Added: ServiceAccount default, volume kube-api-access-xxxxx, its mount in web.");
  await expect(playground.title).toHaveText("Accepted, with 6 changes");
  await page.getByLabel("As the API server would send it").uncheck();
  await expect(added).toHaveText("The policy gets the pod as it stands here.");
  await expect(playground.title).toHaveText("Accepted, with one change");
});

test("what changes is shown, with the unchanged lines on demand", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod("liqo.io/api-server-support: disabled"));
  await page.getByLabel("As the API server would send it").uncheck();
  await expect(playground.title).toHaveText("Accepted, with one change");
  const after = page.getByRole("textbox", { name: "After the policy", exact: true });
  await expect(after.locator(".cm-changedLine")).toHaveText("  automountServiceAccountToken: false");
  await expect(after).not.toContainText("apiVersion: v1");
  await page.getByLabel("Unchanged lines, too").check();
  await expect(after).toContainText("apiVersion: v1");
  await page.setViewportSize({ width: 400, height: 800 });
  await expect(page.getByRole("textbox", { name: "Before and after the policy" })).toContainText(
    "automountServiceAccountToken: false",
  );
});

test("numbers stay as they are", async ({ page, playground }) => {
  await playground.open();
  const numbers = "  own: [9007199254740993, 1.0, 1e400, 0.10]\n";
  await playground.paste(playground.object, pod("liqo.io/api-server-support: disabled", numbers));
  await page.getByLabel("Unchanged lines, too").check();
  for (const side of ["Before", "After"]) {
    const lines = page.getByRole("textbox", { name: `${side} the policy`, exact: true }).locator(".cm-line");
    await expect(lines.filter({ hasText: /^ {2}- [\d.]/ })).toHaveText([
      "  - 9007199254740993",
      "  - 1.0",
      "  - 1e400",
      "  - 0.10",
    ]);
  }
  await expect(page.locator("#command")).toContainText('"own":[9007199254740993,1.0,1e400,0.10]');
});

test("the form changes the YAML, and the YAML the form", async ({ page, playground }) => {
  await playground.open();
  await playground.pasteSettings("# Mine\nhomeClusterId: milan # here\n");
  const form = page.getByRole("tab", { name: "Form" });
  await form.click();
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
  await page.getByRole("tab", { name: "YAML" }).click();
  await expect
    .poll(() => playground.textOf(playground.settings))
    .toBe(
      "# Mine\nhomeClusterId: rome # here\nhomeApiServerPort: 6443\nhomeApiServerAddresses:\n- 10.0.0.1\n- fd00::1\n" +
        "defaultMode: remote\nallowedModes:\n- home\n- remote\nkeptTokenAudiences:\n- vault\noriginLabel: from\n" +
        "strict: true\nvalidateOnly: true\n",
    );
  await expect(playground.message).toHaveText(/^Mode remote/);

  await playground.paste(
    playground.settings,
    'homeApiServerPort: "443"\nallowedModes: [remote]\ndefaultMode: remote\n',
  );
  await form.click();
  await expect(page.getByLabel("homeApiServerPort")).toHaveValue("443");
  await expect(page.getByLabel("homeClusterId")).toHaveValue("");
  await expect(page.getByLabel("validateOnly")).not.toBeChecked();
  const modes = page.getByRole("group", { name: "allowedModes" });
  await expect(modes.getByLabel("home")).not.toBeChecked();
  await expect(modes.getByLabel("remote")).toBeChecked();
  await page.getByLabel("defaultMode").selectOption("");
  await modes.getByLabel("home").check();
  await modes.getByLabel("disabled").check();
  await page.getByLabel("homeApiServerPort").fill("");
  await page.getByRole("tab", { name: "YAML" }).click();
  await expect.poll(() => playground.textOf(playground.settings)).toBe("");
});

test("many home clusters are written as YAML", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod("", "", "  labels: {offloading.liqo.io/origin: turin}\n"));
  await playground.pasteSettings("homeClusters: {turin: {}, milan: {homeApiServerPort: 6443}} # all\n");
  await page.getByRole("tab", { name: "Form" }).click();
  const field = page.getByLabel("homeClusters");
  await expect(field).toHaveValue("turin: {}\nmilan:\n  homeApiServerPort: 6443\n");
  await expect(playground.message).toHaveText(/^Mode home/);

  await field.fill("turin: {defaultMode: disabled}\nmilan: {");
  await expect(field).toHaveAccessibleDescription(/line 2: expected } before this$/);
  await expect(playground.message).toHaveText(/^Mode home/);
  await page.getByLabel("strict").check();
  await playground.settle();
  await expect(field).toHaveValue("turin: {defaultMode: disabled}\nmilan: {");

  await field.fill("turin: {defaultMode: disabled}");
  await expect(playground.message).toHaveText(/^Mode disabled/);
  await expect(field).not.toHaveAccessibleDescription(/before this/);
  await field.fill("turin: {defaultMode: no}");
  const problem = 'homeClusters.turin.defaultMode: expected "home", "remote" or "disabled", found a boolean';
  await expect(playground.message).toHaveText(problem);
  await expect(field).toHaveAccessibleDescription(new RegExp(`${problem}$`));
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await field.fill("");
  await page.getByRole("tab", { name: "YAML" }).click();
  await expect.poll(() => playground.textOf(playground.settings)).toBe("strict: true\n");
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
  await playground.paste(playground.object, pod("", "", "  namespace: shop-rome\n"));
  await playground.pasteSettings("homeClusters: {rome: {}}\n");
  await expect(playground.namespace).toBeHidden();
  await page.getByRole("tab", { name: "Form" }).click();
  await page.getByLabel("namespaceLookup").check();
  await expect(playground.namespace).toBeVisible();
  await expect.poll(() => playground.textOf(playground.namespace)).toBe(NAMESPACE);
  await expect(playground.message).toHaveText(/^Mode home/);
  const after = page.getByRole("textbox", { name: "After the policy", exact: true });
  await expect(after.locator(".cm-changedLine").filter({ hasText: "/home-namespace: shop" })).toHaveCount(1);
  await expect(page.locator("#command")).toContainText("name: shop-rome");

  await playground.paste(playground.object, pod("", "", "  namespace: billing-rome\n"));
  await expect(playground.namespace).toContainText("liqo.io/original-name: billing");
  await playground.paste(playground.namespace, NAMESPACE.replace("rome\n  ann", "turin\n  ann"));
  await expect(playground.message).toContainText("Cannot find v1/Namespace named 'billing-rome'");
  await playground.paste(playground.object, pod("", "", "  namespace: shop-rome\n"));
  await expect(playground.message).toHaveText(
    'the pod comes from cluster "turin", which is none of the 1 in the policy\'s homeClusters',
  );
  await playground.paste(playground.namespace, NAMESPACE.replaceAll(/^ {2}labels:\n.*\n/gm, ""));
  await expect(playground.title).toHaveText("Accepted, unchanged");
  await playground.example("One of many home clusters");
  await expect(playground.namespace).toContainText("name: liqo-demo-milan");
  await page.getByLabel("namespaceLookup").uncheck();
  await expect(playground.namespace).toBeHidden();
});

test("a pod that is not as the policy would leave it is marked where that shows", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod());
  await page.getByLabel("verifyOnly").check();
  await expect(playground.title).toHaveText("Rejected");
  await expect(playground.message).toHaveText(/another webhook changed the pod after this policy$/);
  await expect(playground.markedLines(playground.object)).toHaveCount(1);
});

test("a link holds everything", async ({ page, playground, context, baseURL }) => {
  await playground.open();
  const object = pod("liqo.io/api-server-support: disabled", "  own: ü 😀\n");
  await playground.paste(playground.object, object);
  await playground.pasteSettings("homeClusterId: rome\nnamespaceLookup: true\n");
  const namespace = NAMESPACE.replace("shop-rome", "shop");
  await playground.paste(playground.namespace, namespace);
  await page.getByLabel("As the API server would send it").uncheck();
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(new RegExp(`^${baseURL}#1\\.[\\w-]+$`));
  expect(page.url()).toBe(link);

  const other = await context.newPage();
  await other.goto(link);
  await expect(other.locator("#verdict-message")).toHaveText("Mode disabled: the pod talks to no API server.");
  await expect(other.getByLabel("As the API server would send it")).not.toBeChecked();
  await expect(other.getByLabel("homeClusterId")).toHaveValue("rome");
  const there = new Playground(other);
  expect(await there.textOf(there.object)).toBe(object);
  expect(await there.textOf(there.namespace)).toBe(namespace);

  await playground.open();
  await expect(playground.message).toHaveText(/^Mode home/);
  await playground.open(new URL(link).hash);
  await expect(playground.message).toHaveText("Mode disabled: the pod talks to no API server.");
});

test("a broken link is told", async ({ playground }) => {
  await playground.open("#1.broken");
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
