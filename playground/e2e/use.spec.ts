import { expect, pod, test } from "./playground.ts";

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
  await page.getByLabel("validateOnly").check();
  await page.getByRole("tab", { name: "YAML" }).click();
  await expect
    .poll(() => playground.textOf(playground.settings))
    .toBe(
      "# Mine\nhomeClusterId: rome # here\nhomeApiServerPort: 6443\nhomeApiServerAddresses:\n- 10.0.0.1\n- fd00::1\n" +
        "defaultMode: remote\nallowedModes:\n- home\n- remote\nvalidateOnly: true\n",
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

test("a link holds everything", async ({ page, playground, context, baseURL }) => {
  await playground.open();
  const object = pod("liqo.io/api-server-support: disabled", "  own: ü 😀\n");
  await playground.paste(playground.object, object);
  await playground.pasteSettings("homeClusterId: rome\n");
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
  const lines = other.getByRole("textbox", { name: "Pod, workload or AdmissionReview" }).locator(".cm-line");
  expect((await lines.allTextContents()).join("\n")).toBe(object);

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
