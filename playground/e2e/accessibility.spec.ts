import { AxeBuilder } from "@axe-core/playwright";
import { expect, pod, test } from "./playground.ts";

const GROUPS = [
  "Where the home API server is",
  "Which home cluster a pod comes from",
  "What pods may do",
  "Checks",
  "All as YAML",
];

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test("axe finds nothing", async ({ page, playground }) => {
      test.slow();
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
      await playground.openSettings(...GROUPS);
      await expect(playground.title).toHaveText(/^Accepted/);
      await expect(playground.namespace).toBeVisible();
      expect(await findings()).toEqual([]);

      await playground.pasteSettings("homeApiServerPort: 0\n");
      await expect(playground.title).toHaveText("The policy refuses these settings");
      expect(await findings()).toEqual([]);

      await playground.example("A plain pod (a warning)");
      await playground.paste(playground.object, [pod(), pod("a: 1"), "apiVersion: v1\nkind: Service\n"].join("---\n"));
      await expect(page.getByRole("region", { name: "Objects" })).toBeVisible();
      expect(await findings()).toEqual([]);

      await page.setViewportSize({ width: 390, height: 800 });
      await playground.example("A plain pod (a warning)");
      await expect(playground.title).toHaveText(/^Accepted/);
      expect(await findings()).toEqual([]);
    });
  });
}

test("everything is reached with the keyboard, and left again", async ({ page, playground }) => {
  await playground.open();
  await playground.example("One of many home clusters");
  await playground.openSettings(...GROUPS);
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element, body } = document;
      if (!element || element === body) return undefined;
      return (
        element.getAttribute("aria-label") ||
        (element as HTMLInputElement).labels?.[0]?.textContent ||
        (element.firstChild?.textContent ?? element.textContent)
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
    "Manifest",
    "Edit the settings",
    "Where the home API server is",
    "homeApiServerHost",
    "homeApiServerPort",
    "homeApiServerAddresses",
    "clusterDomain",
    "homeCredentialsSecret",
    "Which home cluster a pod comes from",
    "homeClusterId",
    "homeClusters",
    "originLabel",
    "namespaceLookup",
    "What pods may do",
    "defaultMode",
    "home",
    "remote",
    "disabled",
    "allowedRemoteServiceAccounts",
    "keptTokenAudiences",
    "foreignContainers",
    "Checks",
    "strict",
    "validateOnly",
    "verifyOnly",
    "All as YAML",
    "Settings in YAML",
    "Undo",
    "Example",
    "Pods, workloads or AdmissionReviews",
    "As Liqo makes it",
    "Namespace",
    "Show unchanged lines",
    "Before and after the policy",
    "JSON patch",
    "Run it with kwctl",
  ]);
});

test("the outcome is announced, and only when it is another one", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod());
  const status = page.getByRole("status");
  await expect(status).toHaveText(/^\s*Accepted\s+Home mode: the pod uses the API server of the home cluster\.\s*$/);
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
