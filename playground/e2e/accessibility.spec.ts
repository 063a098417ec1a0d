import { AxeBuilder } from "@axe-core/playwright";
import { expect, pod, test } from "./playground.ts";

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test("axe finds nothing", async ({ page, playground }) => {
      const findings = async () => {
        const { violations } = await new AxeBuilder({ page }).analyze();
        return violations.map(({ id, nodes }) => ({ id, targets: nodes.map(({ html }) => html) }));
      };
      await playground.open();
      await expect(playground.title).toHaveText(/^Accepted/);
      for (const summary of ["JSON patch", "Run it with kwctl"]) await page.getByText(summary, { exact: true }).click();
      expect(await findings()).toEqual([]);

      await playground.example("A misspelt annotation (rejected)");
      await expect(playground.title).toHaveText("Rejected");
      expect(await findings()).toEqual([]);

      await playground.example("One of many home clusters");
      await expect(playground.title).toHaveText(/^Accepted/);
      await expect(playground.namespace).toBeVisible();
      expect(await findings()).toEqual([]);

      await playground.pasteSettings("homeApiServerPort: 0\n");
      await expect(playground.title).toHaveText("The policy refuses these settings");
      expect(await findings()).toEqual([]);
      await page.getByRole("tab", { name: "Form" }).click();
      expect(await findings()).toEqual([]);

      await page.setViewportSize({ width: 390, height: 800 });
      await playground.example("A plain pod");
      await expect(playground.title).toHaveText(/^Accepted/);
      expect(await findings()).toEqual([]);
    });
  });
}

test("everything is reached with the keyboard, and left again", async ({ page, playground }) => {
  await playground.open();
  await playground.example("One of many home clusters");
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element, body } = document;
      if (!element || element === body) return undefined;
      return (
        element.getAttribute("aria-label") ||
        (element as HTMLInputElement).labels?.[0]?.textContent ||
        element.textContent
      );
    });
  await page.getByRole("button", { name: "Copy link" }).focus();
  const reached: string[] = [];
  for (let name = await focused(); name !== undefined; name = await focused()) {
    reached.push(name.trim());
    await page.keyboard.press("Tab");
  }
  expect(reached).toEqual([
    "Copy link",
    "Documentation",
    "Example",
    "Pod, workload or AdmissionReview",
    "As the API server would send it",
    "Namespace",
    "Settings",
    "Form",
    "homeApiServerHost",
    "homeApiServerPort",
    "homeApiServerAddresses",
    "homeClusterId",
    "homeClusters",
    "homeCredentialsSecret",
    "defaultMode",
    "home",
    "remote",
    "disabled",
    "allowedRemoteServiceAccounts",
    "keptTokenAudiences",
    "originLabel",
    "namespaceLookup",
    "strict",
    "validateOnly",
    "verifyOnly",
    "Unchanged lines, too",
    "Before the policy",
    "After the policy",
    "JSON patch",
    "Run it with kwctl",
  ]);
});

test("arrow keys go from tab to tab", async ({ page, playground }) => {
  await playground.open();
  await page.getByRole("tab", { name: "Form" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "YAML" })).toBeFocused();
  await expect(playground.settings).toBeVisible();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Form" })).toBeFocused();
  await expect(page.getByLabel("homeApiServerHost")).toBeVisible();
});

test("the outcome is announced, and only when it is another one", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod());
  const status = page.getByRole("status");
  await expect(status).toHaveText(
    /^\s*Accepted, with \d+ changes\s+Mode home: the pod talks to the API server of its home cluster\.\s*$/,
  );
  const changes = await status.evaluateHandle((status) => {
    const seen: string[] = [];
    new MutationObserver((records) => seen.push(...records.map(({ type }) => type))).observe(status, {
      characterData: true,
      childList: true,
      subtree: true,
    });
    return seen;
  });
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.type("# no news");
  await playground.settle();
  expect(await changes.jsonValue()).toEqual([]);
});
